"""Serving: what the verbs serve and proxy have in common: their options, and running until they are stopped."""

from __future__ import annotations

import argparse
import asyncio

from wsnotebook.cli.arguments import seconds
from wsnotebook.cli.console import write_error, write_line
from wsnotebook.cli.outcome import Failed, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option, write_summary
from wsnotebook.cli.recording import recording, summary
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.middle.proxy import proxy

__all__ = ["add_serving_options", "serve_until_stopped"]


def add_serving_options(parser: Parser) -> None:
    """Add the options of a verb that listens."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address; with another than loopback, other machines can connect",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, chooses a free port")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin connect; repeat for more",
    )
    parser.add_argument("--record", metavar="FILE", help="write every frame to a new file")
    parser.add_argument("--seconds", type=seconds, metavar="S", help="stop after S seconds")
    add_quiet_option(parser)


async def serve_until_stopped(
    arguments: argparse.Namespace, server: EmbeddedServer | proxy, verb: str
) -> None:
    """Write the address, and serve until the process is told to end or ``--seconds`` have passed.

    Raises:
        WrongUsage: it cannot listen there.
        Failed: a conversation did not go as it should have.
    """
    with wrong_usage(OSError, OverflowError, about=f"port {arguments.port} of {arguments.host}"):
        await server
    try:
        with recording(server.log, arguments.record):
            async with server:
                write_line(server.url)
                try:
                    async with asyncio.timeout(arguments.seconds):
                        await asyncio.get_running_loop().create_future()
                except TimeoutError:
                    pass
    finally:
        for refusal in server.refusals:
            write_error(f"refused with {refusal.status}: {refusal.reason}", verb)
        for error in server.errors:
            write_error(f"{type(error).__name__}: {error}", verb)
        counts = f"{summary(server.log)}, {len(server.refusals)} refused, {len(server.errors)} errors"
        write_summary(arguments, counts, aside=verb)
    if server.errors:
        raise Failed("a session did not go as it should have, see above")
