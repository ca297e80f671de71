"""The verb script: runs a conversation that is written as text, for a person and for CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from wsnotebook.cli.arguments import add_connection_options
from wsnotebook.cli.console import write_line
from wsnotebook.cli.opening import opened
from wsnotebook.cli.outcome import ExitCode, Failed, WrongUsage, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option, write_summary
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.errors import ScriptError, StepFailed
from wsnotebook.redaction import redact_url
from wsnotebook.script.junit import junit_xml
from wsnotebook.script.parser import NOTATION, parse_script
from wsnotebook.script.report import lines_of, summary
from wsnotebook.script.runner import run_script
from wsnotebook.script.steps import Outcome, Step

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``script``."""
    parser = Parser(
        "script",
        "Connect, run the steps of FILE, and print what happened to each. The first step that fails ends the run.",
        [
            ("login.ws ws://127.0.0.1:8765/", "exit code 1 and the difference if a step fails"),
            ("login.ws wss://example.org/ --junit report.xml", "for the CI server"),
            ("- ws://127.0.0.1:8765/ < login.ws", "from standard input"),
        ],
        NOTATION,
    )
    parser.add_argument("file", metavar="FILE", help="the script, UTF-8; - reads standard input")
    add_connection_options(parser)
    parser.add_argument("--junit", metavar="XML", help="write the outcome as JUnit XML, one test case a step")
    add_quiet_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run the script, and print the outcome of each step."""
    with wrong_usage(OSError, UnicodeDecodeError, about=arguments.file):
        text = sys.stdin.read() if arguments.file == "-" else Path(arguments.file).read_text("utf-8-sig")
    with wrong_usage(ScriptError, about=arguments.file):
        steps = parse_script(text)
    if arguments.junit is not None and not Path(arguments.junit).parent.is_dir():
        raise WrongUsage(f"{arguments.junit}: its folder is not there: make it first")
    return _run_and_tell(arguments, steps)


def _run_and_tell(arguments: argparse.Namespace, steps: Sequence[Step]) -> ExitCode:
    outcomes: list[Outcome] = []
    begin = datetime.now(UTC)
    error = ""
    try:
        code = run_to_end(_script(arguments, steps, outcomes))
        error = "interrupted" if code is ExitCode.INTERRUPTED else ""
        return code
    except Failed:
        raise  # a step's, which is among the outcomes
    except Exception as failed:
        error = str(failed).replace(arguments.url, redact_url(arguments.url))
        raise
    finally:
        write_summary(arguments, summary(arguments.file, steps, outcomes))
        if arguments.junit is not None:
            document = junit_xml(arguments.file, steps, outcomes, begin=begin, error=error)
            Path(arguments.junit).write_bytes(document)


async def _script(arguments: argparse.Namespace, steps: Sequence[Step], outcomes: list[Outcome]) -> None:
    def report(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if arguments.quiet and outcome.failure is None:
            return
        for line in lines_of(outcome):
            write_line(line)

    try:
        async with opened(arguments) as session:
            await run_script(steps, session, report)
    except StepFailed as failed:
        raise Failed(str(failed)) from failed
