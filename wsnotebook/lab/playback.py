"""A behaviour that plays a recorded conversation: on the recorded times, or in answer to the recorded requests.

A recording is a value with the columns ``direction``, ``opcode`` and ``payload``: ``session.df``, ``session.log``,
a DataFrame loaded from a file, or a dict of lists. ``monotonic`` (ns), ``fin``, ``session`` and ``status`` are used if
present.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from websockets.exceptions import ProtocolError
from websockets.frames import Close as CloseFrame
from websockets.frames import Opcode

from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import Behaviour, named
from wsnotebook.lab.script import ScriptFailed
from wsnotebook.matching import shown
from wsnotebook.wire.batch import first_byte
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = ["looks_recorded", "playback"]

_NEEDED = ("direction", "opcode", "payload")
Match = Literal["equal", "any"] | Callable[[Any, Any], bool] | None


class _Row(NamedTuple):
    direction: str
    opcode: int
    payload: bytes
    at: float  # seconds after the first row
    fin: bool


def looks_recorded(value: Any) -> bool:
    """Return whether ``value`` is a table or has a ``df``, so that it can be the argument of playback."""
    return _table(value) is not None


@named(listed=False)
def playback(
    recording: Any,
    *,
    speed: float | None = 1.0,
    match: Match = None,
    server: Literal["in", "out"] = "in",
    session: str | None = None,
    timeout: float | None = 30.0,
) -> Behaviour:
    """Make a behaviour that sends the recorded frames of a server to every client.

    Fragments are sent as recorded. Pongs are left out, because the server answers the pings of the client itself. A
    recorded close of the server closes the session. Example::

        async with embedded_server(playback(load("feed.parquet"), speed=10)) as server:
            session = await connect(server.url)

    Args:
        recording: a table with the columns of a frame log, for instance ``wsnotebook.load(path)`` or ``session.df``.
        speed: 1.0 as recorded, 2.0 twice as fast, None as fast as the client reads.
        match: None plays by the clock and ignores messages of the client. ``"equal"`` waits at each recorded request
            for a message of the client, which must be equal (or equal JSON), then sends the frames recorded after
            it. ``"any"`` accepts any message. A function ``(recorded, received) -> bool`` compares the two. A message
            that does not match raises ScriptFailed, kept in ``server.errors``, and closes with 1011.
        server: the direction of the frames that the server sent: ``"in"`` in a recording made by a client, ``"out"``
            in ``server.df``.
        session: name of the session to play; required if the recording has several.
        timeout: seconds to wait for a request, None for no limit.

    Raises:
        ValueError: ``speed`` is not positive, a column is missing, there is no such session, or there are several
            sessions and ``session`` is None.
    """
    if speed is not None and speed <= 0:
        raise ValueError(f"speed is a factor, 1.0 as recorded, not {speed!r}; None is as fast as possible")
    rows = _rows(recording, session, timed=speed is not None)

    async def run(connection: LabConnection) -> None:
        player = _Player(connection, speed, match, timeout)
        if match is not None:
            await player.play(_merged(rows, server))
            return
        # Without a reader the receive queue fills, and then pings of the client are not answered either.
        reading = asyncio.create_task(_discard_messages(connection), name="playback: client's messages")
        try:
            await player.play(row for row in rows if row.direction == server)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    return run


class _Player:
    """Playback to one client. The clock restarts at every request that was awaited."""

    def __init__(
        self, session: LabConnection, speed: float | None, match: Match, timeout: float | None
    ) -> None:
        self._session = session
        self._speed = speed
        self._match = match
        self._timeout = timeout
        self._origin = asyncio.get_running_loop().time()  # loop time at which the row at 0 s is due

    async def play(self, rows: Iterable[_Row]) -> None:
        for number, row in enumerate(rows, 1):
            if row.direction == "request":
                await self._await_request(number, row)
                continue
            await self._sleep_until(row.at)
            if row.opcode == Opcode.CLOSE:
                await self._close(row.payload)
                return
            await self._session.send_raw(_frame_bytes(row.opcode, row.payload, row.fin))

    async def _sleep_until(self, at: float) -> None:
        if self._speed is not None:
            await asyncio.sleep(max(self._origin + at / self._speed - asyncio.get_running_loop().time(), 0.0))

    async def _await_request(self, number: int, row: _Row) -> None:
        recorded = row.payload.decode("utf-8", "replace") if row.opcode == Opcode.TEXT else row.payload
        step = f"request {shown(recorded)} at {row.at:g} s"
        try:
            async with asyncio.timeout(self._timeout):
                received = await self._session.recv()
        except TimeoutError:
            raise ScriptFailed(f"row {number}", step, f"it did not come within {self._timeout:g} s") from None
        if not _matches(self._match, recorded, received):
            raise ScriptFailed(f"row {number}", step, f"the client sent {shown(received)} instead")
        if self._speed is not None:
            self._origin = asyncio.get_running_loop().time() - row.at / self._speed

    async def _close(self, payload: bytes) -> None:
        if not payload:
            await self._session.close_empty()
            return
        try:
            close = CloseFrame.parse(payload)
            close.check()
        except (ProtocolError, UnicodeDecodeError):
            # A close that breaks RFC 6455 §5.5.1: sent as recorded, and the client fails the connection.
            await self._session.send_raw(_frame_bytes(Opcode.CLOSE, payload, fin=True))
            await self._session.wait_closed()
        else:
            await self._session.close(close.code, close.reason)


async def _discard_messages(session: LabConnection) -> None:
    async for _ in session:
        pass


def _table(value: Any) -> Any:
    """Return the table with columns: ``value`` itself, its ``df``, or None."""
    if isinstance(value, Mapping) or hasattr(value, "columns"):
        return value
    return getattr(value, "df", None)


def _columns(value: Any) -> set[str]:
    table = _table(value)
    if isinstance(table, Mapping):
        return set(table)
    return set(getattr(table, "columns", ()))


def _rows(recording: Any, session: str | None, *, timed: bool) -> list[_Row]:
    """Read the columns into rows, without pandas, so that a dict of lists works too."""
    table, columns = _table(recording), _columns(recording)
    missing = [
        name for name in (*_NEEDED, "monotonic") if name not in columns and (timed or name != "monotonic")
    ]
    if missing:
        hint = "; without it only playback(…, speed=None) works" if missing == ["monotonic"] else ""
        raise ValueError(f"the recording has no column {missing[0]!r}{hint}")
    n = len(table["opcode"])
    sessions = list(table["session"]) if "session" in columns else [session] * n
    if session is None and len(set(sessions)) > 1:
        raise ValueError(f"the recording has several sessions: choose one, session={str(sessions[0])!r}")
    if session is not None and session not in sessions:
        raise ValueError(
            f"the recording has no session {session!r}, but {', '.join(sorted(set(map(str, sessions))))}"
        )
    times = list(table["monotonic"]) if "monotonic" in columns else [0] * n
    fins = list(table["fin"]) if "fin" in columns else [True] * n
    statuses = list(table["status"]) if "status" in columns else ["ok"] * n
    columns_of_rows = (table["direction"], table["opcode"], table["payload"], times, fins)
    # An unsent frame was queued and never crossed the wire.
    chosen = [
        row
        for name, status, *row in zip(sessions, statuses, *columns_of_rows, strict=True)
        if (session is None or name == session) and status != "unsent"
    ]
    start = int(chosen[0][3]) if chosen else 0  # monotonic ns of the first row
    return [
        _Row(str(direction), _opcode(opcode), _payload(payload), (int(at) - start) / 1e9, bool(fin))
        for direction, opcode, payload, at, fin in chosen
        if _opcode(opcode) != Opcode.PONG
    ]


def _opcode(value: Any) -> int:
    if isinstance(value, str):
        return OPCODE_NAMES.index(value) if value in OPCODE_NAMES else int(value, 16)
    return int(value)


def _payload(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else b""


def _merged(rows: Iterable[_Row], server: str) -> Iterator[_Row]:
    """Yield the frames of the server unchanged, and the data frames of the client joined to requests."""
    parts: list[_Row] = []
    for row in rows:
        if row.direction == server:
            yield row
        elif row.opcode <= Opcode.BINARY:
            parts.append(row)
            if row.fin:
                yield row._replace(
                    direction="request",
                    opcode=parts[0].opcode,
                    payload=b"".join(part.payload for part in parts),
                )
                parts = []


def _matches(match: Match, recorded: str | bytes, received: str | bytes) -> bool:
    if callable(match):
        return bool(match(recorded, received))
    if match == "any" or recorded == received:
        return True
    if isinstance(recorded, bytes) or isinstance(received, bytes):
        return False
    try:
        return bool(json.loads(recorded) == json.loads(received))
    except ValueError:
        return False


def _frame_bytes(opcode: int, payload: bytes, fin: bool) -> bytes:
    """Serialise one unmasked frame with any opcode (RFC 6455 §5.2); ``websockets`` serialises only correct ones."""
    length = len(payload)
    first = first_byte(opcode, fin=fin, rsv1=0, rsv2=0, rsv3=0)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65_536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
