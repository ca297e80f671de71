"""Reads and checks the head of an HTTP request, and determines how its body is framed.

h11 checks the grammar. Heads that h11 accepts but another parser may read differently are refused here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import h11

from wsnotebook.lab.httpline import read_line
from wsnotebook.lab.messages import Headers, HttpSyntaxError

__all__ = ["HEAD_LIMIT", "RequestHead", "parse_request_head", "read_request_head"]

HEAD_LIMIT = 16 * 1024  # bytes; the limit of Node.js and h11
# h11 accepts LF alone and folded lines (RFC 9112 §2.2, §5.2).
_ODD_LINES = re.compile(rb"(?<!\r)\n|\r(?!\n)|\n[ \t]")
_FIELDS_LIMIT = 100  # header fields; a browser sends under 30
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # RFC 9110 §5.5; h11 refuses NUL only
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))
_TARGET = re.compile(r"/[^#]*|(?:http|ws)s?://[^/?#@]+(?:[/?][^#]*)?", re.IGNORECASE)  # RFC 9112 §3.2
_PLACE = re.compile(r"^[a-z]+://[^/?]*", re.IGNORECASE)  # of a target in absolute form
_CITED = re.compile(r":? (?:bytearray\()?b['\"]")  # what h11 says of bytes of the head, which may be a secret


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The checked head of one request, and the h11 connection that will serialise its response."""

    http: h11.Connection
    raw: bytes  # as received
    method: str
    target: str
    http_version: str
    headers: Headers

    @property
    def path_and_query(self) -> str:
        """The target without scheme and host, which a proxy is told (RFC 9112 §3.2.1)."""
        rest = _PLACE.sub("", self.target)
        return rest if rest.startswith("/") else f"/{rest}"

    @property
    def chunked(self) -> bool:
        """Whether the body has chunked transfer coding."""
        return "transfer-encoding" in self.headers

    @property
    def length(self) -> int:
        """Bytes of the body, if it is not chunked."""
        return int(self.headers.get("content-length", "0"))

    @property
    def upgrade(self) -> bool:
        """Whether the peer requests an upgrade; in HTTP/1.0 the field is ignored (RFC 9110 §7.8)."""
        asked = "upgrade" in self.headers.tokens("connection") and bool(self.headers.tokens("upgrade"))
        return asked and self.http_version != "1.0"

    @property
    def last(self) -> bool:
        """Whether no request may follow on this connection."""
        return self.http_version == "1.0" or "close" in self.headers.tokens("connection")


async def read_request_head(reader: asyncio.StreamReader) -> bytes | None:
    """Return the bytes of the next request head with its empty line, None at the end of the stream.

    Bytes after the head stay unread in ``reader``. One empty line before the head is skipped (RFC 9112 §2.2).

    Raises:
        HttpSyntaxError: not lines of text, or cut off (400), or over 16 KiB (431).
    """
    first = await reader.read(1)
    if first == b"\r":
        if await reader.read(1) != b"\n":
            raise HttpSyntaxError("a line must end with CR LF, and have no CR or LF inside")
        first = await reader.read(1)
    if not first:
        return None
    if not b"!" <= first <= b"~":
        # Refuse now: a TLS ClientHello has no line end, so waiting for one would end in the timeout.
        raise HttpSyntaxError("this is not an HTTP request (TLS on a port that speaks plain HTTP?)")
    head = bytearray(first)
    while not head.endswith(b"\r\n\r\n"):
        line = await read_line(reader, HEAD_LIMIT - len(head))
        if not line:
            raise HttpSyntaxError("the connection ended inside the head of a request")
        head += line
    return bytes(head)


def parse_request_head(raw: bytes, *, of_proxy: bool = False) -> RequestHead:
    """Parse a complete head, as ``read_request_head`` returns it.

    Args:
        raw: the head.
        of_proxy: it was sent to a proxy, which may be asked to CONNECT.

    Raises:
        HttpSyntaxError: malformed, or ambiguous about the end of its body (400), or not HTTP/1.0 or 1.1 (505).
    """
    if _ODD_LINES.search(raw):
        raise HttpSyntaxError(
            "a line of the head ends without CR LF, has a CR or LF inside, or begins with a blank"
        )
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
    connection.receive_data(raw)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError as exc:
        raise HttpSyntaxError(_CITED.split(str(exc))[0]) from None
    if not isinstance(event, h11.Request):
        raise HttpSyntaxError("the head of a request is incomplete")
    head = RequestHead(
        connection,
        raw,
        event.method.decode("ascii"),
        event.target.decode("ascii"),
        event.http_version.decode("ascii"),
        _fields(raw),
    )
    if head.http_version not in ("1.0", "1.1"):
        raise HttpSyntaxError(f"HTTP/{head.http_version} is not spoken here, HTTP/1.1 is", 505)
    for refused, reason, status in _RULES:
        if refused(head) and not (of_proxy and refused is _is_connect):
            fields = (("Allow", ", ".join(sorted(_METHODS - {"CONNECT"}))),) if status == 405 else ()
            raise HttpSyntaxError(reason, status, fields)
    return head


def _fields(raw: bytes) -> Headers:
    """Split the header lines again: h11 lowers the case of some values and merges some fields, handlers get all."""
    pairs = (line.decode("latin-1").split(":", 1) for line in raw.split(b"\r\n")[1:-2])
    return Headers((name, value.strip(" \t")) for name, value in pairs)


def _has_wrong_case(head: RequestHead) -> bool:
    return head.method not in _METHODS and head.method.upper() in _METHODS


def _is_connect(head: RequestHead) -> bool:
    return head.method == "CONNECT"


def _has_odd_target(head: RequestHead) -> bool:
    if _is_connect(head):  # host:port, which who connects reads
        return False
    return not (_TARGET.fullmatch(head.target) or (head.target == "*" and head.method == "OPTIONS"))


# The end of the body and the target host must be unambiguous (RFC 9112 §6.3, §11.2; RFC 9110 §7.2).
_RULES: tuple[tuple[Callable[[RequestHead], bool], str, int], ...] = (
    (lambda head: len(head.headers) > _FIELDS_LIMIT, f"more than {_FIELDS_LIMIT} header fields", 400),
    (lambda head: bool(_CONTROLS.search(head.raw)), "a control character in the head (RFC 9110 §5.5)", 400),
    (_has_wrong_case, "a method is written in capitals: case counts (RFC 9110 §9.1)", 405),
    (_is_connect, "CONNECT is for a proxy (RFC 9110 §9.3.6)", 405),
    (_has_odd_target, "the target is neither a path nor a URL without fragment (RFC 9112 §3.2)", 400),
    # h11 checks that there is one Host and that the length is a number, but accepts the same number twice;
    # Headers.get joins the two with ", ", which is not digits.
    (lambda head: not head.headers.get("content-length", "0").isdigit(), "duplicate Content-Length", 400),
    (
        lambda head: head.chunked and "content-length" in head.headers,
        "both Transfer-Encoding and Content-Length",
        400,
    ),
    (lambda head: head.chunked and head.http_version == "1.0", "Transfer-Encoding in HTTP/1.0", 400),
    (lambda head: head.upgrade and head.chunked, "Transfer-Encoding on an upgrade", 400),
    (lambda head: head.upgrade and head.length > 0, "an upgrade request with a body", 400),
)
