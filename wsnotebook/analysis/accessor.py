"""``df.ws``: the pandas accessor, with a method for each question of questions.py."""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import CORE, need
from wsnotebook.analysis.display import register_display
from wsnotebook.analysis.questions import QUESTIONS, asking

__all__ = ["FrameQuestions", "register"]


def register() -> None:
    """Register ``ws`` as an accessor of every pandas DataFrame, and the display of frames; a second call does nothing."""
    if getattr(pd.DataFrame, "ws", None) is not FrameQuestions:
        pd.api.extensions.register_dataframe_accessor("ws")(FrameQuestions)
    register_display()


class FrameQuestions:
    """Questions to a DataFrame of frames: ``session.df.ws``, ``log.df.ws``, or ``.ws`` of a selection of their rows.

    Raises:
        AttributeError: the DataFrame is not a frame log; the message names the missing columns.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        need(df.columns, CORE, "df.ws")
        self._df = df

    def __repr__(self) -> str:
        return f"<df.ws: {', '.join(name for name in dir(self) if not name.startswith('_'))}>"


for _question in QUESTIONS:
    setattr(FrameQuestions, _question.method, asking(_question, _question.ask))
