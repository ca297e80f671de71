"""URLs as people write and paste them: what is dialled, and what leaves in the request."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from bytepeer import ByteServer

from wsnotebook import InvalidURL, connect
from wsnotebook.session.address import check_url

if TYPE_CHECKING:
    from tests.session.conftest import Io


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("ws://h/", "ws://h/"),
        ("  wss://h:8443/a \n", "wss://h:8443/a"),
        ("\u3000ws://h/\t", "ws://h/"),
        ("ws://h", "ws://h"),
        ("ws://h?x=1", "ws://h?x=1"),
        ("ws://h./", "ws://h./"),
        ("ws://a_b/", "ws://a_b/"),
        ("ws://[::1]:80/", "ws://[::1]:80/"),
        ("ws://[fe80::1%25eth0]/", "ws://[fe80::1%eth0]/"),
        ("ws://[fe80::1%eth0]/", "ws://[fe80::1%eth0]/"),
        ("ws://user@h/", "ws://user:@h/"),
        ("ws://user:@h/", "ws://user:@h/"),
        ("ws://:pass@h/", "ws://:pass@h/"),
        ("ws://@h/", "ws://h/"),
        ("ws://u:p@ss@h/", "ws://u:p@ss@h/"),
        ("ws://b\u00fccher.example/", "ws://xn--bcher-kva.example/"),
        ("ws://B\u00dcCHER.example:81/\u00fc", "ws://xn--bcher-kva.example:81/\u00fc"),
        ("ws://xn--bcher-kva.example/", "ws://xn--bcher-kva.example/"),
        ("ws://fa\u00df.de/", "ws://xn--fa-hia.de/"),
        ("ws://\u03b2\u03cc\u03bb\u03bf\u03c2.com/", "ws://xn--nxasmm1c.com/"),
        ("ws://\u4f8b\u3048\u3002\u30c6\u30b9\u30c8/", "ws://xn--r8jz45g.xn--zckzah/"),
        ("ws://h/%zz%20%", "ws://h/%zz%20%"),
    ],
)
def test_an_address_is_understood(url: str, checked: str) -> None:
    """White space is cut, a host is ASCII as IDNA 2008 has it, a user may have no password; the rest stays."""
    assert check_url(url).url == checked


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ws://h/a b", "a space or a control character"),
        ("ws://h\\x/", "a character that no host has"),
        ("ws://%68/", "a character that no host has"),
        ("ws://<h>/", "a character that no host has"),
        ("ws://u:p%E4@h/", "percent codes that are not UTF-8"),
        ("ws://a..b/", "is no host name"),
        (f"ws://{'a' * 64}.example/", "is no host name"),
        ("ws://" + "\u00fc" * 64 + ".example/", "is no host name"),
        ("ws://[::1%25eth0%2f]/", "does not appear to be"),
        ("ws://[::g]/", "does not appear to be"),
        ("ws://h:port/", "[Pp]ort"),
    ],
)
def test_an_address_that_none_can_dial_is_refused_by_the_call(url: str, problem: str) -> None:
    """And not by an exception of another library when it is awaited."""
    with pytest.raises(InvalidURL, match=problem):
        connect(url)


async def asked(byte_server: ByteServer, io: Io, url: str, **options: Any) -> dict[str, str]:
    """Return the request of a URL: its target, as "", and its header fields."""
    opening = asyncio.ensure_future(connect(url, io=io, proxy=None, **options))
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    session.terminate()
    await session.close()
    first, *lines = peer.request.decode().strip().split("\r\n")
    return {"": first.split(" ")[1]} | {
        name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
    }


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("/", "/"),
        ("?x=1", "/?x=1"),
        ("/a?", "/a"),
        ("/%zz%20%2F?%", "/%zz%20%2F?%"),
        ("/\u00fc?\u00fc=\u20ac", "/%C3%BC?%C3%BC=%E2%82%AC"),
        ("//a//b/../c", "//a//b/../c"),
    ],
)
async def test_the_target_of_the_request(byte_server: ByteServer, io: Io, rest: str, target: str) -> None:
    """Percent codes stay as they are written, and what is not ASCII becomes one."""
    assert (await asked(byte_server, io, f" ws://127.0.0.1:{byte_server.port}{rest}\n"))[""] == target


@pytest.mark.parametrize(
    ("userinfo", "sent"),
    [
        ("user:pass@", "user:pass"),
        ("user@", "user:"),
        (":pass@", ":pass"),
        ("u%40x:p%3A%C3%A4@", "u@x:p:\u00e4"),
        ("u:p@ss@", "u:p@ss"),
        ("u:p:q@", "u:p:q"),
        ("@", None),
    ],
)
async def test_user_and_password_become_basic(
    byte_server: ByteServer, io: Io, userinfo: str, sent: str | None
) -> None:
    """RFC 7617, in UTF-8."""
    request = await asked(byte_server, io, f"ws://{userinfo}127.0.0.1:{byte_server.port}/")
    basic = request.get("authorization", "").removeprefix("Basic ")
    assert (b64decode(basic).decode() or None) == sent


async def test_the_zone_of_an_ipv6_address_is_dialled_and_not_sent(
    byte_server: ByteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6874: it means something on this machine only. The resolver is asked for it, and answers with the test's server."""
    hosts: list[str] = []

    async def resolve(host: str, port: int, **options: Any) -> list[Any]:
        hosts.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    request = await asked(byte_server, "kernel", f"ws://[fe80::1%25eth0]:{byte_server.port}/")
    assert (hosts, request["host"]) == (["fe80::1%eth0"], f"[fe80::1]:{byte_server.port}")
