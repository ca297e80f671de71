"""Measure what receiving costs this package and its peers, per frame on the wire.

python tests/benchmarks/receive.py [--quick] [--rounds N] [--payload NAME ...]

CPU is user and system time of the receiving process. From 64 KiB on the wall time of the quickest peers is the
loopback's. Every peer counts messages and their sizes; picows has no deflate. Raw sockets are the floor: one reads into
the same memory again and again, the other keeps what it reads in memory that was not used before, as who records must.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from comparison import COLUMNS, compare
from launch import launch, options_of
from payloads import PAYLOADS, QUICK
from peers import RECEIVERS, receive
from server import sending

__all__ = ["main"]

NOT_INFLATING = ("picows", "websockets + dicts + DataFrame")
"""Peers that are left out where the payload is compressed: picows leaves inflating to its user."""


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers receive one payload after the other."""
    for name in options.payload or (QUICK if options.quick else PAYLOADS):
        messages = PAYLOADS[name].messages // (2 if options.quick else 1)
        peers = [peer for peer in RECEIVERS if not (PAYLOADS[name].deflate and peer in NOT_INFLATING)]
        with sending(name, messages) as url:
            yield compare(receive, peers, url, name, messages, options.rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="100 B and 4 KiB only, fewer frames: half a minute")
    only = "only these of: " + "; ".join(PAYLOADS)
    parser.add_argument("--payload", nargs="+", choices=PAYLOADS, metavar="NAME", help=only)
    launch(parser, arguments, "Receiving", COLUMNS, groups)


if __name__ == "__main__":
    main()
