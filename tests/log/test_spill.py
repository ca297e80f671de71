"""Spilling: a private place that is gone with its log, and a full disk that costs memory but no row."""

from __future__ import annotations

import gc
import resource
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from feed import Feed, server_frame

from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.spill import SpillDirectory


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


def test_the_directory_is_private_and_gone_with_its_owner(temporary: Path) -> None:
    """It is made at first use, readable by this user only, and removed with what is in it."""
    spill = SpillDirectory()
    assert list(temporary.iterdir()) == []
    path = spill.path
    assert path == spill.path and path.parent == temporary
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (path / "rest").write_bytes(b"left behind")
    del spill
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_a_log_leaves_nothing_on_disk(temporary: Path) -> None:
    """Spilled rows lie in files without a name; the directory goes with the log."""
    log = RowLog(retention=1)
    feed = Feed(log)
    feed.receive(many(0, 5000))
    assert log.spilled > 0
    (directory,) = temporary.iterdir()
    assert list(directory.iterdir()) == []
    del log, feed
    gc.collect()
    assert list(temporary.iterdir()) == []


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


def test_no_place_for_a_directory_is_a_full_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
