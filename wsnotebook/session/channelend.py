"""ChannelEnd: the user's end of a channel: its event loop, the coroutines that wait at it, the callbacks for its end."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from time import monotonic
from typing import Any

from wsnotebook.session.state import Lifecycle
from wsnotebook.wire.frames import CloseReason

__all__ = ["ChannelEnd", "Waiters"]

_TURN = 0.005  # seconds: two of them are far less than a person notices, and one is much beside a suspension


_NOBODY: Any = ()
"""The queue where none has waited: sessions are many, and few have waiters at both channels."""


class Waiters:
    """Coroutines that wait for a turn, first come first served; a turn that is not used goes to the next."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: list[asyncio.Future[None]] = _NOBODY
        self._granted = 0
        self.count = 0
        """Coroutines that wait, or have a turn and have not run since. An attribute: it is read for each frame."""

    async def wait(self) -> None:
        """Wait for a turn. Cancelling passes it on."""
        waiter = self._loop.create_future()
        if self._queue is _NOBODY:
            self._queue = []
        self._queue.append(waiter)
        self.count += 1
        try:
            await waiter
        except asyncio.CancelledError:
            self.count -= 1
            if waiter.done() and not waiter.cancelled():
                self._granted -= 1
                self.wake()
            elif waiter in self._queue:  # a wake may have passed over it since it was cancelled
                self._queue.remove(waiter)
            raise
        self.count -= 1
        self._granted -= 1

    def wake(self, count: int = 1) -> None:
        """Give a turn to the next ``count``."""
        while self._queue and count > 0:
            try:
                self._queue.pop(0).set_result(None)
            except asyncio.InvalidStateError:  # it was cancelled, and has not run since
                continue
            self._granted += 1
            count -= 1

    def wake_up_to(self, count: int) -> None:
        """Let ``count`` turns be given and not yet used."""
        self.wake(count - self._granted)

    def wake_all(self) -> None:
        """Give a turn to everybody."""
        self.wake(len(self._queue))


class ChannelEnd:
    """What the user's ends of both channels have in common.

    Args:
        life: where the connection is.
    """

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._loop = asyncio.get_running_loop()
        self._waiters = Waiters(self._loop)
        self._on_close: tuple[tuple[Callable[[CloseReason | None], object], contextvars.Context], ...] = ()
        self._is_announced = False  # the callbacks have been scheduled
        self.turn_ends = 0.0
        """Monotonic seconds from which to ask whether the loop is held up. An attribute: it is read for each frame, and so
        is the clock, as the user's work per frame has no limit and a count of frames would tell nothing."""
        self._is_marked = False  # a callback waits for the loop to come round

    def wake(self) -> None:
        """Let the coroutines that wait look again."""
        raise NotImplementedError

    def _holds_up_loop(self) -> bool:
        """Return whether the loop has not come round since the last call; call it once ``turn_ends`` has passed.

        The caller then takes a turn of ``_waiters`` though it need not wait: a channel that never blocks would keep
        everything else of the loop waiting, an interrupt of the cell too.
        """
        self.turn_ends = monotonic() + _TURN
        if self._is_marked:
            self._loop.call_soon(self.wake)
            return True
        self._loop.call_soon(self._came_round)
        self._is_marked = True
        return False

    def _came_round(self) -> None:
        self._is_marked = False

    def on_close(self, callback: Callable[[CloseReason | None], object]) -> None:
        """Call ``callback(reason)`` once when the channel is closed; at once where it is."""
        if self._is_announced:
            callback(self._life.end.reason)
        else:
            self._on_close += ((callback, contextvars.copy_context()),)

    def _announce(self) -> None:
        """Schedule the callbacks, once."""
        self._is_announced = True
        callbacks, self._on_close = self._on_close, ()
        for callback, context in callbacks:
            # as a loop callback, so that its error goes to the loop's handler and not into the session
            self._loop.call_soon(callback, self._life.end.reason, context=context)
