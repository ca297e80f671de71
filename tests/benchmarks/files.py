"""Measure saving and loading of each format beside pandas with the same rows, and tshark with the same capture.

python tests/benchmarks/files.py [--quick] [--rounds N]

A frame is a JSON text of 100 B; a log has as many of a client, masked, as of a server. Each run is a fresh process that
has the log or the DataFrame, or nothing for a load; memory is the growth of its peak (resident set).
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from payloads import PAYLOADS
from table import number

__all__ = ["main"]

COLUMNS = ("what", "frames", "CPU s", "wall s", "peak MB", "file MB", "CPU / pandas")
COUNT, QUICK = 1_000_000, 50_000
SOURCE = "source.parquet"
FORMATS = (".parquet", ".jsonl", ".pcapng", ".har", "/")
BYTES = ["payload", "mask_key"]
"""Columns that pandas cannot write as JSON."""
PANDAS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    ".parquet": ("to_parquet", {"compression": "lz4"}, "read_parquet", {}),
    ".jsonl": (
        "to_json",
        {"orient": "records", "lines": True, "date_format": "iso", "date_unit": "ns"},
        "read_json",
        {"lines": True, "dtype": False},
    ),
}
"""Method of a DataFrame that writes the format and function of pandas that reads it, each with its arguments."""
FIGURES = ("cpu", "wall", "peak", "size")


def prepare(folder: str, count: int) -> Result:
    """Save a log of so many frames, from which each run begins."""
    from wsnotebook import FrameLog
    from wsnotebook.log.connections import Connection
    from wsnotebook.wire.batch import Batch, Flag

    texts = cycle(text.encode() for text in PAYLOADS["100 B"].texts())
    log = FrameLog(retention=None)
    number = log.register(Connection("feed", url="ws://127.0.0.1/feed", opened_ns=log.clock()))
    for place in range(0, count, 50):
        sent = place % 100 == 0
        batch = Batch()
        for text in islice(texts, 50):
            batch.add(0x81, text, Flag.TEXT, b"key!" if sent else None)
        log.append(batch, number, "out" if sent else "in", log.clock(), log.monotonic())
    log.save(Path(folder) / SOURCE)
    return {}


def peak() -> int:
    """Return the most bytes of memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a directory."""
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size


def figures(meter: Meter, before: int, path: Path) -> Result:
    """Return the figures of a run."""
    return {"cpu": meter.cpu, "wall": meter.wall, "peak": peak() - before, "size": size_of(path)}


def save(folder: str, suffix: str) -> Result:
    """Save a log."""
    import wsnotebook

    log = wsnotebook.load(Path(folder) / SOURCE)
    meter, before = Meter(), peak()
    with meter:
        log.save(f"{folder}/ours{suffix}")
    return figures(meter, before, Path(f"{folder}/ours{suffix}"))


def load(folder: str, suffix: str) -> Result:
    """Load a log, and make its DataFrame."""
    import wsnotebook

    assert wsnotebook.FrameLog().df.empty  # what is imported at first use is no cost of a file
    meter, before = Meter(), peak()
    with meter:
        df = wsnotebook.load(f"{folder}/ours{suffix}").df
    assert len(df)
    return figures(meter, before, Path(f"{folder}/ours{suffix}"))


def pandas_save(folder: str, suffix: str) -> Result:
    """Save the DataFrame of a log."""
    import wsnotebook

    df = wsnotebook.load(Path(folder) / SOURCE).df.reset_index()
    if suffix == ".jsonl":
        df = df.drop(columns=BYTES)
    method, arguments, _, _ = PANDAS[suffix]
    path = Path(folder) / f"pandas{suffix}"
    meter, before = Meter(), peak()
    with meter:
        getattr(df, method)(path, **arguments)
    return figures(meter, before, path)


def pandas_load(folder: str, suffix: str) -> Result:
    """Load a DataFrame."""
    import pandas as pd

    _, _, function, arguments = PANDAS[suffix]
    path = Path(folder) / f"pandas{suffix}"
    meter, before = Meter(), peak()
    with meter:
        df = getattr(pd, function)(path, **arguments)
    assert len(df)
    return figures(meter, before, path)


def tshark_load(folder: str, suffix: str) -> Result:
    """Let tshark decode the frames of a capture."""
    path = Path(folder) / f"ours{suffix}"
    command = ["tshark", "-r", path, "-Y", "websocket", "-T", "fields", "-e", "websocket.payload_length"]
    meter = Meter()
    with meter:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": meter.wall,
        "peak": used.ru_maxrss * 1024,
        "size": size_of(path),
    }


def runs_of(suffix: str) -> dict[str, Callable[..., Result]]:
    """Return the runs of a format, those that save before those that load."""
    runs: dict[str, Callable[..., Result]] = {"log.save": save}
    if suffix in PANDAS:
        runs |= {PANDAS[suffix][0]: pandas_save, PANDAS[suffix][2]: pandas_load}
    runs["load(…).df"] = load
    if suffix == ".pcapng" and shutil.which("tshark"):
        runs["tshark"] = tshark_load
    return runs


def rows(suffix: str, count: int, results: dict[str, Result | None]) -> list[list[str]]:
    """Return the table's rows of one format."""
    table = []
    peers = {"log.save": PANDAS.get(suffix, ("",))[0], "load(…).df": PANDAS.get(suffix, ("",) * 3)[2]}
    for name, result in results.items():
        assert result is not None
        peer = results.get(peers.get(name, ""))
        ratio = result["cpu"] / peer["cpu"] if peer else None
        values = (result["cpu"], result["wall"], result["peak"] / 1e6, result["size"] / 1e6, ratio)
        table.append([f"{suffix} {name}", f"{count:,}", *(number(value, 3) for value in values)])
    return table


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Yield the rows of each format, as they are measured."""
    count = QUICK if options.quick else COUNT
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        in_fresh_process(prepare, folder=folder, count=count)
        for suffix in FORMATS:
            runs = {
                name: partial(in_fresh_process, run, folder=folder, suffix=suffix)
                for name, run in runs_of(suffix).items()
            }
            yield rows(suffix, count, medians(options.rounds, runs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick=f"{QUICK:,} frames instead of {COUNT:,}")
    launch(parser, arguments, "Files", COLUMNS, groups, "Goal: JSONL at most 2 × the CPU of to_json.")


if __name__ == "__main__":
    main()
