"""Every exception of the package, in one tree.

    WsNotebookError
    ├── InvalidURL (ValueError)        the address is not a WebSocket URL
    ├── CallError                      opening failed; has .call: the request and the response
    │   ├── ConnectError (ConnectionError)   no connection: refused, unresolved, TLS
    │   ├── SocketTimeout (TimeoutError)     open_timeout expired
    │   └── HandshakeError                   the HTTP response is not the upgrade
    ├── SessionClosed                  the session has ended; has .reason
    ├── ExpectationFailed (AssertionError)   no message matched; has .expected, .passed, .ended
    ├── ScriptError (ValueError)       a script cannot be read; has .line, .text
    ├── StepFailed (AssertionError)    a step of a script failed; has .line, .text, .details
    ├── SessionFault                   the fault that failed a session
    │   ├── FrameTooBig                has .frame_size, .limit (bytes)
    │   ├── ProtocolViolation          has .rule, .code
    │   ├── PingTimeout (TimeoutError) has .timeout (seconds)
    │   └── ChannelOverflow            has .capacity (frames)
    ├── FragmentError (ValueError)     a data frame of another type inside an unfinished message
    ├── ConverterNotFound              the session has no converter
    ├── ConversionError (ValueError)   has .frame: the frame that could not be converted
    ├── WrongThread (RuntimeError)     a method was called from another thread or event loop
    ├── NestedWaitError (RuntimeError) a synchronous wait that is impossible here
    └── FileError (ValueError)         a recording cannot be read; has .path, .place

An exception stores facts as attributes and builds its message in ``__str__``; the message names a remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.matching import Message, shown
from wsnotebook.redaction import redact_url
from wsnotebook.safetext import safe_text

if TYPE_CHECKING:
    from wsnotebook.wire.frames import CloseReason, Frame

__all__ = [
    "CallError",
    "ChannelOverflow",
    "ConnectError",
    "ConversionError",
    "ConverterNotFound",
    "ExpectationFailed",
    "FileError",
    "FragmentError",
    "FrameTooBig",
    "HandshakeError",
    "InvalidURL",
    "NestedWaitError",
    "PingTimeout",
    "ProtocolViolation",
    "ScriptError",
    "SessionClosed",
    "SessionFault",
    "SocketTimeout",
    "StepFailed",
    "WrongThread",
    "WsNotebookError",
]

_PASSED_SHOWN = 3  # messages in the sentence; .passed has more
_BODY_SHOWN = 500  # characters of an HTTP error body in the message; .call has the whole body


class WsNotebookError(Exception):
    """The base class of all exceptions that this package defines."""


class InvalidURL(WsNotebookError, ValueError):
    """The address is not a WebSocket URL.

    Attributes:
        url: the address, with its secrets; ``str`` of the exception redacts them.
        problem: the reason.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(redact_url(url), problem)
        self.url = url
        self.problem = problem

    def __str__(self) -> str:
        return f"{redact_url(self.url)!r} is not a WebSocket URL: {self.problem}. Write ws://host:port/path or wss://host/path."


class CallError(WsNotebookError):
    """Opening a session failed.

    Attributes:
        call: the request and, if one was received, the response.
        problem: the reason.
        remedy: a sentence that says how to continue, or empty.
    """

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
    """No connection was established: refused, unresolved, unreachable, or TLS failed."""


class SocketTimeout(CallError, TimeoutError):
    """``open_timeout``, the time for DNS, TCP, TLS and HTTP together, expired."""


class HandshakeError(CallError):
    """The server's HTTP response is not a valid upgrade to a WebSocket (RFC 6455 §4.1)."""

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
            # repr escapes control characters, which could move the cursor of a terminal
            text += f"; body: {shown!r}"
        text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class SessionClosed(WsNotebookError):
    """The session has ended, so that nothing can be sent or received.

    Attributes:
        reason: the CloseReason of the session, None while it is not yet known.
        renewed_as: name under which ``%ws connect --reconnect`` opens the session that follows it, or None.
    """

    def __init__(self, reason: CloseReason | None = None, renewed_as: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.renewed_as = renewed_as

    def __str__(self) -> str:
        why = f"the session is closed ({self.reason})" if self.reason is not None else "the session is closed"
        recorded = "what was recorded is still in session.log and session.df"
        if self.renewed_as is None:
            return f"{why}; {recorded}. Open a new one with connect(url)."
        name = f'"{self.renewed_as}"' if " " in self.renewed_as else self.renewed_as
        return f"{why}; {recorded}. It is connected anew, %ws list shows when: then write session = %ws session --name {name}"


class ExpectationFailed(WsNotebookError, AssertionError):
    """No message matched an expectation in time, or before the session ended.

    It is an AssertionError and no TimeoutError: who catches TimeoutError to try again would do so for ever with a
    session that has ended.

    Attributes:
        expected: the pattern, as a phrase.
        passed: the last messages that were passed over, oldest first.
        count: number of messages that were passed over.
        nearest: the message that differs least; None if none came.
        differences: how it differs, such as ``$.price is 4, expected 3``.
        timeout: seconds of waiting; None for no limit.
        ended: why the session ended; None where the time ran out.
    """

    def __init__(
        self,
        expected: str,
        passed: Sequence[Message],
        count: int,
        *,
        nearest: Message | None = None,
        differences: Sequence[str] = (),
        timeout: float | None = None,
        ended: CloseReason | Exception | None = None,
    ) -> None:
        super().__init__(expected, tuple(passed), count)
        self.expected, self.passed, self.count = expected, tuple(passed), count
        self.nearest, self.differences = nearest, tuple(differences)
        self.timeout, self.ended = timeout, ended

    @property
    def came_instead(self) -> str:
        """The sentence without the place where the messages are kept."""
        until = (
            f"within {self.timeout:g} s" if self.ended is None else f"before the session ended ({self.ended})"
        )
        if not self.count:
            return f"expected {self.expected}, but no message came {until}."
        how = "; ".join(self.differences)
        if self.count == 1:
            return f"expected {self.expected}, but {shown(self.nearest)} came {until}: {how}."
        last = ", ".join(map(shown, self.passed[-_PASSED_SHOWN:]))
        return (
            f"expected {self.expected}, but none of {self.count:,} messages that came {until} matched. The nearest is "
            f"{shown(self.nearest)}: {how}. The last are {last}."
        )

    def __str__(self) -> str:
        where = {0: "", 1: " It is in session.log."}.get(self.count, " All are in session.log.")
        return f"{self.came_instead}{where}"


class ScriptError(WsNotebookError, ValueError):
    """A line of a script cannot be read; nothing of it was run.

    Attributes:
        line: number of the line, from 1.
        text: the line.
        problem: the reason, and what to write instead.
    """

    def __init__(self, line: int, text: str, problem: str) -> None:
        super().__init__(line, text, problem)
        self.line, self.text, self.problem = line, text, problem

    def __str__(self) -> str:
        return f"line {self.line}, {safe_text(self.text)}: {self.problem}"


class StepFailed(WsNotebookError, AssertionError):
    """A step of a script failed, and those after it were not run.

    Attributes:
        line, text, problem: as those of ScriptError; the problem is what was expected, and what came.
        details: one phrase for each difference.
    """

    def __init__(self, line: int, text: str, problem: str, details: Sequence[str] = ()) -> None:
        super().__init__(line, text, problem, tuple(details))
        self.line, self.text, self.problem, self.details = line, text, problem, tuple(details)

    def __str__(self) -> str:
        return f"line {self.line}, {safe_text(self.text)}: {self.problem}"


class SessionFault(WsNotebookError):
    """The fault that failed a session; ``incoming`` raises it after the last valid frame."""


class FrameTooBig(SessionFault):
    """A frame or a joined message is larger than ``max_frame_size``.

    Attributes:
        frame_size: bytes of the frame or message.
        limit: ``max_frame_size`` in bytes.
    """

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
    """The peer broke a rule of RFC 6455 or RFC 7692, and the connection was failed.

    Attributes:
        rule: the broken rule, the same text as ``detail`` of the frame in ``session.df``.
        code: the close code that was sent: 1002, or 1007 for invalid UTF-8 or compressed data.
    """

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
    """No pong with the payload of the ping was received within ``timeout`` seconds."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)
        self.timeout = timeout

    def __str__(self) -> str:
        return f"no pong came within {self.timeout:g} s: the peer is gone or blocked."


class ChannelOverflow(SessionFault):
    """A channel bounded to ``capacity`` frames with ``overflow="close"`` was full when a further frame arrived.

    Attributes:
        capacity: frames that the channel holds.
        direction: "incoming" or "outgoing".
    """

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
    """A data frame of another type was sent while a fragmented message was unfinished (RFC 6455 §5.4).

    Attributes:
        open_opcode: opcode of the unfinished message, 1 text or 2 binary.
        opcode: opcode of the refused frame.
    """

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
    """``send_serialized`` or ``receive_deserialized`` was called on a session without a converter."""

    def __str__(self) -> str:
        return "this session has no converter: connect(url, converter=JsonConverter())."


class ConversionError(WsNotebookError, ValueError):
    """The converter of the session failed on a received frame, which is consumed.

    Attributes:
        frame: the frame; it is not received again.
        problem: the reason.
    """

    def __init__(self, frame: Frame, problem: str) -> None:
        super().__init__(frame, problem)
        self.frame = frame
        self.problem = problem

    def __str__(self) -> str:
        return f"the frame did not convert: {self.problem}; it is on the exception as .frame."


class WrongThread(WsNotebookError, RuntimeError):
    """A session method was called from another thread or event loop than the one the session was opened in."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return (
            f"session.{self.verb}() was called from another thread or event loop than the session's: "
            f"use session.threadsafe.{self.verb}(), which returns a concurrent.futures.Future."
        )


class NestedWaitError(WsNotebookError, RuntimeError):
    """A synchronous wait is impossible in this state of the kernel's event loop; the message names an alternative."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class FileError(WsNotebookError, ValueError):
    """A recording cannot be read.

    Attributes:
        path: path of the file or directory.
        place: the position in the file, such as "line 3", or empty.
        problem: the reason.
    """

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
