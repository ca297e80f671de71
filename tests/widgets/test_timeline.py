"""Timeline: each event stands before the first row that was recorded after it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import EVENT_KINDS
from wsnotebook.widgets.timeline import FACT_TEXTS, MARK_TEXTS, TEXT_LENGTH, UNMARKED, Mark, Timeline
from wsnotebook.wire.batch import Batch


class Clocked:
    """A log whose clock the test moves."""

    def __init__(self, **options: Any) -> None:
        self.now = 0
        self.log = FrameLog(clock=lambda: self.now, monotonic=lambda: self.now, **options)
        self.log.register(Connection("ws-1"))

    def record(self, now: int, frames: int = 1) -> None:
        self.now = now
        batch = Batch()
        for _ in range(frames):
            batch.add(0x81, b"x")
        self.log.append(batch, 0, "in", now, now)

    def note(self, now: int, kind: str = "spill", detail: str = "", session: str = "") -> None:
        self.now = now
        self.log.note(kind, detail, session)


def marked(timeline: Timeline, log: FrameLog) -> dict[int, str]:
    """Return the label of each row that has a mark."""
    marks = {seq: timeline.mark(seq) for seq in range(log.end)}
    return {seq: mark.label for seq, mark in marks.items() if mark is not None}


def test_an_event_stands_before_the_first_row_after_it() -> None:
    """Not before the other rows of that batch; one that has no row after it waits for it."""
    made = Clocked()
    timeline = Timeline(made.log)
    made.record(10, frames=3)
    made.note(15)
    made.record(20, frames=3)
    made.note(25, "kernel stall")
    timeline.update()
    assert marked(timeline, made.log) == {3: "spill"}
    made.record(30)
    timeline.update()
    assert marked(timeline, made.log) == {3: "spill", 6: "kernel stall"}


def test_several_events_before_a_row_are_one_mark() -> None:
    """The label names the last and counts the others, the title has the last texts and counts the rest."""
    made = Clocked()
    for n in range(9):
        made.note(n, "truncated", f"{n} bytes")
    made.record(10)
    timeline = Timeline(made.log)
    timeline.update()
    lines = [f"truncated: {n} bytes" for n in range(9 - MARK_TEXTS, 9)]
    assert timeline.mark(0) == Mark("truncated +8", "\n".join([*lines, "and 6 earlier: see log.events"]))


def test_what_every_session_has_is_a_fact_and_no_mark() -> None:
    """Opening and closing are told of the frame, and in the line of the latest event."""
    made = Clocked()
    for kind in UNMARKED:
        made.note(1, kind)
    made.record(2)
    timeline = Timeline(made.log)
    timeline.update()
    assert timeline.mark(0) is None and set(timeline.texts_before(0)) == UNMARKED
    assert set(EVENT_KINDS) > UNMARKED


def test_the_facts_of_a_frame_are_bounded() -> None:
    """However many events came before it; the last line says how many were left out."""
    made = Clocked()
    for n in range(1000):
        made.note(n)
    made.record(2000)
    timeline = Timeline(made.log)
    timeline.update()
    texts = timeline.texts_before(0)
    assert (len(texts), texts[-1]) == (FACT_TEXTS + 1, "and 980 earlier: see log.events")


def test_the_latest_event_is_known_before_a_row_follows_it() -> None:
    """Also where there is no row at all."""
    made = Clocked()
    timeline = Timeline(made.log)
    timeline.update()
    assert timeline.latest is None and timeline.count == 0
    made.note(5, "closed", "1000 NORMAL")
    timeline.update()
    assert timeline.latest is not None and timeline.text_of(timeline.latest) == "closed: 1000 NORMAL"
    assert timeline.count == 1


def test_a_text_is_one_safe_line_of_bounded_length() -> None:
    """A close reason is a peer's text."""
    made = Clocked()
    made.note(1, "closed", "\x1b[2J\n" + "x" * 1000)
    timeline = Timeline(made.log)
    timeline.update()
    assert timeline.latest is not None
    text = timeline.text_of(timeline.latest)
    assert text.startswith("closed: \\x1b[2J\\nxxx") and len(text) == TEXT_LENGTH and text.endswith("…")


def test_a_log_of_several_sessions_says_whose_event_it_is() -> None:
    """A server's log has many; with one there is no need."""
    made = Clocked()
    timeline = Timeline(made.log)
    made.note(1, "open", session="client-1")
    made.record(2)
    timeline.update()
    assert timeline.texts_before(0) == ["open"]
    made.note(3, "open", session="client-2")
    made.record(4)
    timeline.update()
    assert timeline.texts_before(1) == ["open, client-2"]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.booleans()), max_size=40),
)
def test_it_says_the_same_however_often_it_is_brought_up_to_date(steps: list[tuple[bool, int, bool]]) -> None:
    """Each event before the first row whose clock is not behind its own, as one scan of everything finds it."""
    made = Clocked()
    timeline = Timeline(made.log)
    now, rows, events = 0, [], []
    for is_row, wait, looks in steps:
        now += 1 + wait
        if is_row:
            made.record(now)
            rows.append(now)
        else:
            made.note(now)
            events.append(now)
        if looks:
            timeline.update()
    timeline.update()
    for seq, row in enumerate(rows):
        before = [time for time in events if (rows[seq - 1] if seq else -1) < time <= row]
        assert len(timeline.texts_before(seq)) == len(before)


def test_events_go_on_being_placed_when_rows_are_dropped() -> None:
    """A mark that was placed at a row stays with it, though the row is gone."""
    made = Clocked(retention=1, spill=False)
    timeline = Timeline(made.log)
    made.note(1, "error")
    for n in range(140):
        made.record(10 * n + 2, frames=1000)
        timeline.update()
    made.note(5000, "kernel stall")
    made.record(6000)
    timeline.update()
    assert made.log.first > 0
    mark, last = timeline.mark(0), timeline.mark(made.log.end - 1)
    assert mark is not None and mark.title == "error"
    assert last is not None and "kernel stall" in last.title
