"""Attempts: the connections of one connect(), one after another, with pauses that grow while they fail."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import NamedTuple

from wsnotebook.errors import CallError, ConnectError, HandshakeError, SocketTimeout
from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.heartbeat import Heartbeat
from wsnotebook.session.retryafter import retry_after
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import CloseCode

__all__ = ["Attempts", "Pause", "has_ended_for_good", "is_clean"]

_FIRST = 0.25  # seconds of the first pause; doubled after each failure, with jitter
_LONGEST = 30.0  # seconds
_STATUSES = frozenset((408, 425, 429, 500, 502, 503, 504))  # HTTP status of a server that may accept later
_CLEAN = (CloseCode.NORMAL, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)


class Pause(NamedTuple):
    """A pause between two attempts."""

    attempt: int
    """Number of the attempt that follows; the first of all is 0."""
    ends: float
    """Monotonic seconds."""


class Attempts:
    """Opens one session after another; each attempt is an event of the log.

    Args:
        open: makes the attempt of a number.
        log: of all sessions.
        name: of the session, for the events.
    """

    def __init__(
        self, open: Callable[[int], Awaitable[ClientWebSocketSession]], log: FrameLog, name: str
    ) -> None:
        self._open = open
        self._log = log
        self._name = name
        self._delay = 0.0
        self._opened_at = 0.0
        self.number = 0
        """Of the next attempt."""
        self.pause: Pause | None = None
        """The pause that is going on, or None."""

    async def open(self) -> ClientWebSocketSession:
        """Make one attempt.

        Raises:
            ConnectError, SocketTimeout, HandshakeError: it failed.
        """
        number, self.number = self.number, self.number + 1
        session = await self._open(number)
        self._opened_at = monotonic()
        return session

    async def insist(self) -> ClientWebSocketSession:
        """Make attempts until one succeeds.

        Raises:
            ConnectError, HandshakeError: only other arguments can mend it.
        """
        while True:
            try:
                return await self.open()
            except (ConnectError, SocketTimeout, HandshakeError) as error:
                if not _is_temporary(error):
                    raise
                await self._wait(f"failed: {_problem(error)}", grow=True, at_least=self._asked_for(error))

    async def again(self, ended: ClientWebSocketSession) -> ClientWebSocketSession:
        """Return the session that follows one that has ended; raises as insist()."""
        # A server that accepts and hangs up at once is not asked four times a second.
        is_short_lived = monotonic() - self._opened_at < self._delay
        await self._wait(f"ended with {ended.close_reason_now}", grow=is_short_lived and not is_clean(ended))
        return await self.insist()

    def _asked_for(self, error: CallError) -> float:
        """Return the seconds that the server asks to be left alone."""
        response = getattr(error.call, "response", None)
        return (
            0.0
            if response is None
            else retry_after(response.headers.get("Retry-After"), self._log.clock() / 1e9)
        )

    async def _wait(self, what: str, *, grow: bool, at_least: float = 0.0) -> None:
        self._delay = min(_LONGEST, self._delay * 2 or _FIRST) if grow else _FIRST
        seconds = max(at_least, self._delay * random.uniform(0.5, 1.0))
        self._log.note("reconnect", f"attempt {self.number - 1} {what}; next in {seconds:.2f} s", self._name)
        self.pause = Pause(self.number, monotonic() + seconds)
        try:
            with Heartbeat.of(asyncio.get_running_loop()).beating():
                await asyncio.sleep(seconds)
        finally:
            self.pause = None


def is_clean(session: ClientWebSocketSession) -> bool:
    """Return whether a session ended with 1000, 1001 or an empty close frame."""
    reason = session.close_reason_now
    return reason is not None and reason.code in _CLEAN


def has_ended_for_good(session: ClientWebSocketSession) -> bool:
    """Return whether nobody wants a session to be followed by another: it was closed by us, or by the peer cleanly."""
    is_ours = session.close_initiator == "local" and session.pump.life.end.fault is None
    return is_ours or (session.close_initiator == "peer" and is_clean(session))


def _problem(error: CallError) -> str:
    """Return the reason of a failed attempt for the log, without the address, which may contain a secret."""
    response = getattr(error.call, "response", None)
    if isinstance(error, HandshakeError) and response is not None:
        return f"status {response.status} {response.reason}"
    return error.problem


def _is_temporary(error: CallError) -> bool:
    """Return whether a failed attempt may succeed later with the same arguments."""
    if isinstance(error, HandshakeError):
        response = getattr(error.call, "response", None)
        return response is not None and response.status in _STATUSES
    return not isinstance(error.__cause__, ssl.SSLCertVerificationError)
