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
    │   └── ChannelOverflow            has .capacity (frames), .lost (frames dropped unread)
    ├── FragmentError (ValueError)     a data frame of another type inside an unfinished message
    ├── ConverterNotFound              the session has no converter
    ├── ConversionError (ValueError)   has .frame: the frame that could not be converted
    ├── WrongThread (RuntimeError)     a method was called from another thread or event loop
    │   └── NotAsyncio                       it was awaited by something else than asyncio
    ├── NestedWaitError (RuntimeError) a synchronous wait that is impossible here
    └── FileError (ValueError)         a recording cannot be read; has .path, .place

An exception stores facts as attributes and builds its message in ``__str__``; the message names a remedy.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.oneline import on_one_line
from wsnotebook.redaction import redact_url
from wsnotebook.safetext import safe_text

if TYPE_CHECKING:
    from wsnotebook.matching import Message
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
    "NotAsyncio",
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
    """The base class of all exceptions that this package defines.

    Example::

        try:
            await connect("ws://127.0.0.1:1/")
        except WsNotebookError as error:
            print(error)  # and what to do next
    """


class InvalidURL(WsNotebookError, ValueError):
    """The address is not a WebSocket URL.

    Example::

        try:
            connect("http://example.org/")
        except InvalidURL as error:
            error.problem

    Attributes:
        url: the address, with its secrets; ``str`` of the exception redacts them.
        problem: the reason.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(redact_url(url), problem)
        self.url = url
        self.problem = problem

    _render_traceback_ = on_one_line  # asked by IPython

    def __str__(self) -> str:
        return f"{redact_url(self.url)!r} is not a WebSocket URL: {self.problem}. Write ws://host:port/path or wss://host/path."


class CallError(WsNotebookError):
    """Opening a session failed.

    Attributes:
        call: the request and, if one was received, the response.
        problem: the reason.
        remedy: a sentence that says how to continue, or empty.
        redial: makes the attempt again with the same arguments, and returns the session when awaited; None where the
            error was pickled, or no connect() has raised it.
    """

    def __init__(self, call: Any, problem: str = "", remedy: str = "") -> None:
        super().__init__(call, problem, remedy)
        self.call = call
        self.problem = problem
        self.remedy = remedy
        self.redial: Callable[[], Awaitable[Any]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.call, self.problem, self.remedy)  # what dials belongs to this process

    _render_traceback_ = on_one_line  # asked by IPython

    def __str__(self) -> str:
        sentence = f"{self._shown_url}: {self.problem or 'failed'}."
        return f"{sentence} {self.remedy}" if self.remedy else sentence

    @property
    def _shown_url(self) -> str:
        return redact_url(str(getattr(getattr(self.call, "request", None), "url", self.call)))


class ConnectError(CallError, ConnectionError):
    """No connection was established: refused, unresolved, unreachable, or TLS failed.

    Example::

        try:
            await connect("ws://127.0.0.1:1/")
        except ConnectError as error:
            error.problem
    """


class SocketTimeout(CallError, TimeoutError):
    """``open_timeout``, the time for DNS, TCP, TLS and HTTP together, expired.

    Example::

        try:
            async with hostile_server("never-answer") as peer:
                await connect(peer.url, open_timeout=0.1)
        except SocketTimeout as error:
            error.remedy
    """


class HandshakeError(CallError):
    """The server's HTTP response is not a valid upgrade to a WebSocket (RFC 6455 §4.1).

    Example::

        try:
            async with embedded_server(None) as peer:
                await connect(peer.url)
        except HandshakeError as error:
            error.call.response.status  # 404
    """

    def __str__(self) -> str:
        response = getattr(self.call, "response", None)
        if response is None:
            return super().__str__()
        if response.status == 101:
            text = f"{self._shown_url}: the server's 101 opens no WebSocket: {self.problem}"
        else:
            text = f"{self._shown_url}: expected status 101, got {response.status} {safe_text(response.reason)}".rstrip()
            text += f" ({self.problem})" if self.problem else ""
        text += _shown_body(response) + "."
        return f"{text} {self.remedy}" if self.remedy else text


def _shown_body(response: Any) -> str:
    """Return the body of a refusal as the end of a sentence: JSON as JSON, other text as a literal of Python."""
    text = response.text.strip()
    lack = f" ({response.lack})" if response.lack else ""
    if not text:
        return f"; its body is empty{lack}" if lack else ""
    shown = text if len(text) <= _BODY_SHOWN else text[:_BODY_SHOWN] + "…"
    try:
        is_json = isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        is_json = False
    # Escaped either way: control characters could move the cursor of a terminal.
    return f"; body: {safe_text(shown) if is_json else repr(shown)}{lack}"


class SessionClosed(WsNotebookError):
    """The session has ended, so that nothing can be sent or received.

    Example::

        await session.close(1000, "done")
        try:
            await session.send("too late")
        except SessionClosed as error:
            error.reason  # 1000, done

    Attributes:
        reason: the CloseReason of the session, None while it is not yet known.
        renewed_as: name under which ``%ws connect --reconnect`` opens the session that follows it, or None.
        lost_by: what the operating system or TLS said when the connection broke; empty where it did not break.
    """

    def __init__(
        self, reason: CloseReason | None = None, renewed_as: str | None = None, lost_by: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.renewed_as = renewed_as
        self.lost_by = lost_by

    def __str__(self) -> str:
        lost = f", the connection broke: {self.lost_by}" if self.lost_by else ""
        why = (
            f"the session is closed ({self.reason}{lost})"
            if self.reason is not None
            else "the session is closed"
        )
        recorded = "what was recorded is still in session.log and session.df"
        if self.renewed_as is None:
            return f"{why}; {recorded}. Open a new one with connect(url)."
        name = f'"{self.renewed_as}"' if " " in self.renewed_as else self.renewed_as
        return f"{why}; {recorded}. It is connected anew, %ws list shows when: then write session = %ws session --name {name}"


class ExpectationFailed(WsNotebookError, AssertionError):
    """No message matched an expectation in time, or before the session ended.

    It is an AssertionError and no TimeoutError: who catches TimeoutError to try again would do so for ever with a
    session that has ended.

    Example::

        try:
            await session.expect("goodbye", timeout=0.1)
        except ExpectationFailed as error:
            error.passed  # what came instead

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
        from wsnotebook.matching import shown  # here, as every import of connect() would load it

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
    r"""A line of a script cannot be read; nothing of it was run.

    Example::

        from wsnotebook.script.parser import parse_script

        try:
            parse_script("> hello\nsay goodbye")
        except ScriptError as error:
            error.line, error.text  # 2, the line that is no step

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
    r"""A step of a script failed, and those after it were not run.

    Example::

        from wsnotebook.script.parser import parse_script
        from wsnotebook.script.runner import run_script

        try:
            await run_script(parse_script("timeout 0.1\n< goodbye"), session)
        except StepFailed as error:
            error.line, error.details

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
    """The fault that failed a session; ``incoming`` raises it after the last valid frame.

    Example::

        session.max_frame_size = 10
        await session.send("hello, hello")
        try:
            async for message in session:
                print(message)
        except SessionFault as error:
            print(error)  # FrameTooBig, ProtocolViolation, PingTimeout or ChannelOverflow
    """


class FrameTooBig(SessionFault):
    """A frame or a joined message is larger than ``max_frame_size``.

    Example::

        session.max_frame_size = 10
        await session.send("hello, hello")
        try:
            async for message in session:
                print(message)
        except FrameTooBig as error:
            error.frame_size, error.limit

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

    Example::

        try:
            async with embedded_server(rude(["bad-utf8"])) as peer, connect(peer.url) as session:
                await session.receive()
        except ProtocolViolation as error:
            error.rule, error.code

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
    """No pong with the payload of the ping was received within ``timeout`` seconds.

    Example::

        try:
            async with embedded_server(silent(reading=False)) as peer:
                session = await connect(peer.url)
                await session.ping(timeout=0.1)
        except PingTimeout as error:
            error.timeout

    Attributes:
        timeout: in seconds.
        others: pongs with another payload that came meanwhile.
    """

    def __init__(self, timeout: float, others: int = 0) -> None:
        super().__init__(timeout)
        self.timeout = timeout
        self.others = others

    def __str__(self) -> str:
        within = f"within {self.timeout:g} s"
        if not self.others:
            return f"no pong came {within}: the peer is gone or blocked."
        came = f"{self.others} pongs came" if self.others > 1 else "a pong came"
        return f"{came} {within}, but none with the payload of our ping (RFC 6455 §5.5.3): the peer answers wrongly, or late."


class ChannelOverflow(SessionFault):
    """A channel bounded to ``capacity`` frames with ``overflow="close"`` was full when a further frame arrived.

    Or frames were lost: ``FrameLog(spill=False)`` dropped them before they were read. Then the session goes on, and so
    does the next ``receive()``, behind the gap.

    Example::

        session = await connect(url, channels=Channels(incoming=bounded(1, overflow="close")))
        try:
            async for message in session:
                print(message)
        except ChannelOverflow as error:
            error.capacity

    Attributes:
        capacity: frames that the channel holds; None for no limit.
        direction: "incoming" or "outgoing".
        lost: frames (raw session) or messages (default session) that were dropped unread; 0 where the session was failed.
    """

    def __init__(self, capacity: int | None, direction: str, lost: int = 0) -> None:
        super().__init__(capacity, direction, lost)
        self.capacity = capacity
        self.direction = direction
        self.lost = lost

    def __str__(self) -> str:
        if self.lost:
            return (
                f"{self.lost:,} message{'s' if self.lost > 1 else ''} before the next one {'were' if self.lost > 1 else 'was'} "
                "dropped from the log unread; the session goes on. Read faster, or give FrameLog() a larger retention, or no spill=False."
            )
        return (
            f"the {self.direction} channel holds {self.capacity} frames and one more came; use a larger "
            'bounded(n), or overflow="suspend".'
        )


class FragmentError(WsNotebookError, ValueError):
    """A data frame of another type was sent while a fragmented message was unfinished (RFC 6455 §5.4).

    Example::

        await session.send(Frame.text("the beginning, ", fin=False))
        try:
            await session.send(b"binary")
        except FragmentError as error:
            await session.send(Frame.text("the end"))  # ends the message

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
    """``send_serialized`` or ``receive_deserialized`` was called on a session without a converter.

    Example::

        session = await connect(url, converter=None)
        try:
            await session.send_json({"op": "subscribe"})
        except ConverterNotFound as error:
            print(error)
    """

    def __str__(self) -> str:
        return "this session has no converter: connect(url, converter=JsonConverter())."


class ConversionError(WsNotebookError, ValueError):
    """The converter of the session failed on a received frame, which is consumed.

    Example::

        try:
            while True:
                await session.receive_deserialized()
        except ConversionError as error:
            error.frame  # it is not JSON

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
    """A session method was called from another thread or event loop than the one the session was opened in.

    Example::

        try:
            await asyncio.to_thread(asyncio.run, session.send("hello"))
        except WrongThread as error:
            session.threadsafe.send("hello")

    Attributes:
        verb: the method.
        is_closed: whether that loop is closed, so that no thread can call it.
    """

    def __init__(self, verb: str, is_closed: bool = False) -> None:
        super().__init__(verb, is_closed)
        self.verb = verb
        self.is_closed = is_closed

    def __str__(self) -> str:
        if self.is_closed:
            return (
                f"session.{self.verb} needs the event loop that the session was opened in, which is closed: connect() and "
                "use the session in one asyncio.run(). session.terminate() ends it; session.log and session.df remain."
            )
        return (
            f"session.{self.verb}() was called from another thread or event loop than the session's: "
            f"use session.threadsafe.{self.verb}(), which returns a concurrent.futures.Future."
        )


class NotAsyncio(WrongThread):
    """A session was to be opened where no event loop of asyncio runs, as under trio or curio."""

    def __str__(self) -> str:
        return (
            f"{self.verb}() needs asyncio, and something else runs this code: in IPython write %autoawait asyncio, "
            "in a program asyncio.run(main())."
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

    Example::

        Path("notes.parquet").write_text("no recording")
        try:
            load("notes.parquet")
        except FileError as error:
            error.path, error.place

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
