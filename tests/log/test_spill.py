"""Spilling: a private place that is gone with its log, and a full disk that costs memory but no row."""

from __future__ import annotations

import errno
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from feed import Feed, server_frame

from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.spill import Spill, describe_failure


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made during a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def no_space() -> Iterator[None]:
    """Let the operating system refuse to make any file longer than 4 KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def many(start: int, stop: int) -> bytes:
    return b"".join(server_frame(f"{number:0100d}".encode()) for number in range(start, stop))


def test_what_is_written_can_be_read_and_has_no_name(temporary: Path) -> None:
    """Each part comes back, empty ones too; no file can be opened by another process, or be left behind by this one."""
    spill = Spill()
    parts = [b"first", b"", bytes(range(256)) * 300, b"x"]
    views = spill.write([memoryview(part) for part in parts])
    more = spill.write([memoryview(b"more")])
    assert [bytes(view) for view in (*views, *more)] == [*parts, b"more"]
    assert list(temporary.iterdir()) == []


def test_disk_space_comes_back_with_the_last_view(temporary: Path) -> None:
    """The owner's end does not free what is still looked at, and nothing is held after it; a file is sparse."""
    before = set(open_files())
    spill = Spill()
    (view,) = spill.write([memoryview(bytes(1 << 20))])
    sizes = {name: blocks for name, blocks in open_files().items() if name not in before}
    assert len(sizes) == 2 and set(sizes.values()) == {1 << 20}  # the file, and its mapping
    del spill
    assert len(set(open_files()) - before) == 1 and bytes(view) == bytes(1 << 20)
    del view
    assert set(open_files()) == before


def open_files() -> dict[str, int]:
    """Return the bytes on disk of each file without a name that this process holds open, by descriptor."""
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of the listing itself
            if path.readlink().name.endswith("(deleted)"):
                found[path.name] = path.stat().st_blocks * 512
    return found


@pytest.mark.long
def test_thousands_of_segments_need_few_descriptors() -> None:
    """5,000 segments are spilled under a limit of 256 descriptors, and rows are read back from all of them."""
    with descriptors(256):
        log = RowLog(retention=1)
        feed = Feed(log)
        feed.receive(many(0, 1000))  # the first segment is small, the others have one row
        for number in range(1000, 6000):
            feed.receive(many(number, number + 1))
        assert log.events["kind"].tolist() == 5000 * ["spill"] and log.spilled == 5999
        assert [int(log.frame(seq).data) for seq in range(6000)] == list(range(6000))
        assert log.df["text"].astype(int).tolist() == list(range(6000))


@contextmanager
def descriptors(limit: int) -> Iterator[None]:
    """Let this process open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_want_of_descriptors_is_called_so() -> None:
    """The event names the limit and how to raise it, not the disk; rows stay, and are spilled once there is one."""
    log = RowLog(retention=1)
    feed = Feed(log)
    feed.receive(many(0, 1000))
    limit = 1 + max(map(int, os.listdir("/proc/self/fd")))
    with descriptors(limit), ExitStack() as files:
        with suppress(OSError):
            while True:
                files.enter_context(open(os.devnull))
        feed.receive(many(1000, 1001))
    (event,) = log.event_list
    assert (
        event.kind == "too many open files"
        and f" {limit:,} files" in event.detail
        and "ulimit -n" in event.detail
    )
    assert log.spilled == 0
    feed.receive(many(1001, 1002))
    assert log.spilled == 1001
    assert describe_failure(OSError(errno.ENFILE, "Too many open files in system"))[0] == event.kind


def test_a_want_of_descriptors_is_called_so_where_nobody_tells_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows, which has no module of limits."""
    monkeypatch.setitem(sys.modules, "resource", None)
    assert describe_failure(OSError(errno.EMFILE, "Too many open files")) == (
        "too many open files",
        "rows stay in memory: all files are open that this process may open",
    )


def test_a_full_disk_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was allocated before the disk was full goes back, and what lies before it stays."""
    others = set(open_files())
    spill = Spill()
    (view,) = spill.write([memoryview(b"before")])
    with monkeypatch.context() as full, pytest.raises(OSError, match="No space left"):
        allocate = os.posix_fallocate
        full.setattr(os, "posix_fallocate", lambda *place: (allocate(*place), _no_space()))
        spill.write([memoryview(bytes(1 << 20))])
    assert all(size < 1 << 20 for name, size in open_files().items() if name not in others)
    (after,) = spill.write([memoryview(b"after")])
    assert (bytes(view), bytes(after)) == (b"before", b"after")


def _no_space() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_costs_memory_and_no_row(temporary: Path) -> None:
    """The event says so, every row stays where it can be read, and all is spilled once there is space."""
    log = RowLog(retention=1)
    feed = Feed(log)
    cursor = log.cursor(feed.number)
    with no_space():
        feed.receive(many(0, 20_000))
    assert log.spilled == 0 and log.memory > 20_000 * 100
    full = log.events[log.events["kind"] == "disk full"]
    assert len(full) > 0 and full["detail"].str.startswith("rows stay in memory: ").all()
    assert log.df["text"].astype(int).tolist() == list(range(20_000))
    feed.receive(many(20_000, 60_000))
    assert log.spilled >= 20_000
    assert log.df["text"].astype(int).tolist() == list(range(60_000))
    assert log.wire_bytes("in") == many(0, 60_000)
    taken = 0
    while (read := cursor.take(5000)).heads:
        assert [int(payload) for payload in read.payloads] == list(range(taken, taken + len(read.payloads)))
        taken += len(read.payloads)
    assert taken == 60_000 and cursor.missed == 0


def test_no_place_for_a_file_is_a_full_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary directory that cannot be made stops no recording."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    log = RowLog(retention=1)
    feed = Feed(log)
    feed.receive(many(0, 5000))
    assert len(log) == 5000 and log.spilled == 0
    assert "disk full" in set(log.events["kind"])


def test_a_mark_on_a_spilled_row_reaches_every_view() -> None:
    """A row on disk that turns out never to have been sent says so in window, DataFrame and wire bytes."""
    log = RowLog(retention=1)
    feed = Feed(log)
    feed.receive(many(0, 3000))
    feed.receive(many(3000, 6000))
    assert log.spilled > 100
    log.mark_unsent(99, 101, "never sent")
    assert log.df["status"].iloc[98:102].tolist() == ["ok", "unsent", "unsent", "ok"]
    assert log.window(98, 102)["detail"].fillna("-").tolist() == ["-", "never sent", "never sent", "-"]
    assert log.wire_bytes("in") == many(0, 99) + many(101, 6000)
