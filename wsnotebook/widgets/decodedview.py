"""The message of a frame as a decoder reads it, for the inspector: guessed for its connection, or chosen.

The decoders are those of ``df.ws.decode()``. All text of a peer is escaped by safe_text() here.
"""

from __future__ import annotations

import json
from pprint import pformat
from typing import TYPE_CHECKING, Any

from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.messagefragments import fragments_of
from wsnotebook.widgets.row import Row, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.files.framelog import FrameLog

__all__ = ["decoded"]

LOOKED = 256  # rows before, and after: a packet of MQTT may begin or end in them
FIRST = (
    256  # rows from the first of the connection on: by them the protocol is guessed, and its version known
)
TEXT_CHARACTERS = 64 * 1024  # more text in one element makes the page slow


def decoded(log: FrameLog, seq: int, name: str | None = None) -> dict[str, Any]:
    """Return the protocol messages of which the message of a frame has all or a part.

    Args:
        log: the log.
        seq: of the frame.
        name: of a decoder, or of several joined by ``+``; None guesses.

    Returns:
        ``body``, their kinds and values as text; ``note``, what is to be said of it; ``decoder``, the name of the one that
        was used, empty where none was; ``names``, those that there are.

    Raises:
        ValueError: the log has no such frame, no decoder has this name, or its library is missing.
    """
    import pandas as pd  # only for who looks

    from wsnotebook.analysis.decode import decode_parts
    from wsnotebook.analysis.decoders.registry import decoder_names

    row = next(rows_of(log, seq, seq + 1), None)
    if row is None:
        raise ValueError(f"frame {seq} is not in the log, or no more: it has {log.first} to {log.end - 1}.")
    answer: dict[str, Any] = {"body": "", "note": "", "decoder": "", "names": list(decoder_names())}
    df, gap = _frames_around(log, row)
    number = df["message"].get(seq) if len(df) else None
    if number is None or pd.isna(number):
        return answer | {"note": "no whole message: a control frame, or its begin is too far back"}
    try:
        table = decode_parts(df, name, gap)
    except ModuleNotFoundError as error:
        raise ValueError(str(error)) from error
    (used,) = table.attrs["decoder"]
    mine = table[(table["first_seq"] <= number) & (table["last_seq"] >= number)]
    body = "\n".join(_lines(*record) for record in mine[["kind", "value", "error"]].itertuples(index=False))
    note = f"{used['decoder'] or 'no decoder'}: {used['reason']}"
    if (mine["first_seq"] < mine["last_seq"]).any():
        note += f"; in the messages of frames {mine['first_seq'].min()} to {mine['last_seq'].max()}"
    if len(body) > TEXT_CHARACTERS:
        note += f"; the first {TEXT_CHARACTERS:,} of {len(body):,} characters"
    text = safe_text(body[:TEXT_CHARACTERS], keep="\n\t")
    return answer | {"body": text, "note": safe_text(note), "decoder": used["decoder"] or ""}


def _frames_around(log: FrameLog, row: Row) -> tuple[pd.DataFrame, int | None]:
    """Return rows of a frame's connection, its first ones and those of its message in any case; and where rows are left out.

    That is the ``seq`` before which there are only the first ones, None where they reach to the others.
    """
    import pandas as pd  # as in decoded()

    fragments = fragments_of(log, row)
    begin, last = (fragments.rows[0].seq, fragments.rows[-1].seq) if fragments else (row.seq, row.seq)
    number = connection_of(row.code)
    with log.lock:
        oldest, opened = log.first, _first_of(log, number, row.seq)
        start, stop = max(begin - LOOKED, opened), last + 1 + LOOKED
        gap = start if opened + FIRST < start else None
        parts = [(opened, stop)] if gap is None else [(opened, opened + FIRST), (start, stop)]
        frames = [log.window(low - oldest, high - oldest) for low, high in parts]
    df = pd.concat([each[each["connection"] == number] for each in frames])
    df.attrs = frames[-1].attrs
    return df, gap


def _first_of(log: FrameLog, number: int, seq: int) -> int:
    """Return the ``seq`` of the oldest row of a connection, of which ``seq`` is one."""
    for rows in log.rows(log.first, seq):
        (batches,) = (connection_of(rows.codes) == number).nonzero()
        if len(batches):
            return int(rows.first + rows.counts[: batches[0]].sum())
    return seq


def _lines(kind: Any, value: Any, error: Any) -> str:
    shown = value if isinstance(value, str) else _written(value)
    return "\n".join(part for part in (_text(kind), f"error: {error}" if _text(error) else shown) if part)


def _written(value: Any) -> str:
    """Return a value as indented JSON; as Python writes it where JSON cannot: keys that are no texts, values in themselves."""
    try:
        try:
            return json.dumps(value, indent=2, ensure_ascii=False, default=repr)
        except (TypeError, ValueError):
            return pformat(value, sort_dicts=False)
    except RecursionError:
        return "(nested too deep to be shown)"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
