"""Progress bars on stderr: shown on a terminal, or if ``--progress`` is given."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

__all__ = ["add_progress_option", "progress", "refreshing"]

_REFRESH = 0.2  # seconds between two updates of the elapsed time


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Add --progress and --no-progress to the parser of a verb."""
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show a progress bar on stderr, or not; by default it is shown only on a terminal",
    )


def progress(arguments: argparse.Namespace, **options: Any) -> Any:
    """Return a tqdm bar on stderr, a context manager; it is disabled if no bar is wanted.

    Args:
        arguments: ``arguments.progress`` is True, False, or None to show it only on a terminal.
        options: options of tqdm.
    """
    is_wanted = sys.stderr.isatty() if arguments.progress is None else arguments.progress
    return tqdm(file=sys.stderr, disable=not is_wanted, dynamic_ncols=True, **options)


@contextlib.contextmanager
def refreshing(bar: Any) -> Iterator[None]:
    """Update the elapsed time of a bar from a thread while the block computes."""
    if bar.disable:
        yield
        return
    done = threading.Event()

    def tick() -> None:
        while not done.wait(_REFRESH):
            bar.refresh()

    clock = threading.Thread(target=tick, name="progress bar", daemon=True)
    clock.start()
    try:
        yield
    finally:
        done.set()
        clock.join()
