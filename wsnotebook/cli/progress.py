"""Progress bars for long work: on stderr, on a terminal or where they are asked for."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

__all__ = ["add_progress_option", "progress", "ticking"]

_REFRESH = 0.2  # seconds


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Let a verb take --progress and --no-progress."""
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show a progress bar on stderr, or not; without a word it is shown on a terminal only",
    )


def progress(arguments: argparse.Namespace, **options: Any) -> Any:
    """Return a tqdm bar on stderr, a context manager; it shows nothing where none is wanted.

    Args:
        arguments: with ``progress``: True, False, or None for a terminal.
        options: as tqdm takes them.
    """
    is_wanted = sys.stderr.isatty() if arguments.progress is None else arguments.progress
    return tqdm(file=sys.stderr, disable=not is_wanted, dynamic_ncols=True, **options)


@contextlib.contextmanager
def ticking(bar: Any) -> Iterator[None]:
    """Let the clock of a bar go on while the block computes; a thread draws it."""
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
