"""``ddf.ws``: questions to a Dask DataFrame of frames, for recordings larger than the memory of one machine.

Each question is answered per partition and the answers are added, by the same functions that answer for pandas. Dask
is imported by files/datasetreader.py, which registers this class; this module only calls methods of its DataFrame.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from wsnotebook.analysis.columns import CORE, need
from wsnotebook.analysis.compression import COMPRESSED, add_compressions, compression_of_part
from wsnotebook.analysis.counts import COUNTED, add_counts, counts_of_part
from wsnotebook.analysis.durations import Duration, nanoseconds
from wsnotebook.analysis.rate import RATED, add_rates, rate_of_part, whole_rate
from wsnotebook.analysis.violations import violations

__all__ = ["PartitionQuestions"]


_PANDAS_ONLY = frozenset(("messages", "json", "pings", "closes", "gaps", "plot_rate", "plot_latency"))


class PartitionQuestions:
    """Questions to a Dask DataFrame of frames. Each returns a Dask DataFrame; ``.compute()`` gives the result of ``df.ws``.

    Questions that need a whole conversation (messages, json, pings, closes, gaps) are for pandas: select one session,
    ``ddf[ddf.session == name].compute().ws``.

    Raises:
        AttributeError: the DataFrame is not a frame log.
    """

    def __init__(self, ddf: Any) -> None:
        need(ddf.columns, CORE, "ddf.ws")
        self._ddf = ddf

    def __getattr__(self, name: str) -> Any:
        remedy = f"take one session, ddf[ddf.session == name].compute().ws.{name}()"
        known = (
            f": it needs a whole conversation, and is for pandas: {remedy}" if name in _PANDAS_ONLY else ""
        )
        raise AttributeError(f"ddf.ws has no {name}{known}")

    def counts(self) -> Any:
        """Count frames and bytes by session, direction and opcode, as ``df.ws.counts()`` does."""
        rows = _select(self._ddf, "counts", COUNTED)
        meta = add_counts(counts_of_part(_empty(rows)))
        return rows.reduction(counts_of_part, aggregate=add_counts, combine=_flat_counts, meta=meta)

    def rate(self, every: Duration = "1s") -> Any:
        """Count frames and bytes in each interval, as ``df.ws.rate()`` does."""
        nanoseconds(every, "every")  # raises for a wrong duration here, not later in a worker
        rows = _select(self._ddf, "rate", RATED)
        meta = whole_rate(rate_of_part(_empty(rows), every), every)
        given = {"every": every}
        return rows.reduction(
            rate_of_part,
            aggregate=whole_rate,
            combine=add_rates,
            meta=meta,
            chunk_kwargs=given,
            aggregate_kwargs=given,
        )

    def compression(self) -> Any:
        """Compare bytes before and after compression, as ``df.ws.compression()`` does."""
        rows = _select(self._ddf, "compression", COMPRESSED)
        meta = add_compressions(compression_of_part(_empty(rows)))
        return rows.reduction(
            compression_of_part, aggregate=add_compressions, combine=_flat_compressions, meta=meta
        )

    def violations(self) -> Any:
        """List the frames whose status is not ok, as ``df.ws.violations()`` does."""
        return self._ddf.map_partitions(violations, meta=violations(_empty(self._ddf)))


def _select(ddf: Any, asker: str, wanted: tuple[str, ...]) -> Any:
    """Return only the columns that a question needs, so that workers do not exchange the others."""
    need(ddf.columns, wanted, f"ddf.ws.{asker}()")
    return ddf[[*wanted, *({"status"} & set(ddf.columns))]]


def _empty(ddf: Any) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ddf.dtypes.items()})


def _flat_counts(parts: pd.DataFrame) -> pd.DataFrame:
    return add_counts(parts).reset_index()


def _flat_compressions(parts: pd.DataFrame) -> pd.DataFrame:
    return add_compressions(parts).reset_index().drop(columns="ratio")
