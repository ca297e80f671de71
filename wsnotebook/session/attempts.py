"""Attempts: the connections of one connect(), one after another, with pauses that grow while they fail."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable
from math import ceil
from time import monotonic
from typing import NamedTuple
from weakref import WeakMethod, ref

from wsnotebook.errors import CallError, ConnectError, HandshakeError, SocketTimeout
from wsnotebook.session.dialer import Options
from wsnotebook.session.heartbeat import Heartbeat
from wsnotebook.session.proxyway import ProxyFault
from wsnotebook.session.refusedcalls import show_refused_calls
from wsnotebook.session.retryafter import retry_after
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.frames import CloseCode
from wsnotebook.wire.response import BadResponse

__all__ = ["Attempts", "Pause", "attempts_of", "has_ended_for_good", "is_clean", "newest_of"]

_FIRST = 0.25  # seconds of the first pause; doubled after each failure, with jitter
_LONGEST = 30.0  # seconds
_LASTED = 10.0  # seconds after which a session was a success: a server that accepts and hangs up is one that refuses
_STATUSES = frozenset((408, 425, 429, 500, 502, 503, 504))  # HTTP status of a server that may accept later
_CLEAN = (CloseCode.NORMAL, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)


def attempts_of(session: ClientWebSocketSession) -> Attempts | None:
    """Return what has opened a session, and can open the one that follows it; None where no connect() has."""
    opened_by = getattr(session, "opened_by", None)  # the end of a server has none
    return opened_by if isinstance(opened_by, Attempts) else None


def newest_of(session: ClientWebSocketSession) -> ClientWebSocketSession:
    """Return the last session that the connect() of a session has opened; the session itself where none has followed."""
    attempts = attempts_of(session)
    return (attempts and attempts.newest) or session


class Pause(NamedTuple):
    """A pause between two attempts."""

    attempt: int
    """Number of the attempt that follows; the first of all is 0."""
    ends: float
    """Monotonic seconds."""


class Attempts:
    """Opens one session after another; each attempt is an event of the log. It holds no session alive.

    Args:
        open: makes the attempt of a number, with the options.
        options: with the log of all sessions, and their name for its events.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        open: Callable[[Options, int], Awaitable[ClientWebSocketSession]],
        options: Options,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._clock = clock
        self._open = open
        self._options = options
        self._delay = 0.0
        self._opened_at = 0.0
        self.number = 0
        """Of the next attempt."""
        self.pause: Pause | None = None
        """The pause that is going on, or None."""
        self.failure: CallError | None = None
        """Why the last attempt failed; None after one that succeeded."""
        self._is_dialing = False
        # Ends the pause; made with the first one, as most sessions have none, and an event takes 0.8 KiB.
        self._hurry: asyncio.Event | None = None
        self._newest: ref[ClientWebSocketSession] | None = None
        self._asked: tuple[asyncio.Future[ClientWebSocketSession], ...] = ()  # who waits for the next attempt
        self._listeners: tuple[WeakMethod[Callable[[ClientWebSocketSession], None]], ...] = ()

    @property
    def newest(self) -> ClientWebSocketSession | None:
        """The last session that was opened; None before the first, and where nothing refers to it any more."""
        return None if self._newest is None else self._newest()

    @property
    def status(self) -> str:
        """What is done to open the next session, such as ``reconnecting in 3 s (attempt 4)``; empty for nothing."""
        if self.pause is not None:
            return f"reconnecting in {ceil(self.pause.ends - monotonic())} s (attempt {self.pause.attempt})"
        return f"reconnecting now (attempt {self.number - 1})" if self._is_dialing else ""

    def on_opened(self, listener: Callable[[ClientWebSocketSession], None]) -> None:
        """Call a method, which is not kept alive by it, with every session that is opened from now on."""
        # Panels may be shown, and closed, often.
        self._listeners = (*(each for each in self._listeners if each() is not None), WeakMethod(listener))

    async def open(self) -> ClientWebSocketSession:
        """Make one attempt.

        Raises:
            ConnectError, SocketTimeout, HandshakeError: it failed.
        """
        number, self.number = self.number, self.number + 1
        self._is_dialing = True
        try:
            session = await self._open(self._options, number)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._is_dialing = False
        self._opened_at = self._clock()
        self._succeed(session)
        return session

    async def at_once(self) -> ClientWebSocketSession:
        """Return the session that follows the newest, by an attempt that is made now; a pause before it is cut short.

        Several callers get the same session.

        Raises:
            ValueError: the newest session has not ended.
            ConnectError, SocketTimeout, HandshakeError: the attempt failed.
        """
        if (newest := self.newest) is not None:
            if newest.close_reason_now is None:
                raise ValueError(
                    f"{self._options.name} is {newest.state}: close it, or open another with connect(url)."
                )
            await newest.close()  # its last frames come first in the log, and its recording is written
        if not self.status:
            return await self.open()
        if self._hurry is not None:
            self._hurry.set()
        asked: asyncio.Future[ClientWebSocketSession] = asyncio.get_running_loop().create_future()
        self._asked += (asked,)
        return await asked

    def _succeed(self, session: ClientWebSocketSession) -> None:
        self.failure = None
        self._newest = ref(session)
        session.opened_by = self
        if self._asked:
            for asked in self._take_asked():
                asked.set_result(session)
        for listener in self._listeners:
            if (method := listener()) is not None:
                method(session)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, CallError):
            self.failure = error
            error.redial = self.at_once
            show_refused_calls()
        for asked in self._take_asked():
            if isinstance(error, Exception):
                asked.set_exception(error)
            else:
                asked.cancel()

    def _take_asked(self) -> list[asyncio.Future[ClientWebSocketSession]]:
        asked, self._asked = self._asked, ()
        return [each for each in asked if not each.done()]

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
        newest = self.newest
        if newest is not None and newest is not ended and newest.state != "closed":
            return newest  # at_once() has opened it, while the body went on
        has_lasted = self._clock() - self._opened_at >= max(_LASTED, self._delay)
        await self._wait(f"ended with {ended.close_reason_now}", grow=not has_lasted and not _is_ours(ended))
        return await self.insist()

    def _asked_for(self, error: CallError) -> float:
        """Return the seconds that the server asks to be left alone."""
        response = getattr(error.call, "response", None)
        return (
            0.0
            if response is None
            else retry_after(response.headers.get("Retry-After"), self._options.log.clock() / 1e9)
        )

    async def _wait(self, what: str, *, grow: bool, at_least: float = 0.0) -> None:
        self._delay = min(_LONGEST, self._delay * 2 or _FIRST) if grow else _FIRST
        seconds = max(at_least, self._delay * random.uniform(0.5, 1.0))
        detail = f"attempt {self.number - 1} {what}; next in {seconds:.2f} s"
        self._options.log.note("reconnect", detail, self._options.name)
        self.pause = Pause(self.number, monotonic() + seconds)
        hurry = self._hurry = asyncio.Event()
        try:
            with Heartbeat.of(asyncio.get_running_loop()).beating(), contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await hurry.wait()
        except asyncio.CancelledError as error:
            self._fail(error)
            raise
        finally:
            self.pause = None


def is_clean(session: ClientWebSocketSession) -> bool:
    """Return whether a session ended with 1000, 1001 or an empty close frame."""
    reason = session.close_reason_now
    return reason is not None and reason.code in _CLEAN


def has_ended_for_good(session: ClientWebSocketSession) -> bool:
    """Return whether nobody wants a session to be followed by another: it was closed by us, or by the peer cleanly."""
    return _is_ours(session) or (session.close_initiator == "peer" and is_clean(session))


def _is_ours(session: ClientWebSocketSession) -> bool:
    """Return whether we closed a session, and not because of a fault."""
    return session.close_initiator == "local" and session.pump.life.end.fault is None


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
        return _has_hung_up(error) if response is None else response.status in _STATUSES
    cause = error.__cause__
    if isinstance(cause, ProxyFault):
        return cause.status in _STATUSES or isinstance(cause.__cause__, OSError)
    return not isinstance(cause, ssl.SSLCertVerificationError)


def _has_hung_up(error: HandshakeError) -> bool:
    """Return whether a server, or what stands before one that is being started, ended the connection without an answer."""
    cause = error.__cause__.__cause__ if error.__cause__ is not None else None
    return isinstance(cause, BadResponse) and cause.is_empty
