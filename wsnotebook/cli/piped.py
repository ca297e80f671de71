"""The client without a prompt: lines of standard input go out, what comes is written to stdout, for pipes and jq."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable

from wsnotebook.cli.console import MessageWriter, write_lines
from wsnotebook.cli.exchange import exchange
from wsnotebook.cli.feed import Feed
from wsnotebook.cli.following import follow
from wsnotebook.cli.frameline import frame_lines
from wsnotebook.cli.opening import Sessions
from wsnotebook.cli.outcome import wrong_usage
from wsnotebook.cli.running import closing
from wsnotebook.cli.stdin import lines
from wsnotebook.errors import SessionClosed
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import CloseReason, Opcode

__all__ = ["talk"]

_MESSAGES = (Opcode.TEXT, Opcode.BINARY)
_WIDE = 1 << 30  # columns: what is not a message is on one line


async def talk(sessions: Sessions, arguments: argparse.Namespace) -> None:
    """Send the lines of standard input, and write what comes, until the input or the last session has ended.

    Args:
        sessions: the session; one that was lost may be followed by another.
        arguments: ``wait``, seconds after the end of the input; ``json`` and ``show_control``.

    Raises:
        Failed: the session ended with a fault, or before everything was sent.
    """
    line = _Line(await anext(sessions), sessions)
    step = (_json_step if arguments.json else _text_step)(line.session, arguments)
    try:
        done = await exchange(
            line.ending, _send_lines(line), _receive(line, step), wait=arguments.wait, send_all=False
        )
    finally:
        async with closing(line.session):
            pass
    step()  # what came during the close
    done.check("the end of the input")


class _Line:
    """The session that is open, or was the last.

    Args:
        session: the first.
        others: those that follow it.
    """

    def __init__(self, session: ClientWebSocketSession, others: Sessions) -> None:
        self.session = session
        self._others = others
        self._news = asyncio.Event()
        self._is_over = False

    def ending(self) -> CloseReason | None:
        """Return why the session has ended; None where it is open."""
        return self.session.close_reason_now

    async def follow(self) -> None:
        """Wait for the end of the last session."""
        try:
            await self.session.close_reason
            async for session in self._others:
                self.session = session
                self._news.set()
                await session.close_reason
        finally:
            self._is_over = True
            self._news.set()

    async def send(self, text: str) -> None:
        """Send a text; where the session is lost before, on the next one.

        Raises:
            SessionClosed: no other follows.
        """
        while True:
            session = self.session
            try:
                return await session.send(text)
            except SessionClosed:
                while self.session is session:
                    if self._is_over:
                        raise
                    self._news.clear()
                    await self._news.wait()


async def _send_lines(line: _Line) -> None:
    with wrong_usage(UnicodeDecodeError, about="standard input"):
        async for text in lines(sys.stdin.fileno()):
            await line.send(text)


async def _receive(line: _Line, step: Callable[[], None]) -> None:
    writing = asyncio.create_task(follow(line.session.log, step), name="write")
    following = asyncio.create_task(line.follow(), name="follow")
    try:
        await asyncio.wait((writing, following), return_when=asyncio.FIRST_COMPLETED)
        for task in (writing, following):
            if task.done():
                task.result()  # the reader of stdout has left, or no other attempt is made
    finally:
        writing.cancel()
        following.cancel()
        await asyncio.gather(writing, following, return_exceptions=True)


def _json_step(session: ClientWebSocketSession, arguments: argparse.Namespace) -> Callable[[], None]:
    from wsnotebook.cli.jsonlines import JsonLines  # it loads pandas

    return JsonLines(session.log, control=arguments.show_control).write


def _text_step(session: ClientWebSocketSession, arguments: argparse.Namespace) -> Callable[[], None]:
    feed = Feed(session, control=arguments.show_control)
    # As it came, because a pipe cannot be overwritten by a peer's control characters; a terminal gets escapes.
    writer = MessageWriter(unchanged=not sys.stdout.isatty())

    def step() -> None:
        for each in feed:
            if each.frame.opcode in _MESSAGES and each.frame.fin and not each.detail:
                data = each.frame.data
                writer.write(data.decode("utf-8", "replace") if each.frame.opcode == Opcode.TEXT else data)
            else:
                write_lines(frame_lines(each, _WIDE))

    return step
