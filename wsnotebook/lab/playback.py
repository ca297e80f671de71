"""A behaviour that plays a recorded conversation: on the recorded times, or in answer to the recorded requests.

The rows are read by recordedrows.py; which of them answer which request is in cassette.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from websockets.exceptions import ConnectionClosed, ProtocolError
from websockets.frames import Close as CloseFrame

from wsnotebook.lab.cassette import Cassette, Exchange, Matching, Sameness
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import Behaviour, named
from wsnotebook.lab.recordedrows import (
    Agreement,
    RecordedMessage,
    RecordedRow,
    recorded_agreement,
    recorded_rows,
)
from wsnotebook.lab.script import ScriptFailed
from wsnotebook.matching import Message, shown
from wsnotebook.wire.batch import first_byte, minimal_header
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.masking import apply_mask

__all__ = ["playback"]


@named(listed=False)
def playback(
    recording: Any,
    *,
    speed: float | None = 1.0,
    match: Sameness | None = None,
    key: str | None = None,
    rewrite: bool = False,
    unordered: bool = False,
    ignore: Any = None,
    strict: bool = True,
    server: Literal["in", "out"] = "in",
    session: str | None = None,
    connection: int | None = None,
    timeout: float | None = 30.0,
) -> Behaviour:
    """Make a behaviour that sends the recorded frames of a server to every client.

    By the clock, or, with ``match``, ``key``, ``unordered`` or ``ignore``, as a cassette: the frames that were recorded after a
    request are sent when the client has made it. Fragments are sent as recorded, and so are frames that broke a rule, for
    which the client fails the connection again (one with RSV1, if it was opened with ``compression=None``). A frame that
    was cut off is sent as far as it came, and the connection ends there. Pongs are left out, because the server
    answers the pings of the client itself, and so are messages over the limit, whose bodies were not kept.
    A recorded close of the server closes the session; a cassette without one
    waits for the close of the client. Of the subprotocols that the client offers, the server agrees to the recorded one,
    or to the first where the recording has no handshake. Example::

        async with embedded_server(playback(load("feed.parquet"), speed=10)) as server:
            session = await connect(server.url)

        playback(load("graphql.jsonl"), key="id", rewrite=True, unordered=True)

    Args:
        recording: a table with the columns of a frame log, for instance ``wsnotebook.load(path)`` or ``session.df``.
        speed: 1.0 as recorded, 2.0 twice as fast, None as fast as the client reads. In a cassette the clock of a reply
            starts when its request comes.
        match: when a message of the client is a recorded request. ``"equal"``, the default of a cassette: it is equal,
            or equal JSON; the mark of a redacted secret stands for any text. ``"any"``: always. Or a function
            ``(recorded, received) -> bool``.
        key: path of the id that a request and its replies share, ``"id"`` or ``"$.payload.id"`` or ``"[1]"``: a frame
            with the id of a request answers that one, any other the last request before it: so does what is known to
            answer none, such as ``phx_close`` of Phoenix and requests that a server of JSON-RPC makes. Progress of JSON-RPC
            belongs to the request that has its token.
        rewrite: the id of the client is any, and is put into the replies: for clients that make a new id each time. So are
            tokens of progress; a cancel, and what else names an earlier request, has to have the client's id of it.
        unordered: requests may come in any order; the frames of several are sent side by side.
        ignore: messages of the client that are no requests, recorded or received: heartbeats, of which a test makes another
            number than the recording has. As ``session.expect`` takes it: ``"heartbeat"`` for a text that contains it,
            ``"/^\\n$/"`` for one that a regular expression finds, ``{"type": "ping"}`` for JSON.
        strict: a message that is no recorded request that is left, and a client that leaves before it has made all of
            them, raise ScriptFailed, which is kept in ``server.errors``; the session is closed with 1011. False ignores
            both.
        server: the direction of the frames that the server sent: ``"in"`` in a recording made by a client, ``"out"``
            in ``server.df``.
        session: name of the session to play; required if the recording has several.
        connection: number of one of its connections, as in the column; required if it reconnected.
        timeout: seconds to wait for a request of a cassette, None for no limit; then ScriptFailed is raised.

    Raises:
        ValueError: ``speed`` is not positive, ``rewrite`` without ``key``, a column is missing, there is no such
            session, there are several sessions and ``session`` is None, or the rest of a compressed message did not inflate.
    """
    if speed is not None and speed <= 0:
        raise ValueError(f"speed is a factor, 1.0 as recorded, not {speed!r}; None is as fast as possible")
    matching = Matching.of(match, key, rewrite=rewrite, unordered=unordered, ignore=ignore)
    rows = recorded_rows(recording, session, connection, timed=speed is not None)

    async def run_clock(client: LabConnection) -> None:
        # Without a reader the receive queue fills, and then pings of the client are not answered either.
        reading = asyncio.create_task(_discard_messages(client), name="playback: client's messages")
        try:
            await _Clock(client, speed).send(row for row in rows if row.direction == server)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    agreement = recorded_agreement(recording, session, connection)
    if matching is None:
        return _agreeing(run_clock, agreement)
    cassette = Cassette(rows, server, matching)
    return _agreeing(
        lambda client: _Player(client, cassette, speed, timeout, strict=strict).play(), agreement
    )


def _agreeing(run: Behaviour, agreement: Agreement | None) -> Behaviour:
    return run if agreement is None else _Agreeing(run, agreement)


@dataclass(frozen=True, slots=True)
class _Agreeing:
    """A behaviour that agrees to the recorded subprotocol."""

    run: Behaviour
    agreement: Agreement

    def __call__(self, session: LabConnection) -> Awaitable[None]:
        return self.run(session)

    def select_subprotocol(self, session: LabConnection, offered: Sequence[str]) -> str | None:
        return self.agreement.select(offered)


class _Clock:
    """Sends frames to one client at their times, which count from when it was made."""

    def __init__(self, connection: LabConnection, speed: float | None, begin: float = 0.0) -> None:
        self._connection = connection
        self._speed = speed
        self._origin = asyncio.get_running_loop().time() - (begin / speed if speed else 0.0)

    async def send(self, rows: Iterable[RecordedRow]) -> None:
        """Send frames; a close is the last, and a frame that was cut off, after which the connection ends."""
        for row in rows:
            if self._speed is not None:
                due = self._origin + row.at / self._speed
                await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0.0))
            if row.opcode == Opcode.CLOSE and not row.lacks:
                await _close(self._connection, row)
                return
            await self._connection.send_raw(_frame_bytes(row))
            if row.lacks:
                self._connection.transport.close()
                await self._connection.wait_closed()
                return


class _Player:
    """A cassette and one client."""

    def __init__(
        self,
        connection: LabConnection,
        cassette: Cassette,
        speed: float | None,
        timeout: float | None,
        *,
        strict: bool,
    ) -> None:
        self._connection = connection
        self._cassette = cassette
        self._speed = speed
        self._timeout = timeout
        self._is_strict = strict
        self._left = list(cassette.exchanges)  # whose requests have not come
        self._ids: dict[str, str] = {}  # the client's id for each recorded one
        self._names: dict[str, str] = {}  # the same, and its tokens
        self._order = (
            asyncio.Lock()
        )  # the replies of a request follow those of the one before, unless unordered
        self._playing: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        """Answer requests until the conversation is over.

        Raises:
            ScriptFailed: see playback.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._begin(group, self._cassette.opening)
                with contextlib.suppress(ConnectionClosed):
                    await self._serve(group)
                self._check_used()
                for task in self._playing:
                    task.cancel()
        except BaseExceptionGroup as errors:  # the first is the cause, and only it is of use in server.errors
            raise errors.exceptions[0] from None

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        while True:
            if not self._left:
                group.create_task(self._end(), name="playback: the end")
                break
            self._take(group, await self._receive())
        while True:
            self._take(group, await self._next())

    async def _next(self) -> Message:
        """Return the next message of the client that may be a request."""
        while True:
            message = await self._connection.recv()
            if not self._cassette.matching.is_ignored(message):
                return message

    async def _receive(self) -> Message:
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._next()
            except TimeoutError:
                playing = [task for task in self._playing if not task.done()]
                if not playing:
                    problem = f"it did not come within {self._timeout:g} s"
                    raise self._failure(self._left[0], problem) from None
                await asyncio.wait(playing)

    def _take(self, group: asyncio.TaskGroup, message: Message) -> None:
        """Answer one message of the client."""
        received = self._cassette.matching.key_of(message) or ""
        exchange = self._find(message, received)
        if exchange is not None:
            self._left.remove(exchange)
            self._note_names(exchange, message, received)
            self._begin(group, exchange)
        elif self._is_strict:
            if self._left:
                raise self._failure(self._left[0], f"the client sent {shown(message)} instead")
            problem = f"the client sent {shown(message)}, and every recorded request was made"
            raise ScriptFailed("the end", "the recording", problem)

    def _find(self, message: Message, received: str) -> Exchange | None:
        """Return the exchange whose request a message is; of several the first."""
        matching = self._cassette.matching
        for exchange in self._left if matching.is_unordered else self._left[:1]:
            if matching.is_rewritten and exchange.key is not None:
                # A later request with the id of an earlier one, such as to end a subscription, has its new id too.
                known = self._ids.get(exchange.key)
                if known != received if known is not None else received in self._ids.values():
                    continue
            assert exchange.request is not None
            if matching.is_same(exchange.request.message, message, self._names):
                return exchange
        return None

    def _note_names(self, exchange: Exchange, message: Message, received: str) -> None:
        """Note the id and the tokens that the client has given to a recorded request."""
        assert exchange.request is not None
        matching = self._cassette.matching
        if exchange.key is not None:
            self._ids[exchange.key] = self._names[exchange.key] = received
        if matching.is_rewritten:
            mine = matching.tokens_of(message)
            for path, recorded in matching.tokens_of(exchange.request.message).items():
                self._names[recorded] = mine.get(path, recorded)

    def _begin(self, group: asyncio.TaskGroup, exchange: Exchange) -> None:
        name = f"playback: replies of {exchange.key or 'a request'}"
        self._playing.append(group.create_task(self._reply(exchange), name=name))

    async def _reply(self, exchange: Exchange) -> None:
        """Send the frames of an exchange; a client that is gone gets none."""
        order = contextlib.nullcontext() if self._cassette.matching.is_unordered else self._order
        with contextlib.suppress(ConnectionClosed, ConnectionError):
            async with order:
                clock = _Clock(self._connection, self._speed, exchange.begin)
                for reply in exchange.replies:
                    await clock.send(self._rewritten(reply))

    def _rewritten(self, reply: RecordedMessage) -> tuple[RecordedRow, ...]:
        """Return the frames of a reply; one whose id is replaced has its message in one frame."""
        matching = self._cassette.matching
        if not matching.is_rewritten or not reply.is_data or reply.is_cut:
            return reply.rows
        new = matching.rewritten(reply.message, self._names)
        if new == reply.message:
            return reply.rows
        payload = new.encode() if isinstance(new, str) else new
        return (reply.rows[0]._replace(payload=payload, fin=True),)

    async def _end(self) -> None:
        """Close as recorded, after all replies; the client closes if the recording has no close of the server."""
        await asyncio.gather(*self._playing)
        ending = self._cassette.ending
        if ending is not None:
            last = max((each.at for exchange in self._all for each in exchange.replies), default=ending.at)
            await _Clock(self._connection, self._speed, min(last, ending.at)).send(ending.rows)

    @property
    def _all(self) -> tuple[Exchange, ...]:
        return (self._cassette.opening, *self._cassette.exchanges)

    def _check_used(self) -> None:
        if self._left and self._is_strict:
            total = len(self._cassette.exchanges)
            problem = f"the client left after {total - len(self._left)} of {total} recorded requests"
            raise self._failure(self._left[0], problem)

    def _failure(self, exchange: Exchange, problem: str) -> ScriptFailed:
        assert exchange.request is not None
        return ScriptFailed(f"row {exchange.request.number}", exchange, problem)


async def _close(connection: LabConnection, row: RecordedRow) -> None:
    if not _is_right_close(row):
        # Sent as recorded, and the client fails the connection.
        await connection.send_raw(_frame_bytes(row))
        await connection.wait_closed()
    elif row.payload:
        close = CloseFrame.parse(row.payload)
        await connection.close(close.code, close.reason)
    else:
        await connection.close_empty()


def _is_right_close(row: RecordedRow) -> bool:
    """Return whether a close keeps to RFC 6455, so that ``websockets`` sends it."""
    try:
        CloseFrame.parse(row.payload).check() if row.payload else None
    except (ProtocolError, UnicodeDecodeError):
        return False
    return _frame_bytes(row)[:2] == bytes((first_byte(Opcode.CLOSE, 1, 0, 0, 0), len(row.payload)))


async def _discard_messages(connection: LabConnection) -> None:
    async for _ in connection:
        pass


def _frame_bytes(row: RecordedRow) -> bytes:
    """Serialise a frame as it was on the wire, with any opcode; ``websockets`` serialises only correct ones."""
    head = first_byte(row.opcode, row.fin, 0, 0, 0) | row.rsv
    length = len(row.payload) + row.lacks
    header = minimal_header(head, length, None)
    if (
        len(header) < row.header_length in (4, 10)
    ):  # longer than it has to be, which breaks a rule in a control frame
        size = row.header_length - 2
        header = bytes((head, 126 if size == 2 else 127)) + length.to_bytes(size, "big")
    if row.mask_key is None:
        return header + row.payload
    return bytes((head, header[1] | 0x80)) + header[2:] + row.mask_key + apply_mask(row.payload, row.mask_key)
