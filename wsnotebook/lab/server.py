"""embedded_server: a WebSocket server on loopback, in the event loop of the notebook, with a chosen behaviour."""

from __future__ import annotations

import asyncio
import ssl as tls
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import Server
from websockets.protocol import OPEN

from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.behaviours import behaviour_from, name_of
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.guard import Refusal, authority, check_origins, is_loopback
from wsnotebook.lab.reception import HttpHandler, Reception
from wsnotebook.lab.startable import Startable
from wsnotebook.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EmbeddedServer", "embedded_server"]


def embedded_server(
    behaviour: Any = "echo",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    routes: Mapping[str, Any] | None = None,
    http: HttpHandler | None = None,
    origins: Iterable[str] = (),
    ssl: tls.SSLContext | None = None,
) -> EmbeddedServer:
    """Make a WebSocket server in this event loop: ``async with embedded_server("ticker") as server:``.

    ``server = await embedded_server(…)`` starts it too; then call ``await server.stop()``. Example::

        async with embedded_server(ticker(rate=100)) as server:
            session = await connect(server.url)

    Args:
        behaviour: handles each session: a name (``"echo"``, ``"ticker"``, …; see BEHAVIOURS), a named one
            with parameters (``ticker(rate=100)``), an ``async def behaviour(session)``, a list of steps
            (``[Expect("hello"), Send("world")]``), or a recording to play back (see playback). None answers 404
            to paths that are not in ``routes``.
        host: the address to listen on; other machines can connect only if it is not loopback.
        port: 0 chooses a free port.
        routes: path → behaviour; checked before ``behaviour``.
        http: ``async def handler(request) -> Response`` for requests that are not WebSocket handshakes, on the same
            port; without a handler they are answered with 426. See http_server.
        origins: origins of web pages that may connect, such as ``"http://localhost:8888"``, in addition to the
            server's own. Any other is answered with 403. Clients that are not browsers send no Origin and may connect.
        ssl: a server-side context makes it ``wss://``; see certificate.

    Raises:
        ValueError: an unknown behaviour, a string that is not an origin, an empty host.
        TypeError: a behaviour or a handler that cannot be called, an unknown keyword.
        OSError: on start, the port is in use.
    """
    if host and not is_loopback(host):
        warnings.warn(
            f"the lab server listens on {host!r}: other machines can reach it; host='127.0.0.1' keeps it to this one",
            stacklevel=2,
        )
    return EmbeddedServer(behaviour, host, port, routes or {}, http, check_origins(origins), ssl)


class EmbeddedServer(Startable, Shown):
    """The server that embedded_server returns: started by ``await`` or ``async with``.

    Example::

        server = await embedded_server("echo")
        session = await connect(server.url)
        server.df  # the same conversation, as the server saw it
        await server.stop()
    """

    def __init__(
        self,
        behaviour: Any,
        host: str,
        port: int,
        routes: Mapping[str, Any],
        http: HttpHandler | None,
        origins: frozenset[str],
        ssl: tls.SSLContext | None,
    ) -> None:
        super().__init__()
        if not host:
            raise ValueError("host names one interface: '127.0.0.1', or '0.0.0.0' for all of them")
        self.host = host
        self._port = port
        self._tls = ssl is not None
        made = None if behaviour is None else behaviour_from(behaviour)
        self._name = name_of(made)
        self._reception = Reception(
            host,
            made,
            {path: behaviour_from(value) for path, value in routes.items()},
            http,
            origins,
            ssl,
        )
        self._server: Server | None = None

    # Life

    async def _start(self) -> None:
        self._server = await self._reception.start(self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self, grace: float = 0.0, timeout: float = 2.0) -> None:
        """Stop listening and end every session. A second call does nothing. Where it is cancelled, it cuts off at once.

        Args:
            grace: seconds that behaviours have to finish by themselves.
            timeout: seconds that peers then have to answer a close with 1001; then their connections are aborted.
        """
        server = self._server
        if server is None or self.is_stopped:
            return
        self.is_stopped = True
        server.server.close()
        closing: list[asyncio.Future[None]] = []
        try:
            if grace > 0 and server.handler_tasks:
                await asyncio.wait(set(server.handler_tasks), timeout=grace)
            closing = [
                asyncio.ensure_future(session.close(1001, "server stops")) for session in self.sessions
            ]
            if closing:
                await asyncio.wait(closing, timeout=timeout)
        finally:  # also where it was cancelled: a second call does nothing
            await self._reception.cut_off()
            await asyncio.gather(*closing, return_exceptions=True)

    # Facts

    @property
    def name(self) -> str:
        """Name of the behaviour."""
        return self._name

    @property
    def port(self) -> int:
        """The port that the server listens on.

        Raises:
            RuntimeError: the server has not started.
        """
        if self._server is None:
            raise RuntimeError(
                "the server has not started: use 'async with embedded_server(…) as server:' or await it"
            )
        return self._port

    @property
    def url(self) -> str:
        """The address for WebSocket clients: ``ws://…`` or ``wss://…``, without a path."""
        return f"{'wss' if self._tls else 'ws'}://{self._authority}"

    @property
    def http_url(self) -> str:
        """The address for HTTP requests: ``http://…`` or ``https://…``, without a path."""
        return f"{'https' if self._tls else 'http'}://{self._authority}"

    @property
    def _authority(self) -> str:
        return authority(self.host, self.port)

    @property
    def sessions(self) -> tuple[LabConnection, ...]:
        """The open sessions, in no particular order."""
        connections = self._server.all_connections if self._server else ()
        return tuple(c for c in connections if isinstance(c, LabConnection) and c.protocol.state is OPEN)

    @property
    def accepted(self) -> int:
        """Number of sessions opened since the start."""
        return self._reception.accepted

    @property
    def errors(self) -> list[Exception]:
        """Exceptions of behaviours and HTTP handlers, oldest first; a behaviour's exception closes with 1011."""
        return self._reception.errors

    @property
    def refusals(self) -> list[Refusal]:
        """Refused requests, oldest first, with the reasons, which a 403 does not send to the client."""
        return self._reception.refusals

    @property
    def log(self) -> FrameLog:
        """Every frame that crossed the wire, seen from the server: direction ``in`` is sent by clients."""
        return self._reception.log

    @property
    def df(self) -> pd.DataFrame:
        """The log as a DataFrame, one row per frame; ``session`` is ``client-1``, ``client-2`` … in connect order."""
        return self.log.df

    def __repr__(self) -> str:
        if self._server is None:
            return f"<embedded_server {self._name}, not started: write server = await embedded_server(…)>"
        state = "stopped" if self.is_stopped else f"{len(self.sessions)} connected"
        return (
            f"<embedded_server {self.url} {self._name}: {state}, {self.accepted} accepted, "
            f"{len(self.refusals)} refused, {len(self.errors)} errors, {len(self.log)} frames>"
        )

    def _panel(self) -> Any:
        """Return the panel of this server while it runs: one of the imports upward that the house test names."""
        if self._server is None or self.is_stopped:
            return None
        from wsnotebook.widgets.serverpanel import server_panel_for  # only for who looks: it loads ipywidgets

        return server_panel_for(self)
