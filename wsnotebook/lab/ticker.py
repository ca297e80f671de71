"""The behaviour ``ticker``: a market-data feed without a network."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

from websockets.exceptions import ConnectionClosed

from wsnotebook.lab.connection import LabConnection

__all__ = ["ticker"]

_BATCH_SECONDS = (
    0.01  # the tick of the sender: 20,000 frames/s are batches of 200, 10 frames/s come one by one
)
_MAX_BATCH = 2_000  # frames; a loop that was blocked catches up in steps that still let others run


def ticker(
    *,
    rate: float | None = 10.0,
    size: int | None = None,
    symbols: Sequence[str] = ("ACME", "BOLT", "CORE", "DUNE"),
    count: int | None = None,
    seed: int = 1,
) -> Callable[[LabConnection], Awaitable[None]]:
    """Make a behaviour that sends trades as JSON texts, each price a random walk of its symbol.

    A text is ``{"type": "tick", "seq": 0, "symbol": "ACME", "price": 100.05, "size": 300, "time": 1700000000.0}``:
    ``seq`` counts the session's ticks from 0, ``size`` is the number of shares, ``time`` seconds since 1970. The same
    seed gives every session the same walk.

    Every text that the client sends is acknowledged with ``{"type": "ack", "received": …, "symbols": […]}``;
    ``{"subscribe": ["ACME"]}`` limits what follows to these symbols (unknown ones are left out, an empty list
    stops the ticks).

    Args:
        rate: texts per second, None for as fast as the client reads.
        size: bytes of each text; shorter ones are padded by a field ``pad``. None leaves them as they are.
        symbols: what is traded.
        count: number of texts after which the session is closed with 1000; None goes on until the client leaves.
        seed: of the random walk.
    """
    if rate is not None and rate <= 0:
        raise ValueError(f"rate is texts per second and positive, not {rate!r}; None is as fast as possible")
    if not symbols:
        raise ValueError("a ticker needs at least one symbol: symbols=['ACME']")

    async def run(session: LabConnection) -> None:
        feed = _Feed(symbols, size, seed)
        listener = asyncio.create_task(_listen(session, feed), name="ticker: client's texts")
        try:
            await _send(session, feed, rate, count)
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await listener

    return run


class _Feed:
    """The state of one session's market."""

    def __init__(self, symbols: Sequence[str], size: int | None, seed: int) -> None:
        self.symbols = list(symbols)
        self.subscribed = list(symbols)
        self._size = size or 0
        self._random = random.Random(seed)
        self._seq = itertools.count()
        self._prices = {symbol: 100.0 * (n + 1) for n, symbol in enumerate(symbols)}

    def ticks(self, n: int) -> Iterator[str]:
        """Yield the next ``n`` texts."""
        draw = self._random
        now = time.time()
        for _ in range(n if self.subscribed else 0):
            symbol = self.subscribed[int(draw.random() * len(self.subscribed))]
            # A log-normal step keeps a price positive; 0.05 % is what a second on an exchange looks like.
            price = self._prices[symbol] = self._prices[symbol] * (1.0 + 0.0005 * draw.gauss(0.0, 1.0))
            yield self._text(symbol, price, 100 * (1 + int(draw.random() * 9)), now)

    def _text(self, symbol: str, price: float, shares: int, now: float) -> str:
        # Written by hand: json.dumps of a dict costs three times as much, and only the symbol can need escapes.
        text = (
            f'{{"type":"tick","seq":{next(self._seq)},"symbol":{json.dumps(symbol)},'
            f'"price":{price:.2f},"size":{shares},"time":{now:.6f}}}'
        )
        missing = self._size - len(text) - len(',"pad":""')
        return f'{text[:-1]},"pad":"{"x" * missing}"}}' if missing > 0 else text

    def subscribe(self, wanted: object) -> None:
        """Limit the feed to ``wanted``, where it is a list."""
        if isinstance(wanted, list):
            self.subscribed = [symbol for symbol in self.symbols if symbol in wanted]


async def _send(session: LabConnection, feed: _Feed, rate: float | None, count: int | None) -> None:
    """Send by the clock: a late batch is made up for, so the rate holds on average."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    sent = 0
    while count is None or sent < count:
        elapsed = loop.time() - start
        due = _MAX_BATCH if rate is None else min(int(elapsed * rate) + 1 - sent, _MAX_BATCH)
        if count is not None:
            due = min(due, count - sent)
        if due > 0:
            await session.send_batch(feed.ticks(due))
            sent += due
        if rate is None:
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(max(start + sent / rate - loop.time(), _BATCH_SECONDS))


async def _listen(session: LabConnection, feed: _Feed) -> None:
    async for message in session:
        received = message if isinstance(message, str) else f"{len(message)} bytes"
        with contextlib.suppress(ValueError, RecursionError):
            request = json.loads(message)
            if isinstance(request, dict) and "subscribe" in request:
                feed.subscribe(request["subscribe"])
        await session.send(json.dumps({"type": "ack", "received": received, "symbols": feed.subscribed}))
