"""seq_at(): the row that a person wants to go to, by its number or by a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsnotebook.filtering.conditions import Run
from wsnotebook.filtering.times import read_times

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["seq_at"]


def seq_at(log: FrameLog, text: str) -> int:
    """Return the ``seq`` of the first row with at least this number, or at or after this time.

    Args:
        log: the log.
        text: ``5000`` or ``5,000``; or a time of day or a moment, in UTC, as the filter takes it: ``10:05``,
            ``2026-01-31T10:05:30.5``.

    Raises:
        ValueError: the text is neither, or no row is that late.
    """
    text = text.strip()
    digits = text.replace(",", "").lstrip("#")
    if digits.isdecimal():
        if int(digits) >= log.end:
            raise ValueError(f"there is no frame {digits}: the log has {log.first} to {log.end - 1}.")
        return max(log.first, int(digits))
    try:
        wanted = read_times(">=", text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no number of a frame and no time in UTC: 5000, 10:05:30.5 or 2026-01-31T10:05."
        ) from None
    with log.lock:
        for rows in log.rows(log.first, log.end):
            fits = wanted.fits(Run(rows, log.connections))
            if fits.any():
                return int(rows.first + fits.argmax())
    raise ValueError(f"no frame is at or after {text}.")
