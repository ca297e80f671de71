"""ddf.ws: a Dask DataFrame of many parts answers as pandas does, alone and on a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import wsnotebook.analysis  # noqa: F401 - registers df.ws
from wsnotebook.analysis.partitions import PartitionQuestions
from wsnotebook.files.datasetreader import Dataset, open_dataset
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag

QUESTIONS = ["counts", "rate", "compression", "violations"]
START_NS = 1_700_000_000_000_000_000


def recording(name: str, directory: Path, rounds: int) -> None:
    """Save a log of one session: texts, compressed ones, pings, a violation and a dropped row in each round."""
    log = FrameLog()
    number = log.register(Connection(name, url=f"ws://{name}.test/", opened_ns=rounds))
    for place in range(rounds):
        batch = Batch()
        batch.add(0x81, b"text %d" % place, Flag.TEXT)
        batch.set_wire(batch.add(0xC1, b"x" * 50, Flag.TEXT), b"xx", b"x" * 50)
        batch.add(0x89, b"ping")
        batch.mark(batch.add(0x83, b""), Flag.VIOLATION, "a reserved opcode")
        now = place * 700_000_000
        log.append(batch, number, "in", START_NS + now, now)
        batch = Batch()
        batch.add(0x82, b"sent", 0, b"key!")
        first = log.append(batch, number, "out", START_NS + now + 5, now + 5)
        if place % 3 == 0:
            log.mark_unsent(first, first + 1, "never sent")
    log.save(directory)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three recordings of 600 frames together."""
    pytest.importorskip("dask.dataframe")
    directory = tmp_path_factory.mktemp("fleet")
    for name, rounds in (("a", 20), ("b", 40), ("c", 60)):
        recording(name, directory, rounds)
    return open_dataset(directory)


def test_a_question_for_pandas_says_so(dataset: Dataset) -> None:
    """What needs a whole conversation names the way; what there is not is simply not there."""
    with pytest.raises(AttributeError, match=r"for pandas: take one session.*\.gaps\(\)"):
        dataset.to_dask().ws.gaps()
    with pytest.raises(AttributeError, match=r"ddf\.ws has no colour$"):
        dataset.to_dask().ws.colour  # noqa: B018 - asking is the point


@pytest.mark.parametrize("question", QUESTIONS)
def test_dask_answers_as_pandas_does(dataset: Dataset, question: str) -> None:
    """Values, dtypes, columns and index are equal; nothing is computed before it is asked for."""
    lazy = getattr(dataset.to_dask().ws, question)()
    expected = getattr(dataset.df.ws, question)()
    assert list(lazy.columns) == list(expected.columns) and len(expected)
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), expected)


ON_A_CLUSTER = """
import sys
import pandas as pd
from distributed import Client, LocalCluster
from wsnotebook import open_dataset

if __name__ == "__main__":
    dataset = open_dataset(sys.argv[1])
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "memory_limit": "512MB"}
    with LocalCluster(**workers, dashboard_address=":0") as cluster, Client(cluster) as client:
        for question in sys.argv[2:]:
            lazy = getattr(dataset.to_dask().ws, question)()
            found = client.compute(lazy).result(timeout=50)
            pd.testing.assert_frame_equal(found, getattr(dataset.df.ws, question)())
            print(question)
"""


@pytest.mark.timeout(120)
def test_a_cluster_answers_as_pandas_does(dataset: Dataset) -> None:
    """dask.distributed: parts are read and counted by workers, only the sums come together.

    In a process of its own: other tests leave threads and loops behind that a cluster in this one may wait for.
    """
    pytest.importorskip("distributed")
    command = [sys.executable, "-c", ON_A_CLUSTER, str(dataset.path), *QUESTIONS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.stdout.split() == QUESTIONS, done.stderr


def test_more_parts_than_one_round_of_adding(dataset: Dataset) -> None:
    """Sums of sums are the sums: a tree of several levels gives the same."""
    ddf = PartitionQuestions(dataset.to_dask().repartition(npartitions=3).partitions[[0, 1, 2] * 7])
    df = pd.concat([dataset.df] * 7)
    pd.testing.assert_frame_equal(ddf.counts().compute(scheduler="sync"), df.ws.counts())
    pd.testing.assert_frame_equal(ddf.rate("2s").compute(scheduler="sync"), df.ws.rate("2s"))
    pd.testing.assert_frame_equal(ddf.compression().compute(scheduler="sync"), df.ws.compression())


def test_what_is_no_frame_log_or_no_duration_is_told_before_any_work(dataset: Dataset) -> None:
    """Missing columns are named, and so is a wrong interval."""
    ddf = dataset.to_dask()
    with pytest.raises(AttributeError, match="columns direction, opcode,"):
        PartitionQuestions(ddf[["time", "length"]])
    with pytest.raises(AttributeError, match="columns wire_length,"):
        PartitionQuestions(ddf.drop(columns="wire_length")).compression()
    with pytest.raises(ValueError, match="every is a duration"):
        PartitionQuestions(ddf).rate("now")
