"""The verb serve: runs a lab server until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from wsnotebook.cli.arguments import seconds
from wsnotebook.cli.console import write_error, write_line
from wsnotebook.cli.outcome import ExitCode, Failed, WrongUsage, wrong_usage
from wsnotebook.cli.parameters import describe_parameters, parse_parameters
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_quiet_option, write_summary
from wsnotebook.cli.recording import check_new, recording, summary
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.errors import FileError
from wsnotebook.files.formats import LOADABLE, is_directory
from wsnotebook.files.loading import load
from wsnotebook.lab.behaviours import BEHAVIOURS
from wsnotebook.lab.named import Behaviour
from wsnotebook.lab.playback import playback
from wsnotebook.lab.server import EmbeddedServer, embedded_server

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``serve``."""
    makers = {**BEHAVIOURS, "FILE": playback}
    lines = "".join(
        f"  {name:<10}{describe_parameters(maker)}".rstrip() + "\n" for name, maker in makers.items()
    )
    parser = Parser(
        "serve",
        "Run a WebSocket server with the given behaviour, on this machine only. Its address is the first line of "
        "stdout. Ctrl-C or SIGTERM stops it, and closes its sessions with 1001.",
        [
            ("echo --port 8765", "sends every message back"),
            ("ticker --set rate=1000 --set size=200", "a feed of 1,000 texts a second"),
            ("closer --set code=1013 --set 'reason=try later'", "to test how a client handles a close"),
            ("monday.parquet --set speed=10", "a recorded server, ten times faster"),
            (
                "monday.parquet --set speed=null --set match=equal",
                "each answer waits for its recorded request",
            ),
        ],
        f"behaviours, and their parameters for --set, with defaults:\n{lines}",
    )
    parser.add_argument(
        "behaviour", metavar="BEHAVIOUR", help="one of those below, or the file of a recording"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address; with another than loopback, other machines can connect",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, chooses a free port")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; repeat for more"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin connect; repeat for more",
    )
    parser.add_argument("--record", metavar="FILE", help="write every frame of the server to a new file")
    parser.add_argument("--seconds", type=seconds, metavar="S", help="stop after S seconds")
    add_quiet_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until stopped."""
    if arguments.record is not None:
        check_new(arguments.record)
    behaviour = _behaviour(arguments)
    with wrong_usage(ValueError):
        server = embedded_server(
            behaviour, host=arguments.host, port=arguments.port, origins=arguments.allow_origin
        )
    return run_to_end(_serve(arguments, server))


def _behaviour(arguments: argparse.Namespace) -> Behaviour:
    name = arguments.behaviour
    if name in BEHAVIOURS:
        with wrong_usage(ValueError, about=name):
            return BEHAVIOURS[name](**parse_parameters(BEHAVIOURS[name], name, arguments.set))
    path = Path(name)
    if path.suffix.lower() not in LOADABLE and not path.is_file() and not is_directory(name):
        raise WrongUsage(
            f"there is no behaviour {name!r}: choose one of {', '.join(BEHAVIOURS)}, or name a recording"
        )
    with wrong_usage(FileError, ValueError), wrong_usage(OSError, about=name):
        return playback(load(name), **parse_parameters(playback, "a recording", arguments.set))


async def _serve(arguments: argparse.Namespace, server: EmbeddedServer) -> None:
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
            write_error(f"refused with {refusal.status}: {refusal.reason}", "serve")
        for error in server.errors:
            write_error(f"{type(error).__name__}: {error}", "serve")
        counts = f"{summary(server.log)}, {len(server.refusals)} refused, {len(server.errors)} errors"
        write_summary(arguments, counts, aside="serve")
    if server.errors:
        raise Failed("a session did not go as it should have, see above")
