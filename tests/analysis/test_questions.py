"""The list of questions: ``df.ws`` and ``ddf.ws`` have its methods and no others, with the same parameters."""

from __future__ import annotations

import inspect
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wsnotebook.analysis.accessor import FrameQuestions
from wsnotebook.analysis.partitions import PartitionQuestions
from wsnotebook.analysis.questions import QUESTIONS, Question
from wsnotebook.files.framelog import FrameLog

ON_BOTH = [question for question in QUESTIONS if not question.pandas_only]
FOR_PANDAS = [question for question in QUESTIONS if question.pandas_only]


def named(question: Question) -> str:
    return question.method


def methods(kind: type) -> set[str]:
    """The public methods of a class."""
    return {name for name in vars(kind) if not name.startswith("_")}


def parameters(method: Any) -> list[inspect.Parameter]:
    """Those that a caller gives."""
    return list(inspect.signature(method).parameters.values())[1:]


def test_the_methods_are_those_of_the_list() -> None:
    """A question that is on neither, or a method that is not in the list, cannot be."""
    assert methods(FrameQuestions) == {question.method for question in QUESTIONS}
    assert methods(PartitionQuestions) == {question.method for question in ON_BOTH}


@pytest.mark.parametrize("question", ON_BOTH, ids=named)
def test_pandas_and_dask_are_asked_in_the_same_words(question: Question) -> None:
    """Name, parameters with defaults, and docstring are those of the function."""
    on_pandas, on_dask = (
        getattr(FrameQuestions, question.method),
        getattr(PartitionQuestions, question.method),
    )
    assert on_pandas.__name__ == on_dask.__name__ == question.method
    assert parameters(on_pandas) == parameters(on_dask) == parameters(question.ask)
    assert on_pandas.__doc__ == on_dask.__doc__ == question.ask.__doc__


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_each_question_says_how_dask_answers_it_or_why_not(question: Question) -> None:
    """Exactly one of the four."""
    ways = (question.sums is not None, question.by_row, bool(question.gathers), bool(question.pandas_only))
    assert sum(ways) == 1


@pytest.mark.parametrize("question", FOR_PANDAS, ids=named)
def test_dask_names_the_reason_and_the_way(question: Question) -> None:
    """So does completion: the method is not there."""
    ws = PartitionQuestions.__new__(PartitionQuestions)
    with pytest.raises(AttributeError, match=f"{question.pandas_only}, and is for pandas: take some rows"):
        getattr(ws, question.method)


def test_the_readme_lists_the_questions() -> None:
    """Each with the first line of its docstring."""
    lines = [
        f"| `{question.method}` | {question.ask.__doc__.partition(chr(10))[0].replace('``', '`')} |"
        for question in QUESTIONS
        if question.ask.__doc__
    ]
    table = "| `df.ws.` | answer |\n|---|---|\n" + "\n".join(lines) + "\n"
    assert len(lines) == len(QUESTIONS)
    assert table in (Path(__file__).parents[2] / "README.md").read_text("utf-8"), table


def test_a_wrong_argument_is_refused_by_the_method(talk: Any) -> None:
    """An unknown keyword raises, as with a method written by hand; a bound method shows its own parameters only."""
    talk.receive(1, (0x81, b"x"))
    ws = talk.log.df.ws
    with pytest.raises(TypeError, match="evry"):
        ws.rate(evry="1s")
    assert list(inspect.signature(ws.rate).parameters) == ["every"]


@pytest.mark.parametrize("times", [[], ["time"]], ids=["text", "times"])
@pytest.mark.parametrize("method", ["messages", "json", "has_type", "pairs", "summary", "redact", "to_log"])
def test_bytes_written_as_text_are_refused(talk: Any, method: str, times: list[str]) -> None:
    """A CSV has no bytes; the remedy reads them, and edited texts are payloads as ever."""
    talk.receive(1, (0x81, b'{"type":"a","id":1}'), (0x82, b"it's \xff"), (0x89, b""))
    df = talk.log.df
    read = pd.read_csv(io.StringIO(df.to_csv()), index_col="seq", parse_dates=times)
    column = "payload" if times or method not in ("summary", "to_log") else "time"
    remedy = "FrameLog.from_frames" if column == "payload" else "pd.to_datetime"
    arguments = ["a"] if method == "has_type" else []
    with pytest.raises(ValueError, match=rf"column '{column}' .*{remedy}\("):
        getattr(read.ws, method)(*arguments)
    assert FrameLog.from_frames(read).df["payload"].tolist() == df["payload"].tolist()
    edited = df.assign(payload=["{}", "[]", ""])
    assert edited.ws.messages()["payload"].tolist() == [b"{}", b"[]"]
