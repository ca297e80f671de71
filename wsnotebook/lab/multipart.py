"""Parses a multipart body (RFC 2046 §5.1): form-data with the library multipart, other subtypes with email.parser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from itertools import chain, repeat
from types import ModuleType
from typing import Any, NoReturn, Protocol

from wsnotebook.lab.messages import BODY_LIMIT, PIECE, Headers, HttpSyntaxError

__all__ = [
    "Epilogue",
    "Event",
    "Part",
    "Preamble",
    "Reader",
    "check_boundary",
    "parse_boundary",
    "parse_multipart",
]

_PART_LIMIT = 16 * 1024 * 1024  # bytes: a whole part is kept in memory
_PARTS_LIMIT = 1000  # forms of browsers have tens; the objects of a part cost more than its bytes
_FIELDS_LIMIT = 32  # header fields of one part; RFC 7578 defines three
_PREAMBLE_LIMIT = 8192  # bytes; real preambles have some lines, so a later boundary means a wrong one

# RFC 9110 §5.6.6, and the values without quotes that real clients send, which contain "=" or "/".
_PARAMETER = re.compile(r';[ \t]*(?:([^\s=;,"]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*))?[ \t]*')


class Reader(Protocol):
    """The source of a body: an asyncio.StreamReader, or a Request."""

    async def read(self, n: int = -1, /) -> bytes:
        """Return up to ``n`` bytes, b"" at the end."""


@dataclass(frozen=True, slots=True)
class Preamble:
    """The bytes before the first part; not yielded if there are none.

    Example::

        async def handler(request):
            async for event in parse_multipart(request, request.headers):
                if isinstance(event, Preamble):
                    print(event.body)
            return Response(204)
    """

    body: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body.

    Example::

        async def handler(request):
            async for event in parse_multipart(request, request.headers):
                if isinstance(event, Part):
                    print(event.name, len(event.body))
            return Response(204)
    """

    headers: Headers
    body: bytes  # as sent: no Content-Transfer-Encoding is decoded
    name: str | None = None  # name of the form field
    filename: str | None = None  # chosen by the peer: do not use it as a path to write to


@dataclass(frozen=True, slots=True)
class Epilogue:
    """The bytes after the last part; not yielded if there are none.

    Example::

        async def handler(request):
            async for event in parse_multipart(request, request.headers):
                if isinstance(event, Epilogue):
                    print(event.body)
            return Response(204)
    """

    body: bytes


Event = Preamble | Part | Epilogue


async def parse_multipart(
    reader: Reader,
    source: str | Mapping[str, str] | Iterable[tuple[str, str]],
    *,
    part_limit: int = _PART_LIMIT,
    parts_limit: int = _PARTS_LIMIT,
    body_limit: int = BODY_LIMIT,
) -> AsyncIterator[Event]:
    """Yield Preamble, each Part as soon as it is complete, and Epilogue.

    Subtypes other than form-data are buffered completely before the first event. Example::

        async def handler(request):
            async for event in parse_multipart(request, request.headers):
                if isinstance(event, Part):
                    print(event.name, event.filename, len(event.body))
            return Response(204)

    Args:
        reader: the body; it is read to its end, or for as many bytes as the Content-Length in ``source``.
        source: the headers of the message, or its content type alone.
        part_limit: bytes of the body of one part.
        parts_limit: number of parts.
        body_limit: bytes of the whole body.

    Raises:
        HttpSyntaxError: not multipart, a wrong boundary, malformed or cut off (400), over a limit (413).
        ImportError: form-data, and the library ``multipart`` is not installed.
    """
    content_type, length = _describe(source)
    boundary = parse_boundary(content_type).encode("ascii")
    pieces = _read(reader, length, body_limit)
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        events = _parse_form(pieces, boundary, part_limit, parts_limit)
    else:
        events = _parse_other(pieces, boundary, part_limit, parts_limit)
    async for event in events:
        yield event


def parse_boundary(content_type: str) -> str:
    """Return the boundary parameter of a multipart content type.

    Raises:
        HttpSyntaxError: not multipart, or no boundary, more than one, or one that ``check_boundary`` refuses (400).
    """
    kind, semicolon, _ = content_type.partition(";")
    if not re.fullmatch(r"[ \t]*multipart/[^\s;,/]+[ \t]*", kind, re.IGNORECASE):
        raise HttpSyntaxError(f"the content type is not multipart: {kind.strip()!r}")
    found = []
    offset = len(kind)
    while offset < len(content_type):
        match = _PARAMETER.match(content_type, offset)
        if match is None:
            raise HttpSyntaxError("a parameter of the content type is malformed")
        offset = match.end()
        if (match[1] or "").lower() == "boundary":
            found.append(_unquote(match[2]))
    if len(found) != 1:
        raise HttpSyntaxError(f"the content type must name one boundary, not {len(found)}")
    try:
        check_boundary(found[0])
    except ValueError as exc:
        raise HttpSyntaxError(str(exc)) from None
    return found[0]


def check_boundary(boundary: str) -> None:
    """Check that ``boundary`` has 1 to 70 printable ASCII characters and no space at its end (RFC 2046 §5.1.1).

    The check is wider than the RFC, which allows only some punctuation characters.

    Raises:
        ValueError: it has not.
    """
    if not 1 <= len(boundary) <= 70:
        raise ValueError(f"a boundary has 1 to 70 characters, not {len(boundary)}")
    if not (boundary.isascii() and boundary.isprintable()) or boundary.endswith(" "):
        raise ValueError(f"a boundary is printable ASCII and does not end with a space, unlike {boundary!r}")


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _describe(source: str | Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[str, int | None]:
    if isinstance(source, str):
        return source, None
    headers = source if isinstance(source, Headers) else Headers(source)
    types, lengths = headers.get_all("content-type"), headers.get_all("content-length")
    if len(types) != 1:
        raise HttpSyntaxError(f"one Content-Type is needed, there are {len(types)}")
    if not lengths:
        return types[0], None
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,20}", lengths[0]):
        raise HttpSyntaxError("Content-Length is not one number")
    return types[0], int(lengths[0])


async def _read(reader: Reader, length: int | None, limit: int) -> AsyncIterator[bytes]:
    received = 0
    while length is None or received < length:
        piece = await reader.read(PIECE if length is None else min(PIECE, length - received))
        if not piece:
            break
        received += len(piece)
        if received > limit:
            raise HttpSyntaxError(f"the body is over the limit of {limit} bytes", 413)
        yield piece
    if length is not None and received < length:
        raise HttpSyntaxError(f"the connection ended {length - received} bytes before the end of the body")


async def _parse_form(
    pieces: AsyncIterator[bytes], boundary: bytes, part_limit: int, parts_limit: int
) -> AsyncIterator[Event]:
    """Yield the events of a form: the library parses the parts, this function the preamble and the epilogue.

    The library discards preamble and epilogue, so it is fed only the bytes between them.
    """
    closer = b"\r\n--" + boundary + b"--"
    preamble, data = await _find_first(pieces, b"--" + boundary)
    if preamble:
        yield Preamble(preamble)
    form = _Form(boundary, part_limit, parts_limit)
    has_begun = complete = False
    while not complete:
        end = data.find(closer)
        if not has_begun and data.startswith(closer[2:]):  # a form without fields
            complete, cut = True, len(closer) - 2
        elif end >= 0:
            complete, cut = True, end + len(closer)
        else:  # keep the bytes that may be the beginning of the closer
            cut = max(0, len(data) - len(closer) + 1)
        has_begun = has_begun or cut > 0
        for part in form.feed(data[:cut], complete):
            yield part
        data = data[cut:]
        if not complete:
            data += await anext(pieces, b"") or _cut_off()
    epilogue = b"".join([data, *[piece async for piece in pieces]])
    epilogue = re.sub(rb"\A[ \t]*(\r\n|\Z)", b"", epilogue)  # transport padding and the end of the line
    if epilogue:
        yield Epilogue(epilogue)


async def _find_first(pieces: AsyncIterator[bytes], delimiter: bytes) -> tuple[bytes, bytes]:
    """Return the preamble, and the bytes read so far from the first delimiter on."""
    data = b""
    while True:
        if data.startswith(delimiter):
            return b"", data
        end = data.find(b"\r\n" + delimiter)
        if end > _PREAMBLE_LIMIT or (end < 0 and len(data) > _PREAMBLE_LIMIT + len(delimiter)):
            raise HttpSyntaxError(f"the boundary does not come within {_PREAMBLE_LIMIT} bytes")
        if end >= 0:
            return data[:end], data[end + 2 :]
        piece = await anext(pieces, b"")
        if not piece:
            raise HttpSyntaxError("the boundary does not come in this body")
        data += piece


class _Form:
    """The library's parser of form-data, fed from the first delimiter to the end of the last."""

    def __init__(self, boundary: bytes, part_limit: int, parts_limit: int) -> None:
        self._library = _library()
        self._parser = self._library.PushMultipartParser(
            boundary,
            max_segment_size=part_limit,
            max_segment_count=parts_limit,
            max_header_count=_FIELDS_LIMIT,
        )
        self._segment: Any = None
        self._body = bytearray()

    def feed(self, data: bytes, last: bool) -> list[Part]:
        """Return the parts that ``data`` completes; ``last`` means that ``data`` ends with the last boundary."""
        if not data:
            return []
        try:
            parts = self._parse(data)
            if last:
                self._parser.close()  # raises if a part is incomplete
        except self._library.MultipartError as exc:
            status = 413 if isinstance(exc, self._library.ParserLimitReached) else 400
            raise HttpSyntaxError(f"multipart: {exc}", status) from None
        return parts

    def _parse(self, data: bytes) -> list[Part]:
        parts = []
        for event in self._parser.parse(data):
            if isinstance(event, self._library.MultipartSegment):
                self._segment = event
            elif event is not None:
                self._body += event
            else:
                segment = self._segment
                parts.append(
                    Part(Headers(segment.headerlist), bytes(self._body), segment.name, segment.filename)
                )
                self._body.clear()
        return parts


def _cut_off() -> NoReturn:
    raise HttpSyntaxError("the body ended before its last boundary")


def _library() -> ModuleType:
    try:
        import multipart
    except ImportError as error:
        raise ImportError(
            "multipart/form-data needs the library multipart: pip install 'wsnotebook[multipart]'"
        ) from error
    return multipart  # type: ignore[no-any-return]  # ships no types


async def _parse_other(
    pieces: AsyncIterator[bytes], boundary: bytes, part_limit: int, parts_limit: int
) -> AsyncIterator[Event]:
    """Parse the body with email.parser, one level deep."""
    quoted = re.sub(r'(["\\])', r"\\\1", boundary.decode("ascii"))
    head = f'Content-Type: multipart/mixed; boundary="{quoted}"\r\n\r\n'.encode("ascii")
    body = b"".join([piece async for piece in pieces])
    kinds: Iterator[type[Message]] = chain([Message], repeat(_Leaf))
    root = BytesParser(lambda: next(kinds)()).parsebytes(head + body)
    leaves: Any = root.get_payload() if root.is_multipart() else []
    for message in (root, *leaves):
        for defect in message.defects:
            raise HttpSyntaxError(f"multipart: {(type(defect).__doc__ or 'malformed').rstrip('.')}")
    if len(leaves) > parts_limit:
        raise HttpSyntaxError(f"multipart: over the limit of {parts_limit} parts", 413)
    if root.preamble:
        yield Preamble(_bytes(root.preamble))
    for leaf in leaves:
        headers = Headers(_fields(leaf))
        # Not used in HTTP (RFC 9112 appendix B.5); email would decode it.
        del leaf["Content-Transfer-Encoding"]
        part = Part(headers, leaf.get_payload(decode=True))
        if len(part.body) > part_limit:
            raise HttpSyntaxError(f"multipart: a part is over the limit of {part_limit} bytes", 413)
        yield part
    if root.epilogue:
        yield Epilogue(_bytes(root.epilogue))


class _Leaf(Message):
    """A part whose body stays bytes, also if it is itself a message or a multipart."""

    def get_content_maintype(self) -> str:
        return "application"

    def get_content_type(self) -> str:
        return "application/octet-stream"


def _fields(leaf: Message) -> Iterator[tuple[str, str]]:
    for name, value in leaf.raw_items():
        try:
            yield name, re.sub(r"\r?\n(?=[ \t])", "", _bytes(value).decode())
        except UnicodeDecodeError:
            raise HttpSyntaxError(f"multipart: the header {name} is not UTF-8") from None


def _bytes(text: str) -> bytes:
    """Return the original bytes of a text in which email stores bytes over 127 as surrogates."""
    return text.encode("ascii", "surrogateescape")
