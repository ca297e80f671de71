"""A directory of Parquet parts: saved, recorded, replaced, and damaged."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.dataset import parts_of
from wsnotebook.files.datasetreader import open_dataset
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.wire.batch import Batch, Flag, batch_of

START = 1_700_000_000 * 10**9  # 2023-11-14, 22:13 UTC
DAY = 86_400 * 10**9


def append(log: FrameLog, number: int, *frames: tuple[int, bytes, int]) -> int:
    batch = Batch()
    for head, payload, flags in frames:
        batch.add(head, payload, flags)
    return log.append(batch, number, "out", log.clock(), log.monotonic())


def test_a_saved_directory_comes_back_equal(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """A log goes to a directory and comes back."""
    log = make_log()
    assert log.save(f"{tmp_path}/feed/") == tmp_path / "feed"
    same_log(log, load(tmp_path / "feed"))


def test_saving_again_replaces_the_same_recording_only(make_log: Any, tmp_path: Path) -> None:
    """Run a cell twice and the frames are there once; another log's parts stay."""
    log, other = make_log(), FrameLog()
    other.register(Connection("other"))
    log.save(tmp_path)
    other.save(tmp_path)
    log.save(tmp_path)
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    with pytest.raises(FileError, match="open_dataset"):
        load(tmp_path)


def went_on(log: FrameLog, path: Path) -> FrameLog:
    """Return a log as it is loaded, after it was recorded on in another recording."""
    log.save(path)
    loaded = load(path)
    append(loaded, loaded.register(Connection("later")), (0x81, b"later", Flag.TEXT))
    return loaded


def test_a_loaded_log_that_goes_on_replaces_its_parts(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """Its rows are there once, though they are of two recordings now; another log that went on from it stays apart."""
    log = make_log()
    log.save(f"{tmp_path}/feed/")
    one, other = (went_on(log, tmp_path / "log.parquet") for _ in range(2))
    one.save(f"{tmp_path}/feed/")
    same_log(one, load(f"{tmp_path}/feed/"))
    other.save(f"{tmp_path}/feed/")
    assert len(open_dataset(f"{tmp_path}/feed/").recordings) == 2


def test_rows_of_two_recordings_replace_no_other_parts(make_log: Any, tmp_path: Path) -> None:
    """A selection of what a directory has, saved beside it: it does not have all that the parts have."""
    path = f"{tmp_path}/feed/"
    first, second = make_log(), FrameLog()
    append(second, second.register(Connection("b")), *[(0x81, b"x", Flag.TEXT)] * 50)
    first.save(path)
    second.save(path)
    open_dataset(path).df.query("opcode == 'text'").ws.save(path)
    assert len(open_dataset(path).load(first.connections[0].recording)) == len(first)


@pytest.mark.parametrize("has_parts", [True, False])
def test_a_recording_of_a_loaded_log_that_goes_on_has_one_name(
    has_parts: bool, make_log: Any, same_log: Any, tmp_path: Path
) -> None:
    """That with which its first part was written; what the log was before in this directory is replaced."""
    log = make_log()
    log.save(f"{tmp_path}/feed/")
    log = load(f"{tmp_path}/feed/")
    log.record_to(f"{tmp_path}/feed/")
    recorder: Any = log._recorder
    if has_parts:
        recorder._write(final=True)
    append(log, log.register(Connection("later")), (0x81, b"later", Flag.TEXT))
    log.stop_recording()
    same_log(log, load(f"{tmp_path}/feed/"))
    log.save(f"{tmp_path}/feed/")
    same_log(log, load(f"{tmp_path}/feed/"))


def test_a_recorded_directory_equals_the_log(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """Also rows that turned out never to have been sent, and the events at the end."""
    log = make_log()
    path = log.record_to(f"{tmp_path}/feed/")
    first = append(log, 1, (0x81, b"lost", Flag.TEXT))
    log.mark_unsent(first, first + 1, "the connection was lost")
    assert log.stop_recording() == path
    same_log(log, load(path))


def days() -> FrameLog:
    """Return a log whose frames are a day apart."""
    return FrameLog(clock=itertools.count(START, DAY).__next__)


@pytest.mark.long
def test_a_message_goes_on_from_part_to_part(tmp_path: Path) -> None:
    """A fragment in a later part has the number of the message that began in an earlier one."""
    log = days()
    number = log.register(Connection("a"))
    log.record_to(f"{tmp_path}/feed/")
    recorder: Any = log._recorder
    append(log, number, (0x01, b"be", Flag.TEXT))
    recorder._write(final=True)
    append(log, number, (0x80, b"gun", Flag.TEXT | Flag.CONTINUES))
    recorder._write(final=True)
    log.stop_recording()
    assert len(parts_of(tmp_path / "feed")) == 2
    ddf = open_dataset(tmp_path / "feed").to_dask()
    assert ddf["message"].compute().tolist() == [0, 0]
    assert load(tmp_path / "feed").df.equals(log.df)


def test_a_missing_part_is_told(tmp_path: Path) -> None:
    """The error names the part after the hole, and where it should have gone on."""
    log = days()
    number = log.register(Connection("a"))
    for _ in range(3):
        append(log, number, (0x81, b"x", Flag.TEXT))
    log.save(f"{tmp_path}/feed/")
    parts = parts_of(tmp_path / "feed")
    parts[1].remove()
    with pytest.raises(FileError, match=f"{parts[2].name}: begins at seq 2 where 1 follows"):
        load(tmp_path / "feed")


def test_a_dataset_is_read_where_it_was_opened(
    make_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means what it meant then, also after %cd."""
    monkeypatch.chdir(tmp_path)
    log = make_log()
    log.save("feed/")
    dataset = open_dataset("feed/")
    monkeypatch.chdir("/")
    assert dataset.path == "feed" and dataset.df.equals(log.df)


def test_a_part_has_the_rows_of_one_day(tmp_path: Path, same_log: Any) -> None:
    """Days of UTC, also where one batch, or one run, goes from one to the next; the log comes back whole."""
    log = FrameLog(clock=itertools.count(START, DAY // 2).__next__)
    number = log.register(Connection("a"))
    for _ in range(6):
        append(log, number, (0x81, b"x", Flag.TEXT), (0x82, b"\x00", 0))
    path = log.save(f"{tmp_path}/feed/")
    dates = [part.path.split("date=")[1][:10] for part in parts_of(path)]
    assert dates == ["2023-11-14", "2023-11-15", "2023-11-16", "2023-11-17"]
    same_log(log, load(path))


@pytest.mark.parametrize(
    ("times", "dates"),
    [
        (
            [NO_TIME, START + DAY, NO_TIME, START + 2 * DAY, NO_TIME],
            ["2023-11-14", "2023-11-15", "2023-11-16"],
        ),
        ([NO_TIME, NO_TIME], ["2023-11-14"]),
    ],
)
def test_a_row_without_a_time_is_in_the_part_of_the_row_before(
    times: list[int], dates: list[str], tmp_path: Path, same_log: Any
) -> None:
    """The first ones are on the day on which the log began."""
    log = FrameLog()
    log.register(Connection("a", opened_ns=START))
    for time_ns in times:
        log.append(batch_of((0x81, Flag.TEXT, b"x", None)), 0, "in", time_ns, 5)
    path = log.save(f"{tmp_path}/feed/")
    assert [part.path.split("date=")[1][:10] for part in parts_of(path)] == dates
    same_log(log, load(path))


@pytest.mark.long
def test_a_quiet_recording_has_few_parts(tmp_path: Path, same_log: Any) -> None:
    """Of a hundred intervals with a frame each there are some parts at any time, and one at the end."""
    log = FrameLog()
    number = log.register(Connection("a"))
    path = log.record_to(f"{tmp_path}/feed/")
    recorder: Any = log._recorder
    most = 0
    for place in range(100):
        append(
            log,
            number,
            (0x01 if place % 7 == 0 else 0x80, b"x", Flag.TEXT | (Flag.CONTINUES if place % 7 else 0)),
        )
        recorder._write(final=True)
        most = max(most, len(list(path.rglob("*.parquet"))))
    assert 3 <= most <= 12 and len(load(path)) == 100
    log.stop_recording()
    assert len(list(path.rglob("*.parquet"))) == 1
    same_log(log, load(path))


def test_parts_that_a_merge_has_left_are_passed_over(tmp_path: Path, same_log: Any) -> None:
    """A kernel that died between writing a merged part and removing its sources: no row is there twice."""
    log = FrameLog()
    number = log.register(Connection("a"))
    append(log, number, (0x81, b"a", Flag.TEXT))
    path = log.save(f"{tmp_path}/feed/")
    (small,) = parts_of(path)
    data = small.open().read()
    append(log, number, (0x81, b"b", Flag.TEXT))
    log.save(path)
    assert [part.name for part in parts_of(path)] != [small.name]
    with small.create() as file:
        file.write(data)
    assert len(parts_of(path)) == 1
    same_log(log, load(path))


def test_a_merge_leaves_rows_that_the_log_has_dropped(tmp_path: Path) -> None:
    """They are in their part alone."""
    log = FrameLog(retention=2_000_000, spill=False)
    number = log.register(Connection("a"))
    path = log.record_to(f"{tmp_path}/feed/")
    recorder: Any = log._recorder
    for _ in range(10):
        for _ in range(200):
            append(log, number, (0x82, bytes(5000), 0))
        recorder._write(final=True)
    log.stop_recording()
    assert log.dropped
    assert len(load(path)) == 2000


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    """There is nothing to load."""
    with pytest.raises(FileError, match="no parts"):
        load(tmp_path)
