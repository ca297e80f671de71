"""An HTTP proxy: CONNECT and whole URLs, what is recorded, what passes unseen, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from bytepeer import ByteServer
from chromium import debugged_chromium

import wsnotebook
from wsnotebook.errors import HandshakeError
from wsnotebook.lab import embedded_server
from wsnotebook.lab.certificate import Certificate, certificate
from wsnotebook.lab.messages import Response
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.middle import pages
from wsnotebook.middle.proxy import proxy

from .conftest import KEY, framed

Until = Callable[[Callable[[], object]], Awaitable[None]]

FAR = "93.184.216.34"  # an address of the internet, which no test dials


async def page(request: Any) -> Response:
    """Answer a request that is no handshake."""
    return Response(200, f"{request.method} {request.path} {request.headers.get('connection')}".encode())


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    """An echo, and a page."""
    async with embedded_server("echo", http=page, origins=["https://far.example"]) as lab:
        yield lab


@pytest_asyncio.fixture
async def p() -> AsyncIterator[proxy]:
    """An HTTP proxy."""
    async with proxy(proxy=None) as middle:
        yield middle


async def asked(p: proxy, *lines: str) -> bytes:
    """Send a request, and return all that the proxy answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_websocket_through_connect_is_recorded(p: proxy, server: EmbeddedServer) -> None:
    """The server is told of no other Host, and nothing is noted as changed."""
    async with wsnotebook.connect(f"{server.url}/a?n=1", proxy=p.url) as session:
        await session.send("through")
        assert await session.receive() == "through"
    df = p.df.query("opcode == 'text'")
    assert df[["session", "direction", "text"]].values.tolist() == [
        ["client-1", "out", "through"],
        ["client-1", "in", "through"],
    ]
    upstream = p.log.connections[0]
    assert f"Host: {server.url.removeprefix('ws://')}\r\n".encode() in upstream.request
    assert "changed" not in p.log.events["kind"].tolist()


async def test_a_whole_url_is_dialled(p: proxy, server: EmbeddedServer) -> None:
    """As of a client that does not tunnel what is in plain text."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.url}/b", proxy=p.url) as client:
        await client.send_str("absolute")
        assert await client.receive_str() == "absolute"
    assert p.df["text"].dropna().tolist() == ["absolute", "absolute"]
    assert p.log.connections[0].url == f"{server.url}/b"


async def test_requests_that_are_no_handshake_pass(p: proxy, server: EmbeddedServer) -> None:
    """One a connection, whose header says so; an event says that there was one, and how much it was."""
    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.post(f"{server.http_url}/x", data=b"body" * 50_000, proxy=p.url) as answer:
                assert await answer.text() == "POST /x close"
    tunnels = p.log.events.query("kind == 'tunnel'")["detail"].tolist()
    assert (
        tunnels
        == [f"to {server.http_url.removeprefix('http://')}, not opened: a request that is no handshake"] * 2
    )
    assert len(p.log) == 0


async def test_tls_is_not_opened(p: proxy, until: Until) -> None:
    """Only its bytes are counted."""
    tls = certificate()
    async with embedded_server("echo", ssl=tls.server) as server:
        async with wsnotebook.connect(server.url, proxy=p.url, ssl=tls.client) as session:
            await session.send("opaque")
            assert await session.receive() == "opaque"
        await until(lambda: "closed" in p.log.events["kind"].tolist())
    assert len(p.log) == 0
    assert "bytes to" in p.log.events["detail"].iloc[-1]


async def test_a_server_may_speak_first_in_a_tunnel(p: proxy) -> None:
    """As in protocols that are no HTTP; an end of stream goes on, and the other direction stays."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\n")
        writer.write(b"got " + await reader.read())
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
    writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await reader.readline() == b"220 ready\n"
    writer.write(b"all")
    writer.write_eof()
    assert await reader.read() == b"got all"
    writer.close()
    server.close()


async def test_what_a_tunnel_begins_with_may_come_in_any_pieces(p: proxy, byte_server: ByteServer) -> None:
    """In the packet of the CONNECT, with it in part, or byte by byte: a handshake is recorded, and its first frame."""
    place = f"127.0.0.1:{byte_server.port}"
    connect = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode()
    sent = _handshake("/", place) + framed(0x81, b"early", b"mask")
    whole = connect + sent
    for pieces in (
        [whole],
        [whole[: len(connect) + 2], whole[len(connect) + 2 :]],
        [connect, *_bytes_of(sent)],
        [*_bytes_of(whole)],
        [_handshake(f"ws://{place}/", place) + framed(0x81, b"early", b"mask")],  # no CONNECT
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
        await _send_in_pieces(writer, pieces)
        upstream = await byte_server.accept()
        await upstream.upgrade(early=framed(0x81, b"answer"))
        assert (await upstream.read_frame()).payload == b"early"
        await reader.readuntil(framed(0x81, b"answer"))
        upstream.reset()
        writer.close()
    assert p.df["text"].dropna().value_counts().to_dict() == {"early": 5, "answer": 5}
    assert "tunnel" not in p.log.events["kind"].tolist()


async def test_what_is_no_http_passes_through_a_tunnel_whatever_its_pieces(
    p: proxy, byte_server: ByteServer
) -> None:
    """Also what begins as a GET does; an event says that it was neither TLS nor HTTP."""
    place = f"127.0.0.1:{byte_server.port}"
    for sent in (b"SSH-2.0-x\r\n", b"GEX", b"\0\0\0\0"):
        reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
        await _send_in_pieces(
            writer, [f"CONNECT {place} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), *_bytes_of(sent)]
        )
        upstream = await byte_server.accept()
        assert await upstream.read(len(sent)) == sent
        writer.close()
    tunnels = p.log.events.query("kind == 'tunnel'")["detail"].tolist()
    assert tunnels == [f"to {place}, not opened: neither TLS nor a GET"] * 3


def _handshake(target: str, place: str) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {place}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", ""]
    return "\r\n".join(lines).encode()


def _bytes_of(data: bytes) -> list[bytes]:
    return [data[n : n + 1] for n in range(len(data))]


async def _send_in_pieces(writer: asyncio.StreamWriter, pieces: list[bytes]) -> None:
    """Write pieces, between which the proxy, in the same loop, can read."""
    writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


# TLS that is opened


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Certificate:
    """A server's certificate; the CA of the proxy goes into a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return certificate("localhost")


async def test_the_tls_of_a_host_in_allow_is_opened(tls: Certificate) -> None:
    """A client that trusts the CA of the proxy notices nothing; the record has both handshakes and all frames."""
    async with (
        embedded_server("echo", ssl=tls.server, http=page) as server,
        proxy(proxy=None, mitm=True, allow=["localhost"], ssl=tls.client) as p,
    ):
        url = f"wss://localhost:{server.port}/"
        trusting = ssl.create_default_context(cafile=p.ca_path)
        async with wsnotebook.connect(url, proxy=p.url, ssl=trusting) as session:
            await session.send("opened")
            assert await session.receive() == "opened"
        async with aiohttp.ClientSession() as http:
            address = f"https://localhost:{server.port}/x"
            async with http.get(address, proxy=p.url, ssl=trusting) as answer:
                assert await answer.text() == "GET /x close"
    assert p.df["text"].dropna().tolist() == ["opened", "opened"]
    assert {connection.url for connection in p.log.connections} == {url}


@pytest.mark.parametrize("is_opened", [True, False], ids=["opened", "unseen"])
async def test_tls_may_begin_in_the_packet_of_the_connect(tls: Certificate, is_opened: bool) -> None:
    """Whole, in part, or byte by byte after it."""
    allow = ["localhost"] if is_opened else ["example.org"]
    async with (
        embedded_server("echo", ssl=tls.server) as server,
        proxy(proxy=None, mitm=True, allow=allow, ssl=tls.client) as p,
    ):
        context = ssl.create_default_context(cafile=p.ca_path) if is_opened else tls.client
        place = f"localhost:{server.port}"
        connect = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode()
        for cut in (lambda hello: [connect + hello], lambda hello: [connect + hello[:1], hello[1:]],
                    lambda hello: [connect, *_bytes_of(hello)]):  # fmt: skip
            client = _TlsClient(context)
            reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
            await _send_in_pieces(writer, cut(client.hello))
            await reader.readuntil(b"\r\n\r\n")
            await client.shake_hands(reader, writer)
            writer.write(client.encrypted(_handshake("/", place) + framed(0x81, b"in TLS", b"mask")))
            assert framed(0x81, b"in TLS") in await client.read_until(reader, b"in TLS")
            writer.close()
    assert p.df["text"].dropna().tolist() == ["in TLS", "in TLS"] * 3 * is_opened


class _TlsClient:
    """The client's end of TLS without a socket, so that a test decides which bytes go together."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            self._object.do_handshake()
        self.hello = self._outgoing.read()
        """The first bytes of the client."""

    async def shake_hands(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Go on after the hello."""
        while True:
            self._incoming.write(await reader.read(4096))
            with contextlib.suppress(ssl.SSLWantReadError):
                self._object.do_handshake()
                break
        writer.write(self._outgoing.read())

    def encrypted(self, data: bytes) -> bytes:
        """Return what carries ``data``."""
        self._object.write(data)
        return self._outgoing.read()

    async def read_until(self, reader: asyncio.StreamReader, end: bytes) -> bytes:
        """Return what came up to ``end``, decrypted."""
        got = b""
        while not got.endswith(end):
            try:
                got += self._object.read(4096)
            except ssl.SSLWantReadError:
                self._incoming.write(await reader.read(4096))
        return got


async def test_a_client_that_does_not_trust_the_ca_is_told_of(tls: Certificate, until: Until) -> None:
    """It ends its handshake; an event says what is missing."""
    async with proxy(proxy=None, mitm=True, allow=["localhost"]) as p:
        reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
        writer.write(b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises(ssl.SSLCertVerificationError):
            await writer.start_tls(tls.client, server_hostname="localhost")
        await until(lambda: len(p.log.event_list))
        assert f"does the client trust {p.ca_path}" in p.log.event_list[0].detail


async def test_a_whole_url_of_https_is_asked_for_in_tls(tls: Certificate) -> None:
    """The client speaks plain text to the proxy, and the proxy TLS to the host."""
    async with (
        embedded_server(ssl=tls.server, http=page) as server,
        proxy(proxy=None, ssl=tls.client) as p,
    ):
        answer = await asked(p, f"GET https://localhost:{server.port}/x HTTP/1.1", "Host: localhost")
    assert answer.endswith(b"GET /x close")


async def test_the_tls_of_other_hosts_stays_closed(tls: Certificate) -> None:
    """Also of an address of the same server."""
    async with (
        embedded_server("echo", ssl=certificate("127.0.0.1").server) as server,
        proxy(proxy=None, mitm=True, allow=["localhost"]) as p,
    ):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        async with wsnotebook.connect(server.url, proxy=p.url, ssl=context) as session:
            await session.send("closed")
            assert await session.receive() == "closed"
    assert len(p.log) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mitm": True}, "name them"),
        ({"allow": ["example.org"]}, "add mitm=True"),
        ({"mitm": True, "allow": ["https://example.org"]}, "is no host"),
        ({"upstream": "ws://h", "mitm": True, "allow": ["h"]}, "leave the upstream away"),
        ({"upstream": "ws://h", "private": True}, "leave the upstream away"),
    ],
)
def test_a_wrong_argument_is_a_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        proxy(**options)
    with pytest.raises(TypeError, match="is a list"):
        proxy(mitm=True, allow="example.org")


@pytest.mark.parametrize("target", ["/", "/q?", "//x/y", "/a?b=http://c/", "/a//b?"])
async def test_the_target_is_handed_on_as_it_came(p: proxy, byte_server: ByteServer, target: str) -> None:
    place = f"127.0.0.1:{byte_server.port}"
    asking = asyncio.create_task(asked(p, f"GET http://{place}{target} HTTP/1.1", f"Host: {place}"))
    peer = await byte_server.accept()
    assert (await peer.reader.readline()).decode() == f"GET {target} HTTP/1.1\r\n"
    peer.hang_up()
    await asking


async def test_fields_of_one_connection_are_not_handed_on(p: proxy, byte_server: ByteServer) -> None:
    """Those that RFC 9110 §7.6.1 names, and those that Connection names, but not what tells the end of the body."""
    place = f"127.0.0.1:{byte_server.port}"
    lines = [f"POST http://{place}/ HTTP/1.1", f"Host: {place}", "Connection: X-Hop, Upgrade, HTTP2-Settings"]
    lines += [
        "Connection: Content-Length",
        "X-Hop: 1",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABk",
        "TE: trailers",
    ]
    asking = asyncio.create_task(
        asked(p, *lines, "Proxy-Authorization: Basic eDp5", "X-Own: 1", "Content-Length: 0")
    )
    peer = await byte_server.accept()
    request = (await peer.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    assert request[1:-2] == [f"Host: {place}", "X-Own: 1", "Content-Length: 0", "Connection: close"]
    peer.hang_up()
    await asking


# What is refused


@pytest.mark.parametrize("place", ["h:99999", "h:abc", "h:0", "[::1", "a..b:80", "a%zz:80", ":80"])
@pytest.mark.parametrize("form", ["GET http://{}/ HTTP/1.1", "CONNECT {} HTTP/1.1"])
async def test_a_target_that_cannot_be_connected_to_is_answered(p: proxy, place: str, form: str) -> None:
    """The refusals have why, and there is no error of ours."""
    answer = (await asked(p, form.format(place), "Host: x")).decode()
    assert answer.startswith("HTTP/1.1 400 ") and answer.endswith(f"\r\n\r\n{p.refusals[0].reason}\n")
    assert (len(p.refusals), p.errors) == (1, [])


async def test_a_page_of_the_internet_does_not_reach_private_addresses(server: EmbeddedServer) -> None:
    """By a WebSocket, a request or TLS; a program that is no browser does, and so does a page of a private address."""
    place = server.url.removeprefix("ws://")
    handshake = [f"GET {server.url}/ HTTP/1.1", f"Host: {place}", "Upgrade: websocket", "Connection: Upgrade"]
    async with proxy(proxy=None) as p:
        assert (await asked(p, *handshake, "Origin: https://far.example")).startswith(b"HTTP/1.1 403")
        request = [f"GET {server.http_url}/ HTTP/1.1", f"Host: {place}"]
        assert (await asked(p, *request, "Referer: https://far.example/")).startswith(b"HTTP/1.1 403")
        assert (await asked(p, *request, "User-Agent: Mozilla/5.0")).startswith(b"HTTP/1.1 403")
        assert (await asked(p, *request)).startswith(b"HTTP/1.1 200")
        assert (await asked(p, *request, "Referer: http://127.0.0.1:1/")).startswith(b"HTTP/1.1 200")
        with pytest.raises(HandshakeError, match="403"):
            await wsnotebook.connect(server.url, proxy=p.url, origin="https://far.example")
        assert len(p.refusals) == 4 and "private=True" in p.refusals[0].reason
    async with proxy(proxy=None, private=True) as p:
        async with wsnotebook.connect(server.url, proxy=p.url, origin="https://far.example") as session:
            await session.send("told so")
            assert await session.receive() == "told so"


@pytest.mark.parametrize("how", ["a WebSocket", "a request", "CONNECT"])
async def test_a_page_gets_what_was_checked_also_where_its_name_is_rebound(
    p: proxy, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A name is looked up once, and dialled at the addresses that were found; see DNS rebinding."""
    answers = iter([FAR, "127.0.0.1", "127.0.0.1"])
    look_up, loop, dialled = socket.getaddrinfo, asyncio.get_running_loop(), []

    def rebound(host: str, *args: Any, **options: Any) -> Any:
        return look_up(next(answers) if host == "rebind.example" else host, *args, **options)

    async def connect(sock: socket.socket, address: Any, connect: Any = loop.sock_connect) -> None:
        dialled.append(address)
        if address[0] == FAR:
            raise ConnectionRefusedError
        await connect(sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    monkeypatch.setattr(loop, "sock_connect", connect)
    place = f"rebind.example:{server.port}"
    fields = [f"Host: {place}", "User-Agent: Mozilla/5.0"]
    if how == "a WebSocket":
        upgrade = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}"]
        lines = [f"GET http://{place}/ HTTP/1.1", *fields, *upgrade, "Sec-WebSocket-Version: 13"]
        assert (await asked(p, *lines)).startswith(b"HTTP/1.1 502")
    elif how == "a request":
        assert await asked(p, f"GET http://{place}/ HTTP/1.1", *fields) == b""
    else:
        assert b"403" not in await asked(p, f"CONNECT {place} HTTP/1.1", *fields, "", "SSH-2.0")
    assert dialled == [("127.0.0.1", p.port), (FAR, server.port)]


async def test_a_name_without_an_address_is_not_looked_up_again(
    p: proxy, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer may be a private one."""
    look_up, failures = socket.getaddrinfo, iter([socket.gaierror(socket.EAI_NONAME, "not known")])

    def rebound(host: str, *args: Any, **options: Any) -> Any:
        if host == "rebind.example" and (failure := next(failures, None)) is not None:
            raise failure
        return look_up("127.0.0.1" if host == "rebind.example" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    head = _handshake(f"http://rebind.example:{server.port}/", "x").decode().split("\r\n")[:-2]
    assert b" 502 " in await asked(p, *head, "Origin: https://far.example")


async def test_a_redirect_is_handed_on_to_the_client(p: proxy, byte_server: ByteServer) -> None:
    """Of an upgrade too: a page must not reach by it where it may not go itself, and a browser follows none."""
    location = "http://localhost:1/private"
    reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
    writer.write(_handshake(byte_server.url, "x"))
    upstream = await byte_server.accept()
    await upstream.reader.readuntil(b"\r\n\r\n")
    await upstream.send(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    upstream.hang_up()
    assert answer.startswith("HTTP/1.1 302 Found") and f"Location: {location}\r\n" in answer
    assert "redirect" not in p.log.events["kind"].tolist()


async def test_the_proxy_itself_and_no_url_are_refused(p: proxy) -> None:
    """A loop of the proxy to itself would not end; a browser that is pointed at its port is told what it is."""
    assert (await asked(p, f"GET http://127.0.0.1:{p.port}/ HTTP/1.1", "Host: x")).startswith(b"HTTP/1.1 403")
    assert (await asked(p, f"CONNECT localhost:{p.port} HTTP/1.1", "Host: x")).startswith(b"HTTP/1.1 403")
    assert b"This is an HTTP proxy" in await asked(p, "GET / HTTP/1.1", f"Host: 127.0.0.1:{p.port}")
    assert (await asked(p, "CONNECT example.org HTTP/1.1", "Host: x")).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "line",
    [
        "GET /?token=S3CRET HTTP/1.1",
        "CONNECT me:S3CRET@h HTTP/1.1",
        "CONNECT me:S3CRET@h:99999 HTTP/1.1",
        "CONNECT h:1#S3CRET HTTP/1.1",
        "GET http://h/?token=S3CRET HTTP/1.1 S3CRET",
    ],
)
async def test_secrets_of_a_refused_request_are_redacted(p: proxy, line: str) -> None:
    answer = await asked(p, line, "Host: x")
    (refusal,) = p.refusals
    assert answer.startswith(b"HTTP/1.1 400 ") and b"S3CRET" not in answer
    assert refusal.reason and "S3CRET" not in refusal.reason


async def test_a_host_that_cannot_be_reached_is_told(p: proxy, server: EmbeddedServer) -> None:
    """A conversation is answered with 502; a tunnel ends, and an event says why."""
    await server.stop()
    with pytest.raises(HandshakeError, match="502"):
        await wsnotebook.connect(server.url, proxy=p.url)
    assert await asked(p, f"GET {server.http_url}/ HTTP/1.1", "Host: x") == b""
    assert "cannot be reached" in p.log.events["detail"].iloc[-1]


async def test_the_end_of_the_proxy_ends_its_tunnels(server: EmbeddedServer) -> None:
    async with proxy(proxy=None) as p:
        reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
        writer.write(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nHost: x\r\n\r\nnot HTTP".encode())
        await reader.readuntil(b"\r\n\r\n")
        await p.stop()
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("169.254.169.254", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("fe80::1%eth0", True),
        ("0.0.0.0", True),
        ("localhost", True),
        ("a.localhost", True),
        ("8.8.8.8", False),
        ("2606:4700::1111", False),
    ],
)
def test_a_private_address_is_one_that_is_not_of_the_internet(host: str, private: bool) -> None:
    assert pages.is_private(host) is private


_PAGE = """<script>
const socket = new WebSocket("%s/of-a-page"); socket.onopen = () => socket.send("from a page");
</script>"""


@pytest.mark.long
async def test_a_page_in_chromium_talks_through_it(
    p: proxy, chromium: str, tmp_path: Path, until: Until
) -> None:
    """The page passes unseen, and its WebSocket, for which a browser asks to CONNECT, is recorded."""
    shown: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def answer(request: Any) -> Response:
        if not shown.done():
            shown.set_result(None)
        return Response(200, (_PAGE % lab.url).encode(), {"Content-Type": "text/html"})

    async with (
        embedded_server(None, http=answer) as pages,
        embedded_server("echo", origins=[pages.http_url]) as lab,
    ):
        options = (f"--proxy-server={p.url}", "--proxy-bypass-list=<-loopback>", pages.http_url)
        manager = debugged_chromium(chromium, tmp_path, *options)
        await asyncio.to_thread(manager.__enter__)
        try:
            await asyncio.wait_for(shown, 30)
            await until(lambda: len(p.log) >= 4)
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)
    assert p.df["text"].tolist()[:2] == ["from a page", "from a page"]
    assert p.log.connections[0].url == f"{lab.url}/of-a-page"
    assert "tunnel" in p.log.events["kind"].tolist()
