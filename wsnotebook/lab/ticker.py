"""The behaviour ``ticker``: a simulated market-data feed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence

from websockets.exceptions import ConnectionClosed

from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import Behaviour, named

__all__ = ["ticker"]

_BATCH_SECONDS = 0.01  # shortest pause between two batches: 20,000 frames/s are sent in batches of 200
_MAX_BATCH = 2_000  # frames; after a blocked loop, the backlog is sent in steps so that other tasks can run


@named()
def ticker(
    *,
    rate: float | None = 10.0,
    size: int | None = None,
    symbols: Sequence[str] = ("ACME", "BOLT", "CORE", "DUNE"),
    count: int | None = None,
    seed: int = 1,
) -> Behaviour:
    """Make a behaviour that sends trades as JSON texts; the price of each symbol is a random walk.

    A text is ``{"type": "tick", "seq": 0, "symbol": "ACME", "price": 100.05, "size": 300, "time": 1700000000.0}``:
    ``seq`` counts the session's ticks from 0, ``size`` is the number of shares, ``time`` is in seconds since 1970. The
    same seed gives every session the same walk.

    The server acknowledges every message of the client with ``{"type": "ack", "received": …, "symbols": […]}``. A
    message ``{"subscribe": ["ACME"]}`` limits the following ticks to these symbols; unknown symbols are ignored, and
    an empty list stops the ticks.

    Example: ``server = await embedded_server(ticker(rate=100, symbols=["ACME"]))``.

    Args:
        rate: texts per second, None for as fast as the client reads.
        size: bytes of each text; a shorter one is padded with a field ``pad``. None pads none.
        symbols: names of the traded symbols.
        count: number of texts after which the session is closed with 1000; None continues until the session ends.
        seed: seed of the random walk.

    Raises:
        ValueError: ``rate`` is not positive, or ``symbols`` is empty.
    """
    if rate is not None and rate <= 0:
        raise ValueError(f"rate is texts per second and positive, not {rate!r}; None is as fast as possible")
    if not symbols:
        raise ValueError("a ticker needs at least one symbol: symbols=['ACME']")

    async def run(session: LabConnection) -> None:
        feed = _Feed(symbols, size, seed)
        receiving = asyncio.create_task(_acknowledge(session, feed), name="ticker: client's messages")
        try:
            await _send(session, feed, rate, count)
        finally:
            receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await receiving

    return run


class _Feed:
    """The simulated market of one session."""

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
            # A multiplicative step keeps a price positive; 0.05 % is a typical change in a second on an exchange.
            price = self._prices[symbol] = self._prices[symbol] * (1.0 + 0.0005 * draw.gauss(0.0, 1.0))
            yield self._text(symbol, price, 100 * (1 + int(draw.random() * 9)), now)

    def _text(self, symbol: str, price: float, shares: int, now: float) -> str:
        # Formatted by hand: json.dumps of a dict takes three times as long, and only the symbol can need escapes.
        text = (
            f'{{"type":"tick","seq":{next(self._seq)},"symbol":{json.dumps(symbol)},'
            f'"price":{price:.2f},"size":{shares},"time":{now:.6f}}}'
        )
        missing = self._size - len(text) - len(',"pad":""')
        return f'{text[:-1]},"pad":"{"x" * missing}"}}' if missing > 0 else text

    def subscribe(self, wanted: object) -> None:
        """Limit the feed to the symbols in ``wanted``; ignore a value that is not a list."""
        if isinstance(wanted, list):
            self.subscribed = [symbol for symbol in self.symbols if symbol in wanted]


async def _send(session: LabConnection, feed: _Feed, rate: float | None, count: int | None) -> None:
    """Send the ticks that are due by the clock: a late batch is larger, so that the average rate is kept."""
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


async def _acknowledge(session: LabConnection, feed: _Feed) -> None:
    async for message in session:
        received = message if isinstance(message, str) else f"{len(message)} bytes"
        with contextlib.suppress(ValueError, RecursionError):
            request = json.loads(message)
            if isinstance(request, dict) and "subscribe" in request:
                feed.subscribe(request["subscribe"])
        await session.send(json.dumps({"type": "ack", "received": received, "symbols": feed.subscribed}))
