"""Question: what is the conversation of one connection as a script, to be run again against a server?

The notation is that of the verb ``script``: one step a line, a comment for a fact that no step can express.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import check_one, in_order, ns_of, traffic
from wsnotebook.analysis.messages import messages
from wsnotebook.analysis.seqs import known_seq

__all__ = ["script"]

_WANTED = (
    "time", "monotonic", "session", "direction", "opcode", "fin", "length", "wire_length", "masked", "payload",
    "text", "message", "close_code", "close_reason", "status", "detail",
)  # fmt: skip
_NAME = re.compile(r"\{[A-Za-z_]\w*\}")  # a script would replace it, or capture something there
_TIMEOUT = 10.0  # seconds that a step has in a script which says nothing
_DAY_NS = 86_400 * 10**9
_UNITS = (10**9, 10**6, 10**3, 1)  # ns of a second, ms, µs, ns: how services write a time


def script(df: pd.DataFrame, *, ignore: Collection[str] = ()) -> str:
    """Write the conversation of one connection as a script, which ``%%ws script`` and ``wsnotebook script`` run.

    Example: ``Path("login.ws").write_text(session.df.ws.script(ignore=["id"]))``. What was sent is sent again, and what
    was received is expected: a text and bytes exactly, a JSON object or list with the recorded keys and values, except
    those that are the time of the message (seconds, ms, µs or ns since 1970 within a day of it, or ISO 8601) or are
    ignored. Edit the text where an answer has another value at each run: ``{name}`` captures it. Automatic pongs and
    close echoes are left out; the peer's pings, fragments, and frames that break a rule are comments.

    Args:
        df: the frames of one connection.
        ignore: keys of received JSON objects, at any depth, whose values are not compared.

    Raises:
        ValueError: the frames are of several connections, or there is none; the message says how to select one.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    rows = in_order(traffic(df, "script", _WANTED))
    _check_one(rows)
    writer = _Writer(rows, messages(df), frozenset(ignore))
    return "\n".join(writer.lines()) + "\n"


def _check_one(rows: pd.DataFrame) -> None:
    if rows.empty:
        raise ValueError("there is no frame: a script has at least one step.")
    check_one(rows, "a script", "script()")


class _Writer:
    """Writes rows as lines."""

    def __init__(self, rows: pd.DataFrame, joined: pd.DataFrame, ignore: frozenset[str]) -> None:
        self._rows = rows
        # Missing is as True: nothing is known to be left out.
        facts = joined.fillna({"complete": True})[["frames", "complete", "payload", "text"]].itertuples()
        self._messages: dict[Any, Any] = {message.Index: message for message in facts}
        self._ignore = ignore
        self._masked = True
        self._timeout = _TIMEOUT
        self._closing = False  # a close frame was written as a step
        self._before = 0  # monotonic ns of the row before
        self._times = ns_of(rows["time"])

    def lines(self) -> Iterator[str]:
        """Yield the lines of the script."""
        session = self._rows["session"].iloc[0]
        is_timed = self._rows["time"].notna().iloc[0]
        when = f"{pd.Timestamp(self._times[0]):%Y-%m-%d %H:%M} UTC" if is_timed else "without a time"
        yield f"# {len(self._rows)} frames of {json.dumps(str(session))}, {when}"
        self._before = self._rows["monotonic"].iloc[0]
        numbers = known_seq(self._rows, np.zeros(len(self._rows), np.int64)).tolist()
        for time, seq, row in zip(self._times, numbers, self._rows.itertuples(), strict=True):
            yield from self._row(row.Index if seq < 0 else seq, row, int(time))

    def _row(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        if row.status != "ok":
            detail = "" if pd.isna(row.detail) else f", {json.dumps(row.detail)}"
            yield f"# frame {seq} ({row.direction}, {row.opcode}) is no step: {row.status}{detail}"
            return
        write = _ROWS.get((row.direction, row.opcode))
        if write is None:
            if row.opcode != "continuation" and not str(row.opcode) == "pong":
                yield f"# frame {seq} ({row.direction}, {row.opcode}) is no step: a reserved opcode"
            return
        written = list(write(self, seq, row, time))
        if row.direction == "out" and bool(row.masked) is not self._masked and written:
            self._masked = bool(row.masked)
            yield f"mask {'on' if self._masked else 'off'}"
        yield from written

    def send(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        message = self._messages[row.message]
        yield from _fragments(message)
        if not message.complete:
            yield f"# frame {seq} (out) is no step: its message has no end"
        elif row.opcode == "binary":
            yield f">hex {message.payload.hex(' ')}".rstrip()
        elif pd.isna(message.text):
            yield f"# frame {seq} (out) is no step: a text that is not UTF-8"
        else:
            yield _sent(message.text)
        self._before = row.monotonic

    def expect(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        message = self._messages[row.message]
        yield from _fragments(message)
        if not message.complete:
            yield f"# frame {seq} (in) is no step: its message has no end"
            return
        if row.opcode != "binary" and pd.isna(message.text):
            yield f"# frame {seq} (in) is no step: a text that is not UTF-8"
            return
        yield from self._patience(row)
        if row.opcode == "binary":
            yield f"<hex {message.payload.hex(' ')}".rstrip()
        else:
            yield self._expected(message.text, time)

    def _patience(self, row: Any) -> Iterator[str]:
        """Yield a longer time limit where the recorded server took more than half of the present one."""
        seconds = (row.monotonic - self._before) / 1e9
        self._before = row.monotonic
        if seconds > self._timeout / 2:
            self._timeout = float(round(seconds * 2) + 1)
            yield f"timeout {self._timeout:g}"

    def _expected(self, text: str, time: int) -> str:
        value = _container(text)
        if value is not None and not _NAME.search(text):
            written = _one_line(self._stable(value, time))
            if written is not None:
                return f"<json {written}"
        return f"<text {json.dumps(text)}"

    def _stable(self, value: Any, time: int) -> Any:
        """Return a JSON value without what differs at each run; in a list "{_}" stands for it, which matches anything."""
        if isinstance(value, dict):
            return {
                key: self._stable(inner, time)
                for key, inner in value.items()
                if key not in self._ignore and not _is_time(inner, time)
            }
        if isinstance(value, list):
            return ["{_}" if _is_time(inner, time) else self._stable(inner, time) for inner in value]
        return value

    def ping(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        yield "ping"

    def pinged(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        yield f"# frame {seq}: a ping of the peer, which the session answers"

    def close(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        if not self._closing:
            self._closing = True
            if pd.isna(row.close_code):
                yield f"# frame {seq} is no step: a close without a code, which is written as one with 1000"
            yield f"close {_ending(row, '1000')}".rstrip()

    def closed(self, seq: Any, row: Any, time: int) -> Iterator[str]:
        if not self._closing:
            self._closing = True
            yield from self._patience(row)
            yield f"<close {_ending(row, '1005')}".rstrip()


_Write = Callable[[_Writer, Any, Any, int], Iterator[str]]
_ROWS: dict[tuple[str, str], _Write] = {
    ("out", "text"): _Writer.send,
    ("out", "binary"): _Writer.send,
    ("in", "text"): _Writer.expect,
    ("in", "binary"): _Writer.expect,
    ("out", "ping"): _Writer.ping,
    ("in", "ping"): _Writer.pinged,
    ("out", "close"): _Writer.close,
    ("in", "close"): _Writer.closed,
}
"""What writes a frame, by direction and opcode; pongs are automatic, and continuations are in their message."""


def _fragments(message: Any) -> Iterator[str]:
    if message.frames > 1:
        yield f"# in {message.frames} fragments:"


def _ending(row: Any, code: str) -> str:
    if pd.isna(row.close_code):
        return code
    reason = "" if pd.isna(row.close_reason) else str(row.close_reason)
    # A reason with a line end cannot stand on a line; the code still counts.
    return f"{row.close_code} {reason if reason.isprintable() else ''}"


def _sent(text: str) -> str:
    if not _NAME.search(text) and text.isprintable():
        if _container(text) is not None:
            return f">json {text}"
        if text and text == text.strip():
            return f"> {text}"
    return f">text {json.dumps(text)}"


def _container(text: str) -> Any:
    """Return a JSON object or list, or None where a text is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _one_line(value: Any) -> str | None:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number over the range of a float
        return None
    return text if text.isprintable() else json.dumps(value)


def _is_time(value: Any, time: int) -> bool:
    """Return whether a value is a time near that of its message, ns since 1970."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return any(abs(value * unit - time) < _DAY_NS for unit in _UNITS)
    if isinstance(value, str) and "T" in value:
        try:
            written = datetime.fromisoformat(value)
        except ValueError:
            return False
        return abs(written.timestamp() * 1e9 - time) < 2 * _DAY_NS  # a time without its zone may be a day off
    return False
