"""Many recordings at once: pandas and Dask over a directory of parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from logs import with_all_opcodes

from wsnotebook.errors import FileError
from wsnotebook.files import parquet
from wsnotebook.files.datasetreader import compact, open_dataset
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.files.loading import load
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import OPCODE_NAMES


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
    ddf, expected = dataset.to_dask(), with_all_opcodes(log.df)
    assert ddf.dtypes.equals(expected.dtypes)
    assert ddf.compute().equals(expected)


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


def test_recordings_of_one_name_stay_apart(tmp_path: Path) -> None:
    """The column ``recording`` tells them apart, for pandas and for Dask, whatever their rows have in common."""
    logs = [feed("a", 10), feed("a", 30)]
    for log in logs:
        log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    expected = {log.recording_id: len(log) for log in logs}
    assert dataset.df["recording"].value_counts().to_dict() == expected, "of the same session, URL and moment"
    assert dataset.to_dask()["recording"].value_counts().compute().to_dict() == expected
    assert dataset.to_dask().dtypes.drop("opcode").equals(dataset.df.dtypes.drop("opcode"))
    assert len(dataset.df.ws.messages()) == 40
    handshakes = dataset.df.attrs["wsnotebook"]["connections"]
    assert {(each["recording"], each["connection"]) for each in handshakes} == {(key, 0) for key in expected}


def test_opcodes_are_those_that_occur_for_pandas_and_all_for_dask(tmp_path: Path) -> None:
    """In one category of all recordings, in the order of opcodes; Dask must know it before it has read the parts."""
    for name, heads in {"a": (0x89, 0x82), "b": (0x81, 0x89)}.items():
        log = FrameLog()
        batch = Batch()
        for head in heads:
            batch.add(head, b"", Flag.OK)
        log.append(batch, log.register(Connection(name)), "in", 10**18, 0)
        log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.df["opcode"].value_counts(sort=False).to_dict() == {"text": 1, "binary": 1, "ping": 2}
    assert dataset.df["opcode"].cat.categories.tolist() == ["text", "binary", "ping"]
    partitions = dataset.to_dask()
    for opcodes in (partitions["opcode"], partitions.compute()["opcode"]):
        assert opcodes.cat.categories.tolist() == list(OPCODE_NAMES)


def test_what_a_browser_has_told_is_beside_what_was_seen(tmp_path: Path) -> None:
    """One dtype for the lengths of both, for pandas and for Dask, whichever comes first."""
    seen, told = feed("seen", 3), FrameLog()
    batch = Batch()
    batch.add(0x81, b"told", Flag.TEXT)
    told.append(batch, told.register(Connection("told", is_reported=True)), "in", 10**18, 0)
    for log in (seen, told):
        log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    for df in (dataset.df, dataset.to_dask().compute()):
        assert df["wire_length"].dtype == df["frame_length"].dtype == "Int64"
        assert df.groupby("session", observed=True)["wire_length"].count().to_dict() == {"seen": 3, "told": 0}


def test_others_read_the_layout_of_hive(tmp_path: Path) -> None:
    """DuckDB, Polars and pandas find the columns recording and date in the paths, and the rows of both recordings."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    logs = [feed("a", 100), feed("b", 50)]
    for log in logs:
        log.save(tmp_path)
    expected = sorted((log.recording_id, "2023-11-14", len(log)) for log in logs)
    query = "select recording, date::varchar, count(*) from read_parquet('{}', hive_partitioning=true) group by all"
    assert sorted(duckdb.sql(query.format(tmp_path / "**/*.parquet")).fetchall()) == expected
    frame = (
        polars.scan_parquet(tmp_path, hive_partitioning=True).group_by("recording", "date").len().collect()
    )
    assert sorted((name, str(day), count) for name, day, count in frame.rows()) == expected
    df = pd.read_parquet(tmp_path)
    found = df.groupby(["recording", "date"], observed=True).size()
    assert sorted((*key, count) for key, count in found.items()) == expected
    assert sorted(df.ws.counts()["frames"]) == [50, 100]


def test_compact_joins_small_parts(
    make_log: Callable[..., FrameLog], same_log: Callable[..., None], tmp_path: Path
) -> None:
    """Parts of the former layout become one of a day; what is compact stays as it is; nothing is lost."""
    log, other = make_log(3), feed("z", 10)
    other.save(tmp_path)
    name = f"20231114T221320000000000-{log.connections[0].recording}"
    cuts = [0, 1, 2, len(log) - 1, len(log)]
    running = RunningFrames()
    for start, stop in itertools.pairwise(cuts):
        header = Header.of(log)._replace(first=start, rows=stop - start)
        parquet.write(header, log.rows(start, stop), tmp_path / f"{name}-{start:012}.parquet", running)
    (untouched,) = tmp_path.rglob("recording=*/**/*.parquet")
    written = untouched.stat().st_mtime_ns
    assert len(open_dataset(tmp_path).parts) == 5
    dataset = compact(tmp_path)
    assert len(dataset.parts) == len(list(tmp_path.rglob("*.parquet"))) == 2
    same_log(log, dataset.load(log.connections[0].recording))
    assert untouched.stat().st_mtime_ns == written
    assert [part.path for part in compact(tmp_path).parts] == [part.path for part in dataset.parts]


def test_a_dataset_has_a_url(make_log: Callable[..., FrameLog], same_log: Callable[..., None]) -> None:
    """Any filesystem of fsspec: save, load, open, and save again, which replaces the parts."""
    url = f"memory://{uuid4().hex}/feeds/"
    logs = [make_log(), feed("a", 100)]
    assert logs[0].save(url) == url
    same_log(logs[0], load(url))
    for log in logs:
        log.save(url)
    dataset = open_dataset(url)
    assert len(dataset.recordings) == len(dataset.parts) == 2
    assert [len(dataset.load(name)) for name in dataset.recordings] == [len(logs[1]), len(logs[0])]
    assert dataset.to_dask()["length"].sum().compute() == dataset.df["length"].sum()


@pytest.mark.parametrize("call", [load, FrameLog().save, FrameLog().record_to])
def test_a_url_is_for_datasets(call: Callable[[str], Any]) -> None:
    """A single file, and a recording that grows, are on this machine."""
    with pytest.raises(ValueError, match="memory://x/log.parquet.*(slash|on this machine)"):
        call("memory://x/log.parquet")
    with pytest.raises(FileError, match="no parts of a recording"):
        open_dataset("memory://nothing/here/")


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
