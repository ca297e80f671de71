"""Search: a log looked through in slices finds what a look at each row finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets.filter import Filter
from wsnotebook.widgets.row import Row, rows_at, rows_of
from wsnotebook.widgets.search import SLICE_BYTES, SLICE_ROWS, Search
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame

EVERYTHING = (0, 1 << 40)


def found(search: Search) -> list[int]:
    """Look to the end and return the seq of the matches."""
    while search.step():
        pass
    return search.window(*EVERYTHING)[1].tolist()


def is_meant(wanted: Filter, row: Row) -> bool:
    """What a filter says, of one row."""
    return (
        wanted.text in bytes(row.payload).lower()
        and (not wanted.directions or row.is_sent in wanted.directions)
        and (not wanted.opcodes or row.head & 15 in wanted.opcodes)
        and (not wanted.statuses or row.flags & Flag.STATUS in wanted.statuses)
    )


_FRAMES = st.tuples(
    st.sampled_from([0x81, 0x02, 0x80, 0x89, 0x8A, 0x88]),
    st.text("aAbÉ", max_size=6).map(str.encode),
    st.sampled_from([Flag.OK, Flag.VIOLATION, Flag.UNSENT]),
)
_BATCHES = st.lists(
    st.tuples(st.sampled_from(["in", "out"]), st.lists(_FRAMES, min_size=1, max_size=5)), max_size=12
)
_FILTERS = st.builds(
    Filter,
    st.text("aAbÉ", max_size=3).map(lambda text: text.encode().lower()),
    st.frozensets(st.sampled_from([0, 1])),
    st.frozensets(st.sampled_from([0, 1, 2, 9])),
    st.frozensets(st.sampled_from([Flag.OK, Flag.VIOLATION])),
)


@given(_BATCHES, _FILTERS, st.integers(1, 4), st.integers(1, 12))
@settings(deadline=None)
def test_the_filter_over_a_log_is_the_filter_over_each_row(
    batches: Any, wanted: Filter, slice_rows: int, slice_bytes: int
) -> None:
    """Whatever the slices are, also where they cut a payload, and with rows coming between two steps."""
    log = FrameLog()
    log.register(Connection("ws-1"))
    search = Search(log, wanted, slice_rows=slice_rows, slice_bytes=slice_bytes)
    for direction, frames in batches:
        batch = Batch()
        for head, payload, status in frames:
            batch.add(head, payload, status)
        log.append(batch, 0, direction, 0, 0)
        search.step()
    assert found(search) == [row.seq for row in rows_of(log, *EVERYTHING) if is_meant(wanted, row)]


def test_a_step_looks_at_a_bounded_number_of_rows(session: Any) -> None:
    """The kernel's loop is free again after each; matches are there as soon as they are found."""
    session.record(*[Frame.text("x")] * (2 * SLICE_ROWS + 1))
    search = Search(session.log, Filter.parse("x"))
    assert search.step() and (search.looked, search.end) == (SLICE_ROWS, SLICE_ROWS)
    assert search.step() and not search.step()
    assert search.looked == search.end == 2 * SLICE_ROWS + 1
    assert not search.step()


@pytest.mark.parametrize("place", [0, SLICE_BYTES - 2, 2 * SLICE_BYTES, 5 * SLICE_BYTES - 6])
def test_a_large_payload_is_looked_at_in_parts(session: Any, place: int) -> None:
    """A text at its beginning, across the edge of two parts, and at its end; then the next row."""
    payload = bytearray(5 * SLICE_BYTES)
    payload[place : place + 6] = b"Needle"
    session.record(Frame.binary(bytes(payload)))
    session.record(Frame.binary(bytes(5 * SLICE_BYTES)), Frame.text("needle"))
    search = Search(session.log, Filter.parse("needle"))
    assert search.step()
    assert search.looked == (1 if place < SLICE_BYTES else 0)
    assert found(search) == [0, 2]


def test_an_empty_log_has_no_match_and_no_more(session: Any) -> None:
    """There is nothing to look at, and later there is."""
    search = Search(session.log, Filter.parse("x"))
    assert not search.step() and search.window(0, 9) == (0, search.window(0, 0)[1])
    session.record(Frame.text("x"))
    assert found(search) == [0]


def test_a_match_keeps_its_position_when_older_ones_are_dropped(make_session: Any) -> None:
    """A window that begins before the oldest begins there."""
    session = make_session(FrameLog(retention=1, spill=False))
    search = Search(session.log, Filter.parse("x"))
    for n in range(140):
        session.record(*[Frame.text("x" if n % 2 else "y")] * 1000)
        while search.step():
            pass
    assert session.log.first > 0
    assert (search.end, search.looked) == (70_000, len(session.log))
    start, seqs = search.window(0, search.first + 3)
    assert start == search.first > 0 and len(seqs) == 3 and seqs[0] >= session.log.first
    assert search.window(search.end - 1, search.end)[1].tolist() == [139_999]
    assert [row.seq for row in rows_at(session.log, seqs)] == seqs.tolist()


def test_rows_are_picked_by_their_seq(make_session: Any) -> None:
    """Over several segments and batches, each with what the log says of it; those dropped are left out."""
    session = make_session(FrameLog(retention=1, spill=False))
    for n in range(140):
        session.record(*[Frame.text(str(n))] * 1000, sent=n % 3 == 0)
    whole = {row.seq: row for row in rows_of(session.log, *EVERYTHING)}
    seqs = [0, 5, *range(session.log.first, session.log.end, 997)]
    assert list(rows_at(session.log, seqs)) == [whole[seq] for seq in seqs[2:]]
    assert list(rows_at(session.log, [])) == list(rows_at(session.log, [0])) == []
