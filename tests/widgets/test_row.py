"""Row: rows of a log for the table, picked by their numbers."""

from __future__ import annotations

from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.row import rows_at, rows_of
from wsnotebook.wire.frames import Frame

EVERYTHING = (0, 1 << 40)


def test_rows_are_picked_by_their_seq(make_session: Any) -> None:
    """Over several segments and batches, each with what the log says of it; those dropped are left out."""
    session = make_session(FrameLog(retention=1, spill=False))
    for n in range(140):
        session.record(*[Frame.text(str(n))] * 1000, sent=n % 3 == 0)
    whole = {row.seq: row for row in rows_of(session.log, *EVERYTHING)}
    seqs = [0, 5, *range(session.log.first, session.log.end, 997)]
    assert list(rows_at(session.log, seqs)) == [whole[seq] for seq in seqs[2:]]
    assert list(rows_at(session.log, [])) == list(rows_at(session.log, [0])) == []
