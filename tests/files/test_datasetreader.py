"""Many recordings at once: pandas and Dask over a directory of parts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.datasetreader import open_dataset
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag


def feed(name: str, count: int) -> FrameLog:
    """Return a log of one session with numbered texts."""
    log = FrameLog()
    number = log.register(Connection(name, url=f"ws://{name}.test/", opened_ns=len(name)))
    batch = Batch()
    for place in range(count):
        batch.add(0x81, b"%s %d" % (name.encode(), place), Flag.TEXT)
    log.append(batch, number, "in", 1_700_000_000_000_000_000 + count, count)
    log.note("open", name, name)
    return log


def test_one_recording_gives_the_logs_own_dataframe(tmp_path: Path) -> None:
    """pandas and Dask both: values, dtypes and index."""
    log = feed("a", 1000)
    log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.df.equals(log.df) and dataset.df.attrs == log.df.attrs
    assert dataset.events.equals(log.events) and dataset.connections == log.connections
    ddf = dataset.to_dask()
    assert ddf.dtypes.equals(log.df.dtypes)
    assert ddf.compute().equals(log.df)


def test_recordings_of_many_kernels_are_one_dataframe(tmp_path: Path) -> None:
    """Frames of both, sessions as one category, handshakes of both in attrs; each loads alone by its name."""
    logs = {name: feed(name, 100 * len(name)) for name in ("a", "bb")}
    for log in logs.values():
        log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    counts = dataset.df["session"].value_counts().to_dict()
    assert counts == {"a": 100, "bb": 200}
    assert len(dataset.df.attrs["wsnotebook"]["connections"]) == 2
    assert dataset.to_dask()["length"].sum().compute() == sum(
        int(log.df["length"].sum()) for log in logs.values()
    )
    assert [len(dataset.load(name)) for name in dataset.recordings] == [100, 200], "in order of opening"
    assert "2 recordings, 2 parts" in repr(dataset)
    with pytest.raises(ValueError, match="say which recording"):
        dataset.load()


def test_a_local_cluster_answers_as_pandas_does(tmp_path: Path) -> None:
    """dask.distributed with two workers counts bytes per session."""
    distributed = pytest.importorskip("distributed")
    for name in ("a", "bb", "ccc"):
        feed(name, 50).save(tmp_path)
    dataset = open_dataset(tmp_path)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        found = dataset.to_dask().groupby("session", observed=True)["length"].sum().compute()
    expected = dataset.df.groupby("session", observed=True)["length"].sum()
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_index_type=False)


def test_a_directory_without_parts_is_told(tmp_path: Path) -> None:
    """The sentence says what writes them."""
    with pytest.raises(FileError, match="record="):
        open_dataset(tmp_path)
