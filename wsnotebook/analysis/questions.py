"""The list of questions to frames: what ``df.ws`` offers on pandas, and whether and how Dask answers it.

Each question is a function in the module of its name. accessor.py and partitions.py make their methods from this list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wsnotebook.analysis.closes import closes
from wsnotebook.analysis.compression import (
    COMPRESSED,
    add_compressions,
    compression,
    compression_of_part,
    whole_compression,
)
from wsnotebook.analysis.conversation import conversation
from wsnotebook.analysis.copies import checked_rows
from wsnotebook.analysis.counts import COUNTED, add_counts, counts, counts_of_part, whole_counts
from wsnotebook.analysis.decode import decode
from wsnotebook.analysis.display import mark_frames
from wsnotebook.analysis.gaps import gaps
from wsnotebook.analysis.hastype import has_type
from wsnotebook.analysis.jsonrows import json_rows
from wsnotebook.analysis.messages import messages
from wsnotebook.analysis.messagetypes import types
from wsnotebook.analysis.overhead import deflate, overhead
from wsnotebook.analysis.pairs import pairs
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.plots import plot_latency, plot_rate
from wsnotebook.analysis.rate import RATED, add_rates, rate, rate_of_part, whole_rate
from wsnotebook.analysis.redact import redact
from wsnotebook.analysis.schema import schema
from wsnotebook.analysis.script import script
from wsnotebook.analysis.sequence import sequence
from wsnotebook.analysis.stalls import stalls
from wsnotebook.analysis.state import state
from wsnotebook.analysis.summary import summary
from wsnotebook.analysis.tolog import save, to_log
from wsnotebook.analysis.violations import violations

__all__ = ["ALL", "QUESTIONS", "Question", "Sums", "asking"]


@dataclass(frozen=True, slots=True)
class Sums:
    """Answers of partitions that can be added up."""

    columns: tuple[str, ...]
    """Columns that the question needs."""
    of_part: Callable[..., Any]
    """Returns the sums of a partition, from its frames and the arguments of the question."""
    add: Callable[..., Any]
    """Adds the concatenated sums of several partitions to sums with the same columns."""
    whole: Callable[..., Any]
    """Returns the answer, from the concatenated sums of all partitions and the arguments of the question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question."""

    ask: Callable[..., Any]
    """Answers it: the first parameter is the DataFrame, the others are those of the method."""
    name: str = ""
    """Name of the method; without it that of the function."""
    sums: Sums | None = None
    """How Dask adds the answers of partitions."""
    by_row: bool = False
    """The answer for a row needs no other row, so Dask concatenates the answers of the partitions."""
    any_order: bool = False
    """The answer is the same in whatever order the rows are; so is one that Dask adds, or gives row by row."""
    gathers: tuple[str, ...] = ()
    """It needs whole conversations, so Dask gathers all rows on one worker: the columns that it reads, or ALL."""
    pandas_only: str = ""
    """Reason why Dask cannot answer it, for the sentence "ddf.ws has no …: …"; empty if it can."""

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.name or self.ask.__name__

    def answer(self, df: Any, *args: Any, **kwargs: Any) -> Any:
        """Ask it of frames that are there once.

        Raises:
            ValueError: frames are there twice, their order is lost, or the index has what should be a column; the message
                has the remedy.
        """
        any_order = self.any_order or self.by_row or self.sums is not None
        return self.ask(checked_rows(df, any_order=any_order), *args, **kwargs)


_CONVERSATION = "it needs a whole conversation"
ALL = ("*",)
"""Columns of a question that reads most of them."""
_CLOCKED = ("time", "monotonic", "session", "direction", "opcode")
_ONE_TEXT = "it writes one text"
_FIGURE = "it draws one figure of rows in memory"
_LOG = "a log is in the memory of one process"

QUESTIONS = (
    Question(summary, pandas_only=_ONE_TEXT),
    Question(conversation, pandas_only=_ONE_TEXT),
    Question(counts, sums=Sums(COUNTED, counts_of_part, add_counts, whole_counts)),
    Question(rate, sums=Sums(RATED, rate_of_part, add_rates, whole_rate)),
    Question(messages, gathers=ALL),
    Question(json_rows, "json", gathers=ALL),
    Question(types, gathers=ALL),
    Question(schema, gathers=ALL),
    Question(has_type, pandas_only=_CONVERSATION),
    Question(pairs, gathers=ALL),
    Question(sequence, gathers=ALL),
    Question(state, pandas_only=_CONVERSATION),
    Question(decode, gathers=ALL),
    Question(pings, gathers=(*_CLOCKED, "payload")),
    Question(closes, gathers=(*_CLOCKED, "close_code", "close_reason")),
    Question(violations, by_row=True),
    Question(compression, sums=Sums(COMPRESSED, compression_of_part, add_compressions, whole_compression)),
    Question(
        overhead, any_order=True, gathers=("direction", "opcode", "length", "wire_length", "frame_length")
    ),
    Question(deflate, gathers=ALL),
    Question(gaps, gathers=_CLOCKED),
    Question(stalls, any_order=True, gathers=("session",)),
    Question(script, pandas_only=_ONE_TEXT),
    Question(redact, pandas_only=_CONVERSATION),
    Question(to_log, pandas_only=_LOG),
    Question(save, pandas_only=_LOG),
    Question(plot_rate, any_order=True, pandas_only=_FIGURE),
    Question(plot_latency, pandas_only=_FIGURE),
)
"""All questions. A new one is one row here."""


def asking(question: Question, answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method with name, docstring and parameters of a question, so that ``df.ws.rate?`` shows them.

    Args:
        question: the question.
        answer: called with the DataFrame of the instance, ``_df``, and the arguments of the method.
    """

    @functools.wraps(question.ask)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return mark_frames(answer(self._df, *args, **kwargs))

    method.__name__ = question.method
    return method
