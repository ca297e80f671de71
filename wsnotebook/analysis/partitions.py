"""``ddf.ws``: questions to a Dask DataFrame of frames, for recordings larger than the memory of one machine.

Each question is answered per partition and the answers are added, by the same functions that answer for pandas. Dask
is imported by files/datasetreader.py, which registers this class; this module only calls methods of its DataFrame.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import pandas as pd

from wsnotebook.analysis.columns import CORE, need
from wsnotebook.analysis.questions import QUESTIONS, Question, Sums, asking

__all__ = ["PartitionQuestions"]

_PANDAS_ONLY = {question.method: question.pandas_only for question in QUESTIONS if question.pandas_only}


class PartitionQuestions:
    """Questions to a Dask DataFrame of frames. Each returns a Dask DataFrame; ``.compute()`` gives the result of ``df.ws``.

    Questions that need a whole conversation (messages, json, decode, pings, closes, gaps) are for pandas: select one session,
    ``ddf[ddf.session == name].compute().ws``.

    Raises:
        AttributeError: the DataFrame is not a frame log.
    """

    def __init__(self, ddf: Any) -> None:
        need(ddf.columns, CORE, "ddf.ws")
        self._df = ddf

    def __getattr__(self, name: str) -> Any:
        remedy = f"take one session, ddf[ddf.session == name].compute().ws.{name}()"
        known = f": {_PANDAS_ONLY[name]}, and is for pandas: {remedy}" if name in _PANDAS_ONLY else ""
        raise AttributeError(f"ddf.ws has no {name}{known}")


def _answer(question: Question, ddf: Any, *args: Any, **kwargs: Any) -> Any:
    """Ask every partition, and join or add the answers when the result is computed."""
    bound = inspect.signature(question.ask).bind(ddf, *args, **kwargs)
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[1:])  # by name, without the DataFrame
    if question.sums is not None:
        return _added(question, question.sums, ddf, given)
    return ddf.map_partitions(question.ask, meta=question.ask(_empty(ddf), **given), **given)


def _added(question: Question, sums: Sums, ddf: Any, given: dict[str, Any]) -> Any:
    need(ddf.columns, sums.columns, f"ddf.ws.{question.method}()")
    # Other columns are left out, so that they are not sent between workers.
    rows = ddf[[*sums.columns, *({"status"} & set(ddf.columns))]]
    # Asking no rows also refuses a wrong argument here, not later in a worker.
    meta = sums.whole(sums.of_part(_empty(rows), **given), **given)
    return rows.reduction(
        sums.of_part,
        aggregate=sums.whole,
        combine=sums.add,
        meta=meta,
        chunk_kwargs=given,
        aggregate_kwargs=given,
    )


def _empty(ddf: Any) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ddf.dtypes.items()})


for _question in QUESTIONS:
    if not _question.pandas_only:
        setattr(PartitionQuestions, _question.method, asking(_question, partial(_answer, _question)))
