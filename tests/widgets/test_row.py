"""Row: rows of a log for the table, picked by their numbers."""

from __future__ import annotations

from array import array
from math import floor, isnan
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets.row import rows_at, rows_of
from wsnotebook.widgets.table import pack_rows
from wsnotebook.wire.batch import Flag, batch_of
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


@pytest.mark.parametrize("second", [1_767_323_045, 0, -5])
@pytest.mark.parametrize("rest", [0, 1, 120, 500_000, 999_800, 999_878, 999_999])
def test_the_whole_ms_of_a_page_are_those_of_the_dataframe(second: int, rest: int) -> None:
    """Of every ns: ms are exact, and nothing is rounded up to the next one."""
    log = FrameLog()
    log.register(Connection("s"))
    for ms in range(0, 1000, 37):
        log.append(batch_of((0x82, 0, b"", None)), 0, "in", second * 10**9 + ms * 10**6 + rest, 0)
    told = array("d", b"".join(pack_rows([row])[0] for row in rows_of(log, *EVERYTHING)))[1::5]
    assert [floor(ms) for ms in told] == log.df["time"].dt.floor("ms").astype("int64").floordiv(
        10**6
    ).tolist()
    assert max(abs(ms - second * 1000 - n * 37 - rest / 1e6) for n, ms in enumerate(told)) < 0.0005


def test_a_message_that_a_browser_has_told_has_no_length_on_the_wire() -> None:
    """The other rows of the log have; the table is told NaN, which no length is."""
    log = FrameLog()
    for connection in (Connection("told", is_reported=True), Connection("seen")):
        log.append(batch_of((0x81, Flag.TEXT, b"Hello", None)), log.register(connection), "in", 0, 0)
    rows = list(rows_of(log, *EVERYTHING))
    assert [row.wire_length for row in rows] == [None, 5]
    numbers = array("d", pack_rows(rows)[0])
    assert isnan(numbers[3]) and numbers[8] == 5
