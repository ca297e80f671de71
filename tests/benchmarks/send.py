"""Measure what sending costs this package and its peers: one await for each text, until the server has read it all.

python tests/benchmarks/send.py [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from measure import in_fresh_process, medians
from payloads import QUICK
from peers import SENDERS, send
from receive import rows
from server import discarding
from table import print_table

__all__ = ["main"]

COLUMNS = ("peer", "payload", "CPU µs/frame", "wall µs/frame", "CPU / websockets")
TEXTS = 100_000


def measured(name: str, messages: int, rounds: int) -> list[list[str]]:
    """Let all peers send one payload."""
    with discarding(name, messages) as url:
        runs = {
            peer: partial(in_fresh_process, send, peer=peer, url=url, name=name, messages=messages)
            for peer in SENDERS
        }
        return rows(name, medians(rounds, runs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer texts")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many rounds (default 3)")
    options = parser.parse_args(arguments)
    messages = TEXTS // 4 if options.quick else TEXTS
    print_table(
        f"Sending: medians of {options.rounds} rounds, each run in a fresh process",
        COLUMNS,
        (measured(name, messages, options.rounds) for name in QUICK),
    )


if __name__ == "__main__":
    main()
