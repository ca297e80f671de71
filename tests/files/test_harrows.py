"""MessageRows hands the rows over by time, each once, in runs that a log can have."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.files.harrows import MessageRows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS

ROW = st.tuples(
    st.sampled_from([1, 2, 8]),
    st.text(max_size=4).map(str.encode),
    st.integers(0, 3),
    st.integers(1, 5),
    st.booleans(),
)


def rows_of(rows: MessageRows) -> list[tuple[int, bytes, int, int, bool]]:
    """Return the values of all rows, as they were added."""
    found = []
    for run in rows.runs(2):
        assert run.first == len(found)
        times, codes = np.repeat(run.times, run.counts).tolist(), np.repeat(run.codes, run.counts).tolist()
        found += [
            (int(run.heads[at]) & 15, run.payload_at(at), codes[at], times[at], "time" not in run.details[at])
            for at in range(len(run))
        ]
    return found


@given(values=st.lists(ROW))
@settings(deadline=None)
def test_rows_come_by_time_and_then_as_they_were_added(
    values: list[tuple[int, bytes, int, int, bool]],
) -> None:
    """As a stable sort has them."""
    rows = MessageRows()
    for value in values:
        rows.add(*value)
    assert len(rows) == len(values)
    assert rows.earliest(9) == min([value[3] for value in values], default=9)
    assert rows_of(rows) == sorted(values, key=lambda value: value[3])


def test_a_time_can_be_given_later() -> None:
    """To some rows, wherever they lie."""
    rows = MessageRows()
    for number in range(5):
        rows.add(1, b"%d" % number, 0, 10, False)
    rows.set_times(1, 3, 4)
    assert [(payload, time_ns) for _, payload, _, time_ns, _ in rows_of(rows)] == [
        (b"1", 4),
        (b"2", 4),
        (b"0", 10),
        (b"3", 10),
        (b"4", 10),
    ]


@pytest.mark.parametrize("size", [0, 100, 1 << 20, MAX_PAYLOAD, MAX_PAYLOAD + 1])
def test_runs_are_as_large_as_a_segment(size: int) -> None:
    """By their rows and by their bytes; a larger payload is a run of its own."""
    rows, count = MessageRows(), MAX_ROWS + 7 if size < 1000 else 10
    payload = bytes(size)
    for number in range(count):
        rows.add(2, payload, 0, number % 3, True)
    runs = list(rows.runs(1))
    assert sum(map(len, runs)) == count and max(map(len, runs)) <= MAX_ROWS
    assert all(len(run.payload) <= MAX_PAYLOAD or len(run) == 1 for run in runs)
    assert len(runs) <= max(2, count * size // MAX_PAYLOAD + 2)


def test_payloads_are_freed_while_they_are_handed_over() -> None:
    """Of 64 MiB in two connections at the same times, little is left after 48."""
    rows = MessageRows()
    tracemalloc.start()
    for connection in range(2):
        for number in range(512):
            rows.add(2, bytes(64 << 10), 2 * connection, number, True)
    runs = rows.runs(2)
    for _ in range(6):
        next(runs)
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 40 << 20 and most < 88 << 20
