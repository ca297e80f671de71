"""How a benchmark is measured: each run in a fresh process, peers interleaved, medians of the rounds.

Run as a script this module is that fresh process. Nothing here knows what is measured.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import numpy as np

__all__ = ["ROOT", "Meter", "Result", "in_fresh_process", "medians", "warm"]

Result: TypeAlias = dict[str, float]

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = ("aiohttp", "picows", "polars", "uvloop")
COLD = "WSNOTEBOOK_BENCHMARK_COLD"
"""Environment variable: where it is set, memory is left as it is found."""


class Meter:
    """A stopwatch: ``with meter:`` around what is measured, and nothing else."""

    cpu: float
    """Seconds that all threads of this process spent on a core, in user code and in the kernel."""
    wall: float
    """Seconds that passed."""

    def __enter__(self) -> Meter:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu, self.wall = time.process_time() - self._cpu, time.perf_counter() - self._wall


def warm(size: int) -> None:
    """Touch ``size`` bytes of memory and give them back, so that what is measured next finds them in the machine.

    A hypervisor may take back what lay free for some seconds. The first touch of it then costs 3 ms a MiB, where it costs
    0.1 to 0.6, and would be all that is measured of whoever keeps what it received.
    """
    if COLD not in os.environ:
        np.empty(size, np.uint8)[::4096] = (
            1  # huge pages: what comes back in small ones is not found again in large
        )


def in_fresh_process(function: Callable[..., Result], **arguments: object) -> Result | None:
    """Call a module's function in a new interpreter, with arguments that JSON can carry.

    Returns None where the function needs an optional library that is not installed.

    Raises:
        subprocess.CalledProcessError: the function failed; its traceback stands above.
    """
    command = [sys.executable, __file__, Path(inspect.getfile(function)).stem, function.__name__]
    # What is measured is the tree beside this file, whether or not another one is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, json.dumps(arguments)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    result: Result | None = json.loads(done.stdout.splitlines()[-1])
    return result


def medians(rounds: int, runs: Mapping[str, Callable[[], Result | None]]) -> dict[str, Result | None]:
    """Call all runs in turn, ``rounds`` times over, and return the median of each figure of each run."""
    results: dict[str, list[Result | None]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            if sys.stderr.isatty():
                print(f"\033[2K\r{number + 1}/{rounds} {name} ", end="", file=sys.stderr, flush=True)
            results[name].append(run())
    if sys.stderr.isatty():
        print("\033[2K\r", end="", file=sys.stderr, flush=True)
    return {name: median(list(filter(None, found))) for name, found in results.items()}


def median(results: list[Result]) -> Result | None:
    """Return the median of each figure, or None where there are none."""
    if not results:
        return None
    return {figure: statistics.median(result[figure] for result in results) for figure in results[0]}


def main(module: str, function: str, arguments: str) -> None:
    """Call the function here and print its result as the last line."""
    result: Result | None = None
    try:
        result = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
    print(json.dumps(result), flush=True)
    os._exit(0)  # freeing millions of objects one by one is not what is measured


if __name__ == "__main__":
    main(*sys.argv[1:])
