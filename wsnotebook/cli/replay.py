"""The verb replay: connects and sends the frames that a recorded client sent."""

from __future__ import annotations

import argparse
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
from wsnotebook.replaying.replay import replay
from wsnotebook.replaying.replayed import Replayed
from wsnotebook.replaying.timedframes import timed_frames

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``replay``."""
    parser = Parser(
        "replay",
        "Connect, and send the frames that a recorded client sent, each request when the replies recorded before it have "
        "come, and then close. For the other side, a server that plays a recording to a client, see 'wsnotebook serve'.",
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
        "--connection", type=int, metavar="N", help="which one of the session, where it reconnected"
    )
    parser.add_argument(
        "--wait",
        choices=("reply", "time", "both"),
        default="reply",
        help="reply: a request waits for the replies recorded before it; time: for its recorded time; or both "
        "(default reply)",
    )
    parser.add_argument(
        "--match", metavar="PATH", help="path of the id that a request and its replies share (default id)"
    )
    parser.add_argument(
        "--rewrite",
        action="store_true",
        help="send the texts of live replies in place of those of the recorded ones: tokens, ids",
    )
    parser.add_argument(
        "--reply-timeout",
        type=seconds,
        default=10.0,
        metavar="S",
        help="wait at most S seconds for replies at one place (default 10)",
    )
    add_progress_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Replay the recording, and print the numbers of frames sent and received."""
    with wrong_usage(FileError, ValueError), wrong_usage(OSError, about=arguments.source):
        recorded = load(arguments.source)
        frames = timed_frames(
            recorded, arguments.direction, name=arguments.session, connection=arguments.connection
        )
    return run_to_end(_replay(arguments, recorded, sum(1 for _ in frames)))


async def _replay(arguments: argparse.Namespace, recorded: FrameLog, total: int) -> None:
    done: Replayed | None = None
    async with opened(arguments) as session:
        with contextlib.suppress(SessionClosed), progress(arguments, total=total, unit=" frames") as bar:
            with wrong_usage(ValueError):  # a redacted secret, or no path
                done = await replay(
                    recorded,
                    session,
                    speed=arguments.speed,
                    wait=arguments.wait,
                    match=arguments.match,
                    rewrite=arguments.rewrite,
                    timeout=arguments.reply_timeout,
                    direction=arguments.direction,
                    name=arguments.session,
                    connection=arguments.connection,
                    on_sent=lambda timed: bar.update(),
                )
    reason = session.close_reason_now
    if done is None:
        raise Failed(f"the session ended before all of {total} frames were sent: {reason}")
    if session.close_initiator != "local" and not is_clean(reason):
        raise Failed(f"the session ended: {reason}; {done.sent} of {total} frames were sent")
    if done.unanswered:
        raise Failed(str(done))
    others = len(session.log) - done.sent
    write_summary(arguments, f"sent {done.sent:,} frames, {others:,} others crossed the wire ({reason})")
