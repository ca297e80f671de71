"""A directory of Parquet parts: saved, recorded, replaced, and damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.dataset import parts_of
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag


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
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(FileError, match="open_dataset"):
        load(tmp_path)


def test_a_recorded_directory_equals_the_log(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """Also rows that turned out never to have been sent, and the events at the end."""
    log = make_log()
    path = log.record_to(f"{tmp_path}/feed/")
    first = append(log, 1, (0x81, b"lost", Flag.TEXT))
    log.mark_unsent(first, first + 1, "the connection was lost")
    assert log.stop_recording() == path
    same_log(log, load(path))


def test_a_message_goes_on_from_part_to_part(tmp_path: Path) -> None:
    """A fragment in a later part has the number of the message that began in an earlier one."""
    from wsnotebook.files.datasetreader import open_dataset

    log = FrameLog()
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
    log = FrameLog()
    number = log.register(Connection("a"))
    log.record_to(f"{tmp_path}/feed/")
    recorder: Any = log._recorder
    for _ in range(3):
        append(log, number, (0x81, b"x", Flag.TEXT))
        recorder._write(final=True)
    log.stop_recording()
    parts = parts_of(tmp_path / "feed")
    parts[1].unlink()
    with pytest.raises(FileError, match=f"{parts[2].name}: begins at seq 2 where 1 follows"):
        load(tmp_path / "feed")


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    """There is nothing to load."""
    with pytest.raises(FileError, match="no parts"):
        load(tmp_path)
