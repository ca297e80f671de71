"""Growth from 10 k to 10 M frames: their numbers, and a session whose log keeps all of them in memory."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from launch import launch, options_of
from peers import connect_wsnotebook

__all__ = ["NAME", "counts_of", "growth_options", "launch_growth", "recording", "with_lists"]

COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
LISTS_UP_TO = 1_000_000  # a list of 10 M dicts takes 5 GB
NAME = "100 B"


def with_lists(count: int) -> bool:
    """Tell whether lists are made of so many frames too."""
    return count <= LISTS_UP_TO


@asynccontextmanager
async def recording(url: str) -> AsyncIterator[Any]:
    """Open a session that records everything in memory; what a DataFrame needs at first use is loaded before."""
    import wsnotebook

    assert wsnotebook.FrameLog().df.empty
    async with connect_wsnotebook(url, log=wsnotebook.FrameLog(retention=None)) as session:
        yield session


def growth_options(description: str | None) -> ArgumentParser:
    """Return a command line with a choice of numbers of frames, which counts_of reads."""
    parser: ArgumentParser = options_of(description, quick="up to 100,000 frames")
    parser.add_argument("--messages", type=int, metavar="N", help="so many alone")
    return parser


def counts_of(options: Namespace) -> Sequence[int]:
    """Return the numbers of frames that a command line asks for."""
    return [options.messages] if options.messages else COUNTS[:2] if options.quick else COUNTS


def launch_growth(
    description: str | None,
    arguments: Sequence[str] | None,
    subject: str,
    columns: Sequence[str],
    measured: Callable[[int, int], list[list[str]]],
) -> None:
    """Parse the command line, print a group of rows for each number of frames: ``measured(count, rounds)``."""
    launch(
        growth_options(description),
        arguments,
        subject,
        columns,
        lambda options: (measured(count, options.rounds) for count in counts_of(options)),
    )
