"""The log: what is appended is there, whole and in order, in memory, on disk, or counted as dropped."""

from __future__ import annotations

import copy
import itertools
import pickle
import threading
import tracemalloc
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from calls import interrupted
from feed import Feed, server_frame

from wsnotebook.log import dataframe, segment, store
from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.cursor import Cursor, Read
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.wire.batch import LONE, Batch, Flag
from wsnotebook.wire.frames import Frame


def many(count: int, size: int = 100) -> bytes:
    return b"".join(server_frame(f"{number:0{size}d}".encode()) for number in range(count))


def parts_of(data: bytes) -> list[bytes]:
    """Cut a stream as reads of 64 KiB would."""
    return [data[place : place + 65_536] for place in range(0, len(data), 65_536)]


def test_an_empty_log_answers_every_question() -> None:
    """Nothing is recorded, and every view says so without an error."""
    log = RowLog()
    assert len(log) == 0 and log.memory == 0 and log.first == log.end == 0
    assert len(log.df) == len(log.tail(5)) == len(log.window(0, 10)) == len(log.events) == 0
    assert log.wire_bytes("in") == log.wire_bytes("out") == b""
    with pytest.raises(IndexError, match="there is no frame 0"):
        log.frame(0)


def test_rows_of_many_segments_are_in_order() -> None:
    """20,000 frames over several segments: each has its seq, its payload, and its place in every view."""
    log = RowLog()
    feed = Feed(log)
    feed.receive(many(20_000))
    assert len(log) == 20_000
    assert log.df["text"].astype(int).tolist() == list(range(20_000))
    assert log.df.index.tolist() == list(range(20_000))
    assert log.frame(12_345).read_text() == f"{12_345:0100d}"
    assert log.tail(3)["text"].astype(int).tolist() == [19_997, 19_998, 19_999]
    assert log.window(9_998, 10_002)["text"].astype(int).tolist() == [9_998, 9_999, 10_000, 10_001]


def test_a_new_number_is_of_no_session_so_far() -> None:
    """Also where a file has brought the names, or only an event has one; several kinds count together."""
    log = RowLog.starting_at(0, [Connection("client-2"), Connection("client-x"), Connection("my client-9")])
    log.note("closed", "refused", "upstream-4")
    assert [log.new_number("client", "upstream") for _ in range(2)] == [5, 6]
    assert log.new_number("socket") == 1


def test_wire_bytes_are_rebuilt_exactly() -> None:
    """Both directions come back to the byte: masks, fragments, a longer header than needed, a lying length, an end."""
    log = RowLog()
    feed = Feed(log)
    fed = (
        server_frame(b"Hello") + bytes.fromhex("817e0006") + b"longer" + bytes.fromhex("818537fa213d7f9f4d5158")
        + server_frame(b"part", 0x01) + server_frame(b"", 0x89) + server_frame(b"rest", 0x80) + server_frame(b"x" * 70, 0xF3)
    )  # fmt: skip
    feed.receive(fed + b"\x82\x7e\x01\x00cut")
    ending = feed.wire.judge.receive_end()
    assert ending is not None
    log.append(ending.batch, feed.number, "in", 0, 0)
    feed.send(Frame.text("one"), Frame.binary(b"\x00" * 200, fin=False), Frame.ping(b"p"))
    assert log.wire_bytes("in") == fed + b"\x82\x7e\x01\x00cut"
    assert log.wire_bytes("out") == feed.sent
    assert log.df["frame_length"].sum() == len(fed) + 7 + len(feed.sent)
    assert log.df["status"].iloc[-4] == "truncated"


def test_wire_bytes_of_several_sessions_need_a_name() -> None:
    """Bytes of two sessions are never mixed: the question has to say which."""
    log = RowLog()
    Feed(log, "a").receive(server_frame(b"of a"))
    Feed(log, "b").receive(server_frame(b"of b"))
    assert log.wire_bytes("in", "b") == server_frame(b"of b")
    with pytest.raises(ValueError, match="say which: a, b"):
        log.wire_bytes("in")
    with pytest.raises(ValueError, match="'in' or 'out'"):
        log.wire_bytes("up")  # type: ignore[arg-type]  # that is the point


def test_a_frame_appended_alone_is_the_row_of_a_batch_of_one() -> None:
    """Over several segments and sizes, masked or not, told to taps alike: nobody can tell the two ways apart."""
    logs, told = [], []
    for is_single in (True, False):
        times = iter(range(1_000_000))
        log = RowLog(clock=times.__next__, monotonic=times.__next__)
        code = pack_code(log.register(Connection("a")), True)
        heard: list[int] = []
        log.add_tap(lambda log=log, heard=heard: heard.append(log.end))
        for number in range(3_000):
            head, key = (0x81, b"key!") if number % 3 else (0x82, None)
            payload = b"%d" % number * (number % 50)
            if number in (
                5,
                2005,
            ):  # of a few bytes of deflate, before and after the log has room for such a one
                payload = bytes(LONE)
            flags = Flag.TEXT if head == 0x81 else 0
            wire = payload[::-1] if number % 5 == 0 else None
            flags |= Flag.CHANGED if wire is not None else 0
            if is_single:
                single = head, flags | (Flag.MASKED if key else 0), payload, wire
                seq = log.append_single(single, key, code)
            else:
                batch = Batch()
                batch.add(head, payload, flags, key)
                if wire is not None:
                    batch.set_wire(0, wire, payload)
                seq = log.append(batch, 0, "out", next(times), next(times))
            assert seq == number
        logs.append(log)
        told.append(heard)
    assert told[0] == told[1] == list(range(1, 3_001))
    pd.testing.assert_frame_equal(*(log.df.drop(columns="recording", errors="ignore") for log in logs))
    assert logs[0].wire_bytes("out") == logs[1].wire_bytes("out")
    assert logs[0].memory == logs[1].memory


def one_of_each(log: RowLog) -> list[Callable[[], object]]:
    """Return appends of a row alone, and of several at once, to two connections: masked, deflated, with an odd header."""
    masked, deflated = Flag.MASKED | Flag.TEXT, Flag.MASKED | Flag.CHANGED
    batch, lone = Batch(), Batch()
    for number in range(3):
        batch.set_wire(batch.add(0xC1, b"three", mask_key=bytes((number,)) * 4), b"wire", b"three")
    batch.mark(1, Flag.VIOLATION, "odd")
    batch.flags[2] |= Flag.HEADER
    batch.headers[2] = b"\xc1\xfe\x00\x04\x02\x02\x02\x02"
    lone.add(0x82, b"L" * LONE, mask_key=b"lone")
    return [
        lambda: log.append_single((0x81, masked, b"one", None), b"key1", pack_code(1, True)),
        lambda: log.append_single((0xC1, deflated, b"two", b"deflated"), b"key2", pack_code(0, True)),
        lambda: log.append(batch, 1, "out", 1, 1),
        lambda: log.append_single((0x82, masked, b"x" * 500, None), b"key4", pack_code(0, True)),
        lambda: log.append(lone, 0, "out", 1, 1),
    ]


def told(log: RowLog) -> tuple[list[tuple[object, ...]], list[bytes]]:
    """Return all rows of a log, and what a reader gets of one connection."""
    rows = [
        (
            run.payload_at(row),
            run.wire_at(row),
            run.mask_key_at(row),
            run.header_at(row),
            run.details.get(row),
            code,
        )
        for run in log.rows(log.first, log.end)
        for row, code in enumerate(np.repeat(run.codes, run.counts).tolist())
    ]
    cursor = Cursor(log._store, log.lock, pack_code(1, True), log.first)
    return rows, [
        payload for read in iter(lambda: cursor.take(10), Read(b"", [])) for payload in read.payloads
    ]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("spill", [True, False])
def test_an_interrupt_leaves_no_part_of_a_row(number: int, spill: bool, require_all: bool) -> None:
    """At whatever line it comes: the rows are there or not, and those before and after are as ever."""

    def filled(line: int, *, retention: int | None) -> tuple[RowLog, bool]:
        log = RowLog(retention=retention, spill=spill, clock=lambda: 1, monotonic=lambda: 1)
        appends = one_of_each(log)
        hits = []
        for append in (*appends[:4], *appends[:number]):
            append()
        if line >= 0:
            hits.append(interrupted(line, appends[number], segment, store))
        for append in appends[:4]:
            append()
        return log, any(hits)

    done, undone = (told(filled(line, retention=None)[0])[0] for line in (0, -1))
    for line in itertools.count(1, 1 if require_all else 5):
        log, hit = filled(line, retention=1_000)
        rows, read = told(log)
        expected = done if log.end == len(done) else undone
        assert log.end == len(expected) and rows == expected[log.first :], line
        assert read == [row[0] for row in rows if row[-1] == pack_code(1, True)]
        assert log.dropped == log.first and bool(log.dropped) is not spill
        held = [each for each in log._store if not each.is_spilled]
        assert log.memory == sum(each.nbytes for each in held) and log.spilled + log.dropped == held[0].first
        if not hit:
            break
    assert line > 5


@pytest.mark.parametrize("become", [lambda log: log.df, lambda log: Feed(log).receive(many(20))])
def test_an_interrupt_of_a_dataframe_leaves_the_next_one_whole(
    become: Callable[[RowLog], object], require_all: bool
) -> None:
    """It came while rows were added, or while a segment that is full was put in place of its copies."""

    def filled() -> RowLog:
        log = RowLog(clock=lambda: 1, monotonic=lambda: 1)
        Feed(log).receive(many(3))
        log.df  # noqa: B018 - the next one goes on from here
        Feed(log, "b").receive(many(2))
        return log

    for line in itertools.count(1, 1 if require_all else 9):
        log = filled()
        hit = interrupted(line, lambda log=log: become(log), dataframe)
        pd.testing.assert_frame_equal(log.df, log.window(0, len(log)))
        if not hit:
            break
    assert line > 3


def test_a_log_of_a_quiet_session_is_small() -> None:
    """A thousand of them fit into some MiB: memory is allocated as rows come."""
    batch = Batch()
    batch.add(0x81, b"hello", Flag.TEXT)
    logs: list[RowLog] = []
    tracemalloc.start()
    try:
        for _ in range(50):
            logs.append(RowLog())
            logs[-1].append(batch, 0, "in", 0, 0)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / len(logs) < 8 << 10


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_log_that_is_pickled_or_copied_says_what_to_take_instead(take: Callable[[object], object]) -> None:
    """Not that an RLock cannot be pickled; and no copy shares the rows with a lock of its own."""
    with pytest.raises(TypeError, match=r"log\.save.*log\.df, can be pickled"):
        take(RowLog())
    assert pickle.loads(pickle.dumps(RowLog().df)).empty


def test_draining_yields_every_row_once_and_frees_the_memory() -> None:
    """Sealed segments, spilled ones and the open one, in order; then the log is empty and goes on counting."""
    log = RowLog(retention=1_000_000)
    feed = Feed(log)
    for part in parts_of(many(20_000)):
        feed.receive(part)
    assert log.spilled > 0
    runs = list(log.drain())
    assert [int(rows.payload_at(at)) for rows in runs for at in range(len(rows))] == list(range(20_000))
    assert len(log) == 0 and log.first == log.end == 20_000 and log.memory == 0
    feed.receive(server_frame(b"more"))
    assert log.df["text"].tolist() == ["more"] and log.df.index.tolist() == [20_000]


def test_beyond_the_retention_segments_go_to_disk_and_nothing_is_lost() -> None:
    """The default: memory stays bounded, every row is still there, and the move is an event."""
    log = RowLog(retention=2_000_000)
    feed = Feed(log)
    most = 0
    for _ in range(10):
        for part in parts_of(many(10_000)):
            feed.receive(part)
            most = max(most, log.memory)
    assert most <= 2_000_000, "the segment that is open counts too"
    assert log.spilled > 0 and log.dropped == 0 and len(log) == 100_000
    assert log.df["text"].astype(int).tolist() == list(range(10_000)) * 10
    assert log.wire_bytes("in") == many(10_000) * 10
    assert "spill" in set(log.events["kind"]) and "on disk" in repr(log)


def test_without_spilling_the_oldest_rows_are_dropped_and_counted() -> None:
    """Dropping is asked for, counted, shown, and never renumbers what stays."""
    log = RowLog(retention=2_000_000, spill=False)
    feed = Feed(log)
    for _ in range(10):
        for part in parts_of(many(10_000)):
            feed.receive(part)
            assert log.memory <= 2_000_000
    assert log.dropped > 0 and len(log) == 100_000 - log.dropped
    assert log.df.index[0] == log.first == log.dropped
    assert log.df["text"].iloc[-1] == f"{9_999:0100d}"
    assert f"{log.dropped:,} dropped" in repr(log)
    with pytest.raises(IndexError):
        log.frame(0)


def test_a_cursor_behind_the_retention_reads_from_disk() -> None:
    """A reader that is slow gets every frame, also those that were spilled meanwhile."""
    log = RowLog(retention=1_000_000)
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    for _ in range(5):
        feed.receive(many(10_000))
    texts = []
    while (read := cursor.take(1000)).heads:
        texts += [int(payload) for payload in read.payloads]
    assert texts == list(range(10_000)) * 5 and cursor.missed == 0 and log.spilled > 0


def test_a_cursor_behind_dropped_rows_says_how_many_it_missed() -> None:
    """Where the oldest were dropped the reader goes on at the oldest that is left."""
    log = RowLog(retention=1_000_000, spill=False)
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    for _ in range(5):
        feed.receive(many(10_000))
    first = cursor.take(1).payloads[0]
    assert cursor.missed == log.dropped > 0
    assert int(first) == log.dropped % 10_000


def test_a_cursor_reads_only_what_its_connection_received() -> None:
    """Sent frames and other sessions' stand between; none is handed over."""
    log = RowLog()
    one, other = Feed(log, "one"), Feed(log, "other")
    cursor = log.cursor(one.number)
    one.receive(server_frame(b"1"))
    one.send(Frame.text("sent"))
    other.receive(server_frame(b"of the other"))
    one.receive(server_frame(b"2") + server_frame(b"3"))
    assert [cursor.take(1).payloads for _ in range(4)] == [[b"1"], [b"2"], [b"3"], []]


def test_marking_rows_dropped_reaches_the_dataframe_already_asked_for() -> None:
    """A row that was recorded before its write and never written says so, also after a look at the DataFrame."""
    log = RowLog()
    first = Feed(log).send(Frame.text("a"), Frame.text("b"))
    before = log.df
    log.mark_unsent(first + 1, first + 2, "the connection was lost")
    assert before["status"].tolist() == ["ok", "ok"]
    assert log.df["status"].tolist() == ["ok", "unsent"]
    assert log.df["detail"].iloc[1] == "the connection was lost"


def test_a_batch_larger_than_a_segment_has_a_place() -> None:
    """A frame of 20 MiB is one row, byte for byte."""
    log = RowLog()
    feed = Feed(log)
    feed.receive(server_frame(b"small"))
    feed.wire.max_frame_size = None
    payload = bytes(range(256)) * (20 << 12)
    feed.receive(b"\x82\x7f" + len(payload).to_bytes(8, "big") + payload)
    feed.receive(server_frame(b"small again"))
    assert log.frame(1).data == payload
    assert log.df["length"].tolist() == [5, len(payload), 11]


def test_a_batch_of_more_rows_than_a_run_has_is_read_in_several() -> None:
    """Its DataFrame is whole, before and after its segment is sealed."""
    log = RowLog()
    number = log.register(Connection("a"))
    batch = Batch()
    for _ in range(MAX_ROWS + 5):
        batch.add(0x89, b"")
    log.append(batch, number, "in", 1, 1)
    assert [len(rows) for rows in log.rows(0, log.end)] == [MAX_ROWS, 5]
    before = log.df
    log.append(batch, number, "in", 2, 2)
    for df in (before, log.df.iloc[: len(batch)]):
        assert len(df) == len(batch) and df["detail"].isna().all() and df["opcode"].eq("ping").all()


def test_reading_while_another_thread_appends() -> None:
    """Every view is safe from any thread while frames arrive: a DataFrame is always a whole beginning of the log."""
    log = RowLog()
    feed = Feed(log)
    data = many(500)
    stop = threading.Event()

    def record() -> None:
        for _ in range(200):
            feed.receive(data)
        stop.set()

    thread = threading.Thread(target=record)
    thread.start()
    lengths = []
    while not stop.is_set():
        df = log.df
        lengths.append(len(df))
        if len(df):
            assert int(df["text"].iloc[-1]) == (len(df) - 1) % 500
            assert log.tail(1)["text"].notna().all()
    thread.join()
    assert lengths == sorted(lengths) and len(log.df) == 100_000


@pytest.mark.parametrize("count", [1, 20])
def test_empty_frames_fit_into_the_smallest_retention(count: int) -> None:
    """Into a segment without memory for payloads, alone and in a batch."""
    log = RowLog(retention=1, spill=False)
    log.register(Connection("a"))
    batch = Batch()
    for _ in range(count):
        batch.add(0x82, b"")
    log.append(batch, 0, "in", 1, 1)
    log.append_single((0x82, 0, b"", None), None, 0)
    assert log.end == count + 1 and log.df["length"].sum() == 0


@pytest.mark.parametrize("retention", [0, -1])
def test_a_retention_that_cannot_be_is_refused(retention: int) -> None:
    """The sentence says what may be given."""
    with pytest.raises(ValueError, match="None for no limit"):
        RowLog(retention=retention)
