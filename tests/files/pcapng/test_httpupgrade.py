"""Handshakes of the field: found whole and byte by byte, also those that no strict parser reads."""

from __future__ import annotations

import pytest
from captures import ANSWER, GET

from wsnotebook.files.pcapng.head import Head
from wsnotebook.files.pcapng.httpupgrade import HttpUpgrade, Upgraded

FRAME = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7


def found(*parts: tuple[int, bytes], client: int | None = None, in_bytes: bool = False) -> Upgraded | None:
    """Return the handshake in what the sides say; side 0 is the client."""
    upgrade = HttpUpgrade(client)
    for side, data in parts:
        for piece in [data[at : at + 1] for at in range(len(data))] if in_bytes else [data]:
            upgraded = upgrade.feed(side, piece)
            if upgraded is not None:
                return upgraded
    return None


ODD = {
    "it has no Host": (GET.replace(b"Host: feed.test:8765\r\n", b""), ANSWER),
    "it has 2 lines of Host": (GET.replace(b"Upgrade:", b"Host: b\r\nUpgrade:"), ANSWER),
    "it is of HTTP/1.0": (GET, ANSWER.replace(b"HTTP/1.1", b"HTTP/1.0")),
    "an empty line stands before it": (b"\r\n" + GET, ANSWER),
    "a space stands before a colon: 'X-A '": (GET, ANSWER.replace(b"Upgrade:", b"X-A : b\r\nUpgrade:")),
    "a header has a wrong name: 'X(A'": (GET.replace(b"Host", b"X(A: b\r\nHost"), ANSWER),
    "a line is folded: '  part'": (GET.replace(b"Host", b"X: a\r\n  part\r\nHost"), ANSWER),
    "its target has bytes that are not ASCII": (GET.replace(b"/feed", "/prix/€".encode()), ANSWER),
    "it has 80,155 bytes": (GET.replace(b"Host", b"Cookie: " + b"c" * 79_988 + b"\r\nHost"), ANSWER),
    "its lines end without CR": (GET.replace(b"\r\n", b"\n"), ANSWER),
}


@pytest.mark.parametrize("oddity", ODD)
@pytest.mark.parametrize("in_bytes", [False, True])
def test_an_odd_handshake_is_found_and_named(oddity: str, in_bytes: bool) -> None:
    """One thing is odd, and one sentence says it; the frames after the 101 are there."""
    request, response = ODD[oddity]
    if in_bytes and len(request) > 1000:
        request = request.replace(b"c" * 79_988, b"c" * 100)
    upgraded = found((0, request), (1, response + FRAME), client=0, in_bytes=in_bytes)
    assert upgraded is not None and upgraded.client == 0 and upgraded.cut == (False, False)
    assert upgraded.early[1] == (b"" if in_bytes else FRAME)
    if len(request) == len(ODD[oddity][0]):
        assert upgraded.request.oddities() + upgraded.response.oddities() == [oddity]
    assert upgraded.response.answers(upgraded.request)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/x", "ws://feed.test:8765/x"),
        ("http://h.example:8080/x?a=b", "ws://h.example:8080/x?a=b"),
        ("HTTPS://h.example/x", "wss://h.example/x"),
        ("ws://h.example", "ws://h.example"),
        ("/a b", "ws://feed.test:8765/a b"),
    ],
)
def test_the_url_follows_from_target_and_host(target: str, url: str) -> None:
    """An absolute target, as a proxy gets it, has all of it (RFC 9112 §3.2.2)."""
    assert Head(GET.replace(b"/feed", target.encode())).url("10.0.0.1:80") == url
    assert Head(b"").url("10.0.0.1:80") == "ws://10.0.0.1:80"


def test_requests_before_the_upgrade_are_passed_over() -> None:
    """Bodies with empty lines and with heads in them, a refused upgrade, a CONNECT: the last request is the one."""
    other = GET.replace(b"/feed", b"/other").replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"AAAAAAAAAAAAAAAAAAAAAA==")
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nAn example:\r\n\r\n" + ANSWER
    for before in (
        [(0, b"POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 6\r\n\r\na\r\n\r\nb"), (1, page)],
        [(0, other), (1, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")],
        [
            (0, b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"),
            (1, b"HTTP/1.1 200 Connection established\r\n\r\n"),
        ],
    ):
        upgraded = found(*before, (0, GET), (1, ANSWER + FRAME))
        assert upgraded is not None and upgraded.request.data == GET and upgraded.early == (b"", FRAME)


def test_a_page_about_websocket_is_no_handshake() -> None:
    """A 101 in the body of an answer is not at its beginning, and belongs to another key."""
    other = GET.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"AAAAAAAAAAAAAAAAAAAAAA==")
    assert found((0, other), (1, b"HTTP/1.1 200 OK\r\n\r\nSo it answers:\r\n" + ANSWER)) is None
    assert found((0, GET.replace(b"websocket", b"h2c")), (1, ANSWER)) is None
    assert found((0, GET), (1, ANSWER.replace(b"websocket", b"h2c").replace(b"s3pP", b"s3pX"))) is None


def test_an_answer_captured_before_its_request_is_found() -> None:
    """Two directions may be captured by two queues: the key tells that they belong together."""
    upgraded = found((1, ANSWER + FRAME), (0, GET))
    assert upgraded is not None and upgraded.client == 0 and upgraded.early == (b"", FRAME)


def test_frames_of_the_client_before_the_101_are_kept() -> None:
    """Also where they have an empty line in them."""
    frame = b"\x81\x85\0\0\0\0a\r\n\r\n"
    upgraded = found((0, GET + frame), (1, ANSWER))
    assert upgraded is not None and upgraded.early == (frame, b"")


def test_heads_with_a_gap_are_found_as_far_as_they_go() -> None:
    """A snap length cuts both; a packet of either is lost. What is there says that frames follow."""
    upgrade = HttpUpgrade(0)
    assert upgrade.feed(0, GET[:60]) is None and upgrade.miss(0) is None
    assert upgrade.feed(1, ANSWER[:60]) is None
    upgraded = upgrade.miss(1)
    assert upgraded is not None and upgraded.cut == (True, True)
    assert upgraded.request.url("a") == "ws://feed.test:8765/feed"
    upgrade = HttpUpgrade(0)
    assert upgrade.feed(1, ANSWER + FRAME) is None
    upgraded = upgrade.miss(0)  # all of the request
    assert upgraded is not None and upgraded.cut == (True, False) and upgraded.early == (b"", FRAME)
    upgrade = HttpUpgrade(0)
    assert upgrade.feed(0, GET) is None and upgrade.miss(1) is None  # all of the response
