"""DefaultClientWebSocketSession: a session that keeps the protocol for its user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wsnotebook.session.arguments import seconds
from wsnotebook.session.call import HttpCall
from wsnotebook.session.keepalive import Pinger, pinger
from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["DefaultClientWebSocketSession"]


class DefaultClientWebSocketSession(ClientWebSocketSession):
    """A session that answers pings and closes, joins fragments, and fails the connection on a violation.

    Made by ``connect(url)``; as the last line of a cell it is the panel. ``send``, ``receive``, ``expect``, ``ping`` and
    ``close`` are awaited, ``async for message in session`` receives until the end, and ``close_reason`` says why it ended.
    ``df`` has every frame, ``df.ws`` answers questions to them, ``log`` saves them. Times are seconds, sizes are bytes.

    Example::

        server = await wsnotebook.lab.embedded_server("echo")
        session = await wsnotebook.connect(server.url)
        await session.send("hello")
        message = await session.receive(timeout=5)
        latency = await session.ping()
        await session.close(1000, "done")
        session.df[["time", "direction", "opcode", "length", "text"]]
    """

    def __init__(
        self, *arguments: Any, ping_interval: float | None, ping_timeout: float | None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._interval = ping_interval
        self._timeout = ping_timeout
        self._pinger: Pinger | None = None

    def opened(self, make_call: Callable[[], HttpCall]) -> None:
        """Take what makes the call that opened the session, and start the pinger."""
        super().opened(make_call)
        self._restart_pinger()

    @property
    def ping_interval(self) -> float | None:
        """Seconds between pings; None for none. Setting it restarts the pinger; after a close nothing starts."""
        return self._interval

    @ping_interval.setter
    def ping_interval(self, interval: float | timedelta | None) -> None:
        self._interval = None if interval is None else seconds(interval, "ping_interval")
        self._restart_pinger()

    @property
    def ping_timeout(self) -> float | None:
        """Seconds that a pong may take, independent of the interval; None waits as long as it takes."""
        return self._timeout

    @ping_timeout.setter
    def ping_timeout(self, timeout: float | timedelta | None) -> None:
        self._timeout = None if timeout is None else seconds(timeout, "ping_timeout")
        self._restart_pinger()

    @property
    def pinger(self) -> Pinger | None:
        """The pinger that runs: latency and history; None where pings are off."""
        return self._pinger

    def _restart_pinger(self) -> None:
        if self._pinger is not None:
            self._pinger.stop()
            self._pinger = None
        if self._interval is not None and not self.pump.life.end.outgoing_ended:
            forever = timedelta(days=365)  # a timeout of None
            self._pinger = pinger(self, self._interval, self._timeout or forever)

    def _ping_timeout(self) -> float | None:
        return self._timeout
