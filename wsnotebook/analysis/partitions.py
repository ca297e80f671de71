"""``ddf.ws``: questions to a Dask DataFrame of frames, for recordings larger than the memory of one machine.

Questions are answered by the same functions as for pandas: per partition, with answers that can be added, or of rows that
are gathered. Dask is imported by files/datasetreader.py, which registers this class; this module only calls methods of its DataFrame.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import pandas as pd

from wsnotebook.analysis.columns import CORE, IDENTITY, check_index, is_decoded, need
from wsnotebook.analysis.copies import KEYS, keys_of_part, refuse_copies
from wsnotebook.analysis.questions import ALL, QUESTIONS, Question, Sums, asking

__all__ = ["PartitionQuestions"]

_PANDAS_ONLY = {question.method: question.pandas_only for question in QUESTIONS if question.pandas_only}


class PartitionQuestions:
    """Questions to a Dask DataFrame of frames. Each returns a Dask DataFrame; ``.compute()`` gives the result of ``df.ws``.

    counts, rate, compression and violations are computed part by part. Questions that need whole conversations (messages,
    json, decode, pings, closes, gaps, stalls) gather the columns that they need on one worker: ask them of a recording
    or a session, ``ddf[ddf.session == name].ws.messages()``, where all rows do not fit there. The columns that json()
    and decode() find in the messages are known when the answer is computed.

    Raises:
        AttributeError: the DataFrame is not a frame log.
        ValueError: its index has a column that questions use.
    """

    def __init__(self, ddf: Any) -> None:
        if not is_decoded(ddf):
            need(ddf.columns, CORE, "ddf.ws")
        check_index(ddf._meta)
        self._df = ddf

    def __getattr__(self, name: str) -> Any:
        remedy = f"take some rows, ddf[ddf.session == name].compute().ws.{name}()"
        known = f": {_PANDAS_ONLY[name]}, and is for pandas: {remedy}" if name in _PANDAS_ONLY else ""
        raise AttributeError(f"ddf.ws has no {name}{known}")


def _answer(question: Question, ddf: Any, *args: Any, **kwargs: Any) -> Any:
    """Ask every partition, and join or add the answers when the result is computed."""
    bound = inspect.signature(question.ask).bind(ddf, *args, **kwargs)
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[1:])  # by name, without the DataFrame
    if question.gathers:
        return _gathered(question, ddf, given)
    if question.sums is not None:
        return _checked(_added(question, question.sums, ddf, given), ddf)
    return _checked(ddf.map_partitions(question.ask, meta=question.ask(_empty(ddf), **given), **given), ddf)


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


def _gathered(question: Question, ddf: Any, given: dict[str, Any]) -> Any:
    """Ask all rows at once, on the worker that computes the answer."""
    wanted = {*question.gathers, *KEYS, *IDENTITY, "status", *CORE}
    rows = ddf if question.gathers == ALL else ddf[[name for name in ddf.columns if name in wanted]]
    meta = question.ask(_empty(rows), **given)  # refuses missing columns and wrong arguments before any work
    return rows.repartition(npartitions=1).map_partitions(
        _ask, question, ddf._meta.attrs, given, meta=meta, enforce_metadata=False
    )


def _ask(df: pd.DataFrame, question: Question, attrs: dict[str, Any], given: dict[str, Any]) -> Any:
    """Ask rows that were put together of parts, whose attrs are those of the parts."""
    df.attrs.update(attrs)
    return question.answer(df, **given)


def _checked(answer: Any, ddf: Any) -> Any:
    """Return the answer of parts, which raises when it is computed if a frame is in two of them."""
    if "recording" not in ddf.columns:
        return answer
    keys = ddf[[name for name in ddf.columns if name in KEYS]]
    none = keys_of_part(_empty(keys))
    check = keys.reduction(keys_of_part, aggregate=_refuse, combine=_unchanged, meta=none)
    return answer.map_partitions(_beside, check, meta=answer._meta)


def _refuse(keys: pd.DataFrame) -> pd.DataFrame:
    refuse_copies(keys)
    return keys.iloc[:0]


def _unchanged(keys: pd.DataFrame) -> pd.DataFrame:
    return keys


def _beside(answer: Any, check: pd.DataFrame) -> Any:
    return answer


def _empty(ddf: Any) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ddf.dtypes.items()})


for _question in QUESTIONS:
    if not _question.pandas_only:
        setattr(PartitionQuestions, _question.method, asking(_question, partial(_answer, _question)))
