"""Measure what receiving costs this package and its peers, per frame on the wire.

python tests/benchmarks/receive.py [--quick] [--rounds N] [--payload NAME ...]

CPU is user and system time of the receiving process. From 64 KiB on the wall time of the quickest peers is
the loopback's. Every peer counts messages and their sizes; picows has no deflate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from measure import Result, in_fresh_process, medians
from payloads import PAYLOADS, QUICK
from peers import RECEIVERS, receive
from server import sending
from table import number, print_table

__all__ = ["main", "rows"]

COLUMNS = ("peer", "payload", "CPU µs/frame", "wall µs/frame", "CPU / websockets")
INFLATING = ("aiohttp", "websockets", "wsnotebook, recorded", "wsnotebook, recorded and delivered")
"""Peers that negotiate permessage-deflate: picows leaves it to its user."""


def rows(name: str, results: dict[str, Result | None]) -> list[list[str]]:
    """Return the table's rows of one payload."""
    bare = results["websockets"]
    assert bare is not None
    return [
        [peer, name, *map(number, (result["cpu"], result["wall"], result["cpu"] / bare["cpu"]))]
        if result
        else [peer, name, "not installed", "-", "-"]
        for peer, result in results.items()
    ]


def measured(name: str, messages: int, rounds: int) -> list[list[str]]:
    """Let all peers receive one payload."""
    peers = INFLATING if PAYLOADS[name].deflate else tuple(RECEIVERS)
    with sending(name, messages) as url:
        runs = {
            peer: partial(in_fresh_process, receive, peer=peer, url=url, name=name, messages=messages)
            for peer in peers
        }
        return rows(name, medians(rounds, runs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="100 B and 4 KiB only, fewer frames: half a minute"
    )
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many rounds (default 3)")
    parser.add_argument(
        "--payload", nargs="+", choices=PAYLOADS, metavar="NAME", help="only these of: " + "; ".join(PAYLOADS)
    )
    options = parser.parse_args(arguments)
    names = options.payload or (QUICK if options.quick else tuple(PAYLOADS))
    divisor = 2 if options.quick else 1
    print_table(
        f"Receiving: medians of {options.rounds} rounds, each run in a fresh process",
        COLUMNS,
        (measured(name, PAYLOADS[name].messages // divisor, options.rounds) for name in names),
    )


if __name__ == "__main__":
    main()
