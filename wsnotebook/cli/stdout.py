"""Standard output as the target of a recording: ``-`` in place of a file, for pipes such as ``| jq`` and ``| head``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from wsnotebook.cli.following import follow
from wsnotebook.cli.outcome import WrongUsage
from wsnotebook.cli.recording import recording
from wsnotebook.files.formats import SAVABLE
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.saving import Watch, save

__all__ = ["STDOUT", "add_to_option", "check_to", "kept", "write_whole"]

STDOUT = "-"
"""The name of standard output on a command line."""
_FORMATS = tuple(suffix.removeprefix(".") for suffix in SAVABLE)
_DEFAULT = "jsonl"
_BINARY = {"parquet", "pcapng"}


def add_to_option(parser: argparse.ArgumentParser, jsonl: str) -> None:
    """Add --to to the parser of a verb that writes a recording.

    Args:
        parser: the parser.
        jsonl: the words about the default in the help.
    """
    parser.add_argument(
        "--to",
        choices=_FORMATS,
        help=f"with - as the file: the format of stdout; jsonl, the default, is {jsonl}",
    )


def check_to(arguments: argparse.Namespace, path: str) -> str | None:
    """Return the format for standard output, or None where ``path`` is a file.

    Raises:
        WrongUsage: --to with a file, whose suffix decides; or a binary format on a terminal.
    """
    if path != STDOUT:
        if arguments.to is not None:
            raise WrongUsage(
                f"--to is for -, and the suffix of {path} names the format: leave --to away, or write - as the file"
            )
        return None
    chosen: str = arguments.to or _DEFAULT
    if chosen in _BINARY and sys.stdout.isatty():
        raise WrongUsage(f"{chosen} is not for a terminal: add a pipe, or > FILE")
    return chosen


def write_whole(log: FrameLog, to: str, watch: Watch = iter) -> None:
    """Write a whole log to standard output, as a file of this format has it.

    Args:
        log: the log.
        to: the format.
        watch: called with the rows that are written.

    Raises:
        ValueError: the format cannot hold this log.
        BrokenPipeError: the reader has left.
    """
    # Through a file, because Parquet and HAR are written by their path.
    with tempfile.TemporaryDirectory(prefix="wsnotebook-") as folder:
        path = Path(folder) / f"stdout.{to}"
        save(log, path, watch)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()


@contextlib.asynccontextmanager
async def kept(log: FrameLog, path: str, to: str | None) -> AsyncIterator[None]:
    """Write to a file or to standard output the frames that are added to a log in the block.

    Args:
        log: the log of the sessions in the block.
        path: the file, where ``to`` is None; see recording().
        to: format of standard output: jsonl is written during the block, another one at its end.

    Raises:
        Failed: the file could not be written.
        BrokenPipeError: the reader of standard output has left; the block is cancelled.
    """
    if to is None:
        with recording(log, path):
            yield
    elif to == _DEFAULT:
        async with _streaming(log):
            yield
    else:
        try:
            yield
        finally:
            write_whole(log, to)


@contextlib.asynccontextmanager
async def _streaming(log: FrameLog) -> AsyncIterator[None]:
    """Write the rows of a log to standard output as lines of JSON, soon after they are appended."""
    from wsnotebook.cli.jsonlines import JsonLines  # it loads pandas

    lines = JsonLines(log)
    try:
        async with asyncio.TaskGroup() as group:
            following = group.create_task(follow(log, lines.write), name="follow")
            try:
                yield
            finally:
                following.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None  # of the block or of the writing; a group would hide which
    finally:
        if not following.done() or following.cancelled():
            lines.write()
