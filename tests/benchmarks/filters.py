"""Measure filters: CPU time to search a log for them, and that of the longest step, for which the loop waits.

python tests/benchmarks/filters.py [--quick] [--messages N] [--rounds N]

JSON of a market feed, 10 k to 10 M messages: short ones of 45 bytes and those of analysis.py, of 100. A panel searches in
the same steps, and other tasks run between two. 10 M messages take 1.5 GB of memory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from analysis import texts
from growth import counts_of, growth_options
from launch import launch
from measure import Meter, Result, in_fresh_process, medians
from table import number

__all__ = ["main"]

COLUMNS = ("filter", "message", "messages", "found", "CPU s", "CPU µs/message", "longest step CPU ms")
FILTERS = ("$.price>100", "$.symbol=AAPL", "price", "/pri[cs]e/", "size>60")
PREPARED = 100_000
"""Different messages, which come again."""
READ = 200
"""Messages of one read."""


def short_texts(count: int) -> list[str]:
    """Return short messages."""
    return [f'{{"symbol":"AAPL","price":{place % 200}.5,"seq":{place}}}' for place in range(count)]


KINDS = {"45 B": short_texts, "100 B": texts}


def recorded(kind: str, count: int) -> Any:
    """Return a log of so many messages."""
    import wsnotebook
    from wsnotebook.log.connections import Connection
    from wsnotebook.wire.batch import Batch, Flag

    log = wsnotebook.FrameLog(retention=None)
    connection = log.register(Connection("feed"))
    payloads = [text.encode() for text in KINDS[kind](min(count, PREPARED))]
    for start in range(0, count, READ):
        batch, low = Batch(), start % PREPARED
        for payload in payloads[low : low + min(READ, count - start)]:
            batch.add(0x81, payload, Flag.TEXT)
        log.append(batch, connection, "in", start, start)
    return log


def search(kind: str, count: int) -> Result:
    """Search for each filter."""
    import pyarrow  # noqa: F401 - as in a notebook that has asked for a DataFrame

    from wsnotebook.filtering import Search, parse_filter

    log = recorded(kind, count)
    found: Result = {}
    assert len(log) == count
    for text in FILTERS:
        meter, looking, longest, more = Meter(), Search(log, parse_filter(text)), 0.0, True
        with meter:
            while more:
                start = time.process_time()
                more = looking.step()
                longest = max(longest, time.process_time() - start)
        found |= {f"cpu {text}": meter.cpu, f"step {text}": longest, f"found {text}": float(looking.end)}
    return found


def measured(count: int, rounds: int) -> list[list[str]]:
    """Return the table's rows for one number of messages."""
    runs = {kind: partial(in_fresh_process, search, kind=kind, count=count) for kind in KINDS}
    table = []
    for kind, figures in medians(rounds, runs).items():
        for text in FILTERS:
            cpu, step, found = ((figures or {})[f"{name} {text}"] for name in ("cpu", "step", "found"))
            cells = (
                f"{count:,}",
                f"{found:,.0f}",
                number(cpu),
                number(cpu / count * 1e6),
                number(step * 1e3, 1),
            )
            table.append([text, kind, *cells])
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    launch(
        growth_options(__doc__),
        arguments,
        "Filters",
        COLUMNS,
        lambda options: (measured(count, options.rounds) for count in counts_of(options)),
    )


if __name__ == "__main__":
    main()
