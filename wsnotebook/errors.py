"""Every exception of the package, drawn once.

    WsNotebookError
    ├── InvalidURL (ValueError)        the address cannot be a WebSocket
    ├── CallError                      has .call: what was asked and what was answered
    │   ├── ConnectError (ConnectionError)   no connection: refused, unresolved, TLS
    │   ├── SocketTimeout (TimeoutError)     the time for opening ran out
    │   └── HandshakeError                   HTTP answered something other than the upgrade
    ├── SessionClosed                  has .reason: the session has ended
    ├── SessionFault                   why a session was failed
    │   ├── FrameTooBig                has .frame_size, .limit
    │   ├── ProtocolViolation          has .rule, .code
    │   ├── PingTimeout (TimeoutError) has .timeout
    │   └── ChannelOverflow            has .capacity
    ├── FragmentError (ValueError)     a data frame in the middle of another message
    ├── ConverterNotFound              the session has no converter
    ├── ConversionError (ValueError)   has .frame: the frame that did not convert
    ├── WrongThread (RuntimeError)     a verb was called from a foreign thread or loop
    ├── NestedWaitError (RuntimeError) a synchronous wait that cannot be
    └── FileError (ValueError)         has .path, .place: a recording that cannot be read

An exception stores facts and builds its sentence in ``__str__``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsnotebook.redaction import redact_url

if TYPE_CHECKING:
    from wsnotebook.wire.frames import CloseReason, Frame

__all__ = [
    "CallError",
    "ChannelOverflow",
    "ConnectError",
    "ConversionError",
    "ConverterNotFound",
    "FileError",
    "FragmentError",
    "FrameTooBig",
    "HandshakeError",
    "InvalidURL",
    "NestedWaitError",
    "PingTimeout",
    "ProtocolViolation",
    "SessionClosed",
    "SessionFault",
    "SocketTimeout",
    "WrongThread",
    "WsNotebookError",
]

_BODY_SHOWN = 500  # characters of an HTTP error body that stand in the sentence; the whole is on .call


class WsNotebookError(Exception):
    """The root: catch it to catch everything that this package raises by itself."""


class InvalidURL(WsNotebookError, ValueError):
    """The address is not one of a WebSocket."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(redact_url(url), problem)
        self.url = url
        self.problem = problem

    def __str__(self) -> str:
        return f"{redact_url(self.url)!r} is not a WebSocket URL: {self.problem}. Write ws://host:port/path or wss://host/path."


class CallError(WsNotebookError):
    """Opening failed; ``call`` has the request and, where one came, the response."""

    def __init__(self, call: Any, problem: str = "", remedy: str = "") -> None:
        super().__init__(call, problem, remedy)
        self.call = call
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        sentence = f"{self._shown_url}: {self.problem or 'failed'}."
        return f"{sentence} {self.remedy}" if self.remedy else sentence

    @property
    def _shown_url(self) -> str:
        return redact_url(str(getattr(getattr(self.call, "request", None), "url", self.call)))


class ConnectError(CallError, ConnectionError):
    """No connection was made: refused, unresolved, unreachable, or TLS failed."""


class SocketTimeout(CallError, TimeoutError):
    """The time given for DNS, TCP, TLS and HTTP together ran out."""


class HandshakeError(CallError):
    """The server answered over HTTP, but not with the upgrade to a WebSocket."""

    def __str__(self) -> str:
        response = getattr(self.call, "response", None)
        if response is None:
            return super().__str__()
        text = f"{self._shown_url}: expected status 101, got {response.status} {response.reason}".rstrip()
        if self.problem:
            text += f" ({self.problem})"
        body = bytes(response.body or b"").decode("utf-8", "replace").strip()
        if body:
            shown = body if len(body) <= _BODY_SHOWN else body[:_BODY_SHOWN] + "…"
            # repr, so that a hostile body cannot move the cursor of a terminal
            text += f"; body: {shown!r}"
        text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class SessionClosed(WsNotebookError):
    """The session has ended; ``reason`` is its CloseReason, or None while it is not yet known."""

    def __init__(self, reason: CloseReason | None = None) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        why = f"the session is closed ({self.reason})" if self.reason is not None else "the session is closed"
        return f"{why}; what was recorded is still in session.log and session.df. Open a new one with connect(url)."


class SessionFault(WsNotebookError):
    """Why a session was failed: ``incoming`` raises it after the last good frame."""


class FrameTooBig(SessionFault):
    """A frame or message of ``frame_size`` bytes is over ``limit`` bytes."""

    def __init__(self, frame_size: int, limit: int) -> None:
        super().__init__(frame_size, limit)
        self.frame_size = frame_size
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"a frame or message of {self.frame_size} bytes is over the limit of {self.limit}; "
            "raise it with session.max_frame_size = … (None for no limit) before it arrives."
        )


class ProtocolViolation(SessionFault):
    """The peer broke ``rule``; the connection was failed with close code ``code``."""

    def __init__(self, rule: str, code: int = 1002) -> None:
        super().__init__(rule, code)
        self.rule = rule
        self.code = code

    def __str__(self) -> str:
        return (
            f"the peer broke the protocol: {self.rule} (failed with {self.code}). The frame is in session.df "
            "with status 'violation'; connect(url, raw=True) hands such frames over instead."
        )


class PingTimeout(SessionFault, TimeoutError):
    """No pong with the same payload came within ``timeout`` seconds."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)
        self.timeout = timeout

    def __str__(self) -> str:
        return f"no pong came within {self.timeout:g} s: the peer is gone or blocked."


class ChannelOverflow(SessionFault):
    """A channel bounded to ``capacity`` frames with overflow="close" ran over."""

    def __init__(self, capacity: int, direction: str) -> None:
        super().__init__(capacity, direction)
        self.capacity = capacity
        self.direction = direction

    def __str__(self) -> str:
        return (
            f"the {self.direction} channel holds {self.capacity} frames and one more came; use a larger "
            'bounded(n), or overflow="suspend".'
        )


class FragmentError(WsNotebookError, ValueError):
    """A data frame of another type was sent before the open message was finished."""

    def __init__(self, open_opcode: int, opcode: int) -> None:
        super().__init__(open_opcode, opcode)
        self.open_opcode = open_opcode
        self.opcode = opcode

    def __str__(self) -> str:
        return (
            f"a {_opcode_name(self.open_opcode)} message is open (its last frame had fin=False), so a "
            f"{_opcode_name(self.opcode)} frame cannot be sent: finish it with a frame of the same type and fin=True."
        )


class ConverterNotFound(WsNotebookError):
    """send_serialized or receive_deserialized on a session without a converter."""

    def __str__(self) -> str:
        return "this session has no converter: connect(url, converter=JsonConverter())."


class ConversionError(WsNotebookError, ValueError):
    """``frame`` did not convert; it is read and kept here."""

    def __init__(self, frame: Frame, problem: str) -> None:
        super().__init__(frame, problem)
        self.frame = frame
        self.problem = problem

    def __str__(self) -> str:
        return f"the frame did not convert: {self.problem}; it is on the exception as .frame."


class WrongThread(WsNotebookError, RuntimeError):
    """A verb was called from a thread or an event loop that the session does not live in."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return (
            f"session.{self.verb}() was called from another thread or event loop than the session's: "
            f"use session.threadsafe.{self.verb}(), which returns a concurrent.futures.Future."
        )


class NestedWaitError(WsNotebookError, RuntimeError):
    """A synchronous wait in the notebook cannot be done; the sentence names the way out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class FileError(WsNotebookError, ValueError):
    """A recording cannot be read: ``path``, ``place`` in it, and what is wrong there."""

    def __init__(self, path: Any, place: str, problem: str) -> None:
        super().__init__(path, place, problem)
        self.path = path
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.path}{place}: {self.problem}"


def _opcode_name(opcode: int) -> str:
    return {1: "text", 2: "binary"}.get(opcode & 0x0F, f"0x{opcode & 0x0F:x}")
