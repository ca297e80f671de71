"""The verb replay: connects and sends the frames that a recorded client sent."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from wsnotebook.cli.arguments import add_connection_options, seconds, speed
from wsnotebook.cli.opening import opened
from wsnotebook.cli.outcome import ExitCode, Failed, is_clean, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_progress_option, progress, write_summary
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.errors import FileError, SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.replay import replay, timed_frames

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``replay``."""
    parser = Parser(
        "replay",
        "Connect, and send the frames that a recorded client sent, at the times at which it sent them. A recorded close "
        "ends the session. For the other side, a server that plays a recording to a client, see 'wsnotebook serve'.",
        [
            ("monday.parquet ws://127.0.0.1:8765/", "at the recorded speed"),
            (
                "monday.parquet ws://127.0.0.1:8765/ --speed 10 --record again.parquet",
                "ten times faster, with the answers recorded",
            ),
            (
                "server.parquet ws://127.0.0.1:8765/ --direction in --session client-3",
                "recorded by a lab server",
            ),
        ],
    )
    parser.add_argument(
        "source", metavar="FILE", help="a recording: .parquet, .jsonl, .har, .pcapng, .pcap, or name/"
    )
    add_connection_options(parser)
    parser.add_argument(
        "--speed",
        type=speed,
        default=1.0,
        metavar="X",
        help="1 as recorded, 10 ten times faster, or max (default 1)",
    )
    parser.add_argument(
        "--direction",
        choices=("out", "in"),
        default="out",
        help="out: a client recorded it; in: a server did (default out)",
    )
    parser.add_argument("--session", metavar="NAME", help="which one, where the recording has several")
    parser.add_argument(
        "--wait",
        type=seconds,
        default=1.0,
        metavar="S",
        help="wait S seconds for the last answers (default 1)",
    )
    add_progress_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Replay the recording, and print the numbers of frames sent and received."""
    with wrong_usage(FileError, ValueError), wrong_usage(OSError, about=arguments.source):
        recorded = load(arguments.source)
        frames = timed_frames(recorded, arguments.direction, name=arguments.session)
    return run_to_end(_replay(arguments, recorded, sum(1 for _ in frames)))


async def _replay(arguments: argparse.Namespace, recorded: FrameLog, total: int) -> None:
    sent, is_whole = 0, False
    async with opened(arguments) as session:
        with contextlib.suppress(SessionClosed), progress(arguments, total=total, unit=" frames") as bar:
            sent = await replay(
                recorded,
                session,
                speed=arguments.speed,
                direction=arguments.direction,
                name=arguments.session,
                on_sent=lambda timed: bar.update(),
            )
            is_whole = True
        ended = asyncio.ensure_future(session.close_reason)
        await asyncio.wait((ended,), timeout=arguments.wait)
        ended.cancel()
    reason = session.close_reason_now
    if not is_whole:
        raise Failed(f"the session ended before all of {total} frames were sent: {reason}")
    if session.close_initiator != "local" and not is_clean(reason):
        raise Failed(f"the session ended: {reason}; {sent} of {total} frames were sent")
    others = len(session.log) - sent
    write_summary(arguments, f"sent {sent:,} frames, {others:,} others crossed the wire ({reason})")
