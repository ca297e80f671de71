"""Measure questions to a DataFrame of frames: df.ws, beside Polars and pandas doing the same with the same columns.

python tests/benchmarks/analysis.py [--quick] [--messages N] [--rounds N]

JSON of a market feed, 10 k to 10 M messages of about 100 bytes; for pairs() half of them ask and half answer. Polars is
given the schema of the JSON; pandas parses with pd.json_normalize, of at most 1 M messages. The time is that of the answer,
of a DataFrame that is there already, and the memory is what the process takes more meanwhile, at most.
With 10 M messages Polars takes 15 GB of memory: --quick goes up to 100 k.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from growth import launch_growth
from measure import Meter, Result, in_fresh_process, medians
from payloads import SYMBOLS
from table import number

__all__ = ["main"]

COLUMNS = (
    "question", "messages", "df.ws s", "Polars s", "pandas s", "Polars / df.ws", "pandas / df.ws", "df.ws GB", "Polars GB",
    "df.ws / Polars GB",
)  # fmt: skip
MEMORY = " GB"
"""Ends the name of the figure of a question's memory."""
STEP_NS = 20_000
"""Time between two messages."""
MOST_OF_PANDAS = 1_000_000
"""Dicts of more messages do not fit in the memory of a small machine."""


def texts(count: int) -> list[str]:
    """Return messages with numbers that differ."""
    return [
        f'{{"type":"trade","symbol":"{SYMBOLS[place % 8]}","price":{place % 9973 / 4},"size":{place % 100},"seq":{place // 8},'
        f'"taker":{"true" if place % 3 else "false"},"data":{{"id":"{place:x}"}}}}'
        for place in range(count)
    ]


def calls(count: int) -> list[str]:
    """Return requests, each with its answer after it."""
    return [
        f'{{"jsonrpc":"2.0","id":{place // 2},"result":{{"order":"{place:x}","left":{place % 100}}}}}'
        if place % 2
        else f'{{"jsonrpc":"2.0","id":{place // 2},"method":"order.get","params":{{"account":"{place % 991}"}}}}'
        for place in range(count)
    ]


def columns(written: list[str]) -> dict[str, Any]:
    """Return the columns that the questions read, as Arrow arrays."""
    import numpy as np
    import pyarrow as pa

    count = len(written)
    text = pa.array(written, pa.large_string())
    length = np.diff(np.frombuffer(text.buffers()[1], np.int64))
    return {
        "seq": np.arange(count),
        "time": 1_700_000_000_000_000_000 + STEP_NS * np.arange(count),
        "text": text,
        "length": length,
    }


def frames(written: list[str], sent: Any = 0) -> Any:
    """Return a DataFrame of frames, with the dtypes of ``log.df``; ``sent`` is 1 for those that were sent."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    found, count = columns(written), len(written)
    one = np.ones(count, bool)
    named = lambda name: pd.Categorical.from_codes(np.zeros(count, np.int8), [name])  # noqa: E731 - of this table
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(found["time"].astype("datetime64[ns]"), tz="UTC"),
            "monotonic": found["time"],
            "recording": named("r"),
            "connection": np.zeros(count, np.int32),
            "session": named("feed"),
            "attempt": np.zeros(count, np.int32),
            "direction": pd.Categorical.from_codes(np.zeros(count, np.int8) + sent, ["in", "out"]),
            "opcode": pd.Categorical.from_codes(np.zeros(count, np.int8), ["text", "binary", "continuation"]),
            "fin": one,
            "length": found["length"],
            "wire_length": found["length"],
            "frame_length": found["length"] + 2,
            "payload": pd.arrays.ArrowExtensionArray(found["text"].cast(pa.large_binary())),
            "text": pd.arrays.ArrowExtensionArray(found["text"]),
            "message": pd.array(found["seq"], "Int64"),
        },
        index=pd.RangeIndex(count, name="seq"),
    )


OURS: dict[str, Callable[[Any], Any]] = {
    "counts()": lambda df: df.ws.counts(),
    "rate()": lambda df: df.ws.rate("1s"),
    "gaps()": lambda df: df.ws.gaps("10ms"),
    "messages()": lambda df: df.ws.messages(),
    "json()": lambda df: df.ws.json(),
    "types('type')": lambda df: df.ws.types("type"),
    "schema()": lambda df: df.ws.schema(),
    "sequence('seq', by='symbol')": lambda df: df.ws.sequence("seq", by="symbol"),
}
PAIRS = "pairs()"
"""Asked of calls."""


def ask_ours(count: int) -> Result:
    """Ask df.ws."""
    import wsnotebook.analysis  # noqa: F401 - registers df.ws

    return timed(frames(texts(count)), OURS)


def pair_ours(count: int) -> Result:
    """Ask df.ws for the answers of requests."""
    import numpy as np

    import wsnotebook.analysis  # noqa: F401 - registers df.ws

    sent = (np.arange(count) % 2 == 0).astype(np.int8)
    return timed(frames(calls(count), sent), {PAIRS: lambda df: df.ws.pairs("jsonrpc")})


def ask_polars(count: int) -> Result:
    """Ask Polars in its own words."""
    import polars as pl

    found = columns(texts(count))
    frame = pl.DataFrame(
        {
            "time": pl.Series(found["time"]).cast(pl.Datetime("ns", "UTC")),
            "text": pl.Series(found["text"]),
            "length": found["length"],
        }
    ).with_columns(direction=pl.lit("in").cast(pl.Categorical))
    trade = pl.Struct(
        {
            "type": pl.String, "symbol": pl.String, "price": pl.Float64, "size": pl.Int64, "seq": pl.Int64, "taker": pl.Boolean,
            "data": pl.Struct({"id": pl.String}),
        }
    )  # fmt: skip

    def decoded(df: Any) -> Any:
        return df.select("time", "length", row=pl.col("text").str.json_decode(trade)).unnest("row")

    return timed(
        frame,
        {
            "counts()": lambda df: df.group_by("direction").agg(pl.len(), pl.col("length").sum()),
            "rate()": lambda df: df.group_by_dynamic("time", every="1s").agg(
                pl.len(), pl.col("length").sum()
            ),
            "gaps()": lambda df: df.filter(pl.col("time").diff() > pl.duration(milliseconds=10)),
            "json()": lambda df: decoded(df).unnest("data"),
            "types('type')": lambda df: (
                decoded(df).group_by("type").agg(pl.len(), pl.col("length").sum(), pl.col("time").min())
            ),
            "sequence('seq', by='symbol')": lambda df: decoded(df).filter(
                pl.col("seq").diff().over("symbol") != 1
            ),
        },
    )


def pair_polars(count: int) -> Result:
    """Ask Polars for the answers of requests."""
    import polars as pl

    found = columns(calls(count))
    frame = pl.DataFrame(
        {
            "time": pl.Series(found["time"]).cast(pl.Datetime("ns", "UTC")),
            "text": pl.Series(found["text"]),
            "seq": pl.Series(found["seq"]),
        }
    )
    call = pl.Struct({"id": pl.Int64, "method": pl.String})

    def pairs(df: Any) -> Any:
        rows = df.select("time", "seq", row=pl.col("text").str.json_decode(call)).unnest("row")
        asks, answers = (
            rows.filter(pl.col("method").is_not_null()),
            rows.filter(pl.col("method").is_null()),
        )
        both = asks.join(answers, on="id", how="left", suffix="_reply")
        return both.with_columns(latency=pl.col("time_reply") - pl.col("time"))

    return timed(frame, {PAIRS: pairs})


def ask_pandas(count: int) -> Result:
    """Parse with pd.json_normalize."""
    import json

    import pandas as pd

    return timed(
        texts(count), {"json()": lambda found: pd.json_normalize([json.loads(text) for text in found])}
    )


def timed(frame: Any, questions: dict[str, Callable[[Any], Any]]) -> Result:
    """Return the seconds of each question, and the GB that it took at most."""
    found: Result = {}
    for name, ask in questions.items():
        gc.collect()
        meter, before = Meter(), resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the most so far is what there is now
        with meter:
            ask(frame)
        found[name], found[name + MEMORY] = meter.wall, (resident("VmHWM") - before) / 1e9
    return found


def resident(name: str) -> int:
    """Return bytes of this process in memory: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))


def measured(count: int, rounds: int) -> list[list[str]]:
    """Return the table's rows for one number of messages."""
    asks: dict[str, Callable[[int], Result]] = {
        "ours": ask_ours,
        "polars": ask_polars,
        "our pairs": pair_ours,
        "their pairs": pair_polars,
    }
    if count <= MOST_OF_PANDAS:
        asks["pandas"] = ask_pandas
    found = medians(rounds, {name: partial(in_fresh_process, ask, count=count) for name, ask in asks.items()})
    ours = (found["ours"] or {}) | (found["our pairs"] or {})
    polars = (found["polars"] or {}) | (found["their pairs"] or {})
    pandas = found.get("pandas") or {}
    table = []
    for name in (*OURS, PAIRS):
        seconds = [each.get(name) for each in (ours, polars, pandas)]
        memory = [each.get(name + MEMORY) for each in (ours, polars)]
        figures = [*seconds, *(ratio(other, seconds[0]) for other in seconds[1:]), *memory, ratio(*memory)]
        table.append([name, f"{count:,}", *(number(value, 3) for value in figures)])
    return table


def ratio(one: float | None, other: float | None) -> float | None:
    """Return how many times as much the one is, where both are known."""
    return one / other if one is not None and other else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    launch_growth(__doc__, arguments, "Questions to a DataFrame", COLUMNS, measured)


if __name__ == "__main__":
    main()
