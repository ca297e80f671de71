"""proxy: a server on loopback that dials an upstream for each of its clients, and records both connections."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.guard import Guard, Refusal, authority, check_origins, is_loopback, own_hosts
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.lab.startable import Startable
from wsnotebook.middle.answer import why_not_upgraded
from wsnotebook.middle.authority import check_allow
from wsnotebook.middle.conversation import Conversation
from wsnotebook.middle.doorway import PATIENCE, Doorway, Work
from wsnotebook.middle.forward import Forward
from wsnotebook.middle.intervening import Intervening
from wsnotebook.redaction import redact_url
from wsnotebook.session.address import HeadersLike, check_headers, check_url
from wsnotebook.session.arguments import check_frame_size, check_ssl
from wsnotebook.session.capacity import Channels
from wsnotebook.session.dialer import Options
from wsnotebook.session.recording import SessionRecording
from wsnotebook.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["proxy"]


class proxy(Startable, Intervening, Shown):
    """Record the conversations of other programs: ``async with proxy("wss://example.org/feed") as p:``.

    Let the program connect to ``p.url`` instead of the server: a browser's page, an app, a test suite. For each client
    the proxy dials the server, hands on path, query, header fields, cookies and subprotocols, and then every frame in
    both directions as it came, with its mask key, its fragments and its errors. ``await proxy(…)`` starts it too; then
    call ``await p.stop()``. Example::

        async with wsnotebook.proxy("wss://example.org", record="app.pcapng") as p:
            async with connect(p.url) as client:  # or any program that connects to p.url
                await client.send("hello")
        p.df                                      # what the clients sent and received

    Both connections of a conversation are sessions of ``p.log``: "client-1" is what the client saw, "upstream-1" what
    the server saw, which differs in the handshake, and in compression, as each connection negotiates its own unless
    the proxy is ``transparent``. In a log that has such sessions already the numbers go on.

    Without an upstream it is an HTTP proxy, for programs that take ``HTTP_PROXY`` or ``--proxy``: ``p.url`` is its value.
    WebSockets in plain text are recorded, TLS and other requests are handed on unseen, unless ``mitm`` opens them. It hands
    a redirect on to the client; one of an upstream that is named is followed.

    Args:
        upstream: ws:// or wss:// address; None for an HTTP proxy. A client that asks for a path or a query gets that path of the upstream; one
            that asks for ``/`` gets the path of ``upstream``.
        host: the address to listen on; other machines can connect only if it is not loopback.
        port: 0 chooses a free port.
        headers: further header fields for the upstream, a mapping or (name, value) pairs, in place of the client's.
        origins: origins of web pages that may connect, such as ``"http://localhost:3000"``, in addition to the proxy's
            own; any other page is answered with 403. Programs that are no browsers send no Origin and may connect.
        max_frame_size: largest payload, in bytes, of a frame, also once inflated; a larger one ends its conversation
            with 1009. None for no limit.
        transparent: let client and upstream negotiate extensions with each other, and hand the bytes of every frame on as
            they came, compressed ones too; nothing can then be changed on the way. Otherwise each connection negotiates
            for itself.
        open_timeout: seconds for the upstream to open; then the client is answered with 504. None for no limit.
        ssl: an SSLContext for a wss:// upstream; None trusts the certificates of the system.
        proxy: the upstream's proxy, as of connect().
        log: a FrameLog to record into; None makes a new one.
        record: a new ``.pcapng`` file, or a directory as "name/", to write the log to until the proxy stops.
        mitm: open the TLS of the hosts in ``allow``. Their clients have to trust ``p.ca_path``, a CA that is made once in
            the user's state directory, readable by this user only, for these hosts only; nothing installs it. It needs
            ``wsnotebook[mitm]``.
        allow: hosts to open: ``"example.org"``, ``"*.example.org"`` for all below it, ``"*"`` for any.
        private: let web pages of the internet reach private addresses through an HTTP proxy; programs that are no
            browsers always may.

    Raises:
        InvalidURL, ValueError, TypeError: a wrong argument; raised by the call itself.
        OSError: on start, the port is in use.
    """

    def __init__(
        self,
        upstream: str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        headers: HeadersLike | None = None,
        origins: Iterable[str] = (),
        max_frame_size: int | None = 64 << 20,
        transparent: bool = False,
        open_timeout: float | None = 10,
        ssl: tls.SSLContext | None = None,
        proxy: str | Literal[True] | None = True,
        log: FrameLog | None = None,
        record: str | Path | None = None,
        mitm: bool = False,
        allow: Iterable[str] = (),
        private: bool = False,
    ) -> None:
        Startable.__init__(self)
        Intervening.__init__(self, is_possible=not transparent)
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
        self.errors: list[BaseException] = []
        """Why conversations did not open, and what callbacks have raised, oldest first."""
        self.accepted = 0
        """Conversations begun since the start."""
        self._port = port
        self._origins = check_origins(origins)
        self._record = record
        self._transparent = transparent
        self._is_forward = upstream is None
        if upstream is not None and (mitm or private):
            raise ValueError("mitm and private are of an HTTP proxy: leave the upstream away")
        self._allow = check_allow(allow, is_opening=mitm)
        self._private = private
        self._forward: Forward | None = None
        address = check_url("ws://proxy.invalid/" if upstream is None else upstream)
        self._options = Options(
            address=address,
            raw=True,
            name="",
            headers=check_headers(headers, ["authorization"] if "@" in urlsplit(address.url).netloc else ()),
            origin=None,
            subprotocols=(),
            extensions=(),
            masking=True,
            answers_pings=False,
            max_frame_size=check_frame_size(max_frame_size),
            ping_interval=None,
            ping_timeout=None,
            open_timeout=open_timeout,
            close_timeout=None,
            channels=Channels(),
            ssl=check_ssl("wss:" if upstream is None else upstream, ssl),
            proxy=proxy,
            user_agent=None,
            converter=None,
            log=self.log,
            io="kernel",
        )
        self._server: asyncio.Server | None = None
        self._recording: SessionRecording | None = None
        self._conversations: list[Conversation] = []
        self._doorway = Doorway(self._check, self.errors.append, of_proxy=self._is_forward)
        self._ended = asyncio.Event()

    # Life

    async def _start(self) -> None:
        if self._is_forward:
            self._forward = Forward(
                self, self._doorway, self._allow, options=self._options, reaches_private=self._private
            )
        if self._record is not None:
            self._recording = SessionRecording(self.log, self._record)
        # "localhost" would listen on two sockets, with two different free ports.
        host = "127.0.0.1" if self.host == "localhost" else self.host
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: self._doorway.open(self._admit), host, self._port)
        except BaseException:
            if self._recording is not None:
                self._recording.abandon()
            raise
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and end every conversation with 1001. A second call does nothing. Where it is cancelled, it cuts off
        at once.

        Example: ``await p.stop()``.
        """
        if self._server is None or self.is_stopped:
            return
        self.is_stopped = True
        self._server.close()
        self.clear()
        self._doorway.cancel()
        for conversation in self.sessions:
            conversation.close()
        if self._forward is not None:
            self._forward.abort()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._until_ended()
        finally:  # also where it was cancelled: a second call does nothing
            await self._abort()

    async def _abort(self) -> None:
        """End what is left of the conversations, and the file of the recording."""
        for conversation in self.sessions:
            conversation.abort()
        await self._until_ended()
        self._doorway.abort()
        await asyncio.sleep(0)  # they are closed in the next turn
        if self._recording is not None:
            await self._recording.finish()

    async def _until_ended(self) -> None:
        while any(not conversation.has_ended for conversation in self._conversations):
            self._ended.clear()
            await self._ended.wait()

    # Accepting

    def _hosts(self, transport: asyncio.BaseTransport) -> frozenset[str]:
        address, port = transport.get_extra_info("sockname")[:2]
        return own_hosts(self.host, address, port)

    def _check(self, transport: asyncio.Transport, head: RequestHead) -> Refusal | None:
        if self._forward is not None:
            return None  # its Host is that of the target; forward.py decides
        return Guard(self._hosts(transport), self._origins).check(head.headers, head.target)

    def _admit(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> Work | None:
        if self._forward is not None:
            return self._forward.serve(transport, head, rest)
        own_origins = [f"http://{host}" for host in self._hosts(transport)]
        return self.converse(transport, head, rest, self._options, own_origins)

    def converse(
        self,
        transport: asyncio.Transport,
        head: RequestHead,
        rest: bytes,
        options: Options,
        own_origins: Sequence[str] = (),
    ) -> Work | None:
        """Return the coroutine that opens a conversation; None where the client was refused."""
        answer = why_not_upgraded(head)
        if answer is not None:
            self._doorway.refuse(transport, answer, answer.body.decode().strip())
            return None
        self.accepted += 1
        number = self.log.new_number("client", "upstream")
        conversation = Conversation(
            number, self.log, options, self._changes, self, is_transparent=self._transparent
        )
        self._conversations.append(conversation)
        transport.pause_reading()  # at once: what comes before the coroutine runs would be lost
        return conversation.open(transport, head, rest, own_origins)

    def is_own(self, host: str, port: int) -> bool:
        """Tell whether the proxy itself listens there."""
        return port == self._port and (host == self.host or is_loopback(host))

    def conversation_ended(self, conversation: Conversation) -> None:
        """A conversation has ended; called by it."""
        if conversation.error is not None:
            self.errors.append(conversation.error)
        self._ended.set()

    def change_failed(self, error: BaseException) -> None:
        """A callback of on_frame has raised; called by the conversation."""
        self.errors.append(error)

    def refused(self, transport: asyncio.Transport) -> None:
        """A client was refused; called by its conversation."""
        self._doorway.refused(transport)

    # Facts

    @property
    def refusals(self) -> list[Refusal]:
        """Refused requests, oldest first, with the reasons, which a 403 does not send to the client."""
        return self._doorway.refusals

    @property
    def name(self) -> str:
        """What the proxy stands for: the upstream's address, secrets redacted."""
        return "HTTP proxy" if self._is_forward else f"proxy of {redact_url(self._options.address.url)}"

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
        """The address for clients, with the path and query of the upstream; of an HTTP proxy, the value of HTTP_PROXY."""
        if self._is_forward:
            return f"http://{authority(self.host, self.port)}"
        parts = urlsplit(self._options.address.url)
        return urlunsplit(("ws", authority(self.host, self.port), parts.path, parts.query, ""))

    @property
    def ca_path(self) -> Path:
        """The file of the CA that a program has to trust so that its TLS can be opened: ``SSL_CERT_FILE``, ``--cacert``.

        Raises:
            RuntimeError: no TLS is opened, or the proxy has not started.
        """
        if self._forward is None or self._forward.authority is None:
            raise RuntimeError("there is no CA: start proxy(mitm=True, allow=[…])")
        return self._forward.authority.path

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
        return f"<{self.name} at {redact_url(self.url)}: {state}, {self.accepted} accepted, {len(self.log)} frames in its log>"

    def _panel(self) -> Any:
        """Return the panel of this proxy while it runs: one of the imports upward that the house test names."""
        if self._server is None or self.is_stopped:
            return None
        from wsnotebook.widgets.proxypanel import proxy_panel_for  # only for who looks: it loads ipywidgets

        return proxy_panel_for(self)
