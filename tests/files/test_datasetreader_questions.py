"""ddf.ws: a Dask DataFrame of many parts answers as pandas does, alone and on a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from logs import with_all_opcodes

import wsnotebook.analysis  # noqa: F401 - registers df.ws
from wsnotebook.analysis.partitions import PartitionQuestions
from wsnotebook.analysis.questions import QUESTIONS as DECLARED
from wsnotebook.files.datasetreader import Dataset, open_dataset
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag

OF_JSON = {"pairs", "sequence"}  # these have to be told, or to find, what to look for
QUESTIONS = [each.method for each in DECLARED if not each.pandas_only and each.method not in OF_JSON]
START_NS = 1_700_000_000_000_000_000
DAY = 86_400 * 10**9


def recording(name: str, directory: Path, rounds: int) -> None:
    """Save a log of one session: texts, compressed ones, pings, a violation and a dropped row in each round."""
    log = FrameLog()
    number = log.register(Connection(name, url=f"ws://{name}.test/", opened_ns=rounds))
    for place in range(rounds):
        batch = Batch()
        batch.add(0x81, b"text %d" % place, Flag.TEXT)
        batch.set_wire(batch.add(0xC1, b"x" * 50, Flag.TEXT), b"xx", b"x" * 50)
        batch.add(0x89, b"ping")
        batch.add(0x81, b'{"place": %d, "name": "x"}' % place, Flag.TEXT)
        batch.add(0x01, b"be", Flag.TEXT)
        batch.add(0x80, b"gun", Flag.TEXT | Flag.CONTINUES)
        batch.mark(batch.add(0x83, b""), Flag.VIOLATION, "a reserved opcode")
        now = place * 700_000_000
        log.append(batch, number, "in", START_NS + now, now)
        batch = Batch()
        batch.add(0x82, b"sent", 0, b"key!")
        batch.add(0x8A, b"ping", 0, b"key!")
        first = log.append(batch, number, "out", START_NS + now + 5, now + 5)
        if place % 3 == 0:
            log.mark_unsent(first, first + 1, "never sent")
    batch = Batch()
    batch.add(0x88, b"\x03\xe8bye")
    log.append(batch, number, "in", START_NS + DAY, DAY)
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
    """What draws or writes names the way; what there is not is simply not there."""
    with pytest.raises(AttributeError, match=r"for pandas: take some rows.*\.plot_rate\(\)"):
        dataset.to_dask().ws.plot_rate()
    with pytest.raises(AttributeError, match=r"ddf\.ws has no colour$"):
        dataset.to_dask().ws.colour  # noqa: B018 - asking is the point


@pytest.mark.parametrize("question", QUESTIONS)
def test_dask_answers_as_pandas_does(dataset: Dataset, question: str) -> None:
    """Values, dtypes, columns and index are equal; nothing is computed before it is asked for."""
    lazy = getattr(dataset.to_dask().ws, question)()
    expected = getattr(with_all_opcodes(dataset.df).ws, question)()
    if "opcode" in expected:  # pandas keeps those that occur, Dask all
        expected = with_all_opcodes(expected)
    assert len(expected) or question == "stalls"
    assert list(lazy.columns) == list(expected.columns) or question in ("json", "decode")
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), expected)


def test_what_dask_decodes_is_asked_further(dataset: Dataset) -> None:
    """As pandas does it."""
    lazy = dataset.to_dask().ws.decode("json").ws.types("name")
    pd.testing.assert_frame_equal(
        lazy.compute(scheduler="sync"), dataset.df.ws.decode("json").ws.types("name")
    )


@pytest.mark.long
def test_a_gathered_question_needs_its_columns_alone(dataset: Dataset) -> None:
    """Payloads are not gathered for the gaps between frames; and rows of one session are asked as pandas asks them."""
    ddf = dataset.to_dask()
    without = ddf.drop(columns=["payload", "text"])
    expected = dataset.df.ws.gaps("500ms")
    assert len(expected)
    pd.testing.assert_frame_equal(without.ws.gaps("500ms").compute(scheduler="sync"), expected)
    with pytest.raises(AttributeError, match="payload"):
        without.ws.pings()
    one, ours = ddf[ddf["session"] == "b"], dataset.df[dataset.df["session"] == "b"]
    pd.testing.assert_frame_equal(one.ws.closes().compute(scheduler="sync"), ours.ws.closes())


def test_delays_of_the_loop_are_known_of_one_recording(tmp_path: Path) -> None:
    """Those that the log has put into df.attrs."""
    log = FrameLog()
    number = log.register(Connection("a"))
    batch = Batch()
    batch.add(0x81, b"x", Flag.TEXT)
    log.append(batch, number, "in", START_NS, 0)
    log.note("kernel stall", "busy", "a", 1.5)
    log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    found = dataset.to_dask().ws.stalls().compute(scheduler="sync")
    assert found["duration"].tolist() == log.df.ws.stalls()["duration"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("types", ["method"]),
        ("schema", []),
        ("pairs", []),
        ("pairs", ["jsonrpc"]),
        ("sequence", ["id"]),
        ("json", []),
    ],
)
def test_questions_to_json_are_asked_of_all_parts(
    tmp_path: Path, question: str, arguments: list[str]
) -> None:
    """Requests in one part and their replies in the next: as pandas answers, of two recordings."""
    pytest.importorskip("dask.dataframe")
    for name in ("a", "b"):
        log = FrameLog()
        number = log.register(Connection(name))
        for place in range(20):
            request = b'{"jsonrpc":"2.0","id":%d,"method":"get"}' % place
            reply = b'{"jsonrpc":"2.0","id":%d,"result":{"x":[%d]}}' % (place - 5, place)
            for direction, payload in (("out", request), ("in", reply)):
                batch = Batch()
                batch.add(0x81, payload, Flag.TEXT)
                log.append(batch, number, direction, START_NS + place, place)
        log.save(tmp_path)
    dataset = open_dataset(tmp_path)
    expected = getattr(dataset.df.ws, question)(*arguments)
    found = getattr(dataset.to_dask().ws, question)(*arguments).compute(scheduler="sync")
    pd.testing.assert_frame_equal(found, expected)
    assert len(expected) == {"types": 4, "schema": 6, "pairs": 40, "sequence": 0, "json": 80}[question]


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
            found = client.compute(lazy).result(timeout=250)
            expected = getattr(dataset.df.ws, question)()
            pd.testing.assert_frame_equal(found, expected, check_categorical=False)  # Dask has all opcodes
            print(question)
"""


@pytest.mark.long
def test_a_cluster_answers_as_pandas_does(dataset: Dataset) -> None:
    """dask.distributed: parts are read and counted by workers, only the sums come together.

    In a process of its own: other tests leave threads and loops behind that a cluster in this one may wait for.
    """
    pytest.importorskip("distributed")
    command = [sys.executable, "-c", ON_A_CLUSTER, str(dataset.path), *QUESTIONS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    assert done.stdout.split() == QUESTIONS, done.stderr


@pytest.mark.long
def test_more_parts_than_one_round_of_adding(dataset: Dataset) -> None:
    """Sums of sums are the sums: a tree of several levels gives the same."""
    df = with_all_opcodes(dataset.df)
    ddf = PartitionQuestions(dataset.to_dask().repartition(npartitions=21))
    assert ddf._df.npartitions == 21
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
