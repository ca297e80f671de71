"""proxy: a server on loopback that dials an upstream for each of its clients, and records both connections."""

from __future__ import annotations

import asyncio
import itertools
import ssl as tls
import warnings
from collections.abc import Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakSet

from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.frontdoor import FrontDoor
from wsnotebook.lab.guard import Guard, Refusal, authority, check_origins, is_loopback, own_hosts
from wsnotebook.lab.messages import Headers
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.middle.answer import why_not_upgraded
from wsnotebook.middle.conversation import Conversation
from wsnotebook.middle.intervening import Intervening
from wsnotebook.redaction import redact_url
from wsnotebook.session.address import HeadersLike, check_headers, check_url
from wsnotebook.session.arguments import check_frame_size, check_ssl
from wsnotebook.session.capacity import Channels
from wsnotebook.session.dialer import Options
from wsnotebook.session.recording import SessionRecording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["proxy"]

_HEAD_TIMEOUT = 10.0  # seconds that a client has for its request
_STOP_TIMEOUT = 2.0  # seconds that peers have to end TCP when the proxy stops, or has refused them


class proxy(Intervening):
    """Record the conversations of other programs: ``async with proxy("wss://example.org/feed") as p:``.

    Let the program connect to ``p.url`` instead of the server: a browser's page, an app, a test suite. For each client
    the proxy dials the server, hands on path, query, header fields, cookies and subprotocols, and then every frame in
    both directions as it came, with its mask key, its fragments and its errors. ``await proxy(…)`` starts it too; then
    call ``await p.stop()``. Example::

        async with wsnotebook.proxy("wss://example.org", record="app.pcapng") as p:
            print(p.url)               # give this to the program
            await asyncio.sleep(60)
        p.df                           # what the clients sent and received

    Both connections of a conversation are sessions of ``p.log``: "client-1" is what the client saw, "upstream-1" what
    the server saw, which differs in the handshake, and in compression, as each connection negotiates its own.

    Args:
        upstream: ws:// or wss:// address. A client that asks for a path or a query gets that path of the upstream; one
            that asks for ``/`` gets the path of ``upstream``.
        host: the address to listen on; other machines can connect only if it is not loopback.
        port: 0 chooses a free port.
        headers: further header fields for the upstream, a mapping or (name, value) pairs, in place of the client's.
        origins: origins of web pages that may connect, such as ``"http://localhost:3000"``, in addition to the proxy's
            own; any other page is answered with 403. Programs that are no browsers send no Origin and may connect.
        max_frame_size: largest payload, in bytes, of a frame, also once inflated; a larger one ends its conversation
            with 1009. None for no limit.
        open_timeout: seconds for the upstream to open; then the client is answered with 504. None for no limit.
        ssl: an SSLContext for a wss:// upstream; None trusts the certificates of the system.
        proxy: the upstream's proxy, as of connect().
        log: a FrameLog to record into; None makes a new one.
        record: a new ``.pcapng`` file, or a directory as "name/", to write the log to until the proxy stops.

    Raises:
        InvalidURL, ValueError, TypeError: a wrong argument; raised by the call itself.
        OSError: on start, the port is in use.
    """

    def __init__(
        self,
        upstream: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        headers: HeadersLike | None = None,
        origins: Iterable[str] = (),
        max_frame_size: int | None = 64 << 20,
        open_timeout: float | None = 10,
        ssl: tls.SSLContext | None = None,
        proxy: str | Literal[True] | None = True,
        log: FrameLog | None = None,
        record: str | Path | None = None,
    ) -> None:
        super().__init__()
        if not host:
            raise ValueError("host names one interface: '127.0.0.1', or '0.0.0.0' for all of them")
        if not is_loopback(host):
            warnings.warn(
                f"the proxy listens on {host!r}: other machines can reach it, and through it the upstream; "
                "host='127.0.0.1' keeps it to this one",
                stacklevel=2,
            )
        self.host = host
        self.log = FrameLog() if log is None else log
        """Every frame of every conversation, of both connections."""
        self.refusals: list[Refusal] = []
        """Refused requests, oldest first, with the reasons, which a 403 does not send to the client."""
        self.errors: list[Exception] = []
        """Why conversations did not open, oldest first."""
        self.accepted = 0
        """Conversations begun since the start."""
        self.is_stopped = False
        """Whether stop() was called."""
        self._port = port
        self._origins = check_origins(origins)
        self._record = record
        self._options = Options(
            address=check_url(upstream),
            raw=True,
            name="",
            headers=check_headers(headers),
            origin=None,
            subprotocols=[],
            extensions=(),
            masking=True,
            max_frame_size=check_frame_size(max_frame_size),
            ping_interval=None,
            ping_timeout=None,
            open_timeout=open_timeout,
            close_timeout=None,
            channels=Channels(),
            ssl=check_ssl(upstream, ssl),
            proxy=proxy,
            user_agent=None,
            converter=None,
            log=self.log,
            io="kernel",
        )
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._recording: SessionRecording | None = None
        self._conversations: list[Conversation] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._heads: set[asyncio.Transport] = set()
        self._refused: WeakSet[asyncio.Transport] = WeakSet()
        self._ended = asyncio.Event()

    # Life

    def __await__(self) -> Generator[Any, None, Self]:
        return self._start().__await__()

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> Self:
        if self._server is None:
            if self._record is not None:
                self._recording = SessionRecording(self.log, self._record)
            # "localhost" would listen on two sockets, with two different free ports.
            host = "127.0.0.1" if self.host == "localhost" else self.host
            try:
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(self._make_front_door, host, self._port)
            except BaseException:
                if self._recording is not None:
                    self._recording.abandon()
                raise
            self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Stop listening and end every conversation with 1001. A second call does nothing."""
        if self._server is None or self.is_stopped:
            return
        self.is_stopped = True
        self._server.close()
        self.clear()
        for task in self._opening:
            task.cancel()
        for conversation in self.sessions:
            conversation.close()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await self._until_ended()
        except TimeoutError:
            for conversation in self.sessions:
                conversation.abort()
            await self._until_ended()
        for transport in (*self._heads, *self._refused):
            transport.abort()
        await asyncio.sleep(0)  # they are closed in the next turn
        if self._recording is not None:
            await self._recording.finish()

    async def _until_ended(self) -> None:
        while any(not conversation.has_ended for conversation in self._conversations):
            self._ended.clear()
            await self._ended.wait()

    # Accepting

    def _make_front_door(self) -> FrontDoor:
        return FrontDoor(self._check, self._admit, self.refusals.append, self._heads, timeout=_HEAD_TIMEOUT)

    def _hosts(self, transport: asyncio.BaseTransport) -> frozenset[str]:
        address, port = transport.get_extra_info("sockname")[:2]
        return own_hosts(self.host, address, port)

    def _check(self, transport: asyncio.Transport, headers: Headers) -> Refusal | None:
        return Guard(self._hosts(transport), self._origins).check(headers)

    def _admit(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> None:
        answer = why_not_upgraded(head)
        if answer is not None:
            self.refusals.append(Refusal(answer.status, answer.body.decode().strip()))
            transport.write(answer.to_bytes())
            transport.close()
            self.refused(transport)
            return
        self.accepted += 1
        conversation = Conversation(next(self._numbers), self.log, self._options, self._changes, self)
        self._conversations.append(conversation)
        own_origins = [f"http://{host}" for host in self._hosts(transport)]
        task = asyncio.get_running_loop().create_task(
            conversation.open(transport, head, rest, own_origins), name=f"open {conversation.name}"
        )
        self._opening.add(task)
        task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.errors.append(error)

    def conversation_ended(self, conversation: Conversation) -> None:
        """A conversation has ended; called by it."""
        if conversation.error is not None:
            self.errors.append(conversation.error)
        self._ended.set()

    def change_failed(self, error: Exception) -> None:
        """A callback of on_frame has raised; called by the conversation."""
        self.errors.append(error)

    def refused(self, transport: asyncio.Transport) -> None:
        """A client was refused; called by its conversation."""
        self._refused.add(transport)
        asyncio.get_running_loop().call_later(_STOP_TIMEOUT, transport.close)

    # Facts

    @property
    def name(self) -> str:
        """What the proxy stands for: the upstream's address, secrets redacted."""
        return f"proxy of {redact_url(self._options.address.url)}"

    @property
    def port(self) -> int:
        """The port that the proxy listens on.

        Raises:
            RuntimeError: the proxy has not started.
        """
        if self._server is None:
            raise RuntimeError("the proxy has not started: use 'async with proxy(…) as p:' or await it")
        return self._port

    @property
    def url(self) -> str:
        """The address for clients, with the path and query of the upstream."""
        parts = urlsplit(self._options.address.url)
        return urlunsplit(("ws", authority(self.host, self.port), parts.path, parts.query, ""))

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations since the start, oldest first."""
        return tuple(self._conversations)

    @property
    def sessions(self) -> tuple[Conversation, ...]:
        """The conversations that have not ended, oldest first."""
        return tuple(c for c in self._conversations if not c.has_ended)

    @property
    def df(self) -> pd.DataFrame:
        """The frames of the clients: ``out`` was sent by a client, ``in`` to it; ``session`` is "client-1", "client-2" ….

        ``p.log.df`` has the frames of the upstreams' connections too.
        """
        frames = self.log.df
        clients = [conversation.name for conversation in self._conversations]
        return frames[frames["session"].isin(clients)]

    def __repr__(self) -> str:
        if self._server is None:
            return f"<{self.name}, not started>"
        state = "stopped" if self.is_stopped else f"{len(self.sessions)} connected"
        return f"<{self.name} at {self.url}: {state}, {self.accepted} accepted, {len(self.log)} frames>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if self._server is None or self.is_stopped:
            return {"text/plain": repr(self)}
        return self._panel()._repr_mimebundle_(include=include, exclude=exclude)

    def _panel(self) -> Any:
        """Return the panel of this proxy: one of the imports upward that the house test names."""
        from wsnotebook.widgets.serverpanel import server_panel_for  # only for who looks: it loads ipywidgets

        return server_panel_for(self, of_server=False)
