"""map_engine_exceptions: converts exceptions of asyncio, ssl and websockets to exceptions of errors.py.

The original exception is chained, and the message names a remedy.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.datastructures import Headers as _Headers
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidHeader,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    SecurityError,
)

from wsnotebook.errors import (
    CallError,
    ConnectError,
    HandshakeError,
    InvalidURL,
    SessionClosed,
    SocketTimeout,
    WsNotebookError,
)
from wsnotebook.redaction import redact_header, redact_subprotocol, redact_text, redact_url
from wsnotebook.session.call import Headers, HttpCall, HttpResponse
from wsnotebook.session.challenge import proxy_remedy, server_remedy
from wsnotebook.wire.frames import CloseReason
from wsnotebook.wire.response import BadResponse
from wsnotebook.wire.upgrade import WrongUpgrade

__all__ = ["drop_frames", "map_engine_exceptions", "redact_chain", "to_ours"]

T = TypeVar("T")

_TLS_REMEDY = (
    "Does the server speak TLS on this port? ws:// is without; a server that wants a client certificate "
    "needs ssl=context with load_cert_chain()."
)

_UPGRADE_REMEDY = (
    "It may be no WebSocket server, or a cache or gateway between; connect(url, raw=True) accepts an odd head, and "
    "names that were not offered."
)


class map_engine_exceptions:
    """Context manager and stream wrapper that converts exceptions of the platform to exceptions of this package.

    ``with map_engine_exceptions(call): …`` converts the exceptions of a block,
    ``map_engine_exceptions(call).stream(source)`` those of iterating over ``source``.

    Example::

        try:
            with map_engine_exceptions(session.call):
                raise ConnectionRefusedError("as a library of your own may")
        except ConnectError as error:
            error.call.request.url

    Args:
        call: the HttpCall to store in a CallError.

    Raises:
        InvalidURL, ConnectError, SocketTimeout, HandshakeError, SessionClosed: the converted exception; an exception
            that has no counterpart here is raised unchanged.
    """

    def __init__(self, call: Any) -> None:
        self._call = call

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ours = None if error is None else to_ours(error, self._call)
        if ours is not None:
            raise ours from error

    async def stream(self, source: AsyncIterable[T]) -> AsyncIterator[T]:
        """Yield the items of ``source``, converting its exceptions."""
        with self:
            async for item in source:
                yield item


def to_ours(error: BaseException, call: Any) -> WsNotebookError | None:
    """Return the exception of this package for one of the platform.

    None means that ``error`` already is one of this package, or has no counterpart.
    """
    if isinstance(error, WsNotebookError):
        return None
    if isinstance(error, ConnectionClosed):
        received = error.rcvd
        return SessionClosed(CloseReason(received.code, received.reason) if received else CloseReason(1006))
    if isinstance(error, InvalidURI):
        return InvalidURL(error.uri, error.msg)
    if isinstance(error, InvalidHandshake):
        return _handshake(error, call)
    if isinstance(error, InvalidProxy):
        return ConnectError(
            call,
            f"the proxy {redact_url(error.proxy)!r} cannot be used: {error.msg}",
            "proxy=None connects directly.",
        )
    if isinstance(error, TimeoutError):
        if isinstance(call, HttpCall) and call.response is not None and call.response.status != 101:
            return _refusal(call)  # all but the end of its body has come
        return SocketTimeout(
            call,
            "no WebSocket within the time for opening",
            "Raise open_timeout, or see whether the server is up.",
        )
    if isinstance(error, OSError):
        return _connect(error, call)
    return None


def redact_chain(error: BaseException) -> None:
    """Redact, in place, what an exception of websockets, and those that led to it, say of the handshake.

    They are the cause of ours, and a traceback, a log or a debugger shows them.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, (InvalidStatus, InvalidProxyStatus)):
            head = [(name, redact_header(name, value)) for name, value in link.response.headers.raw_items()]
            link.response.headers = _Headers(head)
        elif isinstance(link, InvalidHeader):
            link.value = link.value and redact_header(link.name, link.value)
        elif isinstance(link, InvalidProxy):
            link.proxy = redact_url(link.proxy)
        elif isinstance(link, InvalidURI):
            link.uri = redact_url(link.uri)
        link.args = tuple(_redact_sentence(part) if isinstance(part, str) else part for part in link.args)
        link = link.__cause__ or link.__context__


def drop_frames(error: BaseException) -> None:
    """Forget where an exception, and those that led to it, were raised.

    A verbose traceback shows the variables of each frame, and those of websockets are the headers that were to be sent;
    an exception that is kept holds what was in them.
    """
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__


def _redact_sentence(text: str) -> str:
    before, subprotocol, value = text.partition("unsupported subprotocol: ")
    return redact_text(before) + subprotocol + (redact_subprotocol(value) if subprotocol else "")


def _handshake(error: InvalidHandshake, call: Any) -> CallError:
    if isinstance(error, ProxyError):
        return ConnectError(
            call, f"the proxy refused: {redact_text(str(error))}", "proxy=None connects directly."
        )
    if isinstance(error, SecurityError):
        return HandshakeError(call, redact_text(str(error)))
    if isinstance(error, InvalidStatus):
        return _refusal(_with_response(call, error.response))
    if isinstance(error, WrongUpgrade):
        return HandshakeError(call, error.problem, _UPGRADE_REMEDY)
    if isinstance(error, InvalidMessage):
        if (
            isinstance(error.__cause__, BadResponse)
            and error.__cause__.is_empty
            and getattr(call, "tls", None)
        ):
            return HandshakeError(call, "the server hung up without an HTTP answer", _TLS_REMEDY)
        cause = f" ({error.__cause__})" if error.__cause__ is not None else ""
        return HandshakeError(
            call,
            f"what came back is not an HTTP answer{cause}",
            "Is it a WebSocket server, and does the port speak ws:// rather than wss:// or the other way round?",
        )
    return HandshakeError(call, _redact_sentence(str(error)), "The server did not upgrade to a WebSocket.")


def _refusal(call: Any) -> HandshakeError:
    """Return the error of a response that is no 101, with what to pass where it asks for credentials."""
    remedy = ""
    if isinstance(call, HttpCall) and call.response is not None:
        response = call.response
        were_sent = "Authorization" in call.request.headers
        remedy = server_remedy(
            response.status, response.headers.get_all("WWW-Authenticate"), were_sent=were_sent
        ) or proxy_remedy(response.status, response.headers.get_all("Proxy-Authenticate"))
    return HandshakeError(call, remedy=remedy)


def _with_response(call: Any, response: Any) -> Any:
    """Return a call that has a response: that of websockets, unless ours was read."""
    if not isinstance(call, HttpCall) or call.response is not None:
        return call
    answer = HttpResponse(
        status=response.status_code,
        reason=response.reason_phrase,
        headers=Headers(response.headers),
        body=bytes(response.body or b""),
    )
    return replace(call, response=answer)


def _connect(error: OSError, call: Any) -> ConnectError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectError(
            call,
            f"the server's certificate is not trusted: {getattr(error, 'verify_message', error)}",
            "For a private CA: ssl=ssl.create_default_context(cafile='ca.pem').",
        )
    if isinstance(error, ssl.SSLError):
        return ConnectError(call, f"TLS failed: {getattr(error, 'reason', None) or error}", _TLS_REMEDY)
    if (
        type(error) is ConnectionResetError and not error.args
    ):  # asyncio, if EOF arrives inside the TLS handshake
        return ConnectError(call, "TLS failed: the server hung up within the handshake", _TLS_REMEDY)
    if isinstance(error, socket.gaierror):
        return ConnectError(
            call, f"the host name cannot be resolved: {error.strerror}", "Check its spelling."
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectError(
            call, "nothing listens there: the connection was refused", "Check port, and that the server runs."
        )
    if isinstance(error, FileNotFoundError):
        return ConnectError(call, "there is no such unix socket", "Check its path.")
    return ConnectError(call, f"no connection: {error.strerror or error}")
