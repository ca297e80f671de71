"""A recorded conversation, played back by a lab server: as a feed in time, or as a cassette that waits for requests.

A recording is anything with the columns ``direction``, ``opcode`` and ``payload``: ``session.df``, ``session.log``,
a DataFrame loaded from a file, or a dict of lists. ``monotonic`` (ns), ``fin`` and ``session`` are used where present.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from websockets.exceptions import ProtocolError
from websockets.frames import Close as CloseFrame
from websockets.frames import Opcode

from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.script import ScriptFailed, shown

__all__ = ["looks_recorded", "playback"]

_OPCODES = {"continuation": 0x0, "text": 0x1, "binary": 0x2, "close": 0x8, "ping": 0x9, "pong": 0xA}
_NEEDED = ("direction", "opcode", "payload")
Match = Literal["equal", "any"] | Callable[[Any, Any], bool] | None


class _Row(NamedTuple):
    direction: str
    opcode: int
    payload: bytes
    at: float  # seconds since the first row
    fin: bool


def looks_recorded(value: Any) -> bool:
    """Tell whether ``value`` is a table, or has a ``df``: something that playback can be asked to play."""
    return _table(value) is not None


def playback(
    recording: Any,
    *,
    speed: float | None = 1.0,
    match: Match = None,
    server: Literal["in", "out"] = "in",
    session: str | None = None,
    timeout: float | None = 30.0,
) -> Callable[[LabConnection], Awaitable[None]]:
    """Make a behaviour that sends to every client what a server once sent.

    The frames are sent as they were cut. Pongs are left out: those the client asks for are sent anyway. A recorded
    close of the server closes the session.

    Args:
        recording: see the module; ``wsnotebook.load(path)`` gives one.
        speed: 1.0 as recorded, 2.0 twice as fast, None as fast as the client reads.
        match: None plays by the clock, whatever the client sends. ``"equal"`` plays a cassette: what was sent after a
            request is sent after the client has made it again (equal, or equal as JSON). ``"any"`` counts
            requests without looking at them. A function ``(recorded, received) -> bool`` decides by itself. A
            request that does not match raises ScriptFailed in ``server.errors`` and closes with 1011.
        server: the direction of the frames that the server sent: ``"in"`` in a recording made by a client, ``"out"``
            in ``server.df``.
        session: name of the session to play, where the recording has several.
        timeout: seconds to wait for a request, None for no limit.

    Raises:
        ValueError: a column is missing, or there are several sessions and none is named.
    """
    if speed is not None and speed <= 0:
        raise ValueError(f"speed is a factor, 1.0 as recorded, not {speed!r}; None is as fast as possible")
    rows = _rows(recording, session, timed=speed is not None)

    async def run(connection: LabConnection) -> None:
        player = _Player(connection, speed, match, timeout)
        if match is not None:
            await player.play(_merged(rows, server))
            return
        # Nobody reads otherwise, and a client that is not read is not answered either.
        reading = asyncio.create_task(_drain(connection), name="playback: client's messages")
        try:
            await player.play(row for row in rows if row.direction == server)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    return run


class _Player:
    """One client's playback: the clock starts anew at every request that was waited for."""

    def __init__(
        self, session: LabConnection, speed: float | None, match: Match, timeout: float | None
    ) -> None:
        self._session = session
        self._speed = speed
        self._match = match
        self._timeout = timeout
        self._origin = asyncio.get_running_loop().time()  # when the row at 0 s was, or would have been, sent

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
        place = f"request {shown(recorded)} at {row.at:g} s"
        try:
            async with asyncio.timeout(self._timeout):
                received = await self._session.recv()
        except TimeoutError:
            raise ScriptFailed(
                f"row {number}", place, f"it did not come within {self._timeout:g} s"
            ) from None
        if not _same(self._match, recorded, received):
            raise ScriptFailed(f"row {number}", place, f"the client sent {shown(received)} instead")
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
            # A close that no rule allows: as it was, and the client ends the connection.
            await self._session.send_raw(_frame_bytes(Opcode.CLOSE, payload, fin=True))
            await self._session.wait_closed()
        else:
            await self._session.close(close.code, close.reason)


async def _drain(session: LabConnection) -> None:
    async for _ in session:
        pass


def _table(value: Any) -> Any:
    """Return what ``value`` has by way of columns: itself, its ``df``, or None."""
    if isinstance(value, Mapping) or hasattr(value, "columns"):
        return value
    return getattr(value, "df", None)


def _columns(value: Any) -> set[str]:
    table = _table(value)
    if isinstance(table, Mapping):
        return set(table)
    return set(getattr(table, "columns", ()))


def _rows(recording: Any, session: str | None, *, timed: bool) -> list[_Row]:
    """Read the columns into rows; nothing of pandas is needed for it."""
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
    # A dropped frame was queued and never crossed the wire.
    chosen = [
        row
        for name, status, *row in zip(sessions, statuses, *columns_of_rows, strict=True)
        if (session is None or name == session) and status != "unsent"
    ]
    start = int(chosen[0][3]) if chosen else 0  # the clock of the first row
    return [
        _Row(str(direction), _opcode(opcode), _payload(payload), (int(at) - start) / 1e9, bool(fin))
        for direction, opcode, payload, at, fin in chosen
        if _opcode(opcode) != Opcode.PONG
    ]


def _opcode(value: Any) -> int:
    if isinstance(value, str):
        return _OPCODES[value] if value in _OPCODES else int(value, 16)
    return int(value)


def _payload(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else b""


def _merged(rows: Iterable[_Row], server: str) -> Iterator[_Row]:
    """Yield the server's frames as they are, and the client's data frames joined to requests."""
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


def _same(match: Match, recorded: str | bytes, received: str | bytes) -> bool:
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
    """Write one server frame, whatever its opcode (RFC 6455 §5.2); ``websockets`` writes only correct ones."""
    length = len(payload)
    first = (0x80 if fin else 0) | opcode
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65_536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
