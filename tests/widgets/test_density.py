"""Density: each frame is counted once, in the bin of its time, however long the log gets."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets import density as density_module
from wsnotebook.widgets.density import KINDS, MOST_BINS, SHORTEST_NS, Density
from wsnotebook.wire.batch import Batch

BEGIN = 1_700_000_000_000_000_000


def append(
    log: FrameLog, time_ns: int, *, rows: int = 1, head: int = 0x82, sent: bool = False, number: int = 0
) -> None:
    """Append a batch of equal frames."""
    batch = Batch()
    for _ in range(rows):
        batch.add(head, b"", 0)
    log.append(batch, number, "out" if sent else "in", time_ns, time_ns)


def counted(density: Density) -> Density:
    """Return it after all rows were counted."""
    while density.step():
        pass
    return density


def of(density: Density, kind: str) -> dict[int, int]:
    """Return the counts of one kind that are not 0, by the begin of the bin in ns."""
    counts = density.counts[KINDS.index(kind)].tolist()
    return {(density.first + n) * density.width_ns: count for n, count in enumerate(counts) if count}


@pytest.fixture
def log() -> FrameLog:
    """A log with two connections."""
    made = FrameLog()
    made.register(Connection("one"))
    made.register(Connection("two"))
    return made


def test_an_empty_log_has_no_bins_and_one_frame_has_one(log: FrameLog) -> None:
    """No division by nothing."""
    density = counted(Density(log))
    assert density.counts.shape == (len(KINDS), 0)
    append(log, BEGIN, rows=7)
    assert of(counted(density), "received") == {BEGIN: 7}
    assert density.counts.shape[1] == 1 and density.width_ns == SHORTEST_NS


@pytest.mark.parametrize("seed", range(5))
def test_frames_are_in_the_bin_of_their_time(log: FrameLog, seed: int) -> None:
    """By direction; counted while the log grows, also backwards in time, the bins are those that a whole count has."""
    dice = random.Random(seed)
    density, frames = Density(log), list[tuple[int, bool, int]]()
    for scale in (1e3, 1e6, 1e9, 1e12):
        for _ in range(30):
            time_ns, sent, rows = (
                BEGIN + int(dice.uniform(-1, 1) * scale),
                dice.random() < 0.3,
                dice.randrange(1, 9),
            )
            append(log, time_ns, sent=sent, rows=rows)
            frames.append((time_ns, sent, rows))
        counted(density)
        assert density.counts.shape[1] <= MOST_BINS
        for kind, is_sent in (("received", False), ("sent", True)):
            expected = Counter[int]()
            for time_ns, sent, rows in frames:
                if sent is is_sent:
                    expected[time_ns // density.width_ns * density.width_ns] += rows
            assert of(density, kind) == expected
    assert density.counts.shape[1] > MOST_BINS // 6


def test_many_rows_are_counted_in_steps(log: FrameLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that a step divides is counted once."""
    monkeypatch.setattr(density_module, "STEP_ROWS", 10)
    append(log, BEGIN, rows=25)
    density = Density(log)
    assert [density.step() for _ in range(3)] == [True, True, False]
    assert of(density, "received") == {BEGIN: 25}


def test_one_session_is_counted_alone(log: FrameLog) -> None:
    """Of a log that others share."""
    append(log, BEGIN, number=0)
    append(log, BEGIN, number=1, rows=5, head=0x88)
    density = counted(Density(log, "one"))
    assert of(density, "received") == {BEGIN: 1} and of(density, "closes") == {}
    assert of(counted(Density(log)), "received") == {BEGIN: 6}
    assert of(counted(Density(log)), "closes") == {BEGIN: 5}


def test_stalls_and_events_are_marked_where_they_were(log: FrameLog) -> None:
    """Those that the table marks; one after the last row waits for a row."""
    append(log, BEGIN)
    append(log, BEGIN + 10 * SHORTEST_NS)
    at = BEGIN + 4 * SHORTEST_NS
    late = BEGIN + 20 * SHORTEST_NS
    log.restore([
        Event(at, at, "one", "loop late", "", 1.0), Event(at, at, "one", "opened by hand", ""), Event(at, at, "one", "open", ""),
        Event(at, at, "two", "error", ""), Event(late, late, "one", "kernel stall", "", 2.0),
    ])  # fmt: skip
    density = counted(Density(log, "one"))
    assert of(density, "stalls") == {at: 1} and of(density, "events") == {at: 1}
    assert of(counted(Density(log)), "events") == {at: 2}
    append(log, BEGIN + 30 * SHORTEST_NS)
    assert of(counted(density), "stalls") == {at: 1, late: 1}


def test_dropped_rows_are_left_out() -> None:
    """The bins begin with that of the oldest row which the log still has."""
    log = FrameLog(retention=1, spill=False)
    log.register(Connection("one"))
    density = Density(log)
    for n in range(30):
        append(log, BEGIN + n * SHORTEST_NS, rows=10_000)
        counted(density)
    assert log.dropped and density.first * SHORTEST_NS > BEGIN
    assert min(of(density, "received")) == density.first * SHORTEST_NS
    assert sum(of(density, "received").values()) >= len(log)


def test_rows_and_events_without_a_time_are_in_no_bin(log: FrameLog) -> None:
    """The others keep theirs, and a log without any time has none."""
    append(log, NO_TIME, head=0x88)
    log.restore([Event(NO_TIME, 5, "one", "error", ""), Event(-1, 5, "one", "error", "")])
    density = counted(Density(log))
    assert density.counts.shape[1] == 0
    append(log, BEGIN, rows=7)
    append(log, NO_TIME, sent=True)
    append(log, BEGIN + SHORTEST_NS)
    assert of(counted(density), "received") == {BEGIN: 7, BEGIN + SHORTEST_NS: 1}
    assert of(density, "sent") == of(density, "closes") == {}
    assert density.width_ns == SHORTEST_NS
