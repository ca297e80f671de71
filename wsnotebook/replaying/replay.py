"""replay(): sends what a recorded client sent, in time with the replies of a live server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from wsnotebook.analysis.columns import need
from wsnotebook.analysis.copies import checked_rows
from wsnotebook.errors import SessionClosed
from wsnotebook.files.editedframes import log_of_frames
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.waking import waking
from wsnotebook.matching import Message
from wsnotebook.progressbar import progress_bar
from wsnotebook.replaying.clock import Clock, Wait
from wsnotebook.replaying.livemessages import LiveMessages
from wsnotebook.replaying.replayed import Replayed
from wsnotebook.replaying.replies import Expected, Match, Replies
from wsnotebook.replaying.rewriting import Rewrite, Rewriter
from wsnotebook.replaying.sentsecrets import check_marks, check_secrets
from wsnotebook.replaying.target import opened
from wsnotebook.replaying.timedframes import (
    Direction,
    RecordedFrame,
    TimedFrame,
    recorded_frames,
    timed_frames,
)
from wsnotebook.replaying.turns import Turn, turns
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import Frame, Opcode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["replay"]

_CONTROL = 0x08  # the bit that marks the opcode of a control frame (RFC 6455 §5.2)


async def replay(
    what: FrameLog | pd.DataFrame,
    target: str | ClientWebSocketSession,
    *,
    speed: float | None = 1.0,
    wait: Wait = "reply",
    match: Match = None,
    rewrite: Rewrite = None,
    timeout: float | None = 10.0,
    direction: Direction = "out",
    name: str | None = None,
    connection: int | None = None,
    on_sent: Callable[[TimedFrame], object] | None = None,
    progress: bool = False,
) -> Replayed:
    """Send what a recorded client sent, each request when the replies before it have come, and then close.

    A recorded close closes the session when all recorded replies have come; without one a session that was given stays
    open, and one that was opened here is closed with 1000. The live answers stay to be received. Example::

        done = await wsnotebook.replay(wsnotebook.load("feed.parquet"), "ws://127.0.0.1:8765/", speed=10)
        print(done)                             # which recorded replies did not come
        done.compare(ignore=["time"]).check()   # what they were instead

    Args:
        what: the recording, such as ``wsnotebook.load(path)``; or rows of a DataFrame of frames, as ``df.ws.to_log()``
            takes them.
        target: URL of the server, which is opened with the recorded subprotocols and no other header; or an open
            session, for everything else (a raw one can send frames that break rules). Never by itself the recorded one.
        speed: 1.0 as recorded, 2.0 twice as fast, None without pauses.
        wait: ``"reply"``: a request is sent when the replies recorded before it have come, and the recorded pause after
            them is over. ``"time"``: at its recorded time, whatever has come. ``"both"``: when both allow it.
        match: how a live message is known as the reply that was recorded. None: by the JSON field ``id`` where the
            request has one, by order where it has none. A path such as ``"$.header.msg_id"``: by that field. Or a
            function ``(recorded, received) -> bool``. Where ids join them, a request waits for the first reply to each
            one before it, and what is sent unasked is not waited for.
        rewrite: what to send in the place of recorded values: a dict of paths in requests, each with a value, with a
            function of the recorded value, or with a path in replies as ``"$.result.token"``: where a reply had the
            recorded value, the live value. True does the last for every text, wherever it is in replies and requests. Where a
            message names an earlier request, such as a cancel, a new id of that one is put there too.
        timeout: seconds to wait for replies at one place, None for no limit. Then the replay goes on, and they are in
            ``unanswered``.
        direction: ``"out"`` for a recording made by a client, ``"in"`` for one made by a server.
        name: name of the recorded session; required if the log has several.
        connection: number of one of its connections, as in the column; required if it reconnected.
        on_sent: called with each frame after it was sent, with its recorded time.
        progress: show a bar with the number of frames.

    Raises:
        ValueError: a wrong argument, several sessions and no name, or a request with a redacted secret that ``rewrite``
            does not give, or rows that are there twice; raised before anything is sent, but where no live reply has the value
            that ``rewrite`` takes from them.
        SessionClosed: the session ended before the last frame was sent; raised at once, also during a pause.

    Warns:
        UserWarning: secrets that the recording has are sent; the sentence names them.
    """
    if isinstance(what, FrameLog):
        log = what
    else:
        log, connection = _log_of(what, name, connection), None
    recorded = _Recorded(log, name, connection, direction)
    clock, replies, rewriter = Clock(speed, wait), Replies(match), Rewriter(rewrite)
    url = target if isinstance(target, str) else target.url
    check_secrets(filter(recorded.is_request, recorded), rewriter, url)
    total = sum(len(turn.frames) for turn in filter(recorded.is_request, recorded)) if progress else None
    async with opened(target, log, name, connection) as session:
        first = session.log.first if session is not target else session.log.end
        with progress_bar(progress, total=total, unit=" frames") as bar:

            def sent_one(timed: TimedFrame) -> None:
                bar.update()
                if on_sent is not None:
                    on_sent(timed)

            replayer = _Replayer(recorded, session, clock, replies, rewriter, timeout, sent_one)
            sent = await replayer.run()
    return Replayed(
        sent,
        tuple(replayer.unanswered),
        log,
        session.log,
        session.name,
        session.pump.connection,
        first,
        name,
        connection,
        is_client=direction == "out",
    )


def _log_of(df: pd.DataFrame, name: str | None, connection: int | None) -> FrameLog:
    """Return the rows of the chosen connection as a log, which numbers its connections anew.

    Raises:
        ValueError: rows are there twice, or there is no such connection, or several.
    """
    df = checked_rows(df, any_order=False)
    need(df.columns, ("session", *(() if connection is None else ("connection",))), "replay()")
    rows = df if name is None else df[df["session"] == name]
    if connection is not None:
        known = rows["connection"].unique().tolist()
        if connection not in known:
            raise ValueError(f"the rows have no connection {connection} of that session, but {known}")
        rows = rows[rows["connection"] == connection]
    if rows["session"].nunique() == 1:
        _check_connection(rows)
    return log_of_frames(df if rows.empty else rows)  # without a row, the next check names the sessions


def _check_connection(rows: pd.DataFrame) -> None:
    """Refuse rows of one session that are of several connections."""
    for column in ("recording", "connection", "attempt"):
        found = rows[column].unique().tolist() if column in rows.columns else []
        if len(found) > 1:
            way = (
                f"connection={found[0]}" if column == "connection" else f"df[df[{column!r}] == {found[0]!r}]"
            )
            raise ValueError(
                f"the session was recorded {len(found)} times, with {column} {', '.join(map(str, found))}: choose one, {way}"
            )


class _Recorded:
    """The turns of the recorded session, and which of them are replayed.

    Raises:
        ValueError: an unknown direction, no such session, or several and no name.
    """

    def __init__(self, log: FrameLog, name: str | None, connection: int | None, direction: Direction) -> None:
        timed_frames(log, direction, name=name, connection=connection)  # checks all of them
        self._which = (log, name, connection)
        self._is_sent = direction == "out"

    def __iter__(self) -> Iterator[Turn]:
        return turns(recorded_frames(*self._which))

    def is_request(self, turn: Turn) -> bool:
        """Return whether a turn is of the side that is replayed."""
        return turn.is_sent == self._is_sent


class _Replayer:
    """One replay on one session."""

    def __init__(
        self,
        recorded: _Recorded,
        session: ClientWebSocketSession,
        clock: Clock,
        replies: Replies,
        rewriter: Rewriter,
        timeout: float | None,
        on_sent: Callable[[TimedFrame], object],
    ) -> None:
        self.unanswered: list[Expected] = []
        self._recorded = recorded
        self._session = session
        self._clock = clock
        self._replies = replies
        self._rewriter = rewriter
        self._timeout = timeout
        self._on_sent = on_sent
        self._live = LiveMessages(session.log, session.pump.connection)
        self._arrived = asyncio.Event()
        self._ended = asyncio.ensure_future(session.close_reason)
        self._ended.add_done_callback(lambda _: self._arrived.set())
        self._sent = 0

    async def run(self) -> int:
        """Replay to the end; return the number of frames sent."""
        self._clock.start()
        last: Turn | None = None
        try:
            with waking(self._session.log, self._arrived):
                for last in self._recorded:
                    if self._recorded.is_request(last):
                        await self._send(last)
                    elif last.message is not None:
                        self._expect(last.seq, last.at, last.message)
                    if last.is_close:
                        break
                await self._finish(last)
        finally:
            self._ended.cancel()
        return self._sent

    def _expect(self, seq: int, at: float, message: Message) -> None:
        live = self._replies.expect(seq, at, message)
        if live is not None:
            self._rewriter.learn(message, live)

    async def _send(self, turn: Turn) -> None:
        """Send one turn when it is due; a close, when all replies have come."""
        await self._await_replies(first=not turn.is_close)
        await self._pause(turn.at)
        self._take(first=True)  # what has come meanwhile is in what is rewritten
        frames = self._frames(turn)
        for each in frames:
            await self._pause(each.at)
            if turn.is_close and self._ended.done():
                return  # the session is closed already, which is the effect of the recorded close
            await _send(self._session, each.frame)
            self._sent += 1
            self._on_sent(TimedFrame(self._clock.scaled(each.at), each.frame))
        self._clock.note(frames[-1].at)

    def _frames(self, turn: Turn) -> Sequence[RecordedFrame]:
        """Return the frames to send: as recorded, or the rewritten message in one and the control frames after it."""
        if turn.message is None:
            return turn.frames
        message = self._replies.live_names(turn.message, self._rewriter.rewritten(turn.message))
        check_marks(turn.seq, message if isinstance(message, str) else message.decode("utf-8", "replace"))
        self._replies.sent(turn.message, message)
        if message == turn.message:
            return turn.frames
        first, *others = (each for each in turn.frames if each.frame.opcode <= Opcode.BINARY)
        whole = first.frame.copy(data=message.encode() if isinstance(message, str) else message, fin=True)
        return [first._replace(frame=whole), *(each for each in turn.frames if each not in (first, *others))]

    async def _await_replies(self, *, first: bool) -> None:
        """Wait until the recorded replies have come, the session has ended, or the time is over."""
        if not self._clock.waits_for_replies or not self._replies.are_missing(first=first):
            return
        awaited = self._replies.last_at(first=first)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                while self._take(first=first) and not self._ended.done():
                    await self._arrived.wait()
        self.unanswered += self._replies.give_up(first=first)
        self._clock.note(awaited)

    def _take(self, *, first: bool) -> bool:
        """Look at the messages that have come; return whether replies are missing."""
        self._arrived.clear()
        for message in self._live.take():
            recorded = self._replies.came(message)
            if recorded is not None:
                self._rewriter.learn(recorded.message, message)
        return self._replies.are_missing(first=first)

    async def _pause(self, at: float) -> None:
        pause = self._clock.pause(at)
        if pause > 0:
            await asyncio.wait((self._ended,), timeout=pause)

    async def _finish(self, last: Turn | None) -> None:
        """Wait for the last replies, and where the recorded peer closed, for its close."""
        if last is None or (last.is_close and self._recorded.is_request(last)):
            return
        await self._session.flush()
        await self._await_replies(first=False)
        await self._pause(last.at)
        if last.is_close:
            await asyncio.wait((self._ended,), timeout=self._timeout)


async def _send(session: ClientWebSocketSession, frame: Frame) -> None:
    if frame.opcode & _CONTROL:
        await session.flush()  # a control frame overtakes queued data frames, which would change the order
    if frame.opcode != Opcode.CLOSE:
        await session.send(frame)
        return
    with contextlib.suppress(SessionClosed):  # the close of the peer arrived first
        await session.send(frame)  # as recorded, also with a code that close() refuses
        await session.flush()  # before it is written, close() would send a second close frame
    await session.close()
