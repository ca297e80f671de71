"""Rows whose index is not their ``seq``: each question answers as with it, or says that the order is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.conftest import START_NS
from wsnotebook.analysis.compare import compare
from wsnotebook.analysis.seqs import has_seq, known_seq
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.frames import Frame


def converse(talk: Any) -> None:
    """Record JSON-RPC, pings, a message in fragments with a ping between them, a violation and closes."""
    for at in range(3):
        talk.send(at, Frame.text(f'{{"jsonrpc":"2.0","id":{at},"method":"tick","n":{at}}}'), Frame.ping(b"p"))
        answer = b'{"jsonrpc":"2.0","id":%d,"result":{},"n":%d}' % (at, at)
        talk.receive(at + 0.25, (0x8A, b"p"), (0x81, answer))
    talk.receive(5, (0x01, b"x"), (0x89, b"!"), (0x00, b"y"))
    talk.send(5.1, Frame.pong(b"!"))
    talk.receive(7, (0x80, b"z"), (0x83, b"odd"), (0x81, b"late"), (0x88, b"\x03\xf5later"))
    talk.send(7.1, Frame.close(None))


@pytest.fixture
def df(talk: Any) -> pd.DataFrame:
    converse(talk)
    return talk.log.df


def reset(df: pd.DataFrame) -> pd.DataFrame:
    return df.reset_index(drop=True)


def with_seq_as_column(df: pd.DataFrame) -> pd.DataFrame:
    return df.reset_index()


def by_time(df: pd.DataFrame) -> pd.DataFrame:
    return df.set_index("time", drop=False)


def by_direction(df: pd.DataFrame) -> pd.DataFrame:
    return df.set_index("direction", drop=False)


def by_several(df: pd.DataFrame) -> pd.DataFrame:
    return df.set_index("session", append=True, drop=False)


def counted_from_1000(df: pd.DataFrame) -> pd.DataFrame:
    return df.set_axis(np.arange(1000, 1000 + len(df)))


def by_text(df: pd.DataFrame) -> pd.DataFrame:
    return df.set_index(pd.CategoricalIndex(df.index.astype(str)))


def joined_with_another_table(df: pd.DataFrame) -> pd.DataFrame:
    return df.merge(pd.DataFrame({"direction": ["out", "in"], "side": ["we", "they"]}), how="left")


def sorted_by_length(df: pd.DataFrame) -> pd.DataFrame:
    return df.sort_values("length")


CHANGES = [
    reset, with_seq_as_column, by_time, by_direction, by_several, counted_from_1000, by_text,
    joined_with_another_table, sorted_by_length,
]  # fmt: skip
QUESTIONS: dict[str, tuple[Any, ...]] = {
    "conversation": (), "script": (), "messages": (), "json": (), "types": (), "schema": (), "pairs": (),
    "sequence": ("n",), "decode": (), "pings": (), "closes": (), "violations": (), "gaps": (), "counts": (), "rate": (),
    "overhead": (), "state": (lambda found, message: found.update(message),),
}  # fmt: skip
LEFT_OUT = ("after", "pong", "payload")
"""Labels of rows, and bytes, which other programs hold as bytearrays."""


def plain(answer: Any) -> Any:
    """Return an answer without its index and what is left out."""
    if not isinstance(answer, pd.DataFrame):
        return answer
    kept = [name for name in answer if name not in LEFT_OUT]
    return answer[kept].reset_index(drop=True).astype(str).to_numpy().tolist()


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_index_that_is_not_seq_changes_no_answer(question: str, df: pd.DataFrame) -> None:
    """The order of record is known from the rows and the numbers of messages."""
    asked = QUESTIONS[question]
    answer = plain(getattr(df.ws, question)(*asked))
    for change in CHANGES:
        assert plain(getattr(change(df).ws, question)(*asked)) == answer, change.__name__


def as_objects(df: pd.DataFrame) -> pd.DataFrame:
    return df.astype(dict.fromkeys(df.columns.drop("time"), object))


def as_categories(df: pd.DataFrame) -> pd.DataFrame:
    return df.astype(dict.fromkeys(["text", "monotonic", "length", "wire_length", "close_code"], "category"))


def by_tuples(df: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(list(df.itertuples())).set_index("Index").rename_axis("seq")


@pytest.mark.parametrize("change", [as_objects, as_categories, by_tuples], ids=lambda change: change.__name__)
def test_columns_of_objects_and_categories_change_no_answer(
    change: Callable[[pd.DataFrame], pd.DataFrame], df: pd.DataFrame
) -> None:
    """As pandas makes them of rows and by astype(); a missing value is missing, whatever stands for it."""
    late = [("s", START_NS + at * 10**9, at * 10**9, 0.0) for at in range(9)]  # the loop was watched
    df.attrs["wsnotebook"] = {**df.attrs["wsnotebook"], "late": late}
    rows = change(df)
    rows.attrs = df.attrs
    for name in ("messages", "gaps", "closes", "overhead", "script"):
        assert plain(getattr(rows.ws, name)()) == plain(getattr(df.ws, name)()), name
    assert rows.ws.to_log().df["text"].tolist() == df["text"].tolist()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_labels_lead_back_to_the_rows(
    change: Callable[[pd.DataFrame], pd.DataFrame], df: pd.DataFrame
) -> None:
    """Where seq was thrown away, closes, pings, gaps and violations name rows as the DataFrame does."""
    rows = change(df)
    assert set(rows.ws.closes().index) <= set(rows.index)
    assert rows.ws.pings()["pong"].dropna().isin(rows.index).all()
    assert rows.ws.gaps()["after"].isin(rows.index).all()
    assert rows[rows.ws.has_type("tick")]["direction"].eq("out").all()
    redacted, audit = rows.ws.redact(["$.method"])
    assert redacted.index.equals(rows.index) and len(audit) == 3


def test_summary_names_a_gap_by_seq_or_by_time(df: pd.DataFrame) -> None:
    """A label that counts rows anew would be taken for a seq."""
    assert "before seq 12" in df.ws.summary()
    assert "before 2023-11-14 22:13:25" in reset(df).ws.summary()


@pytest.mark.parametrize("question", ["messages", "pairs", "conversation", "gaps", "to_log"])
def test_a_lost_order_is_told(question: str, df: pd.DataFrame) -> None:
    """Sorted rows that were numbered anew: what depends on the order says how to restore it, and that way works."""
    rows = df.sort_values("length", ignore_index=True)
    with pytest.raises(ValueError, match="the order of record is lost") as raised:
        getattr(rows.ws, question)()
    way = re.search(r"df\..*$", str(raised.value))
    assert way
    again = eval(way[0], {"df": rows})
    assert again.ws.pairs()["latency"].tolist() == [0.25] * 3
    assert rows.ws.counts().equals(df.ws.counts()), "which does not depend on it"
    kept = df.reset_index().sort_values("length", ignore_index=True)
    with pytest.raises(ValueError, match=r'df\.set_index\("seq"\)$'):
        getattr(kept.ws, question)()
    assert plain(kept.set_index("seq").ws.messages()) == plain(df.ws.messages())


def test_a_lost_order_is_told_of_frames_that_name_no_recording(elsewhere: Any, df: pd.DataFrame) -> None:
    """As those of former versions; two recordings in one table have equal numbers, and their order is not checked."""
    rows = df.drop(columns=["recording", "connection"])
    for lost in (
        rows.sort_values("length", ignore_index=True),
        received_alone(rows).sort_values("direction", ignore_index=True, kind="stable"),
    ):
        with pytest.raises(ValueError, match="the order of record is lost") as raised:
            lost.ws.gaps()
        again = eval(str(raised.value).rpartition("; ")[2], {"df": lost})
        assert len(again.ws.pings()) == len(rows.ws.pings())
    other = elsewhere()
    other.receive(0.1, (0x81, b"x"))
    assert (
        len(pd.concat([rows, other.log.df.drop(columns="recording")], ignore_index=True).ws.messages()) == 9
    )


def only_controls(df: pd.DataFrame) -> pd.DataFrame:
    return df[df["opcode"].isin(["ping", "pong", "close"])]


def received_alone(df: pd.DataFrame) -> pd.DataFrame:
    """Return a feed: messages in one direction only."""
    return df[df["direction"].eq("in") | df["opcode"].isin(["ping", "pong", "close"])]


@pytest.mark.parametrize("question", ["pings", "closes", "conversation", "gaps"])
@pytest.mark.parametrize("select", [only_controls, received_alone], ids=lambda select: select.__name__)
def test_a_lost_order_of_control_frames_is_told(
    question: str, select: Callable[[pd.DataFrame], pd.DataFrame], df: pd.DataFrame
) -> None:
    """Their clock shows it, since they have no number; as selected they are in order, also with a clock for some only."""
    rows = select(df).reset_index(drop=True)
    expected = plain(getattr(rows.ws, question)())
    lost = rows.sort_values("direction", kind="stable", ignore_index=True)
    with pytest.raises(ValueError, match="the order of record is lost") as raised:
        getattr(lost.ws, question)()
    again = eval(str(raised.value).rpartition("; ")[2], {"df": lost})
    assert plain(getattr(again.ws, question)()) == expected
    some = lost.assign(monotonic=lost["monotonic"].astype("Int64").mask(lost.index == 1))
    with pytest.raises(ValueError, match="the order of record is lost"):
        some.ws.conversation()


def test_a_captured_segment_that_came_again_loses_no_order(talk: Any) -> None:
    """Its frames are later than those after them, and stand where the numbers of the messages say."""
    for at, payload in ((1, b"a"), (4, b"b"), (3, b"c")):
        talk.receive(at, (0x81, payload), (0x89, payload))
    talk.receive(5, (0x81, b"d"))
    rows = talk.log.df.reset_index(drop=True)
    assert rows.ws.messages()["text"].tolist() == ["a", "b", "c", "d"]


def test_two_recordings_numbered_anew_are_two_conversations(elsewhere: Any, df: pd.DataFrame) -> None:
    """A close of one is not a line of a message of the other, whose number it has as its label."""
    other = elsewhere()
    converse(other)
    both = pd.concat([df, other.log.df], ignore_index=True)
    assert sorted(both.ws.conversation().splitlines()) == sorted(2 * df.ws.conversation().splitlines())
    one = both[both["recording"] == df["recording"].iloc[0]]
    assert one.ws.script() == df.ws.script()
    assert compare(both, pd.concat([df, other.log.df])).same


def test_seq_is_known_between_two_messages_whose_numbers_fit(df: pd.DataFrame) -> None:
    """Where rows were left out between them, or none follows, nobody can say; of messages the number says it."""
    none = np.zeros(len(df), np.int64)
    assert has_seq(df) and not has_seq(reset(df))
    assert known_seq(df, none).tolist() == df.index.tolist()
    last = int(df.index[df["text"].eq("late")][0])
    found = known_seq(reset(df), none).tolist()
    assert found[: last + 1] == list(range(last + 1)) and set(found[last + 1 :]) == {-1}
    fewer = df.drop(index=1)
    assert known_seq(reset(fewer), none[1:]).tolist()[:4] == [0, -1, 3, 4]


def test_an_index_of_a_needed_column_says_what_to_do(df: pd.DataFrame) -> None:
    """set_index("time") takes the column away."""
    with pytest.raises(AttributeError, match=r"columns time, .*df\.reset_index\(\)"):
        df.set_index("time").ws.rate()


def test_an_index_of_another_column_says_what_to_do(df: pd.DataFrame) -> None:
    """Each column that a question may do without; every way in refuses it, and reset_index() helps."""
    for name in df.columns.difference(["time", "direction", "opcode"]):
        with pytest.raises(ValueError, match=f"the index has {name}, "):
            df.set_index(name, append=True).ws.overhead()
    for rows in (df.set_index("recording", append=True), df.set_index(["recording", "connection"])):
        for ask in (
            rows.ws.overhead,
            rows.ws.to_log,
            partial(compare, rows, df),
            partial(FrameLog.from_frames, rows),
        ):
            with pytest.raises(ValueError, match=r"the index has recording, .*df\.reset_index") as raised:
                ask()
        again = eval(str(raised.value).rpartition("ask ")[2], {"df": rows})
        assert plain(again.ws.overhead()) == plain(df.ws.overhead())


@pytest.mark.parametrize(
    "names", [["recording", "seq"], ["connection"], ["session", "seq"], ["attempt", "message"]]
)
def test_a_column_that_is_in_the_index_too_is_used(
    names: list[str], elsewhere: Any, df: pd.DataFrame
) -> None:
    """Two recordings stay two, whoever asks."""
    other = elsewhere()
    converse(other)
    both = pd.concat([df, other.log.df])
    rows = both.reset_index().set_index(names, drop=False)
    assert plain(rows.ws.closes()) == plain(both.ws.closes())
    assert compare(rows, both).same
    for log in (rows.ws.to_log(), FrameLog.from_frames(rows, payload="payload")):
        assert log.df["connection"].nunique() == 2


@pytest.mark.long
def test_frames_come_back_from_duckdb_and_polars(df: pd.DataFrame) -> None:
    """As bytearrays and floats, without an index: no answer differs, and a close still has a whole number."""
    rows = df.reset_index().assign(
        payload=[bytearray(payload) for payload in df["payload"]],
        close_code=df["close_code"].astype("float64"),
        message=df["message"].astype("float64"),
    )
    for name in ("conversation", "script", "pings", "closes", "messages", "pairs", "gaps"):
        found, expected = getattr(rows.ws, name)(), getattr(df.ws, name)()
        assert plain(found) == plain(expected), name
    with pytest.raises(ValueError, match="are there twice"):
        pd.concat([rows.drop(columns="seq")] * 2, ignore_index=True).ws.pings()


def test_a_column_that_is_there_twice_is_told(df: pd.DataFrame) -> None:
    """As pd.concat(axis=1) makes it; the remedy is run."""
    rows = pd.concat([df, df[["length"]]], axis=1)
    with pytest.raises(ValueError, match=r"columns length are there twice: .*(df\.loc.*)$") as raised:
        rows.ws.summary()
    again = eval(str(raised.value).rpartition("once, ")[2], {"df": rows})
    assert again.ws.summary() == df.ws.summary()
