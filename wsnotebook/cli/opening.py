"""opened() and dialled(): the session of a command line, or with --reconnect those that follow it.

They are recorded where --record asks for it, and closed at the end. What is said of a new attempt is here too.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

from wsnotebook.cli.outcome import wrong_usage
from wsnotebook.cli.recording import check_new, recording
from wsnotebook.cli.running import closing
from wsnotebook.errors import InvalidURL
from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.attempts import has_ended_for_good
from wsnotebook.session.client import connect
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.workbench.connection import connection_options

__all__ = ["Sessions", "TellingLog", "dialled", "opened", "recorded"]

Sessions = AsyncIterator[ClientWebSocketSession]
"""The session of a command line, and with --reconnect each that follows one that was lost."""


class TellingLog(FrameLog):
    """A log that says when its session is being connected again.

    Args:
        tell: called with a sentence.
        options: those of FrameLog.
    """

    def __init__(self, tell: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._tell = tell

    def note(self, kind: str, detail: str = "", session: str = "", seconds: float | None = None) -> None:
        """Append an event."""
        super().note(kind, detail, session, seconds)
        if kind == "reconnect":
            self._tell(f"connecting again: {detail}")


@contextlib.asynccontextmanager
async def opened(arguments: argparse.Namespace) -> AsyncIterator[ClientWebSocketSession]:
    """Open the session of a command line for the block, record it, and close it at its end.

    Args:
        arguments: parsed by a parser with add_connection_options.

    Raises:
        WrongUsage: an invalid address, header or option, or nothing can be recorded to the file of --record; nothing
            was sent.
        Failed: the recording could not be written; see recording().
    """
    log = FrameLog()
    async with dialled(arguments, log, recorded(arguments, log)) as sessions:
        yield await anext(sessions)


@contextlib.asynccontextmanager
async def recorded(arguments: argparse.Namespace, log: FrameLog) -> AsyncIterator[None]:
    """Write a log to the file of --record, if it is given; for dialled()."""
    with recording(log, getattr(arguments, "record", None)):
        yield


@contextlib.asynccontextmanager
async def dialled(
    arguments: argparse.Namespace, log: FrameLog, keeping: AbstractAsyncContextManager[None]
) -> AsyncIterator[Sessions]:
    """Open the session of a command line for the block; the last one is closed at its end.

    Args:
        arguments: as for opened().
        log: the log of all sessions.
        keeping: entered when the first session is open, and left when the last is closed.

    Raises:
        WrongUsage, Failed: as opened().
    """
    if (path := getattr(arguments, "record", None)) is not None:
        check_new(path)
    sessions = _sessions(arguments, log)
    first = await anext(sessions)
    async with keeping, aclosing(sessions):
        yield _chained(first, sessions)


async def _chained(first: ClientWebSocketSession, others: Sessions) -> Sessions:
    yield first
    async for session in others:
        yield session


async def _sessions(arguments: argparse.Namespace, log: FrameLog) -> AsyncGenerator[ClientWebSocketSession]:
    with wrong_usage(InvalidURL, ValueError, TypeError):
        options = connection_options(arguments, "terminal")
        options.pop("record", None)  # recording() knows more formats than a session does
        is_repeated = options.pop("reconnect", False)
        dialling = connect(arguments.url, **options, log=log)
    if not is_repeated:
        async with closing(await dialling) as session:
            yield session
        return
    async with aclosing(aiter(dialling)) as attempts:
        async for session in attempts:
            async with closing(session):
                yield session
            if has_ended_for_good(session):
                return
