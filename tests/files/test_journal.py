"""The journal: what a killed kernel leaves behind, what a full disk does, and that the file is the log."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

import wsnotebook
from wsnotebook.files.filelock import is_locked
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.recording import Recording
from wsnotebook.log.connections import Connection
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Batch, Flag

ROOT = Path(wsnotebook.__file__).parent.parent

# Records numbered frames at a rate, and says on stdout which seq was in the log at what time.
RECORDER = """
import sys, time
from wsnotebook.log.connections import Connection
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.batch import Batch, Flag

path, rate = sys.argv[1], int(sys.argv[2])
log = FrameLog()
number = log.register(Connection("killed"))
log.record_to(path)
step = max(1, rate // 200)
start = time.monotonic()
for round in range(1_000_000):
    batch = Batch()
    for _ in range(step):
        batch.add(0x81, b"frame %d" % (len(log) + len(batch)), Flag.TEXT)
    log.append(batch, number, "in", time.time_ns(), time.monotonic_ns())
    print(len(log), time.monotonic_ns(), flush=True)
    time.sleep(max(0, start + (round + 1) * step / rate - time.monotonic()))
"""


@pytest.fixture(autouse=True)
def state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Markers of journals go to a directory of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def append(log: FrameLog, number: int, *texts: bytes, direction: Any = "in") -> int:
    """Append texts as one batch; return the seq of the first."""
    batch = Batch()
    for text in texts:
        batch.add(0x81, text, Flag.TEXT)
    return log.append(batch, number, direction, log.clock(), log.monotonic())


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for what another thread does and no event tells."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 s"
        time.sleep(0.01)


@pytest.mark.long
@pytest.mark.parametrize("rate", [50, 10_000])
def test_a_killed_recorder_loses_nothing_older_than_a_second(
    rate: int, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """After SIGKILL at a random moment load() has every frame that was a second old, and tshark opens the file."""
    tshark = shutil.which("tshark") or missing("tshark")
    chance = random.Random(rate)
    for number in range(5):
        path = tmp_path / f"{number}.pcapng"
        with subprocess.Popen(
            [sys.executable, "-c", RECORDER, str(path), str(rate)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()  # it records
            time.sleep(0.1 + 0.3 * (number + chance.random()))  # anywhere in a fifth of 1.5 s
            killed_ns = time.monotonic_ns()
            child.kill()
            lines = [line.split() for line in child.stdout.read().splitlines() if line.count(" ") == 1]
        old = max((int(count) for count, at in lines[:-1] if int(at) < killed_ns - 1_000_000_000), default=0)
        log = load(path)
        assert len(log) >= old
        assert log.df["text"].tolist() == [f"frame {seq}" for seq in range(len(log))]
        told = subprocess.run([tshark, "-r", path, "-Y", "websocket"], capture_output=True, text=True)
        assert told.returncode == 0 or "cut short" in told.stderr
        assert (told.stdout.count("\n") > 0) == (len(log) > 0)


@pytest.mark.long
def test_every_torn_end_loads(make_log: Any, tmp_path: Path) -> None:
    """Cut at any byte the file gives its whole frames, and an event says that its end is missing."""
    whole = make_log().save(tmp_path / "whole.pcapng")
    data = whole.read_bytes()
    expected = load(whole).df["payload"].tolist()
    begin = data.index(b"first") + 60  # before that it is not yet a recording
    counts = set()
    for cut in range(begin, len(data), 17):
        path = tmp_path / "torn.pcapng"
        path.write_bytes(data[:cut])
        log = load(path)
        counts.add(len(log))
        assert log.df["payload"].tolist() == expected[: len(log)]
        assert log.events["kind"].iloc[-1] == "truncated"
        assert "has no end" in log.events["detail"].iloc[-1] or "is missing" in log.events["detail"].iloc[-1]
    assert counts >= {0, len(expected)} and len(counts) > 5


def test_a_recording_that_was_not_ended_says_so(make_log: Any, tmp_path: Path) -> None:
    """Cut between two records nothing is lost, and yet it is not the whole: who wrote it died, or still writes."""
    log, path = make_log(), tmp_path / "live.pcapng"
    log.record_to(path)
    try:
        deadline = time.monotonic() + 5
        while len(live := load(path)) < len(log) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(live) == len(log)
        assert "has no end" in live.events["detail"].iloc[-1]
    finally:
        log.stop_recording()
    assert "has no end" not in str(load(path).events["detail"].tolist())


def test_an_end_of_zeros_is_a_torn_end(make_log: Any, tmp_path: Path) -> None:
    """A file system that lost its power may have filled the end with zeros."""
    path = make_log().save(tmp_path / "log.pcapng")
    count = len(load(path))
    path.write_bytes(path.read_bytes() + bytes(4096))
    log = load(path)
    assert len(log) == count
    assert "4096 bytes" in log.events["detail"].iloc[-1]


def test_the_journal_equals_the_log(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """What was there before record_to, what came after, events, marks and new connections: all of it."""
    log = make_log()
    path = log.record_to(tmp_path / "log.pcapng")
    other = log.register(Connection("later", 0, "ws://later.test/"))
    first = append(log, other, b"one", b"two", direction="out")
    wait_until(lambda: len(load(path)) == len(log))
    log.mark_unsent(first + 1, first + 2, "never sent: the connection was lost")
    log.note("closed", "1006", "later")
    assert log.stop_recording() == path
    again = load(path)
    same_log(log, again)
    assert again.df["status"].iloc[-1] == "unsent"
    assert again.events["kind"].tolist()[-2:] == ["closed", "journal off"]


def test_a_connection_without_frames_is_in_the_journal(tmp_path: Path, same_log: Any) -> None:
    """Recording a log in which nothing happens gives a file that loads to the same nothing."""
    log = FrameLog()
    log.register(Connection("quiet"))
    log.record_to(tmp_path / "log.pcapng")
    log.stop_recording()
    same_log(log, load(tmp_path / "log.pcapng"))


def test_a_tick_does_not_chase_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that arrive while others are written are for the next tick: alone, each costs as much as a hundred."""
    log = FrameLog()
    number = log.register(Connection("quick"))
    encode, most = Recording.rows, 100

    def rows_and_one_more(self: Recording, rows: Rows) -> bytes:
        if len(log) < most:
            append(log, number, b"meanwhile")
        return encode(self, rows)

    monkeypatch.setattr(Recording, "rows", rows_and_one_more)
    append(log, number, b"first")
    log.record_to(tmp_path / "log.pcapng")
    log.stop_recording()
    assert len(log) < most
    assert load(tmp_path / "log.pcapng").df["text"].iloc[0] == "first"


def test_a_journal_never_overwrites_a_recording(make_log: Any, tmp_path: Path) -> None:
    """A file with something in it is refused, and stays as it was."""
    path = make_log().save(tmp_path / "log.pcapng")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="never overwrites"):
        make_log().record_to(path)
    assert path.read_bytes() == before


def test_one_log_has_one_recorder(tmp_path: Path) -> None:
    """The same path again is no error; another one says what to call first; stopping twice is none."""
    log = FrameLog()
    log.record_to(tmp_path / "a.pcapng")
    assert log.record_to(tmp_path / "a.pcapng") == tmp_path / "a.pcapng"
    with pytest.raises(ValueError, match="stop_recording"):
        log.record_to(tmp_path / "b.pcapng")
    assert log.stop_recording() == tmp_path / "a.pcapng"
    assert log.stop_recording() is None


@pytest.mark.parametrize("name", ["feed.pcapng", "feed/"])
def test_a_recording_stays_where_it_began(
    name: str, make_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_log: Any
) -> None:
    """%cd changes nothing of it: a relative path means what it meant before. The file does not tell whose folder it was in."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    log = make_log()
    path = log.record_to(name)
    monkeypatch.chdir(tmp_path / "two")
    log.register(Connection("later"))
    assert log.stop_recording() == path == tmp_path / "one" / name
    assert list((tmp_path / "two").iterdir()) == []
    same_log(log, load(path))
    assert not log.events["detail"].str.contains(str(tmp_path), regex=False).any()


def test_only_what_can_grow_is_recorded_to(tmp_path: Path) -> None:
    """A format that is written at once is refused, and the sentence names those that are not."""
    with pytest.raises(ValueError, match=r"\.pcapng, or to a directory"):
        FrameLog().record_to(tmp_path / "log.har")


def test_a_live_journal_is_locked_and_save_keeps_off(make_log: Any, tmp_path: Path) -> None:
    """save() does not replace the file under a recorder; afterwards it may."""
    log = make_log()
    path = log.record_to(tmp_path / "log.pcapng")
    assert is_locked(path)
    with pytest.raises(ValueError, match="being recorded"):
        log.save(path)
    log.stop_recording()
    assert not is_locked(path)
    log.save(path)


def test_rows_dropped_before_the_disk_took_them_are_told(tmp_path: Path) -> None:
    """A gap in seq becomes an event; what came after it is loaded all the same."""
    from wsnotebook.files.pcapng.recording import Recording

    log = FrameLog()
    number = log.register(Connection("a"))
    append(log, number, *[b"%d" % place for place in range(10)])
    recording = Recording()
    parts = [recording.begin(0), recording.connections(log.connections)]
    parts += [recording.rows(rows) for rows in log.rows(0, 4)]
    parts += [recording.gap(4, 7)]
    parts += [recording.rows(rows) for rows in log.rows(7, 10)]
    parts += [recording.end()]
    path = tmp_path / "gap.pcapng"
    path.write_bytes(b"".join(parts))
    loaded = load(path)
    assert loaded.df["text"].tolist() == ["0", "1", "2", "3", "7", "8", "9"]
    assert loaded.events["kind"].tolist() == ["dropped"] and "3 rows" in loaded.events["detail"].iloc[0]


@pytest.fixture
def small_disk(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Path]:
    """A file system of 512 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", path], capture_output=True
        ).returncode
    ):
        missing("the right to mount a tmpfs")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_full_disk_is_told_and_made_up_for(small_disk: Path, same_log: Any) -> None:
    """One warning and an event; frames go on in memory; the file stays readable and is whole when there is space."""
    log = FrameLog()
    number = log.register(Connection("a"))
    path = small_disk / "log.pcapng"
    log.record_to(path)
    append(log, number, b"before")
    wait_until(lambda: len(load(path)) == 1)
    filler = small_disk / "filler"
    with pytest.warns(RuntimeWarning, match="recording goes on in memory") as told:
        try:
            filler.write_bytes(bytes(1 << 20))
        except OSError:
            pass  # now it is full
        for place in range(200):
            append(log, number, b"while full %d" % place + bytes(500))
        wait_until(lambda: "disk full" in log.events["kind"].tolist())
        torn = load(path)
        assert 1 <= len(torn) < len(log)
        for place in range(200):
            append(log, number, b"still full %d" % place + bytes(500))
        filler.unlink()
        wait_until(lambda: "space again" in log.events["detail"].iloc[-1])
        wait_until(lambda: len(load(path)) == len(log))
    assert len(told) == 1
    append(log, number, b"after")
    log.stop_recording()
    same_log(log, load(path))
    assert len(log) == 402


def delete(path: Path) -> None:
    """Do as ``rm`` does."""
    path.unlink()


def delete_directory(path: Path) -> None:
    """Do as ``rm -r`` does."""
    shutil.rmtree(path.parent)


def replace(path: Path) -> None:
    """Do as ``mv other x.pcapng`` does."""
    other = path.with_name("other")
    other.write_bytes(b"of somebody else")
    other.replace(path)


def truncate(path: Path) -> None:
    """Do as ``> x.pcapng`` does in a shell."""
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [delete, delete_directory, replace, truncate])
def test_a_journal_that_was_taken_away_is_written_anew(
    harm: Callable[[Path], None], tmp_path: Path, same_log: Any
) -> None:
    """A warning and an event say so; what was recorded before and after is in the file, and no file of others is touched."""
    log = FrameLog()
    number = log.register(Connection("a"))
    directory = tmp_path / "journals"
    directory.mkdir()
    path = log.record_to(directory / "log.pcapng")
    append(log, number, b"before")
    wait_until(lambda: len(load(path)) == 1)
    with pytest.warns(RuntimeWarning, match="written anew") as told:
        harm(path)
        wait_until(lambda: "journal lost" in log.events["kind"].tolist())
        append(log, number, b"after")
        found = log.stop_recording()
    assert found is not None and len(told) == 1
    same_log(log, load(found))
    assert len(log) == 2
    assert (found == path) == (harm is not replace)
    if harm is replace:
        assert path.read_bytes() == b"of somebody else" and str(found) in str(told[0].message)


def test_a_journal_that_was_taken_away_last_is_whole_at_the_end(tmp_path: Path, same_log: Any) -> None:
    """Also where no tick came between."""
    log = FrameLog()
    append(log, log.register(Connection("a")), b"x")
    path = log.record_to(tmp_path / "log.pcapng")
    with pytest.warns(RuntimeWarning, match="written anew"):
        path.unlink()
        log.stop_recording()
    same_log(log, load(path))


FORKS = """
import os, sys
from wsnotebook.log.connections import Connection
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.batch import Batch, Flag

def append(text):
    batch = Batch()
    batch.add(0x81, text, Flag.TEXT)
    log.append(batch, number, "in", 1, 1)

log = FrameLog()
number = log.register(Connection("forked"))
log.record_to(sys.argv[1])
append(b"before")
child = os.fork()
if not child:
    append(b"of the child")
    log.stop_recording() if sys.argv[2] == "stop" else None
    sys.exit()  # runs what atexit has of its parent
os.waitpid(child, 0)
append(b"after")
"""


@pytest.mark.long
@pytest.mark.parametrize("end", ["stop", "exit"])
@pytest.mark.parametrize("name", ["log.pcapng", "parts/"])
def test_a_forked_child_leaves_the_recording_of_its_parent_alone(name: str, end: str, tmp_path: Path) -> None:
    """It shares descriptor and log, and writes nothing: neither when it stops the recording, nor when it ends."""
    path = f"{tmp_path}/{name}"
    done = subprocess.run(
        # Python 3.12 and newer warn of a fork beside threads, which is what is tried.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS, path, end],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    log = load(path)
    assert log.df["text"].tolist() == ["before", "after"]
    assert "has no end" not in str(log.events["detail"].tolist())


def test_a_journal_is_for_its_user_alone(tmp_path: Path) -> None:
    """It may hold payloads with secrets."""
    log = FrameLog()
    path = log.record_to(tmp_path / "log.pcapng")
    log.stop_recording()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_dataset_that_got_no_space_says_what_it_lacks(small_disk: Path) -> None:
    """As a journal does; the log still has it."""
    log = FrameLog()
    number = log.register(Connection("a"))
    log.record_to(f"{small_disk}/parts/")
    with pytest.warns(RuntimeWarning) as told:
        append(log, number, random.Random(1).randbytes(1 << 20).hex().encode())
        log.stop_recording()
    assert "lacks the last 1 frame" in str(told[-1].message) and len(log) == 1


def test_a_disk_that_stays_full_is_told_at_the_end(small_disk: Path) -> None:
    """stop_recording says how much the file lacks, also of what was encoded; the log still has it."""
    log = FrameLog()
    number = log.register(Connection("a"))
    path = log.record_to(small_disk / "log.pcapng")
    append(log, number, b"before")
    wait_until(lambda: len(load(path)) == 1)
    with pytest.warns(RuntimeWarning) as told:
        append(log, number, bytes(1 << 20))
        wait_until(lambda: "disk full" in log.events["kind"].tolist())
        append(log, number, b"one", b"two")
        log.stop_recording()
    assert f"{path} lacks the last 3 frames: " in str(told[-1].message)
    assert len(log) == 4 and len(load(path)) == 1
