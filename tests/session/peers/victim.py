"""A session at the mercy of a server: victim.py <url> <io> <raw|default>. Prints what it came to, as JSON."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import wsnotebook


def peak_memory() -> int:
    """Return the most bytes that this process has had in memory."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return int(peak[1]) * 1024


async def measure_gaps(gaps: list[tuple[float, float]]) -> None:
    """Note for each turn of the loop the seconds since the last: on the processor, and on the wall.

    What other programs do makes the second longer, never the first.
    """
    last = time.process_time(), time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.process_time(), time.perf_counter()
        gaps.append((now[0] - last[0], now[1] - last[1]))
        last = now


async def consume(session: Any) -> tuple[int, str]:
    """Read all frames; return how many, and the name of the fault at the end."""
    count = 0
    try:
        async for _ in session.incoming:
            count += 1
    except wsnotebook.SessionFault as fault:
        return count, type(fault).__name__
    return count, ""


async def main(url: str, io: Any, kind: str) -> None:
    gaps: list[tuple[float, float]] = []
    connect = wsnotebook.connect  # loads the package, which is no stall of a session
    before = peak_memory()
    measuring = asyncio.create_task(measure_gaps(gaps))
    session = await connect(url, proxy=None, io=io, raw=kind == "raw")
    frames, fault = await consume(session)
    reason = await session.close_reason
    await session.close()
    await asyncio.sleep(0.01)  # a last measurement
    measuring.cancel()
    grown = peak_memory() - before
    df = session.df
    rows = Counter(zip(df.direction, df.opcode, df.status, strict=True))
    facts = {
        "frames": frames,
        "fault": fault,
        "code": reason.code,
        "rows": {" ".join(kind): count for kind, count in rows.items()},
        "violation": next(iter(df.detail[df.status.isin(["violation", "oversized"])]), ""),
        "length": int(df.length[df.direction == "in"].max()),  # of the longest frame that came
        "truncated": session.log.truncated,
        "grown": grown,
        "gap": max(gap for gap, _ in gaps),
        "wall": max(gap for _, gap in gaps),
    }
    print(json.dumps(facts))


asyncio.run(main(*sys.argv[1:]))
