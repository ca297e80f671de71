"""Ways to a server that are not a plain TCP connection: HTTP CONNECT and SOCKS5 proxies, and unix sockets."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve, unix_serve

import wsnotebook
from wsnotebook.errors import ConnectError, SocketTimeout

Io: TypeAlias = Literal["kernel", "thread"]


async def echo(connection: ServerConnection) -> None:
    assert connection.request is not None
    await connection.send(connection.request.path)
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def echo_server(**options: Any) -> AsyncIterator[int]:
    """Serve on loopback; yields the port."""
    async with serve(echo, "127.0.0.1", 0, max_size=None, **options) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError, NotImplementedError):
        writer.close()


async def tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, hello: bytes
) -> None:
    """Connect the client of a proxy to its target, say so, and move bytes both ways."""
    target_reader, target_writer = await asyncio.open_connection(host, port)
    writer.write(hello)
    await asyncio.gather(pipe(reader, target_writer), pipe(target_reader, writer))
    target_writer.close()
    await target_writer.wait_closed()


class Proxy:
    """A proxy on loopback that notes whom it was asked for."""

    def __init__(
        self,
        *,
        authorization: str | None = None,
        answer: bytes | None = None,
        hello: bytes = b"HTTP/1.1 200 Connected\r\n\r\n",
        hangs_up: bool = False,
    ) -> None:
        self.asked: list[str] = []
        self.authorization = authorization
        self.answer = answer
        """What is answered instead of a tunnel; empty for nothing at all."""
        self.hello = hello
        self.hangs_up = hangs_up
        self.port = 0
        self.clients: set[asyncio.Task[None]] = set()

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 9110 §9.3.6."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        assert method == "CONNECT"
        self.asked.append(target)
        if self.answer is not None:
            writer.write(self.answer)
            if not self.answer and not self.hangs_up:
                await reader.read()
        elif self.authorization is not None and f"Basic {self.authorization}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        else:
            host, _, port = target.rpartition(":")
            await tunnel(reader, writer, host, int(port), self.hello)

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 1928, without authentication."""
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        assert command == 1
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        address = await reader.readexactly(size)
        host = address.decode() if kind == 3 else ".".join(map(str, address))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"{host}:{port}")
        if self.answer is not None:
            writer.write(self.answer)
        else:
            await tunnel(reader, writer, host, port, b"\x05\x00\x00\x01" + bytes(6))

    @asynccontextmanager
    async def running(self, kind: Callable[..., Any]) -> AsyncIterator[str]:
        """Serve; yields host and port."""

        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self.clients.add(task)
            try:
                await kind(reader, writer)
            finally:
                writer.close()
                self.clients.discard(task)

        server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            if self.clients:
                await asyncio.wait(self.clients, timeout=60)


async def test_a_session_through_an_http_proxy(io: Io) -> None:
    """CONNECT names the target; from then on the session is as any other, 5 MB and its close included."""
    proxy = Proxy()
    async with echo_server() as port, proxy.running(proxy.http) as address:
        url = f"ws://127.0.0.1:{port}/through?it"
        async with wsnotebook.connect(url, proxy=f"http://{address}", io=io) as session:
            assert await session.receive() == "/through?it"
            await session.send(b"m" * 5_000_000)
            assert await session.receive() == b"m" * 5_000_000
        assert session.close_received == (1000, "")
    assert proxy.asked == [f"127.0.0.1:{port}"]


async def test_tls_goes_through_an_http_proxy_to_the_server(io: Io) -> None:
    """The proxy sees a tunnel; the certificate that is checked is the server's."""
    authority, proxy = trustme.CA(), Proxy()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    async with echo_server(ssl=server) as port, proxy.running(proxy.http) as address:
        url = f"wss://127.0.0.1:{port}/"
        async with wsnotebook.connect(url, ssl=client, proxy=f"http://{address}", io=io) as session:
            assert await session.receive() == "/"
            assert session.call.tls is not None
    assert proxy.asked == [f"127.0.0.1:{port}"]


async def test_a_proxy_that_wants_a_password(io: Io) -> None:
    """User and password stand in the proxy's address; without them the error names the proxy's 407."""
    proxy = Proxy(authorization=b64encode(b"me:secret").decode())
    async with echo_server() as port, proxy.running(proxy.http) as address:
        url = f"ws://127.0.0.1:{port}/"
        async with wsnotebook.connect(url, proxy=f"http://me:secret@{address}", io=io) as session:
            assert await session.receive() == "/"
        with pytest.raises(ConnectError, match="proxy.*407") as caught:
            await wsnotebook.connect(url, proxy=f"http://{address}", io=io)
        assert "proxy=None" in str(caught.value)


async def test_a_proxy_found_in_the_environment_is_taken_unless_told_otherwise(
    io: Io, monkeypatch: pytest.MonkeyPatch
) -> None:
    """proxy=True is the system's, proxy=None none."""
    proxy = Proxy()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with echo_server() as port, proxy.running(proxy.http) as address:
        monkeypatch.setenv("ws_proxy", f"http://{address}")
        url = f"ws://127.0.0.1:{port}/"
        async with wsnotebook.connect(url, io=io) as session:
            assert await session.receive() == "/"
        assert len(proxy.asked) == 1
        async with wsnotebook.connect(url, proxy=None, io=io) as session:
            assert await session.receive() == "/"
        assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-none\r\n"]
)
async def test_a_proxy_that_refuses(io: Io, answer: bytes) -> None:
    """What it answers instead of a tunnel is an error that says that it was the proxy, and what to do."""
    proxy = Proxy(answer=answer)
    async with proxy.running(proxy.http) as address:
        with pytest.raises(ConnectError, match="proxy") as caught:
            await wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"http://{address}", io=io)
    assert "proxy=None" in str(caught.value)


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_is_not_there(io: Io, kind: str) -> None:
    """Nothing listens at the proxy's address: ConnectError, whichever kind it is."""
    with pytest.raises(ConnectError):
        await wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"{kind}://127.0.0.1:9", io=io)


@pytest.mark.parametrize("address", ["ftp://127.0.0.1:1", "no address"])
async def test_a_proxys_address_that_cannot_be(io: Io, address: str) -> None:
    """A scheme that no proxy has is an error that names the address."""
    with pytest.raises(ConnectError, match="proxy"):
        await wsnotebook.connect("ws://127.0.0.1:9/", proxy=address, io=io)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200\r\n\r\n", b"HTTP/1.0 200 \r\n\r\n", b"HTTP/1.1 204 Made\nVia: x\n\n"]
)
async def test_a_proxy_that_answers_oddly_is_used(io: Io, answer: bytes) -> None:
    """Without a reason, with an old version, with lines that end in LF."""
    proxy = Proxy(hello=answer)
    async with echo_server() as port, proxy.running(proxy.http) as address:
        async with wsnotebook.connect(f"ws://127.0.0.1:{port}/", proxy=f"http://{address}", io=io) as session:
            assert await session.receive() == "/"


@pytest.mark.parametrize(
    ("address", "shown", "problem"),
    [
        ("http://me:s3cret@127.0.0.1:9", "http://me:*@127.0.0.1:9", "is not there"),
        ("socks5://me:s3cret@127.0.0.1:9", "socks5://me:*@127.0.0.1:9", "could not be reached"),
        ("http://me:s3cret/x@127.0.0.1:9", "http://me:*@127.0.0.1:9", "cannot be used: path"),
        ("gopher://s3cret@127.0.0.1:9", "gopher://*@127.0.0.1:9", "cannot be used: scheme gopher"),
        ("me:s3cret@127.0.0.1:9", "me:*@127.0.0.1:9", "cannot be used"),
        ("http://[::1", "http://[::1", "is malformed"),
        ("http://nobody.invalid:1", "http://nobody.invalid:1", "could not be reached"),
    ],
)
@pytest.mark.parametrize("variable", [None, "HTTP_PROXY", "ws_proxy"])
async def test_a_proxy_that_cannot_be_used_is_named(
    io: Io,
    address: str,
    shown: str,
    problem: str,
    variable: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By its address without the password, and by the variable; proxy=None is the way out; nothing is logged."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    if variable is not None:
        monkeypatch.setenv(variable, address)
    caplog.set_level("DEBUG")
    with pytest.raises(ConnectError, match="proxy=None connects directly") as caught:
        await wsnotebook.connect("ws://127.0.0.1:9/", proxy=True if variable else address, io=io)
    by = f" of {variable}" if variable else ""
    sentence = re.sub("<redacted:.{8}>", "*", str(caught.value))
    assert sentence.startswith(f"ws://127.0.0.1:9/: the proxy {shown}{by} {problem}")
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert "s3cret" not in said
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"HTTP/1.1 403 No\r\n\r\n"])
async def test_a_proxy_that_hangs_up_logs_nothing(
    io: Io, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback of a callback: the error says it."""
    caplog.set_level("INFO")
    proxy = Proxy(answer=answer, hangs_up=True)
    async with proxy.running(proxy.http) as address:
        with pytest.raises(ConnectError, match=f"the proxy http://{address} "):
            await wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"http://{address}", io=io)
    assert caplog.records == []


async def test_tls_that_fails_behind_a_proxy_logs_nothing(io: Io, caplog: pytest.LogCaptureFixture) -> None:
    """The server speaks no TLS, which the error says."""
    caplog.set_level("ERROR", "asyncio")
    proxy = Proxy()
    async with echo_server() as port, proxy.running(proxy.http) as address:
        with pytest.raises(ConnectError, match="TLS failed"):
            await wsnotebook.connect(f"wss://127.0.0.1:{port}/", proxy=f"http://{address}", io=io)
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_proxy_that_does_not_answer_is_named(io: Io) -> None:
    """The time for opening went by with it."""
    proxy = Proxy(answer=b"")
    async with proxy.running(proxy.http) as address:
        with pytest.raises(SocketTimeout, match=f"the proxy http://{address} did not answer.*proxy=None"):
            await wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"http://{address}", io=io, open_timeout=0.2)


async def test_a_server_that_is_not_there_is_not_the_proxys_fault(io: Io) -> None:
    """What comes through the tunnel is said of the server."""
    authority, proxy = trustme.CA(), Proxy()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    async with echo_server(ssl=server) as port, proxy.running(proxy.http) as address:
        with pytest.raises(ConnectError, match="certificate is not trusted") as caught:
            await wsnotebook.connect(f"wss://127.0.0.1:{port}/", proxy=f"http://{address}", io=io)
    assert "proxy" not in str(caught.value)


async def test_a_session_through_a_socks5_proxy(io: Io) -> None:
    """The proxy is asked for the target; the session is as any other."""
    proxy = Proxy()
    async with echo_server() as port, proxy.running(proxy.socks) as address:
        url = f"ws://127.0.0.1:{port}/socks"
        async with wsnotebook.connect(url, proxy=f"socks5://{address}", io=io) as session:
            assert await session.receive() == "/socks"
            await session.send(b"m" * 5_000_000)
            assert await session.receive() == b"m" * 5_000_000
    assert proxy.asked == [f"127.0.0.1:{port}"]


async def test_socks5h_leaves_the_name_to_the_proxy(io: Io) -> None:
    """With socks5h the host name is not resolved here: the proxy hears it."""
    proxy = Proxy()
    async with echo_server() as port, proxy.running(proxy.socks) as address:
        url = f"ws://localhost:{port}/"
        async with wsnotebook.connect(url, proxy=f"socks5h://{address}", io=io) as session:
            assert await session.receive() == "/"
    assert proxy.asked == [f"localhost:{port}"]


async def test_a_socks5_proxy_that_refuses(io: Io) -> None:
    """Its "connection not allowed by ruleset" is an error that says that it was the proxy."""
    proxy = Proxy(answer=b"\x05\x02\x00\x01" + bytes(6))
    async with proxy.running(proxy.socks) as address:
        with pytest.raises(ConnectError, match="proxy"):
            await wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"socks5://{address}", io=io)


async def test_a_session_over_a_unix_socket(io: Io, tmp_path: Path) -> None:
    """The path of the socket, a colon, the resource with its query; the host is localhost."""
    path = tmp_path / "echo.sock"
    async with unix_serve(echo, str(path)):
        async with wsnotebook.connect(f"ws+unix://{path}:/resource?a=1", io=io) as session:
            assert await session.receive() == "/resource?a=1"
            await session.send("over a file")
            assert await session.receive() == "over a file"
            assert session.call.request.headers["Host"] == "localhost"
        async with wsnotebook.connect(f"ws+unix://{path}", io=io) as session:
            assert await session.receive() == "/"


async def test_a_unix_socket_that_is_not_there(io: Io, tmp_path: Path) -> None:
    """ConnectError says that it is the path."""
    with pytest.raises(ConnectError, match="no such unix socket"):
        await wsnotebook.connect(f"ws+unix://{tmp_path}/none.sock:/", io=io)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n", b"SSH-2.0\r\n"])
async def test_a_proxy_that_refuses_for_good_is_not_asked_again(io: Io, answer: bytes) -> None:
    """Only other arguments can mend it."""
    proxy = Proxy(answer=answer)
    async with proxy.running(proxy.http) as address:
        with pytest.raises(ConnectError, match="the proxy"):
            async for _ in wsnotebook.connect("ws://127.0.0.1:9/", proxy=f"http://{address}", io=io):
                pytest.fail("there is no session")
    assert len(proxy.asked) == 1
