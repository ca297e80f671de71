"""Questions: selected or edited frames as a log, and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from wsnotebook.analysis.redact import redact as redacted
from wsnotebook.payloadsecrets import PayloadRules

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["redacted_log", "save", "to_log"]


def to_log(df: pd.DataFrame) -> FrameLog:
    """Make a log of the frames: for the panel, for files, for ``wsnotebook.replay``.

    Example: ``df[df["session"] == "feed"].ws.to_log()``. Edit ``text`` or ``payload`` and drop the other column. The rows
    are numbered anew in the order of record, those of several recordings by time; handshakes are those of ``df.attrs``.
    Lengths are those of the payloads, and compressed messages become uncompressed ones.

    Raises:
        ValueError: columns of a row contradict each other; the message names the row and what to do.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    from wsnotebook.files.editedframes import log_of_frames  # for who asks: no other question needs the files

    return log_of_frames(df)


def save(df: pd.DataFrame, path: str | Path, *, redact: bool = False) -> Path:
    """Write the frames to a file that ``wsnotebook.load`` reads; return its path.

    Example: ``df.query("opcode == 'text'").ws.save("shared.jsonl", redact=True)``.

    Args:
        df: the frame log.
        path: as ``log.save`` takes it: ``.parquet``, ``.jsonl``, ``.har`` or ``.pcapng``, or "name/".
        redact: write marks in the places of secrets, as redact() finds them without further rules.

    Raises:
        ValueError, AttributeError: as to_log(), and as log.save().
    """
    return to_log(redacted(df).frames if redact else df).save(path)


def redacted_log(log: FrameLog) -> FrameLog:
    """Return a copy of a log with marks in the places of secrets, in messages, handshakes and events, to be given away."""
    copy = to_log(redacted(log.df).frames)
    rules = PayloadRules()
    events = [event._replace(detail=rules.redact(event.detail)[0]) for event in log.event_list]
    copy.restore(events, dropped=log.dropped, truncated=log.truncated)
    return copy
