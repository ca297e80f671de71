"""Measure what a recorded frame costs in memory over its payload: the log, frames of websockets, dicts.

python tests/benchmarks/memory.py [--quick] [--rounds N]

Figures are the growth of the process (resident set) per frame of 100 B, less the payload, before and after a
DataFrame was made. Lists are not filled with 10 M frames: that takes 5 GB.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

import psutil
from growth import NAME, launch_growth, recording, with_lists
from measure import Result, in_fresh_process, medians
from payloads import PAYLOADS
from peers import GO, recorded, row
from server import prepared, sending
from table import number

__all__ = ["main"]

COLUMNS = ("kept as", "frames", "bytes/frame over payload", "with its DataFrame", "as log.memory says")
FIGURES = ("bytes", "with df", "reported")
WARM_UP = 1_000
"""Frames received before the first look at memory: buffers and caches of the connection are no frames."""


def resident() -> int:
    """Return the bytes of memory this process holds, garbage collected."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def over_payload(grown: int, count: int) -> float:
    """Return bytes per frame beside the payload."""
    return grown / count - PAYLOADS[NAME].sizes[0]


def parsed(count: int) -> Iterator[list[Any]]:
    """Parse frames with the protocol of websockets, and give them read by read."""
    from websockets.protocol import Protocol, Side, State

    protocol = Protocol(Side.CLIENT, state=State.OPEN)
    stream = islice(cycle(prepared(PAYLOADS[NAME])), count)
    while data := b"".join(islice(stream, 2_500)):  # asyncio reads up to 256 KiB at once
        protocol.receive_data(data)
        yield protocol.events_received()


def frame_list(count: int) -> Result:
    """Keep the frames of websockets in a list."""
    frames = [frame for batch in parsed(WARM_UP) for frame in batch]
    before = resident()
    for batch in parsed(count):
        frames += batch
    return {"bytes": over_payload(resident() - before, count)}


def dict_list(count: int) -> Result:
    """Keep a dict a frame in a list."""
    import pandas as pd

    rows = [row(frame.data.decode()) for batch in parsed(WARM_UP) for frame in batch]
    pd.DataFrame(rows)  # what pandas loads at first use belongs to no frame
    before = resident()
    for batch in parsed(count):
        rows += [row(frame.data.decode()) for frame in batch]
    grown = resident() - before
    df = pd.DataFrame(rows)
    assert len(df) == WARM_UP + count
    return {"bytes": over_payload(grown, count), "with df": over_payload(resident() - before, count)}


async def record(url: str, count: int) -> Result:
    """Receive ``count`` frames into a log that keeps everything in memory."""
    async with recording(url) as session:
        log = session.log
        await session.send(GO)
        await recorded(log, WARM_UP + 1)
        before, reported = resident(), log.memory
        await session.send(GO)
        await session.close_reason
        grown, reported = resident() - before, log.memory - reported
        df = log.df
        with_df = resident() - before
    assert len(df) == len(log)
    return {
        figure: over_payload(value, count)
        for figure, value in zip(FIGURES, (grown, with_df, reported), strict=True)
    }


def frame_log(url: str, count: int) -> Result:
    """Keep the frames in a session's log."""
    return asyncio.run(record(url, count))


LISTS: dict[str, Callable[[int], Result]] = {
    "list of websockets' frames": frame_list,
    "list of dicts": dict_list,
}


def measured(count: int, rounds: int) -> list[list[str]]:
    """Return the table's rows for one number of frames."""
    with sending(NAME, WARM_UP, count) as url:
        lists = LISTS if with_lists(count) else {}
        runs = {name: partial(in_fresh_process, function, count=count) for name, function in lists.items()}
        runs["wsnotebook log"] = partial(in_fresh_process, frame_log, url=url, count=count)
        results = medians(rounds, runs)
    return [
        [
            name,
            f"{count:,}",
            *(number(result.get(figure) if result else None, 1) for figure in FIGURES),
        ]
        for name, result in results.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    launch_growth(__doc__, arguments, "Memory", COLUMNS, measured)


if __name__ == "__main__":
    main()
