"""Measure how long the DataFrame of all frames takes: session.log.df against pd.DataFrame(list of dicts).

python tests/benchmarks/dataframe.py [--quick] [--rounds N]

Growth from 10 k to 10 M frames: the cost per frame of recording them, of the first DataFrame, and of asking
again after some more frames. A list of 10 M dicts takes 5 GB and is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import cycle, islice

from growth import NAME, launch_growth, recording, with_lists
from measure import Meter, Result, in_fresh_process, medians, warm
from payloads import PAYLOADS
from peers import GO, recorded, row
from server import sending
from table import number

__all__ = ["main"]

COLUMNS = ("what", "frames", "CPU s", "wall s", "wall µs/frame", "wall / dicts")
MORE = 1_000
"""Frames that arrive between the first question and the next."""
ROW = 300
"""Bytes of memory that a row may take in either DataFrame while it is made."""
FIGURES = ("cpu", "wall")
NAMES = {
    "dicts": "pd.DataFrame(list of dicts)",
    "first": "session.log.df",
    "again": f"session.log.df, {MORE:,} frames later",
    "recording": "receiving and recording before",
}


def dict_list(count: int) -> Result:
    """Make a DataFrame of dicts."""
    import pandas as pd

    rows = [row(text) for text in islice(cycle(PAYLOADS[NAME].texts()), count)]
    pd.DataFrame(rows[:1])  # what pandas imports or builds at first use is no cost per frame
    meter = Meter()
    warm(ROW * count)
    with meter:
        df = pd.DataFrame(rows)
    assert len(df) == count
    return {"cpu dicts": meter.cpu, "wall dicts": meter.wall}


async def record(url: str, count: int) -> Result:
    """Ask a session's log for its DataFrame, receive some more frames, ask again."""
    receiving, first, again = Meter(), Meter(), Meter()
    async with recording(url) as session:
        log = session.log
        with receiving:
            await session.send(GO)
            await recorded(log, count + 1)
        warm(ROW * count)
        with first:
            df = log.df
        await session.send(GO)
        await session.close_reason
        with again:
            longer = log.df
    assert count <= len(df) <= len(longer) - MORE
    meters = {"recording": receiving, "first": first, "again": again}
    return {
        f"{figure} {name}": getattr(meter, figure) for name, meter in meters.items() for figure in FIGURES
    }


def frame_log(url: str, count: int) -> Result:
    """Make the DataFrame of a session's log."""
    return asyncio.run(record(url, count))


def rows(count: int, results: dict[str, Result | None]) -> list[list[str]]:
    """Return the table's rows for one number of frames."""
    figures = {figure: value for result in results.values() if result for figure, value in result.items()}
    dicts = figures.get("wall dicts")
    table = []
    for key, name in NAMES.items():
        cpu, wall = (figures.get(f"{figure} {key}") for figure in FIGURES)
        per_frame = None if wall is None else wall / count * 1e6
        ratio = None if wall is None or dicts is None else wall / dicts
        table.append([name, f"{count:,}", *(number(value, 4) for value in (cpu, wall, per_frame, ratio))])
    return table


def measured(count: int, rounds: int) -> list[list[str]]:
    """Return the table's rows for one number of frames."""
    with sending(NAME, count, MORE) as url:
        runs = {"wsnotebook log": partial(in_fresh_process, frame_log, url=url, count=count)}
        if with_lists(count):
            runs["list of dicts"] = partial(in_fresh_process, dict_list, count=count)
        return rows(count, medians(rounds, runs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    launch_growth(__doc__, arguments, "DataFrames", COLUMNS, measured)


if __name__ == "__main__":
    main()
