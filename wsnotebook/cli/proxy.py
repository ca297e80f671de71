"""The verb proxy: stands between other programs and a server, and records both connections, until it is stopped."""

from __future__ import annotations

import argparse

from wsnotebook.cli.console import write_error
from wsnotebook.cli.outcome import ExitCode, WrongUsage, wrong_usage
from wsnotebook.cli.parameters import describe_parameters, parse_parameters
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.recording import check_new
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.serving import add_serving_options, serve_until_stopped
from wsnotebook.errors import InvalidURL
from wsnotebook.middle.faults import FAULTS
from wsnotebook.middle.proxy import proxy

__all__ = ["make_parser", "run"]


def make_parser() -> Parser:
    """Return the parser of the arguments after ``proxy``."""
    lines = "".join(f"  {name:<10}{describe_parameters(maker)}\n" for name, maker in FAULTS.items())
    parser = Parser(
        "proxy",
        "Stand between other programs and a WebSocket server, and record what each client and the server say. Its "
        "address is the first line of stdout: give it to the program instead of the server's, or as HTTP_PROXY where no "
        "server is named. Ctrl-C or SIGTERM stops it, and closes its conversations with 1001.",
        [
            (
                "wss://example.org/feed --port 9000 --record app.pcapng",
                "record an app that connects to port 9000",
            ),
            (
                "wss://example.org --allow-origin http://localhost:3000",
                "a web page of that origin may connect",
            ),
            (
                "ws://127.0.0.1:8765 --fault 'delay seconds=0.2 jitter=0.1'",
                "a slow network, to test a client",
            ),
            ("--port 8080 --mitm example.org", "a program that has HTTP_PROXY=http://127.0.0.1:8080"),
            ("ws://127.0.0.1:8765 --fault 'reset after=100'", "a connection that breaks"),
        ],
        f"faults, and their parameters with defaults; direction=in or direction=out is one way only:\n{lines}",
    )
    parser.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        help="the server; a client that asks for another path gets that one. Without it: an HTTP proxy",
    )
    parser.add_argument(
        "--mitm",
        action="append",
        default=[],
        metavar="HOST",
        help="of an HTTP proxy: open the TLS of this host, whose clients have to trust the CA that is named; repeat for more",
    )
    parser.add_argument(
        "--private",
        action="store_true",
        help="of an HTTP proxy: let web pages of the internet reach private addresses",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="let the network misbehave; repeat for more",
    )
    parser.add_argument(
        "--transparent",
        action="store_true",
        help="client and server negotiate compression with each other, and bytes pass untouched",
    )
    add_serving_options(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Hand on until stopped."""
    if arguments.record is not None:
        check_new(arguments.record)
    with wrong_usage(InvalidURL, ValueError):
        middle = proxy(
            arguments.url,
            host=arguments.host,
            port=arguments.port,
            origins=arguments.allow_origin,
            transparent=arguments.transparent,
            mitm=bool(arguments.mitm),
            allow=arguments.mitm,
            private=arguments.private,
        )
    for words in arguments.fault:
        _add_fault(middle, words)
    return run_to_end(_serve(arguments, middle))


async def _serve(arguments: argparse.Namespace, middle: proxy) -> None:
    if arguments.mitm:
        with wrong_usage(OSError, ImportError):
            await middle
        write_error(f"its clients have to trust {middle.ca_path}", "proxy")
    await serve_until_stopped(arguments, middle, "proxy")


def _add_fault(middle: proxy, words: str) -> None:
    name, *given = words.split() or [""]
    if name not in FAULTS:
        raise WrongUsage(f"there is no fault {name!r}: choose one of {', '.join(FAULTS)}")
    ways = [word.partition("=")[2] for word in given if word.startswith("direction=")]
    options = parse_parameters(
        FAULTS[name], name, [word for word in given if not word.startswith("direction=")]
    )
    with wrong_usage(ValueError):
        middle.fault(name, direction=ways[-1] if ways else None, **options)  # type: ignore[arg-type]  # it checks
