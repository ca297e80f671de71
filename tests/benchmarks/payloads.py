"""What crosses the wire in a benchmark: texts like those of a market feed, in several sizes and shapes.

Frames are made of them in server.py; who receives or sends them is in peers.py.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["PAYLOADS", "QUICK", "Payload"]

SYMBOLS = ("AAPL", "MSFT", "AMZN", "GOOG", "META", "TSLA", "NVDA", "INTC")
TICK_SIZE = 100
PREPARED_BYTES = 4 << 20  # distinct texts; sending 32 MiB in turn was slower than the quickest receivers


def tick(number: int, size: int) -> str:
    """Return the text of one message, exactly ``size`` ASCII characters, different for each number."""
    noise = number * 2654435761 % 2**32  # Knuth's multiplicative hash: prices that deflate like prices
    text = (
        f'{{"type":"trade","seq":{number:010d},"symbol":"{SYMBOLS[noise % 8]}",'
        f'"price":{100 + noise % 99991 / 1e4:.4f},"size":{noise % 9973}}}'
    ).ljust(TICK_SIZE)
    return (text * (size // TICK_SIZE + 1))[:size]


@dataclass(frozen=True)
class Payload:
    """A stream of messages of the same kind."""

    name: str
    """As printed in the table."""
    sizes: tuple[int, ...]
    """Bytes of successive messages; they come round again at the end."""
    messages: int
    """How many messages a measurement moves."""
    fragments: int = 1
    """Frames per message."""
    deflate: bool = False
    """Compressed by the server, with context takeover."""

    @property
    def frames(self) -> int:
        """Frames on the wire."""
        return self.messages * self.fragments

    @property
    def bytes(self) -> int:
        """Payload of all messages before compression."""
        rounds, rest = divmod(self.messages, len(self.sizes))
        return rounds * sum(self.sizes) + sum(self.sizes[:rest])

    def texts(self) -> list[str]:
        """Return the distinct texts, in order; message ``i`` is text ``i % len(texts)``."""
        cycles = PREPARED_BYTES // sum(self.sizes) + 1
        distinct = min(self.messages, cycles * len(self.sizes))
        return [tick(i, self.sizes[i % len(self.sizes)]) for i in range(distinct)]


MIXED_SIZES = tuple(
    random.Random(6455).choices(
        (20, 100, 300, 1_000, 4_096, 20_000, 100_000), (10, 50, 20, 10, 6, 3, 1), k=200
    )
)

PAYLOADS = {
    payload.name: payload
    for payload in (
        Payload("100 B", (100,), 200_000),
        Payload("4 KiB", (4 << 10,), 50_000),
        Payload("64 KiB", (64 << 10,), 4_000),
        Payload("1 MiB", (1 << 20,), 250),
        Payload("4 x 25 B fragments", (100,), 50_000, fragments=4),
        Payload("mixed 20 B to 100 kB", MIXED_SIZES, 50_000),
        Payload("100 B deflated", (100,), 100_000, deflate=True),
    )
}
QUICK = ("100 B", "4 KiB")
"""What ``--quick`` measures."""
