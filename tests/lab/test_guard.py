"""Who may talk to a lab server: the matrix of Host and Origin, and upgrades that two parsers could read differently."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from wsnotebook.lab import embedded_server
from wsnotebook.lab.guard import Guard, check_origins, own_hosts
from wsnotebook.lab.messages import Headers

LISTED = "http://localhost:8888"
HOSTS = {
    "address": ("127.0.0.1:{port}", True),
    "localhost": ("localhost:{port}", True),
    "upper case": ("LOCALHOST:{port}", True),
    "rebound name": ("evil.example:{port}", False),
    "no port": ("127.0.0.1", False),
    "other port": ("127.0.0.1:1", False),
    "trailing dot": ("localhost.:{port}", False),
    "empty": ("", False),
}
ORIGINS = {
    "none": (None, True),
    "own": ("http://127.0.0.1:{port}", True),
    "listed": (LISTED, True),
    "another page": ("https://evil.example", False),
    "own, other scheme": ("https://127.0.0.1:{port}", False),
    "opaque": ("null", False),
}


async def ask(port: int, *headers: str, body: bytes = b"", line: str = "GET / HTTP/1.1") -> bytes:
    """Send a request by hand and return every byte of the answer, up to the end or the first frame."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([line, *headers, "", ""]).encode("latin-1") + body)
    try:
        async with asyncio.timeout(60):
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " in head:
                return head
            return head + await reader.read()
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


@pytest.mark.parametrize(("host", "origin"), list(itertools.product(HOSTS, ORIGINS)))
async def test_matrix_of_host_and_origin(host: str, origin: str):
    """Only its own Host with no Origin, its own or a listed one is let in; all else gets 403 and no body."""
    host_value, host_passes = HOSTS[host]
    origin_value, origin_passes = ORIGINS[origin]
    async with embedded_server("closer", origins=[LISTED]) as server:
        headers = [f"Host: {host_value.format(port=server.port)}", *UPGRADE]
        if origin_value is not None:
            headers.append(f"Origin: {origin_value.format(port=server.port)}")
        answer = await ask(server.port, *headers)
        if host_passes and origin_passes:
            assert answer.startswith(b"HTTP/1.1 101 ")
        else:
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n") and answer.endswith(b"\r\n\r\n")
            assert server.accepted == 0
            assert [refusal.status for refusal in server.refusals] == [403]


BAD_UPGRADES = {
    "no Host": (UPGRADE, b""),
    "two Hosts": (("Host: 127.0.0.1:{port}", "Host: 127.0.0.1:{port}", *UPGRADE), b""),
    "two Hosts, one foreign": (("Host: 127.0.0.1:{port}", "Host: evil.example", *UPGRADE), b""),
    "a body": (("Host: 127.0.0.1:{port}", "Content-Length: 5", *UPGRADE), b"hello"),
    "chunked": (("Host: 127.0.0.1:{port}", "Transfer-Encoding: chunked", *UPGRADE), b"0\r\n\r\n"),
    "identity coding": (("Host: 127.0.0.1:{port}", "Transfer-Encoding: identity", *UPGRADE), b""),
    "folded header": (("Host: 127.0.0.1:{port}", "X-A: b", " c", *UPGRADE), b""),
    "space before colon": (("Host : 127.0.0.1:{port}", *UPGRADE), b""),
    "bad key": (("Host: 127.0.0.1:{port}", *UPGRADE[:2], "Sec-WebSocket-Key: short", UPGRADE[3]), b""),
    "no key": (("Host: 127.0.0.1:{port}", *UPGRADE[:2], UPGRADE[3]), b""),
}


@pytest.mark.parametrize("what", list(BAD_UPGRADES))
async def test_malformed_upgrades_are_400(what: str):
    """What could be read in two ways is refused with 400 and a reason, and the behaviour never sees it."""
    headers, body = BAD_UPGRADES[what]
    async with embedded_server("echo", origins=[LISTED]) as server:
        answer = await ask(server.port, *(line.format(port=server.port) for line in headers), body=body)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert len(answer.partition(b"\r\n\r\n")[2]) > 10
        assert server.accepted == 0


async def test_tls_on_a_plain_port_is_told():
    """A TLS greeting, which has no line end to wait for, is answered at once."""
    async with embedded_server("echo") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        assert b"TLS on a port that speaks plain HTTP?" in await reader.read()
        writer.close()


async def test_an_upgrade_with_a_length_of_zero_passes():
    """Content-Length: 0 is no body; some devices send it."""
    async with embedded_server("closer") as server:
        answer = await ask(server.port, f"Host: 127.0.0.1:{server.port}", "Content-Length: 0", *UPGRADE)
        assert answer.startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    "line", ["hello", "GET /", "GET / HTTP/1.1\n", "G\x00T / HTTP/1.1", "GET  / HTTP/1.1", ""]
)
async def test_what_is_not_http_is_400(line: str):
    """Garbage instead of a request line is answered with 400, not with a traceback."""
    async with embedded_server("echo") as server:
        answer = await ask(server.port, f"Host: 127.0.0.1:{server.port}", *UPGRADE, line=line)
        assert answer.startswith(b"HTTP/1.1 400 ")


async def test_another_version_of_http_is_505():
    """HTTP/2 in the clear is told what is spoken here."""
    async with embedded_server("echo") as server:
        answer = await ask(server.port, f"Host: 127.0.0.1:{server.port}", *UPGRADE, line="GET / HTTP/2.0")
        assert answer.startswith(b"HTTP/1.1 505 ")


async def test_a_head_without_end_is_431():
    """A head over 16 KiB is refused while it arrives."""
    async with embedded_server("echo") as server:
        answer = await ask(server.port, *(f"X-{n}: {'x' * 1000}" for n in range(70)))
        assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_large_body_does_not_hide_the_answer():
    """The refusal arrives although the client sends a megabyte that nobody reads."""
    async with embedded_server("echo") as server:
        headers = (f"Host: 127.0.0.1:{server.port}", "Content-Length: 1000000", *UPGRADE)
        answer = await ask(server.port, *headers, body=bytes(1_000_000))
        assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_head_may_come_byte_by_byte():
    """How the head was cut makes no difference, and frames that follow in the same segment are not lost."""
    async with embedded_server("echo") as server:
        request = "\r\n".join(["GET / HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *UPGRADE, "", ""]).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for n in range(len(request) - 1):
            writer.write(request[n : n + 1])
            await asyncio.sleep(0)
        writer.write(request[-1:] + b"\x81\x82\x00\x00\x00\x00hi")
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == b"\x81\x02hi"
        writer.transport.abort()


# ---- values ----


@pytest.mark.parametrize(
    ("target", "passes"),
    [("/to/http://other/", True), ("//other/", True), ("/?a=http://other", True), ("*", True),
     ("http://own:1/", True), ("http://OWN:1?a", True), ("http://other/", False), ("ws://own:1.other/", False)],
)  # fmt: skip
def test_a_host_is_named_by_a_target_in_absolute_form_only(target: str, passes: bool) -> None:
    """A path may have a URL in it (RFC 9112 §3.2)."""
    refusal = Guard(frozenset(["own:1"])).check(Headers([("Host", "own:1")]), target)
    assert (refusal is None) is passes


def test_own_hosts():
    """The names under which a server may be asked for: of loopback, of a wildcard, of the default ports."""
    assert own_hosts("127.0.0.1", "127.0.0.1", 80) == {
        "127.0.0.1:80",
        "localhost:80",
        "127.0.0.1",
        "localhost",
    }
    assert own_hosts("::1", "::1", 99) == {"[::1]:99", "localhost:99"}
    assert own_hosts("0.0.0.0", "192.0.2.7", 99) == {"192.0.2.7:99"}
    assert own_hosts("Box", "192.0.2.7", 443, tls=True) == {"box:443", "192.0.2.7:443", "box", "192.0.2.7"}


def test_check_origins():
    """An origin has a scheme and a host and no path; a wildcard is refused; null is possible by name."""
    assert check_origins([LISTED, "null"]) == {LISTED, "null"}
    for wrong in ("*", "localhost:8888", "http://localhost:8888/", "http://*.example", ""):
        with pytest.raises(ValueError, match="not an origin"):
            check_origins([wrong])
    with pytest.raises(TypeError, match="a list"):
        check_origins(LISTED)
