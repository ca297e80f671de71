"""df.ws: on frame logs only, on subsets too, the same as the functions, and registered once."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pandas as pd
import pytest

from wsnotebook.analysis.accessor import FrameQuestions, register
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.frames import OPCODE_NAMES

QUESTIONS = [
    "closes",
    "compression",
    "counts",
    "gaps",
    "json",
    "messages",
    "pings",
    "rate",
    "schema",
    "stalls",
    "types",
    "violations",
]


def test_a_dataframe_of_something_else_has_no_ws() -> None:
    """AttributeError names the missing columns, so that hasattr() says no and completion does not offer it."""
    df = pd.DataFrame({"direction": ["in"], "price": [1.0]})
    with pytest.raises(AttributeError, match="columns opcode, which"):
        df.ws  # noqa: B018 - asking is the point
    assert not hasattr(df, "ws") and "ws" not in dir(df)


def test_a_question_names_the_columns_that_it_misses(talk: Any) -> None:
    """A frame log from which a column was left out answers all but what needs it."""
    talk.receive(1, (0x81, b"x"))
    df = talk.log.df[["time", "direction", "opcode", "length"]]
    assert df.ws.rate()["frames_in"].tolist() == [1]
    with pytest.raises(
        AttributeError, match=r"df\.ws\.counts\(\) needs .* columns session, frame_length, which"
    ):
        df.ws.counts()


def test_registering_again_does_nothing() -> None:
    """pandas would warn of a second registration."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register()
        register()
    assert pd.DataFrame.ws is FrameQuestions


@pytest.mark.parametrize("imports", ["wsnotebook, pandas as pd", "pandas as pd, wsnotebook"])
def test_importing_the_package_is_what_registers(imports: str) -> None:
    """In either order: every DataFrame has its ws, and the questions are loaded with the first."""
    code = (
        f"import {imports}, sys; df = pd.DataFrame({{'direction': ['in'], 'opcode': ['text']}}); "
        "assert hasattr(pd.DataFrame, 'ws') and not any(name.startswith('wsnotebook.analysis') for name in sys.modules); "
        "assert 'counts' in dir(df.ws) and pd.DataFrame.ws.__name__ == 'FrameQuestions'; "
        "assert not {'matplotlib', 'dask', 'ipywidgets'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_the_accessor_of_another_is_kept_until_ours_is_needed() -> None:
    """pandas then warns that it is replaced."""
    code = (
        "import pandas as pd; pd.api.extensions.register_dataframe_accessor('ws')(len); import wsnotebook; "
        "assert pd.DataFrame.ws is len; import wsnotebook.analysis; assert pd.DataFrame.ws is not len"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "overriding a preexisting attribute" in done.stderr, done.stderr


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_log_answers_in_the_shape_of_a_full_one(name: str, talk: Any) -> None:
    """No rows, and the columns and dtypes that there are with rows (of json, those that it has of itself)."""
    talk.receive(1, (0x81, b'{"a": 1}'), (0x89, b"p"), (0x88, b"\x03\xe8bye"), (0x83, b""))
    talk.receive(5, (0x81, b"[{}]"))
    talk.log.note("loop late", "", "s", seconds=0.5)
    full, empty = getattr(talk.log.df.ws, name)(), getattr(FrameLog().df.ws, name)()
    assert len(full) and not len(empty)
    assert [column for column in full if column != "a"] == list(empty)
    dtypes = {column: str(full[column].dtype) for column in empty}
    assert dtypes == {column: str(dtype) for column, dtype in empty.dtypes.items()}


@pytest.mark.parametrize("name", [*QUESTIONS, "plot_rate", "plot_latency"])
def test_each_question_can_be_read_about(name: str) -> None:
    """``df.ws.rate?`` says what comes back."""
    text = getattr(FrameQuestions, name).__doc__
    assert "Returns:" in text and text.splitlines()[0].endswith((".", ":")), text


def test_nothing_of_the_asked_dataframe_changes(talk: Any) -> None:
    """Values and attrs are as before, whatever was asked."""
    talk.receive(1, (0x01, b'{"a"'), (0x89, b"p"), (0x80, b": 1}"))
    df = talk.log.df
    before = df.copy()
    for name in QUESTIONS:
        getattr(df.ws, name)()
    assert df.equals(before) and df.attrs == before.attrs and df.attrs["wsnotebook"]


def test_its_repr_lists_the_questions(talk: Any) -> None:
    """What a person sees who types df.ws."""
    assert "counts, decode, deflate, gaps, has_type, json" in repr(talk.log.df.ws)


def test_an_answer_has_only_the_opcodes_that_occur_in_it(talk: Any) -> None:
    """Whatever the rows that were asked have, and also rows whose categories are all opcodes."""
    talk.receive(1, (0x81, b"text"), (0x82, b"binary"), (0x89, b"ping"), (0x83, b"reserved"))
    df = talk.log.df
    of_all = df.assign(opcode=df["opcode"].cat.set_categories(list(OPCODE_NAMES)))
    for rows in (df, of_all):
        assert rows.ws.messages()["opcode"].value_counts().to_dict() == {"text": 1, "binary": 1}
        assert rows.ws.violations()["opcode"].value_counts().to_dict() == {"0x3": 1}
    as_texts = df.assign(opcode=df["opcode"].astype(str))
    assert as_texts.ws.violations()["opcode"].tolist() == ["0x3"], "and other dtypes stay as they are"
