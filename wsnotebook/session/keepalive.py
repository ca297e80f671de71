"""pinger and ponger: ping a peer periodically, to detect that it is gone, and answer its pings.

Both run on the loop of the pump, also if that is on a thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from wsnotebook.errors import PingTimeout
from wsnotebook.session.arguments import seconds
from wsnotebook.session.heartbeat import LATE
from wsnotebook.session.state import SessionState
from wsnotebook.wire.frames import CloseCode

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.session.pump import Pump
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Pinger", "Ponger", "pinger", "ponger"]

_PAYLOAD = 8  # random bytes of a ping, so that a pong cannot match the wrong ping


def pinger(
    session: ClientWebSocketSession,
    period: float | timedelta,
    timeout: float | timedelta,
    *,
    on_timeout: Callable[[PingTimeout], object] | None = None,
) -> Pinger:
    """Ping the peer periodically and fail the session with 1011 if a pong is missing; for raw sessions too.

    Example::

        rounds = pinger(session, period=1, timeout=5)
        rounds.history  # the latencies until now, in seconds

    Args:
        session: an open session.
        period: seconds before the first ping, and from each pong to the next ping.
        timeout: seconds for a pong with the same payload (RFC 6455 §5.5.3).
        on_timeout: called with the PingTimeout, on the loop of the session's I/O, instead of failing the session.

    Returns:
        A Pinger with ``.stop()``, ``.latency`` and ``.history``.

    Raises:
        ValueError: ``period`` or ``timeout`` is not over 0.
    """
    return Pinger(session.pump, seconds(period, "period"), seconds(timeout, "timeout"), on_timeout)


class Pinger:
    """Rounds of one ping and its pong on one connection, one after the other."""

    def __init__(
        self, pump: Pump, period: float, timeout: float, on_timeout: Callable[[PingTimeout], object] | None
    ) -> None:
        self.period = period
        """Seconds between a pong and the next ping."""
        self.timeout = timeout
        """Seconds from a ping to the timeout of its pong."""
        self._pump = pump
        self._on_timeout = on_timeout
        self._context = contextvars.copy_context()
        self._timer: asyncio.TimerHandle | None = None
        self._payload: bytes | None = None
        self._due = 0.0  # on the loop's clock
        self._others = 0  # pongs with another payload, before this round
        self._is_patient = False  # whether this round has got its time twice
        self._rounds: list[tuple[int, float]] = []
        self._is_stopped = False
        pump.call(self._wait_for_round)

    @property
    def latency(self) -> float | None:
        """Seconds from the last answered ping to its pong; None before the first pong."""
        return self._rounds[-1][1] if self._rounds else None

    @property
    def history(self) -> pd.Series[float]:
        """Latencies in seconds, a Series indexed by the time of the pong (UTC)."""
        from wsnotebook.log.dataframe import timed_series  # here, so that a session does not import pandas

        rounds = list(self._rounds)  # a copy: with io="thread" the next round may end meanwhile
        return timed_series(rounds, "latency")

    def stop(self) -> None:
        """Send no more pings, and ignore the pong of a ping that was sent. Any thread."""
        self._is_stopped = True
        self._pump.call(self._cancel)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._payload is not None:
            self._pump.forget_ping(self._payload, self._answered)

    def _schedule(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._is_stopped and self._pump.loop is not None:
            self._due = self._pump.loop.time() + delay
            self._timer = self._pump.loop.call_at(self._due, callback)

    def _wait_for_round(self) -> None:
        self._schedule(self.period, self._round)

    def _round(self) -> None:
        if self._pump.state is not SessionState.OPEN:
            return
        self._payload = os.urandom(_PAYLOAD)
        self._others, self._is_patient = self._pump.unmatched_pongs, False
        self._schedule(self.timeout, self._timed_out)
        self._pump.ping(self._payload, self._answered)

    def _answered(self, latency: float | Exception) -> None:
        self._payload = None
        if isinstance(latency, Exception):  # the session has ended: start no further round
            self._is_stopped = True
            self._cancel()
            return
        self._rounds.append((self._pump.log.clock(), latency))
        self._wait_for_round()

    def _timed_out(self) -> None:
        if self._may_have_come():
            self._schedule(self.timeout, self._timed_out)
            return
        if self._payload is not None:
            self._pump.forget_ping(self._payload, self._answered)
        fault = PingTimeout(self.timeout, self._pump.unmatched_pongs - self._others)
        if self._on_timeout is not None:
            self._wait_for_round()
            self._context.run(self._on_timeout, fault)
        else:
            self._pump.fail(fault, CloseCode.INTERNAL_ERROR, "Ping timeout", initiator="timeout", wait=False)

    def _may_have_come(self) -> bool:
        """Tell whether the pong may be here, unread, or the ping may not have left in time: then nobody is judged.

        A peer that sends without end, and no pong, gets the time twice.
        """
        pump = self._pump
        assert pump.loop is not None
        if pump.loop.time() - self._due >= LATE or pump.incoming.is_held:
            return True
        is_first, self._is_patient = not self._is_patient, True
        return is_first and pump.intake.has_unread


def ponger(session: ClientWebSocketSession) -> Ponger:
    """Answer the peer's pings with their payload, in order, for raw sessions, which do not answer by themselves.

    If the peer does not read, only its newest ping is answered (RFC 6455 §5.5.3); reading never waits for a pong.
    Example: ``answers = ponger(session)``, later ``answers.stop()``.

    Args:
        session: an open session.
    """
    return Ponger(session.pump)


class Ponger:
    """Answers the peer's pings until it is stopped."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        pump.answers_pings = True

    def stop(self) -> None:
        """Stop answering pings."""
        self._pump.answers_pings = False
