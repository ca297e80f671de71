"""Measure how soon a kernel answers other cells while a session receives a feed.

python tests/benchmarks/kernel.py [--quick] [--rate N] [--seconds N]

A trivial cell is sent every 20 to 80 ms, as a page sends it. With the panel, the page asks for the rows that it shows,
ten times a second. Each line is a fresh kernel; the feed comes from a process of its own. CPU is that of the kernel.
"""

from __future__ import annotations

import ast
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from launch import options_of
from table import number, print_table

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS), str(TESTS / "truth")]

from page import Page, open_page  # noqa: E402 - it lies beside the test that uses it
from serverprocess import server_process  # noqa: E402

__all__ = ["main", "measure"]

COLUMNS = ("session", "panel", "frames/s", "cells", "median ms", "p95 ms", "max ms", "CPU %", "ticks/s")
SCENES = {"none": (False,), "kernel": (False, True), "thread": (False, True)}
"""Where the pump is, and whether the panel is displayed."""
CONNECT = "session = await wsnotebook.connect({url!r}, proxy=None, io={io!r}, compression=None)"
NOW = "(time.perf_counter(), time.process_time(), len(session.log))"


async def cells(page: Page, seconds: float) -> list[float]:
    """Send trivial cells for so long; return the milliseconds that each took."""
    pauses = random.Random(1)
    end = time.perf_counter() + seconds
    took = []
    while time.perf_counter() < end:
        await asyncio.sleep(pauses.uniform(0.02, 0.08))
        took.append(1000 * (await page.run("1 + 1")).seconds)
    return took


async def measure(io: str, shown: bool, url: str, seconds: float) -> list[str]:
    """Return one line of the table."""
    async with open_page() as page:
        await page.run("import time, wsnotebook")
        if io == "none":
            await page.run("class session: log = ()")
        else:
            await page.run(CONNECT.format(url=url, io=io) + ("\nsession" if shown else ""))
            await page.run('await session.send("go")')
        await cells(page, 1.0)  # what is loaded at first use is not what is measured
        told = page.told
        before = ast.literal_eval((await page.run("", NOW)).value)
        took = sorted(await cells(page, seconds))
        after = ast.literal_eval((await page.run("", NOW)).value)
        told = page.told - told
        assert not page.errors, page.errors
        if io != "none":
            await page.run('await session.send("stop"); await session.close_reason')
    wall, cpu, frames = (new - old for new, old in zip(after, before, strict=True))
    p95 = took[int(0.95 * len(took))]
    figures = (statistics.median(took), p95, took[-1], 100 * cpu / wall, told / wall)
    panel = "displayed" if shown else "no"
    session = "none" if io == "none" else f'io="{io}"'
    return [
        session,
        panel,
        number(frames / wall, 0),
        str(len(took)),
        *(number(figure, 1) for figure in figures),
    ]


def line(io: str, shown: bool, rate: int, seconds: float) -> list[str]:
    """Measure one line with a feed of its own."""
    with server_process(sys.executable, TESTS / "truth" / "peers" / "firehose.py", str(rate)) as url:
        return asyncio.run(measure(io, shown, url, seconds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="3 seconds a line instead of 10", rounds=None)
    parser.add_argument("--rate", type=int, default=20_000, help="frames a second (default 20000)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each line (default 10)")
    options = parser.parse_args(arguments)
    seconds = 3.0 if options.quick else options.seconds
    groups = ([line(io, panel, options.rate, seconds) for panel in panels] for io, panels in SCENES.items())
    print_table(f"A trivial cell during a feed of {options.rate:,} frames/s", COLUMNS, groups)


if __name__ == "__main__":
    main()
