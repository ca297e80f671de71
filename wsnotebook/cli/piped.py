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
from wsnotebook.cli.outcome import wrong_usage
from wsnotebook.cli.running import closing
from wsnotebook.cli.stdin import lines
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import Opcode

__all__ = ["talk"]

_MESSAGES = (Opcode.TEXT, Opcode.BINARY)
_WIDE = 1 << 30  # columns: what is not a message is on one line


async def talk(session: ClientWebSocketSession, arguments: argparse.Namespace) -> None:
    """Send the lines of standard input, and write what comes, until the input or the session has ended.

    Args:
        session: an open session; it is closed here.
        arguments: ``wait``, seconds after the end of the input; ``json`` and ``show_control``.

    Raises:
        Failed: the session ended with a fault, or before everything was sent.
    """
    step = _json_step(session, arguments) if arguments.json else _text_step(session, arguments)
    async with closing(session):
        done = await exchange(
            session, _send_lines(session), _receive(session, step), wait=arguments.wait, send_all=False
        )
    step()  # what came during the close
    done.check()


async def _send_lines(session: ClientWebSocketSession) -> None:
    with wrong_usage(UnicodeDecodeError, about="standard input"):
        async for line in lines(sys.stdin.fileno()):
            await session.send(line)


async def _receive(session: ClientWebSocketSession, step: Callable[[], None]) -> None:
    following = asyncio.create_task(follow(session.log, step), name="follow")
    ended = asyncio.ensure_future(session.close_reason)
    try:
        await asyncio.wait((following, ended), return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()  # the reader of stdout has left
    finally:
        ended.cancel()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


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
