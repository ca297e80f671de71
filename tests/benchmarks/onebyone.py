"""Measure what a frame costs that is a read of its own, as in most conversations, for this package and its peers.

python tests/benchmarks/onebyone.py [--quick] [--rounds N]

A server in another process sends 100 B when the client has read the frame before, and not sooner than 0.25 ms after it.
CPU is user and system time of the receiving process, the system call of the read and the turn of the event loop among
them; the last column is that beyond "recorded" of the same round, since rounds differ by more than a journal costs.
"""

from __future__ import annotations

import statistics
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from comparison import COLUMNS, figures
from launch import launch, options_of
from measure import Result, in_fresh_process, medians
from peers import JOURNALED, receive
from server import pacing
from table import number

__all__ = ["main"]

RECORDED = "wsnotebook, recorded"
PEERS = ("picows", "aiohttp", "websockets", RECORDED, JOURNALED, "wsnotebook, recorded and delivered")
PAYLOAD = "100 B"
GOALS = "goals: recorded 0.5 of websockets, recorded and delivered 0.8; a pcapng 5 µs more than recorded"


def kept(run: Callable[[], Result | None], results: list[Result | None]) -> Result | None:
    """Run, and keep the result of the round beside returning it."""
    results.append(run())
    return results[-1]


def beyond(results: Sequence[Result | None], others: Sequence[Result | None]) -> float | None:
    """Return the median of the CPU time beyond that of another peer in the same round."""
    pairs = zip(results, others, strict=True)
    differences = [result["cpu"] - other["cpu"] for result, other in pairs if result and other]
    return statistics.median(differences) if differences else None


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers receive the same frames."""
    messages = 500 if options.quick else 1_500
    rounds: dict[str, list[Result | None]] = {peer: [] for peer in PEERS}
    with pacing(PAYLOAD, messages) as url:
        runs = {
            peer: partial(
                kept,
                partial(in_fresh_process, receive, peer=peer, url=url, name=PAYLOAD, messages=messages),
                rounds[peer],
            )
            for peer in PEERS
        }
        rows = figures(PAYLOAD, medians(options.rounds, runs))
    yield [
        [*row, number(beyond(rounds[peer], rounds[RECORDED]))] for peer, row in zip(PEERS, rows, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="500 frames", rounds=7)
    launch(parser, arguments, "One frame a read", (*COLUMNS, "beyond recorded"), groups, GOALS)


if __name__ == "__main__":
    main()
