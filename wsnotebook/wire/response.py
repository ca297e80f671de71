"""ResponseReader: what a server or a proxy answers to one request, read without I/O (RFC 9112).

It reads generously, because an explorer meets odd servers, and notes each oddity: whether one is refused is decided by
who asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "MAX_BODY",
    "MAX_FIELDS",
    "MAX_INTERIM",
    "MAX_LINE",
    "BadResponse",
    "Oddity",
    "Response",
    "ResponseReader",
]

MAX_LINE = 64 * 1024
"""Bytes of a line, its end included: some servers put a whole token chain into one Set-Cookie."""
MAX_FIELDS = 512
"""Header fields of a response."""
MAX_INTERIM = 32
"""Responses with 1xx before the final one: a server that sends them for ever is no server."""
MAX_BODY = 1 << 20
"""Bytes of a body that are kept: it is read by a person."""

_OF_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]"  # RFC 9110 §5.6.2
_OF_VALUE = rb"[\t\x20-\x7e\x80-\xff]"  # RFC 9110 §5.5
_STATUS_LINE = re.compile(rb"HTTP/(\d\.\d) ([1-5]\d\d)(?: (" + _OF_VALUE + rb"*))?")
_TOKEN = re.compile(_OF_TOKEN + rb"+")
_VALUE = re.compile(_OF_VALUE + rb"*")
# A head as nearly all servers send it. Only sets are repeated possessively, as in messages.py.
_PLAIN_HEAD = re.compile(
    rb"HTTP/1\.1 ([1-5]\d\d)(?: (%(value)s*+))?\r\n((?:%(token)s++:%(value)s*+\r\n)*)\r\n"
    % {b"token": _OF_TOKEN, b"value": _OF_VALUE}
)
_DIGITS = re.compile(rb"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")  # RFC 9112 §7.1
_BEGIN = b"HTTP/"
_TLS_ALERT = b"\x15\x03"

_Steps = Generator[None, None, None]


class BadResponse(ValueError):
    """The bytes are no HTTP response; the message says in what, and cites none of them.

    Attributes:
        is_empty: no byte has come.
    """

    def __init__(self, problem: str, *, is_empty: bool = False) -> None:
        super().__init__(problem)
        self.is_empty = is_empty


class Oddity(StrEnum):
    """What a response may not have and some have."""

    OLD_VERSION = "it is not HTTP/1.1, which an upgrade needs (RFC 9110 §7.8)"
    BARE_LF = "a line ends with LF alone (RFC 9112 §2.2)"
    FOLDED = "a header line is folded, which is obsolete (RFC 9112 §5.2)"


@dataclass(slots=True)
class Response:
    """One response, as far as it has come."""

    version: str
    """Of HTTP, such as "1.1"."""
    status: int
    """From 100 to 599."""
    reason: str
    """Reason phrase; many servers send none."""
    fields: list[tuple[str, str]] = field(default_factory=list)
    """Names and values in their order, as ISO-8859-1."""
    body: bytearray = field(default_factory=bytearray)
    """Body without its transfer coding, at most MAX_BODY bytes."""
    lack: str = "its end has not come"
    """Why the body is not whole; empty where it is."""
    oddities: list[Oddity] = field(default_factory=list)
    """Each once."""

    def values(self, name: str) -> list[str]:
        """Return the values of the fields of a name."""
        return [value for each, value in self.fields if each.lower() == name]


class ResponseReader:
    """Reads interim responses, the head of the final one, and its body.

    Args:
        accepts: whether a status begins something else than HTTP, as 101 does, and 200 of a CONNECT: no body is read,
            and the bytes that follow the head are left.
    """

    def __init__(self, accepts: Callable[[int], bool]) -> None:
        self.interim: tuple[Response, ...] = ()
        """Responses with 1xx that are not accepted, in order."""
        self.final: Response | None = None
        """Known from the end of its head on."""
        self.is_complete = False
        """Whether the final response is whole, or as whole as it will be."""
        self._accepts = accepts
        self._buffer = bytearray()
        self._has_ended = False
        self._oddities: dict[Oddity, None] = {}
        self._steps = self._read()

    def feed(self, data: bytes) -> None:
        """Read further bytes.

        Raises:
            BadResponse: they are no HTTP response.
        """
        self._buffer += data
        self._step()

    def feed_end(self) -> None:
        """Read the end of the stream.

        Raises:
            BadResponse: it came before the end of a head.
        """
        self._has_ended = True
        self._step()

    def take_rest(self) -> bytes:
        """Return the bytes behind the final response, and forget them."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _step(self) -> None:
        if not self.is_complete:
            self.is_complete = next(self._steps, self) is self

    def _read(self) -> _Steps:
        while True:
            self._oddities.clear()
            response = self._take_plain_head() or (yield from self._read_head())
            response.oddities = list(self._oddities)
            if response.status >= 200 or self._accepts(response.status):
                break
            if len(self.interim) == MAX_INTERIM:
                raise BadResponse(f"over {MAX_INTERIM} responses with 1xx came")
            self.interim += (response,)
        self.final = response
        if self._accepts(response.status) or response.status in (204, 304):
            response.lack = ""
        else:
            yield from self._read_body(response)

    # The head

    def _take_plain_head(self) -> Response | None:
        """Return what _read_head() would of a whole head without oddities; None of any other, with nothing read.

        Line by line takes three times as long, 4 % of opening and closing a session.
        """
        found = _PLAIN_HEAD.match(self._buffer, 0, MAX_LINE)  # so that no line is longer
        if found is None:
            return None
        status, reason, block = found.groups(b"")
        lines = block.decode("latin-1").split("\r\n")[:-1]  # the last one is empty
        if len(lines) > MAX_FIELDS:
            return None
        del self._buffer[: found.end()]
        response = Response("1.1", int(status), reason.rstrip(b" ").decode("latin-1"))
        for line in lines:
            name, _, value = line.partition(":")
            response.fields.append((name, value.strip(" \t")))
        return response

    def _read_head(self) -> Generator[None, None, Response]:
        yield from self._see_begin()
        line = yield from self._read_line("the status line")
        found = _STATUS_LINE.fullmatch(line.rstrip(b" "))
        if found is None:
            raise BadResponse("its first line is no status line of HTTP")
        version, status, reason = found.groups()
        if version != b"1.1":
            self._oddities[Oddity.OLD_VERSION] = None
        response = Response(version.decode(), int(status), (reason or b"").decode("latin-1"))
        while line := (yield from self._read_line("a header line")):
            self._add_line(response.fields, line)
        return response

    def _see_begin(self) -> _Steps:
        """Refuse what is no HTTP by its first bytes: its line may never end."""
        while len(self._buffer) < len(_BEGIN) and _BEGIN.startswith(self._buffer):
            if self._has_ended and not self._buffer:
                raise BadResponse("the connection ended without one", is_empty=True)
            yield from self._wait("the status line")
        if self._buffer.startswith(_TLS_ALERT):
            raise BadResponse("it is an alert of TLS")
        if not self._buffer.startswith(_BEGIN):
            raise BadResponse("it does not begin with HTTP/")

    def _add_line(self, fields: list[tuple[str, str]], line: bytes) -> None:
        if line[:1] in (b" ", b"\t") and fields:
            self._oddities[Oddity.FOLDED] = None
            name, value = fields.pop()
            more = line.strip(b" \t")
        else:
            before, colon, more = line.partition(b":")
            if not colon or not _TOKEN.fullmatch(before):
                raise BadResponse("a header line has no name before a colon")
            name, value, more = before.decode(), "", more.strip(b" \t")
        if not _VALUE.fullmatch(more):
            raise BadResponse(f"the value of {name} has a control character")
        if len(fields) == MAX_FIELDS:
            raise BadResponse(f"it has over {MAX_FIELDS} header fields")
        fields.append((name, f"{value} {more.decode('latin-1')}".strip(" ")))

    def _read_line(self, what: str) -> Generator[None, None, bytes]:
        """Return a line without its end."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched, MAX_LINE)) < 0:
            searched = len(self._buffer)
            if searched >= MAX_LINE:
                raise BadResponse(f"{what} has over {MAX_LINE} bytes")
            yield from self._wait(what)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if line.endswith(b"\r"):
            return line[:-1]
        self._oddities[Oddity.BARE_LF] = None
        return line

    def _wait(self, what: str) -> _Steps:
        """Let the caller feed more; refuse a stream that has ended within ``what``."""
        if self._has_ended:
            raise BadResponse(f"the connection ended within {what}")
        yield

    # The body

    def _read_body(self, response: Response) -> _Steps:
        """Read it by its framing (RFC 9112 §6.3); one that is wrong or too long leaves a body that lacks something."""
        lengths = {value.strip() for given in response.values("content-length") for value in given.split(",")}
        coding = ", ".join(response.values("transfer-encoding")).lower()
        try:
            if coding.endswith("chunked"):
                yield from self._read_chunks(response.body)
            elif coding or not lengths:
                yield from self._keep(response.body, None)
            elif len(lengths) == 1 and _DIGITS.fullmatch(length := next(iter(lengths)).encode("latin-1")):
                yield from self._keep(response.body, int(length))
            else:
                raise BadResponse("its Content-Length is no number")
        except BadResponse as error:
            response.lack = str(error)
        else:
            response.lack = ""

    def _read_chunks(self, body: bytearray) -> _Steps:
        while True:
            line = yield from self._read_line("the size of a chunk")
            size = _CHUNK_SIZE.fullmatch(line)
            if size is None:
                raise BadResponse("the size of a chunk is no number")
            if int(size[1], 16) == 0:
                return
            yield from self._keep(body, int(size[1], 16))
            if (yield from self._read_line("the end of a chunk")):
                raise BadResponse("a chunk is longer than its size")

    def _keep(self, body: bytearray, count: int | None) -> _Steps:
        """Move bytes of the stream to the body: a number of them, or all up to its end."""
        while count is None or count:
            room = MAX_BODY - len(body)
            piece = self._buffer[: room if count is None else min(count, room)]
            body += piece
            del self._buffer[: len(piece)]
            if count is not None:
                count -= len(piece)
            if len(body) == MAX_BODY and (self._buffer if count is None else count):
                raise BadResponse(f"what is over {MAX_BODY} bytes was not read")
            if count is None and self._has_ended:
                return
            if count != 0:
                yield from self._wait("it")
