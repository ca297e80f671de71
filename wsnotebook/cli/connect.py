"""The verb connect: a client for a person at a prompt, or without a prompt in a pipe."""

from __future__ import annotations

import argparse
import contextlib
import sys
from functools import partial

from wsnotebook.cli.arguments import add_connection_options, seconds
from wsnotebook.cli.console import write_error, write_lines
from wsnotebook.cli.opening import Sessions, TellingLog, dialled, recorded
from wsnotebook.cli.outcome import ExitCode, Failed, is_clean
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option
from wsnotebook.cli.running import closing
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.style import paint
from wsnotebook.redaction import redact_url
from wsnotebook.safetext import safe_text

__all__ = ["make_parser", "run"]

_RETENTION = 64 << 20  # bytes of frames in memory; older ones are on disk, so that a feed can run for days

_PROMPT = """\
at the prompt:
  TEXT          is sent as one text message; arrow up brings lines back, also those of other days
  /VERB …       the verbs of the notebook: /ping, /mask off, /send --hex de ad, /log, /close 1000 done; /help lists them,
                Tab completes them and their options
  //TEXT        is sent with one slash
  Ctrl-D        closes with 1000, and so does Ctrl-C; a second Ctrl-C does not wait for the peer
  Lines that look like a secret (token, password, …) are not kept for other days.

without a terminal on both sides, or with --json, there is no prompt: lines of standard input are sent, messages are
written as they came, and --wait seconds after the end of the input the session is closed.
"""


def make_parser() -> Parser:
    """Return the parser of the arguments after ``connect``."""
    parser = Parser(
        "connect",
        "Connect, and talk to the server: each line that is typed is sent, and what comes is shown above it. JSON is "
        "broken into lines, and control characters of the peer are shown as escapes.",
        [
            ("ws://127.0.0.1:8765/", "a prompt"),
            ("wss://example.org/feed --record feed.pcapng --show-control", "with a recording of all frames"),
            (
                "ws://127.0.0.1:8765/ --json < requests.txt | jq -r 'select(.direction == \"in\").text'",
                "for jq",
            ),
            ("ws://127.0.0.1:8765/ --wait inf < subscribe.txt > ticks.txt", "until the server closes"),
        ],
        _PROMPT,
    )
    add_connection_options(parser)
    parser.add_argument(
        "--show-control",
        action="store_true",
        help="also show ping, pong and close frames, of both directions",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="write a line of JSON for each frame that is received or sent, with the keys of a .jsonl recording",
    )
    parser.add_argument(
        "--wait",
        type=seconds,
        default=1.0,
        metavar="S",
        help="without a prompt: seconds between the end of the input and the close, or inf (default 1)",
    )
    add_quiet_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Connect and talk."""
    return run_to_end(_connect(arguments))


async def _connect(arguments: argparse.Namespace) -> None:
    is_prompt = sys.stdin.isatty() and sys.stdout.isatty() and not arguments.json
    log = TellingLog(partial(_note if is_prompt else _note_aside, arguments), retention=_RETENTION)
    async with dialled(arguments, log, recorded(arguments, log)) as sessions:
        if is_prompt:
            await _talk_at_prompt(sessions, arguments)
        else:
            from wsnotebook.cli.piped import talk

            await talk(sessions, arguments)


async def _talk_at_prompt(sessions: Sessions, arguments: argparse.Namespace) -> None:
    from wsnotebook.cli.prompt import Prompt  # a pipe does not load it
    from wsnotebook.session.registry import OPENED
    from wsnotebook.workbench import Workbench

    bench = Workbench(opened=OPENED)
    session = await anext(sessions)

    def show(hint: str) -> None:
        _note(arguments, f"connected to {redact_url(session.url)}{hint}")

    async def follow() -> None:
        nonlocal session
        await session.close_reason
        async for session in sessions:
            show(" again")
            await session.close_reason

    prompt = Prompt(bench, control=arguments.show_control)
    bench.select(bench.name_of(session))  # of those that follow it the name is the same
    show("; /help lists the verbs, Ctrl-D closes")
    await prompt.run(follow())
    async with contextlib.AsyncExitStack() as closings:
        for each in bench.sessions.values():  # also those of /connect
            await closings.enter_async_context(closing(each))
    prompt.draw()  # what came during the close
    reason = session.close_reason_now
    if session.close_initiator != "local" and not is_clean(reason):
        raise Failed(f"the session ended: {reason}")
    _note(arguments, f"closed by {session.close_initiator}: {reason}")


def _note(arguments: argparse.Namespace, sentence: str) -> None:
    if not arguments.quiet:
        write_lines([paint("note", safe_text(sentence))])


def _note_aside(arguments: argparse.Namespace, sentence: str) -> None:
    if not arguments.quiet:
        write_error(sentence, "connect")
