"""RecordedRow: the frames of one recorded session as values, from any table that has the columns of a frame log; and
Agreement: the subprotocol of its handshake, where the table has that.

``direction``, ``opcode`` and ``payload`` are needed; ``monotonic`` (ns), ``fin``, ``session``, the identity of the connection,
``status``, and what says how a frame broke a rule are used if present. Neither pandas nor a FrameLog is: a dict of lists will do.
"""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wsnotebook.matching import Message
from wsnotebook.redaction import MARK, is_harmless
from wsnotebook.wire.batch import RSV1, first_byte
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode
from wsnotebook.wire.rules import Rules

__all__ = [
    "Agreement",
    "RecordedMessage",
    "RecordedRow",
    "looks_recorded",
    "recorded_agreement",
    "recorded_messages",
    "recorded_rows",
]

_NEEDED = ("direction", "opcode", "payload")
_ODD = frozenset(("violation", "truncated"))  # sent as they were on the wire, not as the application saw them
_OF_WIRE = "rsv1 rsv2 rsv3 masked mask_key length wire_length frame_length detail".split()  # say how that was
_PARTS_OF_HEADER = (1, 3, 5, 6, 7, 8, 9)  # bytes; a whole one without a key has 2, 4 or 10 (RFC 6455 §5.2)
_UNREPEATABLE = (Rules.INFLATE.sentence, Rules.EXTENSION.sentence)


class Agreement(NamedTuple):
    """What a recorded client offered, and what the server agreed to; names that may be tokens are marks."""

    offered: tuple[str, ...]
    """Subprotocols, in order."""
    chosen: str | None
    """One of them; None where the server agreed to none."""

    def select(self, offered: Sequence[str]) -> str | None:
        """Return the subprotocol to agree to with a client that offers these; None where it does not offer that one."""
        marks = [name for name in self.offered if MARK.fullmatch(name)]
        if self.chosen not in marks:
            return self.chosen if self.chosen in offered else None
        place = marks.index(self.chosen)  # a mark has no name to look for
        hidden = [name for name in offered if not is_harmless("subprotocol", name)]
        return hidden[place] if place < len(hidden) else None


class RecordedRow(NamedTuple):
    """One frame."""

    direction: str
    opcode: int
    payload: bytes
    at: float
    """Seconds after the first row."""
    fin: bool
    rsv: int = 0
    """Reserved bits of its first byte that broke a rule; those that an extension used up are clear."""
    mask_key: bytes | None = None
    """Key of a masked frame that broke a rule, None for others."""
    header_length: int = 0
    """Bytes of its header without a key, where that was longer than it had to be; else any lower number."""
    lacks: int = 0
    """Payload bytes that its header declares and that never came, over 0 for a frame that was cut off."""


class RecordedMessage(NamedTuple):
    """The frames of one data message, or one control frame."""

    rows: tuple[RecordedRow, ...]
    number: int
    """Number of its last row among the rows, from 1."""

    @property
    def at(self) -> float:
        """Seconds from the first row of the session to its own first."""
        return self.rows[0].at

    @property
    def is_data(self) -> bool:
        """Whether it is a text or binary message."""
        return self.rows[0].opcode <= Opcode.BINARY

    @property
    def message(self) -> Message:
        """The payloads of its frames joined: str of a text message that is UTF-8, else bytes."""
        payload = b"".join(row.payload for row in self.rows)
        if self.rows[0].opcode == Opcode.TEXT:
            try:
                return payload.decode()
            except UnicodeDecodeError:
                pass  # a server can have sent it; with U+FFFD in it, it would be another message
        return payload

    @property
    def is_cut(self) -> bool:
        """Whether its last frame was cut off."""
        return self.rows[-1].lacks > 0


def looks_recorded(value: Any) -> bool:
    """Return whether ``value`` is a table or has a ``df``, so that it can be played back."""
    return _table(value) is not None


def recorded_agreement(
    recording: Any, session: str | None = None, connection: int | None = None
) -> Agreement | None:
    """Return the agreement of the rows that recorded_rows returns; None where it is not known, or nothing was offered."""
    table = _table(recording)
    handshakes = getattr(table, "attrs", {}).get("wsnotebook", {}).get("connections", ())
    names = [
        name for name in ("recording", "session", "connection", "attempt") if handshakes and name in table
    ]
    for values in zip(*(table[name] for name in names), strict=True):
        of = dict(zip(names, values, strict=True))
        if session in (None, of.get("session")) and connection in (None, of.get("connection")):
            known = (each for each in handshakes if all(each.get(name, of[name]) == of[name] for name in of))
            return next(map(_agreement, known), None)
    return None


def _agreement(handshake: Mapping[str, Any]) -> Agreement | None:
    offered, chosen = (_subprotocols(handshake.get(head, "")) for head in ("request", "response"))
    if not offered or not handshake.get("response"):
        return None
    return Agreement(tuple(offered), chosen[0] if chosen else None)


def _subprotocols(head: str) -> list[str]:
    fields = (line.partition(":") for line in head.split("\r\n"))
    return [
        part.strip()
        for name, _, value in fields
        if name.strip().lower() == "sec-websocket-protocol"
        for part in value.split(",")
    ]


def recorded_rows(
    recording: Any, session: str | None, connection: int | None = None, *, timed: bool
) -> list[RecordedRow]:
    """Return the frames of one connection that crossed the wire, without pongs.

    A frame that was cut off has what came of it. Of a message with a frame whose body was not kept, no frame is returned.

    Args:
        recording: a table, or what has one as ``df``.
        session: name of the session; required if the recording has several.
        connection: number of one of its connections; required if it has several.
        timed: whether times are needed, and so the column ``monotonic``.

    Raises:
        ValueError: a column is missing, there is no such session, there are several and ``session`` is None, it has
            several connections, or a frame that broke a rule would break none now.
    """
    table = _table(recording)
    columns = set(table) if isinstance(table, Mapping) else set(getattr(table, "columns", ()))
    missing = [name for name in (*_NEEDED, *(("monotonic",) if timed else ())) if name not in columns]
    if missing:
        hint = "; without it only playback(…, speed=None) works" if missing == ["monotonic"] else ""
        raise ValueError(f"the recording has no column {missing[0]!r}{hint}")
    n = len(table["opcode"])
    sessions = list(table["session"]) if "session" in columns else [session] * n
    _check_session(sessions, session)
    numbers = list(table["connection"]) if "connection" in columns else [None] * n
    is_chosen = [
        session in (None, name) and connection in (None, number)
        for name, number in zip(sessions, numbers, strict=True)
    ]
    if connection is not None and not any(is_chosen):
        known = ", ".join(map(str, dict.fromkeys(numbers)))
        raise ValueError(f"the recording has no connection {connection} of that session, but {known}")
    _check_connection(table, columns, is_chosen)
    times = list(table["monotonic"]) if "monotonic" in columns else [0] * n
    fins = list(table["fin"]) if "fin" in columns else [True] * n
    statuses = list(table["status"]) if "status" in columns else ["ok"] * n
    texts = list(table["text"]) if "text" in columns else [None] * n
    payloads = list(map(_payload, table["payload"], texts))
    columns_of_rows = (table["direction"], table["opcode"], payloads, times, fins)
    chosen = [
        (place, status, *row)
        for place, (is_one, status, *row) in enumerate(
            zip(is_chosen, statuses, *columns_of_rows, strict=True)
        )
        if is_one and status != "unsent"
    ]
    start = int(chosen[0][5]) if chosen else 0  # monotonic ns of the first row
    rows = [
        RecordedRow(str(direction), _opcode(opcode), payload, (int(at) - start) / 1e9, bool(fin))
        for _, _, direction, opcode, payload, at, fin in chosen
    ]
    _restore_odd(rows, [(place, status) for place, status, *_ in chosen], table, columns)
    bodiless = {number for number, (_, status, *_) in enumerate(chosen) if status == "oversized"}
    return [row for row in _without_messages(rows, bodiless) if row.opcode != Opcode.PONG]


def _restore_odd(rows: list[RecordedRow], of: list[tuple[int, str]], table: Any, columns: set[Any]) -> None:
    """Put rows that broke a rule, or were cut off, as they were on the wire; ``of`` has places in the table, and statuses."""
    odd = [number for number, (_, status) in enumerate(of) if status in _ODD]
    values = {name: list(table[name]) for name in _OF_WIRE if odd and name in columns}
    for number in odd:
        place, status = of[number]
        facts = {name: column[place] for name, column in values.items()}
        rows[number] = _as_on_wire(rows[number], facts, is_cut=status == "truncated")


def _as_on_wire(row: RecordedRow, facts: Mapping[str, Any], *, is_cut: bool) -> RecordedRow:
    """Return a row that broke a rule, or was cut off, with what has to be sent to make it so again.

    Args:
        row: what the application sees of it.
        facts: the columns _OF_WIRE that there are.
        is_cut: known to be cut off; of one that broke a rule its lengths tell.

    Raises:
        ValueError: the part of a compressed message that did not inflate: what was before it is sent without compression.
    """
    came = len(row.payload)
    detail = str(facts.get("detail", ""))
    if row.opcode == Opcode.CONTINUATION and detail.startswith(_UNREPEATABLE):
        raise ValueError(
            f"the recording has a frame that cannot be played, {detail}: leave out the rows of its message"
        )
    length, wire_length = (_number(facts.get(name), came) for name in ("length", "wire_length"))
    key = _key(facts.get("mask_key")) if facts.get("masked") else None
    rsv = first_byte(0, 0, *(int(bool(facts.get(name))) for name in ("rsv1", "rsv2", "rsv3")))
    if wire_length != came:  # inflated
        return row._replace(rsv=rsv & ~RSV1, mask_key=key)
    header = _number(facts.get("frame_length"), came) - came - 4 * bool(facts.get("masked"))
    if detail.startswith(Rules.LENGTH.sentence):
        length = 1 << 63
    elif length <= came and (is_cut or header in _PARTS_OF_HEADER):
        length = came + 1  # the header itself was cut off
    return row._replace(rsv=rsv, mask_key=key, header_length=header, lacks=max(length - came, 0))


def _number(value: Any, default: int) -> int:
    """Return a cell as a number, and what is missing as the default."""
    return int(value) if isinstance(value, numbers.Integral) else default


def _key(value: Any) -> bytes:
    """Return a mask key; of one that was cut off, or is not known, any other does the same."""
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else bytes(4)


def _without_messages(rows: list[RecordedRow], places: set[int]) -> list[RecordedRow]:
    """Leave out the rows at some places, and the other frames of their messages."""
    if not places:
        return rows
    numbers = itertools.count()
    open_: dict[str, int] = {}  # the message that has begun, by direction
    of: list[int] = []
    for row in rows:
        is_data = row.opcode <= Opcode.BINARY
        of.append(open_.setdefault(row.direction, next(numbers)) if is_data else next(numbers))
        if is_data and row.fin:
            del open_[row.direction]
    left_out = {of[place] for place in places}
    return [row for row, number in zip(rows, of, strict=True) if number not in left_out]


def recorded_messages(rows: Iterable[RecordedRow]) -> Iterator[RecordedMessage]:
    """Yield the messages and control frames, each where its last frame stands; fragments are of their direction.

    A message ends with a frame that was cut off, too.
    """
    parts: dict[str, list[RecordedRow]] = {}
    for number, row in enumerate(rows, 1):
        if row.opcode > Opcode.BINARY:
            yield RecordedMessage((row,), number)
            continue
        parts.setdefault(row.direction, []).append(row)
        if row.fin or row.lacks:
            yield RecordedMessage(tuple(parts.pop(row.direction)), number)


def _table(value: Any) -> Any:
    """Return the table with columns: ``value`` itself, its ``df``, or None."""
    if isinstance(value, Mapping) or hasattr(value, "columns"):
        return value
    return getattr(value, "df", None)


def _check_session(sessions: list[Any], session: str | None) -> None:
    if session is None and len(set(sessions)) > 1:
        raise ValueError(f"the recording has several sessions: choose one, session={str(sessions[0])!r}")
    if session is not None and session not in sessions:
        raise ValueError(
            f"the recording has no session {session!r}, but {', '.join(sorted(set(map(str, sessions))))}"
        )


def _check_connection(table: Any, columns: set[Any], is_chosen: list[bool]) -> None:
    """Refuse rows of several connections, whose frames would be one conversation that nobody had."""
    for name in ("recording", "connection", "attempt"):
        values = list(table[name]) if name in columns else []
        found = list(dict.fromkeys(value for value, chosen in zip(values, is_chosen, strict=False) if chosen))
        if len(found) > 1:
            way = f"connection={found[0]}" if name == "connection" else f"df[df[{name!r}] == {found[0]!r}]"
            raise ValueError(
                f"the session was recorded {len(found)} times, with {name} {', '.join(map(str, found))}: choose one, {way}"
            )


def _opcode(value: Any) -> int:
    if isinstance(value, str):
        return OPCODE_NAMES.index(value) if value in OPCODE_NAMES else int(value, 16)
    return int(value)


def _payload(value: Any, text: Any) -> bytes:
    """Return a payload; a Parquet file that pandas reads as it is has the payload of a text once, as text."""
    if not isinstance(value, (bytes, bytearray, memoryview, str)):
        value = text if isinstance(text, str) else b""
    return value.encode() if isinstance(value, str) else bytes(value)
