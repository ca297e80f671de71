"""recover(): the journals of dead kernels, and of no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.recovery import recover

ROOT = Path(wsnotebook.__file__).parent.parent

# Records three frames, waits until they are in the file, and waits to be killed.
RECORDER = """
import sys, time
from wsnotebook.log.connections import Connection
from wsnotebook.files.loading import load
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
number = log.register(Connection("killed"))
log.record_to(sys.argv[1])
batch = Batch()
for text in (b"one", b"two", b"three"):
    batch.add(0x81, text, Flag.TEXT)
log.append(batch, number, "in", time.time_ns(), time.monotonic_ns())
while len(load(sys.argv[1])) < 3:
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Markers of journals go to a directory of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "wsnotebook" / "journals"


def test_a_killed_kernels_journal_is_listed_and_loads(tmp_path: Path) -> None:
    """While the kernel lives it is not listed; after SIGKILL it is, with its frames, until it is forgotten."""
    path = tmp_path / "lost.pcapng"
    with subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(path)], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        assert recover() == []
        child.kill()
    (journal,) = recover()
    assert (journal.path, journal.frames, journal.size) == (path, 3, path.stat().st_size)
    assert str(path) in repr(journal) and "3 frames" in repr(journal)
    assert journal.load().df["text"].tolist() == ["one", "two", "three"]
    journal.forget()
    assert recover() == [] and path.exists()


def test_a_recording_that_was_stopped_is_not_listed(tmp_path: Path) -> None:
    """Neither while this process records nor afterwards."""
    log = FrameLog()
    log.record_to(tmp_path / "log.pcapng")
    assert recover() == []
    log.stop_recording()
    assert recover() == []


def test_markers_of_what_is_gone_are_removed(state_directory: Path) -> None:
    """A journal that was deleted, and a marker that was never finished, leave nothing behind."""
    state_directory.mkdir(parents=True)
    (state_directory / "journal-1.json").write_text('{"path": "/nowhere/x.pcapng"}')
    (state_directory / "journal-2.json").write_text("{")
    assert recover() == []
    assert list(state_directory.iterdir()) == []


def test_recording_goes_on_without_a_home(tmp_path: Path, no_home: None) -> None:
    """As in a container of a user that the system does not know: the journal is whole, and recover() knows none."""
    log = FrameLog()
    log.record_to(tmp_path / "log.pcapng")
    assert log.stop_recording() == tmp_path / "log.pcapng"
    assert recover() == []


def test_recording_goes_on_without_a_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that cannot be written to does not keep a journal from being written."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    log = FrameLog()
    log.record_to(tmp_path / "log.pcapng")
    assert log.stop_recording() == tmp_path / "log.pcapng"
