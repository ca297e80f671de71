"""Measure what importing costs, for this package and its peers, and what it loads.

python tests/benchmarks/imports.py [--quick] [--rounds N]

Each line is a new interpreter, whose own start is the first line.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial

from launch import launch, options_of
from measure import ROOT, Result, medians
from table import number

__all__ = ["main"]

GOALS = "goals: 150 ms, and no numpy before the first question"
COLUMNS = ("statement", "loads of the large", "CPU ms", "wall ms")
LARGE = ("numpy", "pandas", "pyarrow", "IPython", "ipywidgets")
STATEMENTS = (
    "pass",
    "import websockets; websockets.connect",
    "import aiohttp",
    "import numpy",
    "import pandas",
    "import wsnotebook",
    "import wsnotebook; wsnotebook.connect",
)


def run(statement: str, cache: str) -> str:
    """Run a statement in a new interpreter; return which of the large packages it has loaded.

    Compiled modules lie in ``cache``, where the environment forbids to write them too: an installed package has them.
    """
    code = f"{statement}\nimport sys\nprint(*sorted(set({LARGE!r}) & sys.modules.keys()))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip() or "none"


def measured(statement: str, cache: str) -> Result:
    """Return what a statement costs in a new interpreter."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run(statement, cache)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu * 1e3, "wall": wall * 1e3}


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Run all statements in turn."""
    with tempfile.TemporaryDirectory() as cache:
        loaded = {each: run(each, cache) for each in STATEMENTS}
        results = medians(options.rounds, {each: partial(measured, each, cache) for each in STATEMENTS})
    yield [
        [each, loaded[each], number(result["cpu"], 0), number(result["wall"], 0)]
        for each, result in results.items()
        if result is not None
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="the same: it takes some seconds", rounds=5)
    launch(parser, arguments, "Importing", COLUMNS, groups, GOALS)


if __name__ == "__main__":
    main()
