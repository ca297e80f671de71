"""Tape: the file of a cassette: a JSON line for each message, without times, so that a new recording shows what is new.

``{"connection": 1}`` begins a connection, and has ``offered`` and ``subprotocol`` where the client offered any;
``{"out": "…"}`` is a text of the client and ``{"in": "…"}`` one of the server, ``{"in": {"base64": "…"}}`` a binary,
``{"in": {"close": 1000, "reason": ""}}`` a close.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from wsnotebook.lab.recordedrows import (
    Agreement,
    RecordedMessage,
    recorded_agreement,
    recorded_messages,
    recorded_rows,
)
from wsnotebook.matching import Message
from wsnotebook.payloadsecrets import PayloadRules
from wsnotebook.redaction import MARK
from wsnotebook.wire.frames import MAX_CLOSE_MESSAGE, CloseReason, Frame, Opcode, truncate_utf8

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "Reel", "check_rules", "read_tape", "reel_of", "write_tape"]

_VERSION = 1
_UNWRITABLE = frozenset(("violation", "oversized"))

Line: TypeAlias = tuple[str, Message | CloseReason | None]
"""Direction, and a message, or a close, which is None where it has no code."""


@dataclass(slots=True)
class Reel:
    """One connection of a tape."""

    lines: list[Line] = field(default_factory=list)
    agreement: Agreement | None = None
    """What client and server agreed to; None where nothing was offered, and in tapes of former versions."""

    @property
    def table(self) -> dict[str, list[Any]]:
        """The connection as a table that playback takes."""
        frames = [_frame(what) for _, what in self.lines]
        return {
            "direction": [direction for direction, _ in self.lines],
            "opcode": [int(frame.opcode) for frame in frames],
            "payload": [frame.data for frame in frames],
        }


def _frame(what: Message | CloseReason | None) -> Frame:
    if isinstance(what, str):
        return Frame.text(what)
    return Frame.binary(what) if isinstance(what, bytes) else Frame.close(what)


def check_rules(frames: pd.DataFrame) -> None:
    """Refuse frames of a proxy that no line of a tape is for: played as messages, they would be others.

    Raises:
        ValueError: a frame broke a rule, or is over the limit; but one after a close of its side, which no client looks at.
    """
    closed: set[tuple[str, str]] = set()
    columns = (frames[name] for name in ("session", "direction", "opcode", "status", "detail"))
    for session, direction, opcode, status, detail in zip(*columns, strict=True):
        if status in _UNWRITABLE and (session, direction) not in closed:
            side = "server" if direction == "in" else "client"
            raise ValueError(
                f"the {side} sent what a tape cannot have, {str(detail).rstrip('.')}: make the server of this test with "
                "wsnotebook.lab.playback(log), which plays such frames, or wsnotebook.lab.hostile_server"
            )
        if opcode == "close":
            closed.add((session, direction))


def reel_of(recording: Any, session: str | None, rules: PayloadRules) -> Reel:
    """Return the messages and the closes of a recorded session of a client, with marks in the places of secrets.

    Args:
        recording: a table of frames, as playback takes it.
        session: name of the session, None for the only one.
        rules: what is a secret.
    """
    rows = recorded_rows(recording, session, timed=False)
    found = (
        each for each in recorded_messages(rows) if each.rows[0].opcode <= Opcode.CLOSE and not each.is_cut
    )
    lines = [(each.rows[0].direction, _redacted(_content(each), rules)) for each in found]
    return Reel(lines, recorded_agreement(recording, session))


def _content(recorded: RecordedMessage) -> Message | CloseReason | None:
    if recorded.is_data:
        return recorded.message
    return Frame(Opcode.CLOSE, recorded.rows[0].payload).read_reason()


def _redacted(what: Message | CloseReason | None, rules: PayloadRules) -> Message | CloseReason | None:
    if what is None:
        return None
    if isinstance(what, CloseReason):
        return what._replace(message=_cut(rules.redact(what.message)[0]))
    if isinstance(what, str):
        return rules.redact(what)[0]
    try:
        return rules.redact(what.decode())[0].encode()
    except UnicodeDecodeError:
        return what


def _cut(message: str) -> str:
    """Return the message of a close, cut to what one may have, but not within a mark: marks are numbered anew."""
    cut = truncate_utf8(message, MAX_CLOSE_MESSAGE)
    within = (mark.start() for mark in MARK.finditer(message) if mark.start() < len(cut) < mark.end())
    return cut[: next(within, None)]


def write_tape(path: Path, reels: Iterable[Reel]) -> None:
    """Write a tape. Marks are numbered in order, so that the same conversation is the same file."""
    lines: list[Any] = [{"cassette": _VERSION}]
    for number, reel in enumerate(reels, 1):
        lines.append({"connection": number, **_plain_agreement(reel.agreement)})
        lines += ({direction: _plain(what)} for direction, what in reel.lines)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    numbers: dict[str, str] = {}
    text = MARK.sub(lambda mark: numbers.setdefault(mark[0], f"<redacted:{len(numbers) + 1:08x}>"), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _plain_agreement(agreement: Agreement | None) -> dict[str, Any]:
    return {} if agreement is None else {"offered": agreement.offered, "subprotocol": agreement.chosen}


def _plain(what: Message | CloseReason | None) -> Any:
    if isinstance(what, str):
        return what
    if isinstance(what, bytes):
        return {"base64": base64.b64encode(what).decode()}
    return {"close": None} if what is None else {"close": int(what.code), "reason": what.message}


def read_tape(path: Path) -> list[Reel]:
    """Return the connections of a tape.

    Raises:
        ValueError: the file is no tape; the message names the line.
        OSError: it cannot be read.
    """
    reels: list[Reel] = []
    for number, line in enumerate(path.read_text("utf-8").rstrip("\n").split("\n"), 1):
        try:
            _read_line(json.loads(line), number, reels)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise ValueError(f"{path}, line {number}: {_DESCRIBED.get(type(error), error)}") from error
    return reels


_DESCRIBED = {
    KeyError: "neither out nor in",
    IndexError: 'no {"connection": 1} comes before',
    TypeError: "no object",
}


def _read_line(values: Mapping[str, Any], number: int, reels: list[Reel]) -> None:
    if number == 1:
        if values["cassette"] != _VERSION:
            raise ValueError(f"version {values['cassette']} is not known here: update wsnotebook")
    elif "connection" in values:
        reels.append(Reel(agreement=_read_agreement(values)))
    else:
        (direction,) = values
        if direction not in ("in", "out"):
            raise KeyError(direction)
        reels[-1].lines.append((direction, _read(values[direction])))


def _read_agreement(values: Mapping[str, Any]) -> Agreement | None:
    if "offered" not in values:
        return None
    offered, chosen = values["offered"], values.get("subprotocol")
    if not isinstance(offered, list) or chosen not in (None, *offered):
        raise ValueError("offered is a list, and subprotocol one of it or null")
    return Agreement(tuple(offered), chosen)


def _read(value: Any) -> Message | CloseReason | None:
    if isinstance(value, str):
        return value
    if "base64" in value:
        return base64.b64decode(value["base64"], validate=True)
    code = value["close"]
    return None if code is None else CloseReason(code, value.get("reason", ""))
