"""The verb send: sends messages from the command line or standard input, and prints the answers."""

from __future__ import annotations

import argparse
import sys
from collections import deque

from wsnotebook.cli.arguments import add_connection_options, count, pattern, seconds
from wsnotebook.cli.console import MessageWriter, write_error
from wsnotebook.cli.exchange import exchange
from wsnotebook.cli.opening import opened
from wsnotebook.cli.outcome import ExitCode, Failed, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.stdin import lines
from wsnotebook.session.expecting import Expectation
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench import parse_payload
from wsnotebook.workbench.verbs import VERBS

__all__ = ["make_parser", "run"]

_WAIT = 1.0  # seconds
_WAIT_WANTED = 10.0  # seconds; where a missing answer is a failure, it gets more time


def make_parser() -> Parser:
    """Return the parser of the arguments after ``send``."""
    parser = Parser(
        "send",
        "Connect, send each MESSAGE, or each line of standard input, and print received messages, one per line. "
        "Control characters of the peer are shown as escapes, binary messages as hex.",
        [
            ("ws://127.0.0.1:8765/ hello --count 1", "one message, one answer: exit code 1 if none comes"),
            (
                """ws://127.0.0.1:8765/ '{"op": "sum"}' --expect '{"ok": true}'""",
                "exit code 1, and what came instead, if no answer has that",
            ),
            (
                """ws://127.0.0.1:8765/ '{"subscribe": ["ACME"]}' --json --wait 5""",
                "five seconds of a feed",
            ),
            ("ws://127.0.0.1:8765/ 'de ad be ef' --hex", "a binary message"),
            ("ws://127.0.0.1:8765/ --unchanged < requests.txt > answers.txt", "many, from and to files"),
        ],
    )
    add_connection_options(parser)
    parser.add_argument(
        "messages", metavar="MESSAGE", nargs="*", default=[], help="what to send; without one, lines of stdin"
    )
    for argument, form in VERBS["send"].on("terminal"):
        argument.add_to(parser, form)
    enough = parser.add_mutually_exclusive_group()
    enough.add_argument(
        "--count", type=count, metavar="N", help="stop when N messages are received; fewer are a failure"
    )
    enough.add_argument(
        "--expect",
        type=pattern,
        action="append",
        default=[],
        metavar="PATTERN",
        help="stop when a message matches: a part of it, /a regular expression/, or JSON that it has; none is a failure; "
        "repeat for more, in this order",
    )
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="S",
        help=f"wait S seconds for answers after the last message (default {_WAIT:g}, with --count or --expect "
        f"{_WAIT_WANTED:g})",
    )
    parser.add_argument(
        "--unchanged",
        action="store_true",
        help="print received messages unchanged, if stdout is a file or a pipe, not a terminal",
    )
    add_quiet_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Send the messages and print the answers."""
    with wrong_usage(ValueError):
        frames = [parse_payload(text, arguments.kind) for text in arguments.messages]
    writer = MessageWriter(unchanged=arguments.unchanged)
    if arguments.unchanged and not writer.is_unchanged and not arguments.quiet:
        write_error(
            "--unchanged is for files and pipes: on a terminal control characters are shown as escapes",
            "send",
        )
    return run_to_end(_send(arguments, frames, writer))


async def _send(arguments: argparse.Namespace, frames: list[Frame], writer: MessageWriter) -> None:
    is_wanted = arguments.count is not None or arguments.expect
    wait = arguments.wait if arguments.wait is not None else _WAIT_WANTED if is_wanted else _WAIT
    expected = deque(map(Expectation, arguments.expect))
    async with opened(arguments) as session:
        done = await exchange(
            lambda: session.close_reason_now,
            _send_all(session, frames, arguments),
            _print(session, writer, arguments.count, expected),
            wait=wait,
            send_all=bool(frames),
        )
    if expected:
        raise Failed(expected[0].failed(wait, done.ending).came_instead)
    if not is_wanted:
        done.check("everything was sent")
    elif arguments.count is not None and writer.count < arguments.count:
        how = f"within {wait:g} s" if done.ending is None else f"before the session ended: {done.ending}"
        raise Failed(f"{writer.count} of {arguments.count} expected messages came {how}")


async def _print(
    session: ClientWebSocketSession, writer: MessageWriter, count: int | None, expected: deque[Expectation]
) -> None:
    """Print messages until ``count``, or the last of ``expected``, has come; those that are met are removed."""
    is_expecting = bool(expected)
    async for message in session:
        writer.write(message)
        if expected and expected[0].is_met_by(message):
            expected.popleft()
        if writer.count == count or (is_expecting and not expected):
            return


async def _send_all(
    session: ClientWebSocketSession, frames: list[Frame], arguments: argparse.Namespace
) -> None:
    for frame in frames:
        await session.send(frame)
    if frames:
        return
    if sys.stdin.isatty() and not arguments.quiet:
        write_error("type messages, one a line; Ctrl-D ends", "send")
    with wrong_usage(UnicodeDecodeError, about="standard input"):
        async for line in lines(sys.stdin.fileno()):
            with wrong_usage(ValueError, about=f"line {line!r}"):
                frame = parse_payload(line, arguments.kind)
            await session.send(frame)
