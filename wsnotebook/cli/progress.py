"""What a verb says beside its result: a progress bar on a terminal or with --progress, and a last line; none with --quiet."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from wsnotebook.cli.console import write_error, write_line
from wsnotebook.cli.outcome import wrong_usage
from wsnotebook.progressbar import progress_bar

__all__ = ["add_progress_option", "add_quiet_option", "progress", "refreshing", "write_summary"]

_REFRESH = 0.2  # seconds between two updates of the elapsed time


def add_quiet_option(parser: argparse._ActionsContainer) -> None:
    """Add --quiet to the parser of a verb."""
    parser.add_argument("--quiet", action="store_true", help="write only results and errors")


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Add --progress, --no-progress and --quiet to the parser of a verb."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show a progress bar on stderr, or not; by default it is shown only on a terminal",
    )
    add_quiet_option(group)


def progress(arguments: argparse.Namespace, **options: Any) -> Any:
    """Return a bar of tqdm on stderr, a context manager; it is disabled if no bar is wanted.

    Args:
        arguments: ``progress`` is True, False, or None to show it only on a terminal where tqdm is installed; ``quiet``
            is never a bar.
        options: options of tqdm.

    Raises:
        WrongUsage: ``progress`` is True and tqdm is not installed.
    """
    is_wanted = arguments.progress
    if arguments.quiet or (is_wanted is None and not sys.stderr.isatty()):
        is_wanted = False
    with wrong_usage(ImportError):
        return progress_bar(is_wanted, file=sys.stderr, dynamic_ncols=True, **options)


def write_summary(arguments: argparse.Namespace, sentence: str, *, aside: str = "") -> None:
    """Write the line that says what a verb has done, unless --quiet.

    Args:
        arguments: ``quiet`` writes none.
        sentence: the line.
        aside: the verb, where stdout has something else: the line goes to stderr.
    """
    if arguments.quiet:
        return
    if aside:
        write_error(sentence, aside)
    else:
        write_line(sentence)


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
