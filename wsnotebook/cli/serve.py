"""The verb serve: runs a lab server until it is stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from wsnotebook.cli.outcome import ExitCode, WrongUsage, wrong_usage
from wsnotebook.cli.parameters import describe_parameters, parse_parameters
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.recording import check_new
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.serving import add_serving_options, serve_until_stopped
from wsnotebook.errors import FileError
from wsnotebook.files.formats import LOADABLE
from wsnotebook.files.loading import load
from wsnotebook.files.paths import is_directory
from wsnotebook.lab.behaviours import BEHAVIOURS
from wsnotebook.lab.named import Behaviour
from wsnotebook.lab.playback import playback
from wsnotebook.lab.server import embedded_server

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
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; repeat for more"
    )
    add_serving_options(parser)
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
    return run_to_end(serve_until_stopped(arguments, server, "serve"))


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
