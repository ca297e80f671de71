"""A frame that is there twice is refused by every question, with a remedy that works on that very DataFrame."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import wsnotebook
from wsnotebook.analysis.questions import QUESTIONS
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.frames import Frame

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "has_type": ("tick",),
    "sequence": ("n",),
    "state": (dict.update,),
    "save": ("copy.jsonl",),
}


@pytest.fixture
def df(talk: Any) -> pd.DataFrame:
    """Twelve frames: JSON-RPC, equal pings of one read, a message in fragments, of which two are equal."""
    for at in range(2):
        talk.send(at, Frame.text(f'{{"jsonrpc":"2.0","id":{at},"method":"tick","n":{at}}}'))
        answer = b'{"jsonrpc":"2.0","id":%d,"result":{},"n":%d}' % (at, at)
        talk.receive(at + 0.5, (0x81, answer), (0x89, b"?"), (0x89, b"?"))
    talk.receive(3, (0x01, b"x"), (0x00, b"y"), (0x00, b"y"))
    talk.receive(4, (0x80, b"z"))
    return talk.log.df


def concatenated(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df])


def numbered_anew(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df], ignore_index=True)


def seq_as_column(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df]).reset_index()


def overlapping(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df[:8], df[5:]])


def overlapping_anew(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df[:8], df[4:]], ignore_index=True)


def later_part_first(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df[4:], df[:8]], ignore_index=True)


def sorted_by_time(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df]).sort_values("time", kind="stable")


def sorted_by_length_anew(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df]).sort_values("length", kind="stable", ignore_index=True)


def three_times(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df, df], ignore_index=True)


def without_monotonic(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df, df]).drop(columns="monotonic")


def exploded(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(tag=[["a", "b"]] * len(df)).explode("tag")


TWICE = [
    concatenated, numbered_anew, seq_as_column, overlapping, overlapping_anew, later_part_first, sorted_by_time,
    sorted_by_length_anew, three_times, without_monotonic, exploded,
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.method)
@pytest.mark.parametrize("put", [concatenated, numbered_anew], ids=lambda put: put.__name__)
def test_every_question_refuses_copies(
    put: Callable[[pd.DataFrame], pd.DataFrame], question: Any, df: pd.DataFrame
) -> None:
    """With one error, whatever is asked."""
    with pytest.raises(ValueError, match=r"are there twice.*keep each once"):
        getattr(put(df).ws, question.method)(*ARGUMENTS.get(question.method, ()))


def remedy(error: Exception) -> str:
    """Return the call that the message of an error recommends."""
    found = re.search(r"keep each once, ((df|pd)\.[^:]*)", str(error))
    assert found, error
    return found[1]


@pytest.mark.parametrize("put", TWICE, ids=lambda put: put.__name__)
@pytest.mark.parametrize("has_twins", [True, False], ids=["twins", "plain"])
def test_the_remedy_works(
    has_twins: bool, put: Callable[[pd.DataFrame], pd.DataFrame], df: pd.DataFrame
) -> None:
    """What it names is run: then the answers are those of the recording alone, equal frames of one read included."""
    df = df if has_twins else df[~df.index.isin([3, 7, 10])]
    with pytest.raises(ValueError, match="are there twice") as raised:
        put(df).ws.counts()
    names = {"df": put(df), "pd": pd, "a": df, "b": df}
    once = eval(remedy(raised.value), names)
    assert once.attrs["wsnotebook"] == df.attrs["wsnotebook"]
    assert list(once.ws.messages()["text"]) == list(df.ws.messages()["text"])
    assert once.ws.counts().equals(df.ws.counts())
    if "monotonic" in once:
        assert len(once.ws.pings()) == len(df.ws.pings())
        assert once.ws.pairs()["latency"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("put", [concatenated, numbered_anew, overlapping_anew], ids=lambda put: put.__name__)
def test_a_log_of_frames_refuses_copies(
    put: Callable[[pd.DataFrame], pd.DataFrame], df: pd.DataFrame
) -> None:
    """As questions do, and with their remedy."""
    with pytest.raises(ValueError, match="are there twice") as asked:
        put(df).ws.counts()
    with pytest.raises(ValueError, match=re.escape(str(asked.value))):
        FrameLog.from_frames(put(df))
    once = eval(remedy(asked.value), {"df": put(df), "pd": pd, "a": df, "b": df})
    assert len(FrameLog.from_frames(once)) == len(df)


def frame_made_by_hand(df: pd.DataFrame) -> pd.DataFrame:
    of = ["time", "session", "direction", "opcode", "payload", "length", "frame_length"]
    return df[of].reset_index(drop=True)


def frame_of_a_former_version(df: pd.DataFrame) -> pd.DataFrame:
    return df.drop(columns=["recording", "connection"])


def frame_without_numbers(df: pd.DataFrame) -> pd.DataFrame:
    return df.drop(columns=["recording", "connection", "message"])


def in_order_again(df: pd.DataFrame) -> pd.DataFrame:
    return df.sort_values("time", kind="stable")


def later_first(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df[4:], df[:8]])


def over_two_reads(df: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([df[:9], df[5:]])


UNNAMED = [frame_made_by_hand, frame_of_a_former_version, frame_without_numbers]


@pytest.mark.parametrize(
    "put", [*TWICE[:2], over_two_reads, overlapping_anew, three_times, sorted_by_time, later_first]
)
@pytest.mark.parametrize("made", UNNAMED, ids=lambda made: made.__name__)
def test_frames_that_name_no_recording(made: Any, put: Any, df: pd.DataFrame) -> None:
    """A run of rows that is there twice is refused; its remedy, called until it has none, leaves each row once."""
    found = put(made(df))
    while len(found) > len(df):
        with pytest.raises(ValueError, match="are there twice") as raised:
            found.ws.counts()
        with pytest.raises(ValueError, match=re.escape(str(raised.value))):
            FrameLog.from_frames(found, payload="payload")
        found = eval(
            str(raised.value).rpartition("keep each once, ")[2].split(": put")[0],
            {"df": found, "pd": pd, "a": made(df), "b": made(df)},
        )
    assert found.sort_values("time", kind="stable")["payload"].tolist() == df["payload"].tolist()
    assert found.ws.counts()["frames"].sum() == len(df)


def test_frames_that_name_no_recording_may_be_equal() -> None:
    """Of one time, of two feeds that begin alike, sorted by something else, and of clocks that begin anew."""
    beats = [(second, "in", "beat") for second in (1, 1, 2, 2, 3, 3)]
    feeds = [(0, "in", "hello"), (1, "in", "a"), (2, "in", "b"), (0, "in", "hello"), (1, "in", "c")]
    by_text = [(1, "in", "a"), (3, "in", "a"), (1, "in", "beat"), (1, "in", "beat"), (2, "in", "c")]
    again = [(0, "in", "a"), (1, "in", "b"), (2, "in", "c"), (0, "in", "a"), (2, "in", "b"), (3, "in", "c")]
    for rows in (beats, feeds, by_text, again):
        df = pd.DataFrame(rows, columns=["time", "direction", "payload"])
        df["time"] = pd.to_datetime(df["time"], unit="s", utc=True)
        assert len(FrameLog.from_frames(df)) == len(df)
        for index in (df.index, [0] * len(df), df["time"].astype("int64")):
            assert len(df.set_axis(index).assign(opcode="text", session="s").ws.to_log()) == len(df)


def test_two_recordings_of_former_versions_are_put_together(elsewhere: Any, df: pd.DataFrame) -> None:
    """Their numbers are equal, and their clocks are not."""
    other = elsewhere()
    other.receive(0.7, (0x81, b"x"), (0x89, b"?"), (0x81, b"y"))
    merged = pd.concat([each.drop(columns="recording") for each in (df, other.log.df)])
    for rows in (merged, merged.reset_index(drop=True)):
        assert rows.ws.counts()["frames"].sum() == len(df) + 3 == len(FrameLog.from_frames(rows))


def test_frames_of_others_are_there_once() -> None:
    """Whatever their columns are called; the rows are named."""
    rows = [{"ts": f"2026-01-31T10:00:0{at}Z", "way": ">", "data": {"n": at}} for at in range(4)]
    with pytest.raises(
        ValueError, match=r"rows 4 to 7 .* from row 0 on.*keep each once, pd.concat\(\[df\[:4\], df\[8:\]\]\)"
    ):
        FrameLog.from_frames(rows + rows)
    with pytest.raises(ValueError, match=r"rows 3 to 4 are those from row 1 on"):
        FrameLog.from_frames(rows[:3] + rows[1:])
    assert len(FrameLog.from_frames(rows[:3] + rows[3:])) == 4


@pytest.mark.parametrize("index", [True, False], ids=["anew", "kept"])
def test_frames_that_look_alike_are_no_copies(talk: Any, index: bool) -> None:
    """Of one read, with the same time and payload: texts, pings, fragments, and a close said twice."""
    talk.receive(1, *[(0x81, b"x"), (0x89, b"?"), (0x01, b""), (0x00, b""), (0x00, b""), (0x80, b"")] * 2)
    talk.receive(1, *[(0x88, b"\x03\xe8")] * 2)
    df = talk.log.df
    for rows in (df, df[df["opcode"].isin(["ping", "close"])], df[~df["fin"]], df[::-1], df[df["fin"]]):
        found = rows.reset_index(drop=True) if index else rows
        assert found.ws.counts()["frames"].sum() == len(rows)


def test_recordings_saved_and_loaded_are_put_together(
    elsewhere: Any, df: pd.DataFrame, tmp_path: Path
) -> None:
    """Another recording, parts of one that were saved by themselves, and an edited part: no frame is twice."""
    other = elsewhere()
    other.receive(0.5, (0x81, b"x"), (0x89, b"?"))
    parts = [df[:4], df[4:8], other.log.df]
    loaded = [
        wsnotebook.load(part.ws.save(tmp_path / f"{number}.parquet")).df for number, part in enumerate(parts)
    ]
    for anew in (True, False):
        found = pd.concat(loaded, ignore_index=anew).ws.counts()
        assert found["frames"].sum() == 10
    with pytest.raises(ValueError, match="are there twice"):
        pd.concat([df, loaded[0]]).ws.counts()


def test_control_frames_alone_are_told_by_their_order(df: pd.DataFrame) -> None:
    """They have no number: a copy begins before the frames that stand above it."""
    pings = df[df["opcode"] == "ping"]
    for twice in (pd.concat([pings, pings]), pd.concat([pings, pings], ignore_index=True)):
        with pytest.raises(ValueError, match="are there twice"):
            twice.ws.pings()
    assert len(pings.reset_index(drop=True).ws.pings()) == 4


@pytest.mark.parametrize("left_out", [[], ["payload", "text"]], ids=["whole", "lengths"])
@pytest.mark.parametrize("row", [4, 8, 11], ids=["ping", "fragment", "pong"])
def test_one_frame_that_is_there_twice(row: int, left_out: list[str], talk: Any, df: pd.DataFrame) -> None:
    """A part that ends with the row that the next one begins with: the messages around it leave no room for two."""
    talk.send(5, Frame.pong(b"?"))
    talk.receive(6, (0x81, b"end"))
    df = talk.log.df.drop(columns=left_out)
    twice = pd.concat([df.loc[:row], df.loc[row:]], ignore_index=True)
    for rows in (twice, twice.sample(frac=1, random_state=1)):
        with pytest.raises(ValueError, match="are there twice"):
            rows.ws.counts()
    assert df.reset_index(drop=True).ws.counts().equals(df.ws.counts())


def test_closes_that_are_there_twice(talk: Any) -> None:
    """Both after the others: each lies beside its copy among those of its direction."""
    talk.receive(1, (0x81, b"x"), (0x88, b"\x03\xe8"))
    talk.send(2, Frame.close(None))
    df = talk.log.df
    for rows in (df, df[1:]):
        with pytest.raises(ValueError, match="are there twice"):
            pd.concat([rows, df[1:]], ignore_index=True).ws.closes()


def test_a_ping_that_is_there_again_later(df: pd.DataFrame) -> None:
    """One frame, alone among those without a number."""
    rows = df.drop(index=[3, 5, 6, 7, 8, 9, 10])
    with pytest.raises(ValueError, match="are there twice"):
        pd.concat([rows, rows[rows["opcode"] == "ping"]], ignore_index=True).ws.counts()


def test_decoded_messages_are_there_once(df: pd.DataFrame) -> None:
    """Two answers of decode() put together."""
    decoded = df.ws.decode("json")
    for twice in (pd.concat([decoded, decoded]), pd.concat([decoded, decoded], ignore_index=True)):
        with pytest.raises(ValueError, match="messages of the recording .* are there twice"):
            twice.ws.sequence("n")
    parts = pd.concat([df[:4].ws.decode("json"), df[4:].ws.decode("json")])
    for rows in (parts, parts[::-1], decoded.sort_values("kind"), decoded.sample(frac=1, random_state=1)):
        assert rows.ws.sequence("n").attrs["sequence"] == decoded.ws.sequence("n").attrs["sequence"]
        assert rows.ws.pairs("jsonrpc")["latency"].tolist() == [0.5, 0.5]
        assert rows.ws.state(lambda found, each: {"last": each}) == {"last": decoded["value"].iloc[-2]}


@pytest.mark.parametrize("dtype", ["Float64", "float64", "object", "int64[pyarrow]"])
def test_numbers_of_other_programs_are_compared(dtype: str, df: pd.DataFrame) -> None:
    """What a join or Polars made of the column: whole numbers all the same."""
    found = df.assign(message=df["message"].astype(dtype))
    assert found.ws.counts()["frames"].sum() == len(df)
    with pytest.raises(ValueError, match="are there twice"):
        numbered_anew(found).ws.counts()


@pytest.mark.long
@pytest.mark.parametrize("question", ["counts", "violations", "rate", "messages", "compression"])
def test_dask_refuses_copies_when_it_computes(question: str, df: pd.DataFrame) -> None:
    """Also where the two are in different parts; the remedy is one for Dask too."""
    dd = pytest.importorskip("dask.dataframe")
    from wsnotebook.analysis.partitions import PartitionQuestions

    whole = dd.from_pandas(pd.concat([df, df]), npartitions=1, sort=False)
    parts = dd.concat([dd.from_pandas(df[:7], npartitions=2), dd.from_pandas(df, npartitions=2)])
    for ddf in (whole, parts):
        with pytest.raises(ValueError, match="are there twice") as raised:
            getattr(PartitionQuestions(ddf), question)().compute(scheduler="sync")
        once = eval(remedy(raised.value), {"df": ddf})
        found = getattr(PartitionQuestions(once), question)().compute(scheduler="sync")
        assert len(found) == len(getattr(df.ws, question)())
