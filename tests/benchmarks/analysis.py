"""Measure questions to a DataFrame of frames: df.ws, beside Polars and pandas doing the same with the same columns.

python tests/benchmarks/analysis.py [--quick] [--messages N] [--rounds N] [--only json,types]

JSON of a market feed, 10 k to 10 M messages of about 100 bytes; for pairs() half of them ask and half answer. Polars is
given the schema of the JSON; pandas parses with pd.json_normalize, of at most 1 M messages. The time is CPU time, of all
threads, of the answer from a DataFrame that is there already; the memory is what the process takes more meanwhile, at most. Each
round asks all in turn, in fresh processes, and the figures are medians; so is each ratio, of those of the rounds.
With 10 M messages Polars takes 15 GB of memory: --quick goes up to 100 k.
"""

from __future__ import annotations

import gc
import statistics
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from growth import counts_of, growth_options
from launch import launch
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


def short(name: str) -> str:
    """Return the name of a question alone."""
    return name.partition("(")[0]


def ask_ours(count: int, only: Sequence[str]) -> Result:
    """Ask df.ws."""
    import wsnotebook.analysis  # noqa: F401 - registers df.ws

    return timed(frames(texts(count)), OURS, only)


def pair_ours(count: int, only: Sequence[str]) -> Result:
    """Ask df.ws for the answers of requests."""
    import numpy as np

    import wsnotebook.analysis  # noqa: F401 - registers df.ws

    sent = (np.arange(count) % 2 == 0).astype(np.int8)
    return timed(frames(calls(count), sent), {PAIRS: lambda df: df.ws.pairs("jsonrpc")}, only)


def ask_polars(count: int, only: Sequence[str]) -> Result:
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
        only,
    )


def pair_polars(count: int, only: Sequence[str]) -> Result:
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

    return timed(frame, {PAIRS: pairs}, only)


def ask_pandas(count: int, only: Sequence[str]) -> Result:
    """Parse with pd.json_normalize."""
    import json

    import pandas as pd

    return timed(
        texts(count), {"json()": lambda found: pd.json_normalize([json.loads(text) for text in found])}, only
    )


def timed(frame: Any, questions: dict[str, Callable[[Any], Any]], only: Sequence[str]) -> Result:
    """Return the CPU seconds of each question, and the GB that it took at most.

    Args:
        frame: what is asked.
        questions: by name.
        only: short names of those to ask.
    """
    found: Result = {}
    for name, ask in questions.items():
        if short(name) not in only:
            continue
        gc.collect()
        meter, before = Meter(), resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the most so far is what there is now
        with meter:
            ask(frame)
        found[name], found[name + MEMORY] = meter.cpu, (resident("VmHWM") - before) / 1e9
    return found


def resident(name: str) -> int:
    """Return bytes of this process in memory: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))


def measured(count: int, rounds: int, only: Sequence[str]) -> list[list[str]]:
    """Return the table's rows for one number of messages."""
    asks: dict[str, Callable[[int, Sequence[str]], Result]] = {}
    if {*only} - {short(PAIRS)}:
        asks |= {"ours": ask_ours, "polars": ask_polars}
    if short(PAIRS) in only:
        asks |= {"our pairs": pair_ours, "their pairs": pair_polars}
    if count <= MOST_OF_PANDAS and "json" in only:
        asks["pandas"] = ask_pandas
    runs = {name: partial(in_fresh_process, ask, count=count, only=only) for name, ask in asks.items()}
    each_round = [medians(1, runs) for _ in range(rounds)]
    table = []
    for name in (*OURS, PAIRS):
        if short(name) not in only:
            continue
        which = ("our pairs", "their pairs") if name == PAIRS else ("ours", "polars")
        rows = [
            [
                (found.get(who) or {}).get(figure)
                for who in (*which, "pandas")
                for figure in (name, name + MEMORY)
            ]
            for found in each_round
        ]
        seconds = [middle(row[place] for row in rows) for place in (0, 2, 4)]
        ratios = [middle(ratio(row[place], row[0]) for row in rows) for place in (2, 4)]
        memory = [middle(row[place] for row in rows) for place in (1, 3)]
        figures = [*seconds, *ratios, *memory, ratio(*memory)]
        table.append([name, f"{count:,}", *(number(value, 3) for value in figures)])
    return table


def middle(values: Iterable[float | None]) -> float | None:
    """Return the median of the values that are known; None without one."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def ratio(one: float | None, other: float | None) -> float | None:
    """Return how many times as much the one is, where both are known."""
    return one / other if one is not None and other else None


def questions(text: str) -> list[str]:
    """Return the names of questions with commas between.

    Raises:
        ArgumentTypeError: there is no such question.
    """
    known = [short(name) for name in (*OURS, PAIRS)]
    for name in (names := text.split(",")):
        if name not in known:
            raise ArgumentTypeError(f"there is no question {name!r}: give some of {','.join(known)}")
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = growth_options(__doc__)
    every = ",".join(short(name) for name in (*OURS, PAIRS))
    parser.add_argument("--only", type=questions, default=every, metavar="NAMES", help=f"questions: {every}")
    launch(
        parser,
        arguments,
        "Questions to a DataFrame",
        COLUMNS,
        lambda options: (measured(count, options.rounds, options.only) for count in counts_of(options)),
    )


if __name__ == "__main__":
    main()
