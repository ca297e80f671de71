"""The values of an HTTP handler: Request and its Body, Response, Headers, HttpSyntaxError. No sockets.

The messages here are those of HTTP. WebSocket messages of a script are in script.py.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, overload

__all__ = ["BODY_LIMIT", "PIECE", "Body", "Headers", "HttpSyntaxError", "NoUpgrade", "Request", "Response"]

BODY_LIMIT = 64 * 1024 * 1024  # bytes; equal to the default frame limit: an upload fits in memory twice
PIECE = 64 * 1024  # bytes requested per read: the usual size of one read of a loopback socket
_SKIPPABLE = 64 * 1024  # bytes of an unread body worth reading to keep a connection

_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 §5.5: no CR, LF, NUL or other control
_FRAMING = {"content-length", "transfer-encoding"}


class HttpSyntaxError(ValueError):
    """The peer's bytes are not HTTP, or ambiguous; a handler may raise it too, and is answered so.

    Example::

        async def handler(request):
            raise HttpSyntaxError("too many rows", 413)

    Attributes:
        reason, status, fields: of the error response.
    """

    def __init__(self, reason: str, status: int = 400, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(reason, status)
        self.reason = reason
        self.status = status
        self.fields = fields

    def __str__(self) -> str:
        return self.reason


class NoUpgrade(HttpSyntaxError, RuntimeError):
    """A handler wants to upgrade a request that asks for no upgrade: a 426, unless the handler answers it."""

    def __init__(self) -> None:
        reason = "this request asks for no upgrade: answer it with a Response; see request.upgraded."
        super().__init__(reason, 426, (("Upgrade", "websocket"),))


class Headers:
    """Header fields as (name, value) pairs, in original order and case.

    ``"host" in headers``, ``get`` and ``get_all`` ignore the case of names. Values are ISO-8859-1 text.

    Example: ``Headers([("Content-Type", "text/plain")]).get("content-type")``.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        self._pairs = tuple((name, value) for name, value in items)

    def get_all(self, name: str) -> list[str]:
        """Return every value of ``name``, in order."""
        return [value for key, value in self._pairs if key.lower() == name.lower()]

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value of ``name``, or ``default``.

        Several values are joined by ", ", so that a repeated field does not match an allow-list.
        """
        values = self.get_all(name)
        return ", ".join(values) if values else default

    def tokens(self, name: str) -> list[str]:
        """Return the comma-separated members of ``name``, in lower case."""
        return [
            token.strip().lower()
            for value in self.get_all(name)
            for token in value.split(",")
            if token.strip()
        ]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __eq__(self, other: object) -> bool:
        return self._pairs == other._pairs if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"<Headers {', '.join(name for name, _ in self._pairs)}>"  # values may be secrets


class Body:
    """The body of a request: ``await read()`` returns all bytes, ``read(n)`` up to n, ``async for`` pieces.

    The connection is read only on demand. One task may read at a time. A cancelled read makes every later read fail.

    Raises:
        HttpSyntaxError: on reading: malformed or cut off (400), no byte for ``timeout`` seconds (408), or over
            ``limit`` bytes (413). If a handler does not catch it, it becomes the response.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        *,
        length: int | None = None,
        limit: int | None = BODY_LIMIT,
        timeout: float | None = None,
        before_read: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._chunks = chunks
        self._limit = limit
        self._timeout = timeout
        self._before_read = before_read
        self._rest = b""
        self._received = 0
        self._error: HttpSyntaxError | None = None
        self.length = length  # declared bytes, None if chunked
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()  # True: read completely
        if length == 0:
            self.ended.set_result(True)

    @property
    def complete(self) -> bool:
        """Whether the body is read completely, so that the next byte of the connection is after it."""
        return self.ended.done() and self.ended.result()

    @property
    def skippable(self) -> bool:
        """Whether at most 64 KiB are unread and need no 100 Continue: reading them is cheaper than a reconnect."""
        if self.ended.done() or self._before_read is not None or self.length is None:
            return self.complete
        return self.length - self._received <= _SKIPPABLE

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes, b"" at the end; without ``n`` all remaining bytes."""
        if n < 0:
            return b"".join([piece async for piece in self])
        if n == 0:
            return b""
        piece = self._rest or await self._next()
        self._rest = piece[n:]
        return piece[:n]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read(PIECE):
            yield piece

    def interrupt(self, error: HttpSyntaxError) -> None:
        """Make every further read raise ``error``. The first error stays."""
        self._error = self._error or error
        if not self.ended.done():
            self.ended.set_result(False)

    async def _next(self) -> bytes:
        if self._error is not None:
            raise self._error
        if self.ended.done():
            return b""
        try:
            self._check_limit(self.length or 0)
            if self._before_read is not None:
                before_read, self._before_read = self._before_read, None
                await before_read()
            async with asyncio.timeout(self._timeout):
                piece = await anext(self._chunks, b"")
            self._received += len(piece)
            self._check_limit(self._received)
        except HttpSyntaxError as exc:
            self.interrupt(exc)
            raise
        except TimeoutError as exc:
            self.interrupt(HttpSyntaxError(f"no byte of the body came for {self._timeout:g} s", 408))
            raise self._error or exc from exc
        except BaseException:
            # Cancelled or disconnected: the end of the body in the stream is no longer known.
            self.interrupt(HttpSyntaxError("reading the body was interrupted"))
            raise
        if not piece:
            self.ended.set_result(True)
        elif self._received == self.length:
            self.ended.set_result(True)  # without one more read, so that the next request can be parsed now
        return piece

    def _check_limit(self, size: int) -> None:
        if self._limit is not None and size > self._limit:
            raise HttpSyntaxError(f"the body is over the limit of {self._limit} bytes", 413)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One HTTP request; ``await request.read()`` or ``async for piece in request`` returns its body.

    Example::

        async def handler(request):
            body = await request.read()
            return Response.text(f"{request.method} {request.path}: {len(body)} bytes")
    """

    method: str  # as received: "GET"
    target: str  # as received: path and query, or the absolute form that a proxy receives
    http_version: str  # "1.1" or "1.0"
    headers: Headers  # order and case as received
    head: bytes  # the request line and the header lines as received, with the empty line
    body: Body
    peer: Any = None  # the peer's address as asyncio returns it: (host, port) for IPv4
    upgraded: asyncio.Future[bool] | None = None  # only for an upgrade request: True after upgrade()
    take_over: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] | None = None

    @property
    def path(self) -> str:
        """The part of the target before "?", as received (percent-encoded)."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The part of the target after "?", as received; parse it with urllib.parse.parse_qs."""
        return self.target.partition("?")[2]

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes of the body, without ``n`` all remaining bytes.

        Raises:
            HttpSyntaxError: see Body.
        """
        return await self.body.read(n)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.body.__aiter__()

    async def upgrade(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Take over the connection and return its reader and writer.

        The call waits until every earlier response is written; the next byte of the reader is the first after the
        head of this request. The caller sends the 101 itself (with websockets:
        ``ServerProtocol.receive_data(request.head)``). The connection is closed when the handler returns.

        Raises:
            NoUpgrade: this is not an upgrade request (``upgraded`` is None).
            RuntimeError: it was upgraded before.
            ConnectionResetError: the connection ended before the turn of this request.
        """
        if self.take_over is None:
            raise NoUpgrade
        return await self.take_over()

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} from {self.peer}>"  # headers and query may be secrets


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """The response of a handler: status, body, headers.

    Content-Length is computed from ``body``; an async iterable without ``content_length`` is sent chunked. The body
    is not sent for HEAD, 204 and 304. Example::

        Response(404)
        Response.json({"price": 10}, headers={"Cache-Control": "no-store"})

    Raises:
        ValueError: a header with CR, LF or NUL, a framing header (Content-Length, Transfer-Encoding), or a status
            outside 200–599.
        TypeError: ``body`` is neither bytes nor an async iterable.
    """

    status: int = 200
    body: bytes | AsyncIterable[bytes] = b""
    headers: Headers | Mapping[str, str] | Iterable[tuple[str, str]] = ()
    content_length: int | None = None  # bytes of an async iterable, if known
    reason: str | None = None  # None: the standard phrase of the status

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(
                f"status {self.status} is not final: give 200–599 (for a 101 use request.upgrade())."
            )
        if not isinstance(self.body, bytes) and not hasattr(self.body, "__aiter__"):
            raise TypeError(
                f"a body is bytes or an async iterable of bytes, not {type(self.body).__name__}; text: Response.text(…)."
            )
        if self.content_length is not None and (isinstance(self.body, bytes) or self.content_length < 0):
            raise ValueError("content_length is the size (≥ 0) of an async iterable; bytes know their own.")
        headers = Headers(self.headers)
        for name, value in headers:
            _check_field(name, value)
        reason = _phrase(self.status) if self.reason is None else self.reason
        if not _FIELD_VALUE.fullmatch(reason):
            raise ValueError(f"the reason {reason!r} has a control character: leave out CR, LF and NUL.")
        object.__setattr__(self, "headers", headers)
        object.__setattr__(self, "reason", reason)

    @classmethod
    def text(cls, text: str, status: int = 200, **options: Any) -> Response:
        """Return a response with UTF-8 text; ``options`` are the other fields of Response."""
        return cls(status, text.encode(), _with_type("text/plain; charset=utf-8", options), **options)

    @classmethod
    def json(cls, value: Any, status: int = 200, **options: Any) -> Response:
        """Return a response with ``value`` as JSON; ``options`` are the other fields of Response.

        Raises:
            TypeError: ``json.dumps`` cannot serialise ``value``.
        """
        return cls(status, json.dumps(value).encode(), _with_type("application/json", options), **options)


def _with_type(content_type: str, options: dict[str, Any]) -> Headers:
    return Headers([("Content-Type", content_type), *Headers(options.pop("headers", ()))])


def _check_field(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no header name: use letters, digits and hyphens.")
    if not _FIELD_VALUE.fullmatch(value):
        raise ValueError(
            f"header {name} may hold ISO-8859-1 without CR, LF, NUL or other controls; got {value!r}."
        )
    if name.lower() in _FRAMING:
        raise ValueError(
            f"{name} is found from the body: leave it out, and give content_length= for an iterable."
        )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
