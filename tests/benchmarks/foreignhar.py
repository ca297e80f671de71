"""Measure what a large HAR of a browser takes to load: wsnotebook.load beside json.load, which makes no rows.

python tests/benchmarks/foreignhar.py [--quick] [--rounds N]

The file has one feed in four entries, as Chrome indents them: 50 MB, and without --quick 500 MB. Memory is the peak of
the process over what it held after its imports.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from table import number

__all__ = ["json_load", "load_har", "main", "write_har"]

COLUMNS = ("read by", "file", "CPU s", "wall s", "peak MiB", "rows MiB")
SIZES = (50, 500)  # MB
ENTRIES = 4
STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the most bytes that this process ever held (Linux)."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def messages(size: int) -> Iterator[str]:
    """Yield messages of a feed, as Chrome writes them, of ``size`` bytes together."""
    chance, time = random.Random(1), 1767323046.0
    while size > 0:
        time += chance.random() / 1000
        data = json.dumps({"e": "trade", "s": "BTCUSDT", "p": str(chance.random()), "T": int(time * 1000)})
        message = {"type": "receive", "time": round(time, 6), "opcode": 1, "data": data}
        text = json.dumps(message, indent=2).replace("\n", "\n          ")
        size -= len(text) + 12
        yield text


def write_har(path: str, megabytes: int) -> None:
    """Write a HAR of this size."""
    with Path(path).open("w") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [')
        for entry in range(ENTRIES):
            head = {"_resourceType": "websocket", "startedDateTime": "2026-01-02T03:04:06.000Z"}
            head |= {"request": {"url": f"wss://feed.test/{entry}"}, "response": {"status": 101}}
            file.write(",\n" if entry else "")
            file.write(json.dumps(head)[:-1] + ', "_webSocketMessages": [')
            for place, message in enumerate(messages(megabytes * 1_000_000 // ENTRIES)):
                file.write((",\n          " if place else "\n          ") + message)
            file.write("]}")
        file.write("]}}")


def load_har(path: str) -> Result:
    """Load the file as a log."""
    import pandas as pd  # noqa: F401  # what is imported is no cost of the file
    import pyarrow as pa  # noqa: F401

    import wsnotebook
    from wsnotebook.files import har  # noqa: F401

    before, meter = psutil.Process().memory_info().rss, Meter()
    with meter:
        log = wsnotebook.load(path)
    assert len(log) and not len(log.event_list)
    return {"cpu": meter.cpu, "wall": meter.wall, "peak": peak() - before, "rows": log.memory}


def json_load(path: str) -> Result:
    """Parse the file, and nothing more."""
    before, meter = psutil.Process().memory_info().rss, Meter()
    with meter, Path(path).open(encoding="utf-8") as file:
        document = json.load(file)
    assert len(document["log"]["entries"]) == ENTRIES
    return {"cpu": meter.cpu, "wall": meter.wall, "peak": peak() - before}


READERS = {"wsnotebook.load": load_har, "json.load": json_load}


def measured(megabytes: int, rounds: int) -> list[list[str]]:
    """Return the table's rows for one size."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/feed.har"
        write_har(path, megabytes)
        runs = {name: partial(in_fresh_process, read, path=path) for name, read in READERS.items()}
        results = medians(rounds, runs)
    table = []
    for name, result in results.items():
        assert result is not None
        sizes = (None if figure not in result else result[figure] / (1 << 20) for figure in ("peak", "rows"))
        figures = [number(result["cpu"]), number(result["wall"]), *(number(size, 0) for size in sizes)]
        table.append([name, f"{megabytes} MB", *figures])
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick=f"{SIZES[0]} MB only", rounds=3)
    launch(
        parser,
        arguments,
        "HAR of a browser",
        COLUMNS,
        lambda options: (measured(size, options.rounds) for size in (SIZES[:1] if options.quick else SIZES)),
    )


if __name__ == "__main__":
    main()
