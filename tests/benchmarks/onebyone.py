"""Measure what a frame costs that is a read of its own, as in most conversations, for this package and its peers.

python tests/benchmarks/onebyone.py [--quick] [--rounds N]

A server in another process sends 100 B every 0.25 ms. CPU is user and system time of the receiving process, the system
call of the read and the turn of the event loop among them. Goals, of websockets: recorded 0.5, delivered 0.8; a pcapng
beside it costs 5 µs more.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from comparison import COLUMNS, compare
from launch import launch, options_of
from peers import JOURNALED, receive
from server import pacing

__all__ = ["main"]

PEERS = (
    "picows",
    "aiohttp",
    "websockets",
    "wsnotebook, recorded",
    JOURNALED,
    "wsnotebook, recorded and delivered",
)
PAYLOAD = "100 B"


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers receive the same frames."""
    messages = 1_000 if options.quick else 8_000
    with pacing(PAYLOAD, messages) as url:
        yield compare(receive, PEERS, url, PAYLOAD, messages, options.rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="1,000 frames")
    launch(parser, arguments, "One frame a read", COLUMNS, groups)


if __name__ == "__main__":
    main()
