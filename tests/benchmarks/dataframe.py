"""Measure how long the DataFrame of all frames takes: session.log.df against pd.DataFrame(list of dicts).

python tests/benchmarks/dataframe.py [--quick] [--rounds N]

Growth from 10 k to 10 M frames: the cost per frame of recording them, of the first DataFrame, and of asking
again after some more frames. A list of 10 M dicts takes 5 GB and is left out.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import cycle, islice

from measure import Meter, Result, in_fresh_process, medians, warm
from payloads import PAYLOADS
from peers import GO, connect_wsnotebook, recorded, row
from server import sending
from table import number, print_table

__all__ = ["main"]

COLUMNS = ("what", "frames", "CPU s", "wall s", "wall µs/frame", "wall / dicts")
COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
DICTS_UP_TO = 1_000_000
NAME = "100 B"
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
    import wsnotebook

    log = wsnotebook.FrameLog(retention=None)
    assert wsnotebook.FrameLog().df.empty  # first use, as above
    recording, first, again = Meter(), Meter(), Meter()
    async with connect_wsnotebook(url, log=log) as session:
        with recording:
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
    meters = {"recording": recording, "first": first, "again": again}
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
        if count <= DICTS_UP_TO:
            runs["list of dicts"] = partial(in_fresh_process, dict_list, count=count)
        return rows(count, medians(rounds, runs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="up to 100,000 frames")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many rounds (default 3)")
    options = parser.parse_args(arguments)
    counts = COUNTS[:2] if options.quick else COUNTS
    print_table(
        f"DataFrames: medians of {options.rounds} rounds, each run in a fresh process",
        COLUMNS,
        (measured(count, options.rounds) for count in counts),
    )


if __name__ == "__main__":
    main()
