"""The verb send: sends messages from the command line or standard input, and prints the answers."""

from __future__ import annotations

import argparse
import sys

from wsnotebook.cli.arguments import add_connection_options, count, seconds
from wsnotebook.cli.console import MessageWriter, write_error
from wsnotebook.cli.exchange import exchange
from wsnotebook.cli.opening import opened
from wsnotebook.cli.outcome import ExitCode, Failed, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.stdin import lines
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench import PayloadKind, parse_payload
from wsnotebook.workbench.verbs import VERBS

__all__ = ["make_parser", "run"]

_WAIT, _WAIT_EXPECTED = (
    1.0,
    10.0,
)  # seconds; with --expect a missing answer is a failure, so it gets more time


def make_parser() -> Parser:
    """Return the parser of the arguments after ``send``."""
    parser = Parser(
        "send",
        "Connect, send each MESSAGE, or each line of standard input, and print received messages, one per line. "
        "Control characters of the peer are shown as escapes, binary messages as hex.",
        [
            ("ws://127.0.0.1:8765/ hello --expect 1", "one message, one answer: exit code 1 if none comes"),
            (
                """ws://127.0.0.1:8765/ '{"subscribe": ["ACME"]}' --kind json --wait 5""",
                "five seconds of a feed",
            ),
            ("ws://127.0.0.1:8765/ 'de ad be ef' --kind hex", "a binary message"),
            ("ws://127.0.0.1:8765/ --unchanged < requests.txt > answers.txt", "many, from and to files"),
        ],
    )
    add_connection_options(parser)
    parser.add_argument(
        "messages", metavar="MESSAGE", nargs="*", default=[], help="what to send; without one, lines of stdin"
    )
    for argument, form in VERBS["send"].on("terminal"):
        argument.add_to(parser, form)
    parser.add_argument(
        "--expect", type=count, metavar="N", help="stop when N messages are received; fewer are a failure"
    )
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="S",
        help=f"wait S seconds for answers after the last message (default {_WAIT:g}, with --expect {_WAIT_EXPECTED:g})",
    )
    parser.add_argument(
        "--unchanged",
        action="store_true",
        help="print received messages unchanged, if stdout is a file or a pipe, not a terminal",
    )
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Send the messages and print the answers."""
    with wrong_usage(ValueError):
        frames = [parse_payload(text, arguments.kind) for text in arguments.messages]
    writer = MessageWriter(unchanged=arguments.unchanged)
    if arguments.unchanged and not writer.is_unchanged:
        write_error(
            "--unchanged is for files and pipes: on a terminal control characters are shown as escapes",
            "send",
        )
    return run_to_end(_send(arguments, frames, writer))


async def _send(arguments: argparse.Namespace, frames: list[Frame], writer: MessageWriter) -> None:
    wait = arguments.wait
    if wait is None:
        wait = _WAIT_EXPECTED if arguments.expect else _WAIT
    async with opened(arguments) as session:
        done = await exchange(
            session,
            _send_all(session, frames, arguments.kind),
            _print(session, writer, arguments.expect),
            wait=wait,
            send_all=bool(frames),
        )
    if arguments.expect is None:
        done.check()
    elif writer.count < arguments.expect:
        how = f"within {wait:g} s" if done.ending is None else f"before the session ended: {done.ending}"
        raise Failed(f"{writer.count} of {arguments.expect} expected messages came {how}")


async def _print(session: ClientWebSocketSession, writer: MessageWriter, expected: int | None) -> None:
    async for message in session:
        writer.write(message)
        if writer.count == expected:
            return


async def _send_all(session: ClientWebSocketSession, frames: list[Frame], kind: PayloadKind) -> None:
    for frame in frames:
        await session.send(frame)
    if frames:
        return
    if sys.stdin.isatty():
        write_error("type messages, one a line; Ctrl-D ends", "send")
    with wrong_usage(UnicodeDecodeError, about="standard input"):
        async for line in lines(sys.stdin.fileno()):
            with wrong_usage(ValueError, about=f"line {line!r}"):
                frame = parse_payload(line, kind)
            await session.send(frame)
