"""The verb attach: records the WebSockets of a browser's tabs to a file."""

from __future__ import annotations

import argparse
import asyncio

from wsnotebook.cli.arguments import seconds
from wsnotebook.cli.console import write_error
from wsnotebook.cli.outcome import ExitCode, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option, write_summary
from wsnotebook.cli.recording import check_new, summary
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.stdout import add_to_option, check_to, kept
from wsnotebook.middle.attach import attach

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``attach``."""
    parser = Parser(
        "attach",
        "Record what the pages and workers of a browser's tabs send and receive, until the browser ends or Ctrl-C. The "
        "browser is a Chromium, Chrome, Edge or another of their kin that was started with --remote-debugging-port=9222 "
        "and a --user-data-dir of its own. It tells messages: no mask keys, lengths on the wire, or control frames.",
        [
            ("http://127.0.0.1:9222 page.pcapng", "all tabs"),
            ("http://127.0.0.1:9222 shop.parquet --match shop.example.org", "the tabs of one site"),
            ("http://127.0.0.1:9222 - | jq -r .text", "each text as it comes"),
        ],
    )
    parser.add_argument("url", metavar="URL", help="the debugging port, such as http://127.0.0.1:9222")
    parser.add_argument(
        "path", metavar="FILE", help="a new file: .pcapng, .parquet, .jsonl, .har, or name/; or - for stdout"
    )
    parser.add_argument(
        "--match",
        metavar="TEXT",
        help="only tabs whose address or title has this text, or matches /this regular expression/",
    )
    add_to_option(parser, "a line for each message, soon after it; the others are written at the end")
    parser.add_argument("--seconds", type=seconds, metavar="S", help="stop after S seconds")
    add_quiet_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Record until stopped."""
    to = check_to(arguments, arguments.path)
    if to is None:
        check_new(arguments.path)
    with wrong_usage(ValueError):
        attachment = attach(arguments.url, arguments.match)
    return run_to_end(_record(arguments, attachment, to))


async def _record(arguments: argparse.Namespace, attachment: attach, to: str | None) -> None:
    log = attachment.log
    async with attachment:
        try:
            async with kept(log, arguments.path, to):
                if not arguments.quiet:
                    write_error(_tabs(attachment), "attach")
                try:
                    async with asyncio.timeout(arguments.seconds):
                        await attachment.wait_end()
                except TimeoutError:
                    pass
        finally:
            write_summary(arguments, f"{arguments.path}: {summary(log)}", aside="attach" if to else "")


def _tabs(attachment: attach) -> str:
    """Return which tabs are followed."""
    tabs = [tab for tab in attachment.tabs if tab.is_followed]
    if not tabs:
        return "no tab matches yet"
    return f"following {', '.join(tab.title or tab.url for tab in tabs)}"
