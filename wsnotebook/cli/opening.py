"""opened(): the session of a command line, recorded where --record asks for it, and closed at the end."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator

from wsnotebook.cli.outcome import wrong_usage
from wsnotebook.cli.recording import check_new, recording
from wsnotebook.cli.running import closing
from wsnotebook.errors import InvalidURL
from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.client import connect
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.workbench.connection import connection_options

__all__ = ["connect_with", "opened"]


def connect_with(arguments: argparse.Namespace, log: FrameLog) -> connect:
    """Return ``connect(…)`` with the options of the command line; await it to open the session.

    Args:
        arguments: parsed by a parser with add_connection_options; ``record`` is left to ``opened``, which knows more
            formats than a session does.
        log: the log of the session.

    Raises:
        WrongUsage: an invalid address, header or option; nothing was sent.
    """
    with wrong_usage(InvalidURL, ValueError, TypeError):
        options = connection_options(arguments, "terminal")
        options.pop("record", None)
        return connect(arguments.url, **options, log=log)


@contextlib.asynccontextmanager
async def opened(
    arguments: argparse.Namespace, log: FrameLog | None = None
) -> AsyncIterator[ClientWebSocketSession]:
    """Open the session of a command line for the block, and close it at its end.

    Args:
        arguments: parsed by a parser with add_connection_options.
        log: the log of the session; None makes one.

    Raises:
        WrongUsage: as connect_with, or nothing can be recorded to the file of --record; nothing was sent.
        Failed: the recording could not be written; see recording().
    """
    log = FrameLog() if log is None else log
    path: str | None = getattr(arguments, "record", None)
    dialling = connect_with(arguments, log)
    if path is not None:
        check_new(path)
    session = await dialling
    with recording(log, path):
        async with closing(session):
            yield session
