"""ClientWebSocketSession: one connection in time, as Ktor's interface of that name has it. A raw session is one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsIndex, TypeVar

from wsnotebook.errors import (
    ChannelOverflow,
    ConverterNotFound,
    PingTimeout,
    SessionClosed,
    WrongThread,
    WsNotebookError,
)
from wsnotebook.files.framelog import FrameLog
from wsnotebook.redaction import redact_url
from wsnotebook.session.arguments import check_frame_size
from wsnotebook.session.bytechannel import ByteChannel, ByteReader, ByteWriter
from wsnotebook.session.call import HttpCall
from wsnotebook.session.closereasons import CloseArgument, close_frame, reason_of
from wsnotebook.session.converters import Converter
from wsnotebook.session.habits import SESSION, Habits
from wsnotebook.session.heartbeat import LATE, Beat, Heartbeat
from wsnotebook.session.incoming import ReceiveChannel
from wsnotebook.session.intermittent import is_intermittent
from wsnotebook.session.iothread import IoThread
from wsnotebook.session.joiner import Joiner
from wsnotebook.session.oddbeats import note_odd_beat
from wsnotebook.session.outgoing import Item, Marks, SendChannel
from wsnotebook.session.pump import Pump
from wsnotebook.session.recording import SessionRecording
from wsnotebook.session.scope import Scope
from wsnotebook.session.state import SessionState
from wsnotebook.session.threadcheck import require_loop
from wsnotebook.session.threadsafe import Threadsafe
from wsnotebook.session.watchers import Watchers
from wsnotebook.shown import Shown
from wsnotebook.wire.closing import Initiator, Phase
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.frames import BytesLike, CloseReason, Frame, Opcode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClientWebSocketSession"]

T = TypeVar("T")

_PING_PAYLOAD = 8  # random bytes
_TEXT = int(Opcode.TEXT)  # an int: a member of an enum costs a look-up for each message

_MAKING_CALL = threading.Lock()


class ClientWebSocketSession(Habits, Shown, lines=SESSION):
    """A raw WebSocket session: every frame is handed over as it was received; none is answered, joined or refused.

    Made by ``connect(url, raw=True)``. All verbs are for the event loop it was made in; ``session.threadsafe`` has
    them for other threads. Everything that crosses the wire is in ``session.log``.

    Example::

        session = await connect(url, raw=True)
        await session.send(Frame.ping(b"1"))
        async for frame in session.incoming:
            if frame.opcode == Opcode.PONG:
                break
    """

    def __init__(
        self,
        name: str,
        log: FrameLog,
        *,
        make_pump: Callable[[Callable[[], None]], Pump],
        converter: Converter | None,
        thread: IoThread | None,
        max_frame_size: int | None,
    ) -> None:
        self.name = name
        """Name of the session, as in the column ``session``."""
        self.log = log
        """The FrameLog."""
        self._loop = asyncio.get_running_loop()
        self.thread = thread
        """The I/O thread, with io="thread"; not for users."""
        self._converter = converter
        self._max_frame_size = max_frame_size
        self._make_call: Callable[[], HttpCall] | None = None
        self._call: HttpCall | None = None
        self._is_scheduled = False  # a refresh is scheduled on this loop
        self._watchers = Watchers()
        self._close_reason: asyncio.Future[CloseReason] | None = None  # made when first asked for
        self._is_end_seen = False  # by this loop: with an I/O thread the pump knows of it earlier
        self._latency: float | None = None
        self._recording: SessionRecording | None = None
        self._heartbeat: Heartbeat | None = None
        self.opened_by: object = None
        """What can open the session that follows this one; see attempts_of(). Not for users."""
        self._scope = Scope(name)
        self.pump = make_pump(self._refresh if thread is None else self._notified)
        """Moves the frames; not for users."""
        # the frames of a default session are whole messages
        self._joiner = Joiner() if self.pump.raw else None
        self._outgoing = self.pump.outgoing
        self.incoming = ReceiveChannel(self.pump.incoming)
        """ReceiveChannel[Frame]: the frames received."""
        if thread is None:
            self.pump.incoming.channel = self.incoming
        self.outgoing = SendChannel(self._outgoing)
        """SendChannel[Frame]: the frames to be sent."""

    # Looking

    @property
    def call(self) -> HttpCall:
        """The HTTP call that opened the session: frozen, its repr shows no secret."""
        if self._call is None:
            assert self._make_call is not None  # connect() gives it before anybody has the session
            with _MAKING_CALL:  # or two threads would have two of them, each with attributes of its own
                self._call = self._call or self._make_call()
        return self._call

    @property
    def url(self) -> str:
        """The address, secrets redacted: for showing."""
        return redact_url(self.call.request.url)

    @property
    def state(self) -> SessionState:
        """Where the session is: connecting, open, closing or closed."""
        return self.pump.state

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server chose."""
        return self.call.subprotocol

    @property
    def df(self) -> pd.DataFrame:
        """The DataFrame of the log: one row a frame, in both directions."""
        return self.log.df

    @property
    def latency(self) -> float | None:
        """Seconds that the last ping of ``ping()`` took; None before the first."""
        return self._latency

    @property
    def extensions(self) -> tuple[WebSocketExtension, ...]:
        """The negotiated extensions, in negotiated order; none on a raw session."""
        wire = self.pump.wire
        return () if wire is None else wire.extensions

    def extension(self, factory: Any) -> WebSocketExtension:
        """Return the first negotiated extension that a factory, or a class of factories, has made.

        Example: ``session.extension(PerMessageDeflate)``.

        Raises:
            LookupError: there is none; the sentence names what was negotiated.
        """
        found = self.extension_or_none(factory)
        if found is None:
            names = ", ".join(extension.factory.key for extension in self.extensions) or "nothing"
            raise LookupError(f"{getattr(factory, 'key', factory)!r} was not negotiated; {names} was")
        return found

    def extension_or_none(self, factory: Any) -> WebSocketExtension | None:
        """Return the first negotiated extension that a factory, or a class of factories, has made, or None.

        Example: ``session.extension_or_none(PerMessageDeflate) is None``.
        """
        for extension in self.extensions:
            if extension.factory is factory or (
                isinstance(factory, type) and isinstance(extension.factory, factory)
            ):
                return extension
        return None

    @property
    def masking(self) -> bool:
        """Whether what is serialised next is masked; set it at any time, from any thread.

        Frames that are still queued follow the new value. A correct server answers unmasked frames with 1002.
        """
        return self._outgoing.masking

    @masking.setter
    def masking(self, masking: bool) -> None:
        self._outgoing.masking = bool(masking)
        if self._outgoing:
            self._outgoing.warn_if_unmasked()
        if self.pump.wire is not None:
            self.pump.wire.masking = self._outgoing.masking

    @property
    def answers_pings(self) -> bool:
        """Whether pings of the peer are answered at once; set it at any time, from any thread.

        Without answers a peer that pings ends the session sooner or later: so one tests that. A raw session begins
        without; what ``ponger()`` does on it is this.
        """
        return self.pump.answers_pings

    @answers_pings.setter
    def answers_pings(self, answers_pings: bool) -> None:
        self.pump.answers_pings = bool(answers_pings)

    @property
    def max_frame_size(self) -> int | None:
        """Payload bytes that a received frame may have, and on a default session a joined message; None for no limit.

        Set it at any time; the declared length of the next frame is held against it before its body comes.
        """
        return self._max_frame_size

    @max_frame_size.setter
    def max_frame_size(self, limit: int | None) -> None:
        self._max_frame_size = check_frame_size(limit)
        if self.pump.wire is not None:
            self.pump.wire.max_frame_size = self._max_frame_size

    @property
    def close_reason(self) -> Awaitable[CloseReason]:
        """Awaitable: completes exactly once, and always, with the reason of the end."""
        if self._loop.is_closed() and self.close_reason_now is None:
            raise WrongThread("close_reason", is_closed=True)
        if self._close_reason is None:
            self._close_reason = self._loop.create_future()
            if self._is_end_seen:
                self._tell_reason(self._close_reason)
        return asyncio.shield(self._close_reason)

    def _tell_reason(self, asked: asyncio.Future[CloseReason]) -> None:
        reason = self.pump.life.end.reason
        if reason is not None and not asked.done():
            asked.set_result(reason)

    @property
    def close_reason_now(self) -> CloseReason | None:
        """The reason of the end, or None while the session has not ended."""
        return self.pump.life.end.reason

    @property
    def close_sent(self) -> CloseReason | None:
        """The reason in our close frame; None while none was sent."""
        return self.pump.life.end.sent

    @property
    def close_received(self) -> CloseReason | None:
        """The reason in the peer's close frame; 1005 where it was empty, None while none was received."""
        return self.pump.life.end.received

    @property
    def close_initiator(self) -> Initiator | None:
        """Who ended the session: "local", "peer", "network" or "timeout"."""
        return self.pump.life.end.initiator

    @property
    def threadsafe(self) -> Threadsafe:
        """The same verbs for any other thread, each returning a concurrent.futures.Future."""
        return Threadsafe(self, self._loop)

    # Sending

    async def send(self, item: Item, *, mask_key: bytes | None = None, verbatim: bool = False) -> None:
        """Send a text (str), a binary (bytes-like) or a Frame as it is; waits while the queue is full.

        A data frame that is not final opens a message: following frames of its type go out as continuations.

        Examples: ``await session.send("hello")``, ``await session.send(bytes.fromhex("de ad"))``, ``await session.send(Frame.ping())``.

        Args:
            item: what to send; a mutable buffer is copied.
            mask_key: four bytes instead of random ones; raw sessions only.
            verbatim: let a frame keep its opcode whatever message is open; raw sessions only.

        Raises:
            SessionClosed: the session has ended.
            FragmentError: a message of another type is open; the session goes on.
            ValueError: mask_key or verbatim on a session that is not raw.
        """
        if asyncio.get_running_loop() is not self._loop:  # not by a call of ours: this line runs per frame
            raise WrongThread("send", self._loop.is_closed())
        outgoing = self._outgoing
        if mask_key is not None or verbatim:
            self._check_verbatim(mask_key)
        is_free = outgoing.is_new_turn and not (
            outgoing.data or outgoing.waiting or outgoing.life.end.outgoing_ended
        )
        if not is_free and (outgoing.is_blocked or monotonic() >= self.outgoing.turn_ends):
            await self.outgoing.ready()
        outgoing.enqueue(item, mask_key, verbatim=verbatim)

    def _check_verbatim(self, mask_key: bytes | None) -> None:
        if not self.pump.raw:
            raise ValueError("mask_key and verbatim are for raw sessions: connect(url, raw=True)")
        if mask_key is not None and len(mask_key) != 4:
            raise ValueError(f"a mask key has 4 bytes, this one has {len(mask_key)}")

    async def send_serialized(self, value: Any) -> None:
        """Send a value through the session's converter.

        Example: ``await session.send_serialized({"op": "subscribe"})``.

        Raises:
            ConverterNotFound: there is none.
        """
        await self.send(self._require_converter().serialize(value))

    async def send_json(self, value: Any) -> None:
        """Send a value as JSON in a text frame: another name of send_serialized().

        Example: ``await session.send_json({"op": "subscribe"})``.
        """
        await self.send_serialized(value)

    async def flush(self) -> None:
        """Wait until everything sent before has been handed to the operating system.

        It is no proof of delivery; ``await session.ping()`` is. After a close it returns at once.

        Example: ``await session.flush()``.

        Raises:
            SessionClosed: the session has failed.
        """
        pump = self._check("flush")
        outgoing = pump.outgoing
        marks = outgoing.marks
        with outgoing.expecting():
            await self._watchers.until(lambda: outgoing.has_handed(marks) or pump.life.is_closed)
        end = pump.life.end
        if end.fault is not None or end.initiator in ("network", "timeout"):
            raise end.closed() from end.fault

    async def ping(self, data: BytesLike | None = None, *, timeout: float | None = None) -> float:
        """Ping the peer; return the seconds until a pong with the same payload was received.

        Example: ``latency = await session.ping(timeout=5)``.

        Args:
            data: payload of at most 125 bytes; random where None.
            timeout: seconds to wait; the session's ping_timeout where None.

        Raises:
            PingTimeout: no such pong was received in time; the session goes on.
            SessionClosed: the session has ended.
        """
        pump = self._check("ping")
        payload = os.urandom(_PING_PAYLOAD) if data is None else Frame.ping(data).data
        self.outgoing.check()
        pump.outgoing.warn_if_unmasked()
        answered: asyncio.Future[float] = self._loop.create_future()
        others = pump.unmatched_pongs

        def answer(result: float | Exception) -> None:
            self._loop.call_soon_threadsafe(_resolve, answered, result)

        pump.call(pump.ping, payload, answer)
        seconds = self._ping_timeout() if timeout is None else timeout
        try:
            await self._wait_for_pong(answered, seconds)
        finally:
            pump.call(pump.forget_ping, payload, answer)
            if not answered.cancel():
                answered.exception()  # retrieved, though this task may be cancelled in the turn in which the session ends
        if answered.cancelled():
            raise PingTimeout(seconds or 0, pump.unmatched_pongs - others)
        self._latency = answered.result()
        return self._latency

    async def _wait_for_pong(self, answered: asyncio.Future[float], seconds: float | None) -> None:
        """Wait so long, and once more where the pong may be here, unread, or the ping has not left: a cell has blocked."""
        for _ in range(2):
            began = self._loop.time()
            await asyncio.wait((answered,), timeout=seconds)
            is_late = seconds is not None and self._loop.time() - began >= seconds + LATE
            if answered.done() or not (is_late or self.pump.incoming.is_held or self.pump.intake.has_unread):
                break

    def _ping_timeout(self) -> float | None:
        return 15.0

    # Receiving

    async def receive(self, *, timeout: float | None = None) -> str | bytes:
        """Return the next whole message as str or bytes, from the same cursor as ``incoming``.

        Example: ``message = await session.receive(timeout=5)``.

        Args:
            timeout: seconds; None waits as long as the session lives.

        Raises:
            TimeoutError: no message came in time; none is lost by it.
            SessionClosed, SessionFault: as incoming.receive().
            UnicodeDecodeError: a raw session got a text that is not UTF-8.
        """
        if timeout is not None:
            return await self._receive_within(timeout)
        while True:
            try:
                frame = await self.incoming.receive()
            except ChannelOverflow:
                self._forget_parts()
                raise
            if self._joiner is None:
                return str(frame.data, "utf-8") if frame.opcode == _TEXT else frame.data
            message = self._joiner.join(frame)
            if message is not None:
                return message

    async def _receive_within(self, seconds: float) -> str | bytes:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self.receive()
        except TimeoutError:
            if not limit.expired():
                raise  # a PingTimeout that ended the session is a TimeoutError too, with a sentence of its own
        # A receiver may have waited for the loop to come round, with messages there.
        while (frame := self.incoming.try_receive()) is not None:
            if (message := self._completed(frame)) is not None:
                return message
        raise TimeoutError(
            f"no message came within {seconds:g} s; the session goes on, and the next receive() takes what comes."
        )

    def _forget_parts(self) -> None:
        """Forget the message of a raw session that is open: the frames that follow may be another one's."""
        if self._joiner is not None:
            self._joiner.forget()

    def _completed(self, frame: Frame) -> str | bytes | None:
        """Return the message that a frame completes; of a default session each does."""
        if self._joiner is not None:
            return self._joiner.join(frame)
        return str(frame.data, "utf-8") if frame.opcode == _TEXT else frame.data

    async def expect(
        self, pattern: Any = ..., *, timeout: float | None = 10.0, json: Any = None
    ) -> str | bytes:
        """Return the next message that matches; the messages before it are passed over, and are in ``log``.

        Examples: ``await session.expect("welcome")``, ``await session.expect(r"/^\\d+$/")``,
        ``await session.expect(json={"type": "trade"}, timeout=2)``. Cancelling loses the messages that were passed over.

        Args:
            pattern: a text that the message contains, ``"/regular expression/"`` or a compiled one, bytes, a dict or
                list as ``json``, a function of the message that returns whether it matches, ``...`` for any message, or a
                Pattern of ``wsnotebook.matching``.
            timeout: seconds for all of it; None waits as long as the session lives.
            json: the message is JSON that has these keys and values, nested, and any others; a list has the same
                length, and its elements are compared in the same way. ``...`` stands for any value.

        Raises:
            ExpectationFailed: none came in time, or before the session ended; it tells what came instead.
            ValueError, TypeError: the pattern is wrong; no message was read.
            UnicodeDecodeError: a raw session got a text that is not UTF-8.
        """
        # here, as every import of connect() would load both
        from wsnotebook.matching import Pattern
        from wsnotebook.session.expecting import expect

        if not isinstance(pattern, Pattern):
            pattern = Pattern(pattern, json=... if json is None else json)
        return await expect(self.receive, pattern, timeout)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        try:
            async for frame in self.incoming:
                if self._joiner is None:
                    yield str(frame.data, "utf-8") if frame.opcode == _TEXT else frame.data
                elif (message := self._joiner.join(frame)) is not None:
                    yield message
        except ChannelOverflow:
            self._forget_parts()
            raise

    async def receive_deserialized(self, kind: Any = object) -> Any:
        """Return the next message as a value of the session's converter.

        Example: ``trade = await session.receive_deserialized()``.

        Raises:
            ConverterNotFound: there is none; no frame was read.
            ConversionError: the frame does not convert; it is on the exception.
            SessionClosed: the session has ended.
        """
        converter = self._require_converter()
        return converter.deserialize(await self.incoming.receive(), kind)

    def _require_converter(self) -> Converter:
        if self._converter is None:
            raise ConverterNotFound()
        return self._converter

    # Ending

    async def close(
        self,
        reason: CloseArgument = 1000,
        message: str = "",
        *,
        wait: bool = True,
        timeout: float | None = 10.0,
        detail: bool = False,
    ) -> CloseReason:
        """Send a close frame and, by default, wait for the peer's; return why the session ended.

        Example: ``await session.close(1000, "done")``.

        Args:
            reason: a close code, a CloseReason, or an exception: CancelledError is 1000, any other 1011.
            message: for the peer, at most 123 UTF-8 bytes.
            wait: False returns when the close frame was handed to the operating system.
            timeout: seconds for that and for the peer's answer, then the connection is aborted; None waits as long
                as it takes.
            detail: tell the peer the text of the exception too, not only the name of its type.

        Closing twice, or after the peer, does nothing more.

        Raises:
            ValueError: a code that may not be sent or a message that is too long, before anything is sent; a raw
                session sends any code.
        """
        pump = self._check("close")
        closing = reason_of(reason, message, detail=detail, any_code=pump.raw)
        outgoing = pump.outgoing
        if not pump.life.end.outgoing_ended and not outgoing.has_close:
            outgoing.enqueue(close_frame(closing, any_length=pump.raw))
        await self._wait_for_end(timeout, None if wait else outgoing.marks)
        if wait:
            await self._join_tasks()
            if self._recording is not None:
                await self._recording.finish()
        return pump.life.end.reason or closing

    async def _wait_for_end(self, timeout: float | None, marks: Marks | None) -> None:
        """Wait until the session is closed, or what was enqueued before the marks is handed over; abort after the timeout."""
        life, outgoing = self.pump.life, self._outgoing
        is_late = False

        def is_done() -> bool:
            is_handed = marks is not None and not is_late and outgoing.has_handed(marks)
            return is_handed or life.end.phase is Phase.CLOSED

        def abort() -> None:
            nonlocal is_late
            is_late = True
            self.terminate()

        timer = None if timeout is None else self._loop.call_later(timeout, abort)
        outgoing.waiting += 1
        try:
            await self._watchers.until(is_done)
        finally:
            outgoing.waiting -= 1
            if timer is not None:
                timer.cancel()

    async def close_exceptionally(self, error: BaseException, *, detail: bool = False) -> CloseReason:
        """Close because of an exception: CancelledError is 1000 without a message, any other 1011 with its type's name.

        Example: ``await session.close_exceptionally(ValueError("no such symbol"))``.
        """
        return await self.close(error, detail=detail)

    def terminate(self) -> None:
        """Abort the connection now, without a close frame; from any thread, as often as you like.

        Example: ``session.terminate()``.
        """
        self.pump.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close with 1000; after an exception with 1011; raise what a launched task has raised."""
        self._scope.cancel()
        await self.close(1000 if error is None else error)
        failure = self._scope.failure
        # A block that waited has seen the effect, the closed session; the failure is its cause.
        if failure is not None and isinstance(error, SessionClosed | None):
            raise failure

    # Tasks

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as a task of the session: cancelled when the session ends.

        Its failure closes the session with 1011, cancels its siblings, and is raised where ``async with`` is left.

        Example::

            async def poll():
                while True:
                    await session.send("status")
                    await asyncio.sleep(1)

            task = session.launch(poll())

        Raises:
            SessionClosed: the session has ended.
        """
        try:
            self._check_scope()
        except WsNotebookError:
            coroutine.close()  # or Python warns that it was never awaited
            raise
        return self._scope.launch(coroutine, self._task_failed)

    def _check_scope(self) -> None:
        pump = self._check("launch")
        if pump.life.is_closed:
            end = pump.life.end
            raise end.closed() from end.fault

    def reader(self, function: Callable[[ByteReader], Awaitable[object]]) -> ByteWriter:
        """Run ``function`` with the read end of a byte channel as a task of the session; return the write end.

        Its failure reaches the writer as the cause of a BrokenPipeError.

        Example::

            async def store(end):
                async for piece in end:
                    print(len(piece), "bytes")

            end = session.reader(store)
            await end.write(b"some bytes")
            await end.aclose()
        """
        self._check_scope()
        channel = ByteChannel()
        self.launch(self._run_end(channel.run(function(channel.reader), channel.abandon)))
        return channel.writer

    def writer(self, function: Callable[[ByteWriter], Awaitable[object]]) -> ByteReader:
        r"""Run ``function`` with the write end of a byte channel as a task of the session; return the read end.

        Tasks that it has launched on its end are awaited before the end of the stream. Its failure reaches the reader
        as the cause of an EOFError.

        Example::

            async def fill(end):
                await end.write(b"first line\nsecond line\n")

            end = session.writer(fill)
            line = await end.readline()
        """
        self._check_scope()
        channel = ByteChannel()
        self.launch(self._run_end(channel.run(function(channel.writer), channel.end)))
        return channel.reader

    async def _run_end(self, running: Coroutine[Any, Any, Exception | None]) -> None:
        failure = await running
        if failure is not None:
            self.log.note("error", f"byte channel: {type(failure).__name__}: {failure}", self.name)

    def _task_failed(self, error: Exception) -> None:
        self.log.note("error", f"a task failed: {type(error).__name__}: {error}", self.name)
        if not self.pump.life.end.outgoing_ended:
            self._outgoing.enqueue(Frame.close(reason_of(error, "", detail=False, any_code=False)))

    async def _join_tasks(self) -> None:
        if self._scope:
            self._scope.cancel()
            await self._scope.join()
        if self.thread is not None:
            self.thread.stop()
            self.thread.join()  # the connection is gone, so this takes a turn of its loop

    # Notifications of the pump

    def opened(self, make_call: Callable[[], HttpCall]) -> None:
        """Begin: the handshake is done; called by connect() only.

        Args:
            make_call: makes the call that has opened the session.
        """
        self._make_call = make_call
        self._heartbeat = Heartbeat.of(self._loop)
        self._heartbeat.listen(self._beat_was_odd)
        self.log.note("loop watched", "from here on, a delay of 50 ms or more is an event", self.name)
        if self.pump.life.end.reason is not None:
            self._refresh()  # it has ended already

    def abandon(self) -> None:
        """End what was opened so far, as nobody will have the session; called by connect() only."""
        if self.thread is None:
            self._abandon()
        else:
            with contextlib.suppress(RuntimeError):  # its loop is closed
                # there, as it may open the connection until then
                self.thread.loop.call_soon_threadsafe(self._abandon)
            self.thread.join()

    def _abandon(self) -> None:
        if self.pump.connection >= 0:
            self.terminate()
        if self.thread is not None:
            self.thread.stop()

    def record_with(self, recording: SessionRecording) -> None:
        """Set the recording that ends with the session; called by connect() only."""
        self._recording = recording
        self._refresh()  # the session may have ended already

    def _notified(self) -> None:
        """Schedule a refresh on this loop: something has changed; called on that of the I/O thread."""
        if not self._is_scheduled:
            self._is_scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._refresh)
            except RuntimeError:  # the notebook's loop is closed
                self._is_scheduled = False
                if self.pump.life.end.phase is Phase.CLOSED and self.thread is not None:
                    self.thread.stop()

    def _refresh(self) -> None:
        """Wake the coroutines that wait for a change; once the session has ended, release what it holds."""
        self._is_scheduled = False
        self.incoming.wake()
        self.outgoing.wake()
        self._watchers.notify()
        end = self.pump.life.end
        if end.reason is not None:
            self._is_end_seen = True
            if self._close_reason is not None:
                self._tell_reason(self._close_reason)
            if end.phase is Phase.CLOSED:
                self._release()

    def _release(self) -> None:
        """Release what ends with the session."""
        self._scope.cancel()
        if self._heartbeat is not None:
            self._heartbeat.forget(self._beat_was_odd)
        if self._recording is not None:
            self._recording.end()
        if self.thread is None:
            self.pump.let_go()
        elif self._make_call is not None:  # while it dials, the result is still to be delivered
            self.thread.stop()

    def _beat_was_odd(self, beat: Beat) -> None:
        if not is_intermittent(self._loop):  # or it was at a prompt
            note_odd_beat(beat, self.log, self.name, self.thread)

    def _check(self, verb: str) -> Pump:
        require_loop(self._loop, verb)
        return self.pump

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            "a session cannot be pickled or copied, because it is an open connection: another process connects for "
            "itself, and session.df, the conversation so far, can be pickled"
        )

    # Being shown

    def __repr__(self) -> str:
        where = f"{self.state}" + (f" {self.close_reason_now}" if self.close_reason_now else "")
        kind = "raw " if self.pump.raw else ""
        return f"<{kind}session {self.name} {self.url} {where}; {len(self.log):,} frames>"

    def _panel(self) -> Any:
        """Return the panel of this session: one of the imports upward that the house test names."""
        from wsnotebook.widgets.panel import panel_for  # only for who looks: it loads ipywidgets

        return panel_for(self)


def _resolve(future: asyncio.Future[float], result: float | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
