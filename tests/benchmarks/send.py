"""Measure what sending costs this package and its peers: one await for each text, until the server has read it all.

python tests/benchmarks/send.py [--quick] [--rounds N]
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from comparison import COLUMNS, compare
from launch import launch, options_of
from payloads import QUICK
from peers import SENDERS, send
from server import discarding

__all__ = ["main"]

TEXTS = 100_000


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers send one payload after the other."""
    messages = TEXTS // 4 if options.quick else TEXTS
    for name in QUICK:
        with discarding(name, messages) as url:
            yield compare(send, SENDERS, url, name, messages, options.rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    launch(options_of(__doc__, quick="fewer texts"), arguments, "Sending", COLUMNS, groups)


if __name__ == "__main__":
    main()
