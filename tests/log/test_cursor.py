"""Cursor: the received frames of one connection, each once and in order, whatever the log does with its segments meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from feed import Feed, server_frame
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.log.cursor import Cursor
from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.frames import Frame


def numbered(start: int, stop: int, size: int = 1) -> bytes:
    return b"".join(server_frame(f"{number:0{size}d}".encode()) for number in range(start, stop))


def numbers(payloads: list[bytes]) -> list[int]:
    return [int(payload) for payload in payloads]


def test_one_take_reads_on_over_the_reads_of_its_connection_up_to_its_limit() -> None:
    """Frames that came one a read are handed over together, as a look at the log costs more than a frame."""
    log = RowLog()
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    feed.receive(numbered(0, 5))
    feed.receive(numbered(5, 7))
    taken = []
    while (read := cursor.take(3)).heads:
        assert read.heads == b"\x81" * len(read.payloads)
        taken.append(numbers(read.payloads))
    assert taken == [[0, 1, 2], [3, 4, 5], [6]]
    assert cursor.seq == log.end == 7


def test_it_begins_where_the_log_ended() -> None:
    """Frames from before it was made are not its own: a log may be shared, or come from a file."""
    log = RowLog()
    feed = Feed(log)
    feed.receive(numbered(0, 4))
    cursor = log.cursor(feed.number)
    assert cursor.take(10) == (b"", [])
    feed.receive(numbered(4, 6))
    assert numbers(cursor.take(10).payloads) == [4, 5]


@pytest.mark.parametrize("stop", [0, 1, 4, 5, 6, 8])
def test_nothing_is_read_from_its_stop_on(stop: int) -> None:
    """The stop may lie before, inside or between batches; what the log gets later changes nothing."""
    log = RowLog()
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    feed.receive(numbered(0, 5))
    cursor.stop = stop
    feed.receive(numbered(5, 9))
    taken = []
    while (read := cursor.take(2)).heads:
        taken += numbers(read.payloads)
    assert taken == list(range(stop)) and cursor.seq <= max(stop, 0)
    feed.receive(numbered(9, 12))
    assert cursor.take(10).heads == b""


def test_a_stop_that_is_lifted_lets_it_read_on() -> None:
    """None is open again: nothing was passed over meanwhile."""
    log = RowLog()
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    feed.receive(numbered(0, 6))
    cursor.stop = 2
    assert numbers(cursor.take(10).payloads) == [0, 1] and cursor.take(10).heads == b""
    cursor.stop = None
    assert numbers(cursor.take(10).payloads) == [2, 3, 4, 5]


def test_a_segment_that_is_sealed_and_spilled_in_mid_read_goes_on() -> None:
    """It stands inside a batch when the segment moves to disk: the next frame is the next one."""
    log = RowLog(retention=1)
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    feed.receive(numbered(0, 1000, 60))
    assert numbers(cursor.take(10).payloads) == list(range(10))
    feed.receive(numbered(1000, 3000, 60))
    assert log.spilled == 1000
    assert numbers(cursor.take(10_000).payloads) == list(range(10, 1000))
    assert numbers(cursor.take(10_000).payloads) == list(range(1000, 3000))


def test_a_segment_that_is_dropped_in_mid_read_is_missed() -> None:
    """It stands inside a batch when the segment is dropped: what it had not read is counted, and it goes on after it."""
    log = RowLog(retention=1, spill=False)
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    feed.receive(numbered(0, 1000, 60))
    cursor.take(10)
    feed.receive(numbered(1000, 3000, 60))
    assert log.dropped == 1000
    assert numbers(cursor.take(1).payloads) == [1000] and cursor.missed == 990


Deed = tuple[str, int, int]
DEEDS = st.lists(
    st.tuples(st.sampled_from(["in", "out", "take", "take"]), st.integers(0, 1), st.integers(1, 700)),
    min_size=1,
    max_size=30,
)


@given(DEEDS, st.sampled_from([None, 1, 60_000]))
def test_two_readers_of_one_log_get_all_that_is_theirs(deeds: list[Deed], retention: int | None) -> None:
    """Two connections, reads, writes and takes in any order, in memory and on disk: each frame once, in order, to the right one."""
    log = RowLog(retention=retention)
    feeds = [Feed(log, "one"), Feed(log, "other")]
    cursors = [log.cursor(feed.number) for feed in feeds]
    came: tuple[list[int], list[int]] = ([], [])
    taken: tuple[list[int], list[int]] = ([], [])
    for what, which, count in deeds:
        if what == "in":
            feeds[which].receive(numbered(len(came[which]), len(came[which]) + count, 50))
            came[which].extend(range(len(came[which]), len(came[which]) + count))
        elif what == "out":
            feeds[which].send(*[Frame.text("sent")] * min(count, 3))
        else:
            taken[which].extend(numbers(cursors[which].take(count).payloads))
            assert taken[which] == came[which][: len(taken[which])]
    for which, cursor in enumerate(cursors):
        while (read := cursor.take(1000)).heads:
            taken[which].extend(numbers(read.payloads))
    assert taken == came and [cursor.missed for cursor in cursors] == [0, 0]


def steps_of(cursor: Cursor) -> int:
    """Return the lines of Python that one take runs, which must return the frame "7"."""
    count = 0

    def trace(frame: FrameType, event: str, value: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read = cursor.take(10)
    finally:
        sys.settrace(before)
    assert read.payloads == [b"7"]
    return count


@pytest.mark.parametrize("retention", [None, 200_000])
@pytest.mark.parametrize("spill", [True, False])
def test_a_take_does_not_look_at_batches_of_others(retention: int | None, spill: bool) -> None:
    """As many lines run whether the others had 10 reads or 20,000, in one segment or in many, some of them gone."""
    log = RowLog(retention=retention, spill=spill)
    quiet, busy = Feed(log, "quiet"), Feed(log, "busy")
    cursor = log.cursor(quiet.number)
    steps = []
    for strangers in (10, 700, 20_000):
        for _ in range(strangers):
            busy.receive(server_frame(b"from another"))
        quiet.receive(server_frame(b"7"))
        steps.append(steps_of(cursor))
        assert cursor.take(10).heads == b""
    assert max(steps) < 100


def test_a_reader_of_spilled_segments_finds_what_is_its_own() -> None:
    """It is as far behind as can be: rows of its own lie in segments on disk, between those of others, and nowhere else."""
    log = RowLog(retention=1)
    quiet, busy = Feed(log, "quiet"), Feed(log, "busy")
    cursor = log.cursor(quiet.number)
    for number in range(0, 50, 2):
        quiet.receive(numbered(number, number + 1))
        busy.receive(numbered(0, 700, 100))
        quiet.receive(numbered(number + 1, number + 2))
        busy.receive(numbered(0, 700, 100))
    assert log.spilled > 30_000
    taken = []
    while (read := cursor.take(10)).heads:
        taken += numbers(read.payloads)
    assert taken == list(range(50)) and cursor.seq == log.end
    quiet.receive(numbered(50, 51))
    assert numbers(cursor.take(10).payloads) == [50]


def test_a_reader_of_adopted_rows_finds_what_is_its_own(make_log: Callable[..., RowLog]) -> None:
    """Rows of a file are found as those that were received."""
    log = make_log()
    other = RowLog()
    other.connections.extend(log.connections)
    for rows in log.rows(log.first, log.end):
        other.adopt(rows)
    for number in range(len(log.connections)):
        cursors = log.cursor(number), other.cursor(number)
        taken: tuple[list[bytes], list[bytes]] = ([], [])
        for cursor, payloads in zip(cursors, taken, strict=True):
            cursor.seq = log.first
            while (read := cursor.take(100)).heads:
                payloads += read.payloads
        assert taken[0] == taken[1] and len(taken[0]) > 0


def test_what_it_takes_is_a_copy(make_log: Callable[..., RowLog]) -> None:
    """Payloads are bytes of their own: no view keeps a segment, or its file, from going away."""
    log = make_log()
    cursor = log.cursor(0)
    cursor.seq = log.first
    payloads = []
    while (read := cursor.take(100)).heads:
        payloads += read.payloads
    assert len(payloads) > 3 and {type(payload) for payload in payloads} == {bytes}
