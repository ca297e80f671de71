"""``df.ws``: the pandas accessor, with a method for each question of questions.py."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from wsnotebook.analysis.columns import CORE, is_decoded, need, only_occurring_opcodes
from wsnotebook.analysis.display import register_display
from wsnotebook.analysis.questions import QUESTIONS, Question, asking

__all__ = ["FrameQuestions", "register"]


def register() -> None:
    """Register ``ws`` as an accessor of every pandas DataFrame, and the display of frames; a second call does nothing."""
    registered = getattr(pd.DataFrame, "ws", None)
    if registered is not FrameQuestions:
        if getattr(registered, "__module__", None) == "wsnotebook":
            delattr(pd.DataFrame, "ws")  # it loads this module; pandas warns of another's only
        pd.api.extensions.register_dataframe_accessor("ws")(FrameQuestions)
    register_display()


class FrameQuestions:
    """Questions to a DataFrame of frames: ``session.df.ws``, ``log.df.ws``, or ``.ws`` of a selection of their rows.

    Each is a method that leaves the frames as they are, and returns a DataFrame, a text or a figure. Tab after ``df.ws.`` lists
    them, ``df.ws.pairs?`` explains one. Durations and latencies are seconds as float, sizes are bytes.

    Example::

        df = session.df
        print(df.ws.summary())                        # all of it, on one screen
        df.ws.json().tail()                           # JSON messages as columns
        df[df["direction"] == "in"].ws.gaps("200ms")  # of the received frames only

    What ``decode()`` returns has ``.ws`` too: json, types, schema, pairs, sequence and state are asked of decoded messages.

    Raises:
        AttributeError: the DataFrame is not a frame log; the message names the missing columns.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        if not is_decoded(df):
            need(df.columns, CORE, "df.ws")
        self._df = df

    def __repr__(self) -> str:
        return f"<df.ws: {', '.join(name for name in dir(self) if not name.startswith('_'))}>"


def _answer(question: Question, df: pd.DataFrame, *args: Any, **kwargs: Any) -> Any:
    found = question.answer(df, *args, **kwargs)
    return only_occurring_opcodes(found) if isinstance(found, pd.DataFrame) else found


for _question in QUESTIONS:
    setattr(FrameQuestions, _question.method, asking(_question, partial(_answer, _question)))
