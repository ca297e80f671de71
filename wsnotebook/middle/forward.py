"""Forward: what an HTTP proxy does with a request: a conversation, a tunnel, or TLS that is opened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from ssl import SSLContext
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from wsnotebook.errors import InvalidURL
from wsnotebook.lab.frontdoor import FrontDoor
from wsnotebook.lab.guard import authority
from wsnotebook.lab.opening import asks_for_websocket
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.log.rowlog import RowLog
from wsnotebook.middle.answer import refuse
from wsnotebook.middle.authority import Authority, covers
from wsnotebook.middle.beginning import REQUEST, TLS_RECORD, beginning
from wsnotebook.middle.doorway import Doorway, Work
from wsnotebook.middle.fields import to_host
from wsnotebook.middle.pages import addresses_of, is_of_a_page, is_private
from wsnotebook.middle.tlsserver import accept_tls
from wsnotebook.middle.tunnel import Tunnel
from wsnotebook.redaction import redact_url
from wsnotebook.session.address import check_url
from wsnotebook.session.dialer import Options

__all__ = ["Forward", "Place", "Target"]

_PATIENCE = 1.0  # seconds for a client's first bytes in a tunnel; in some protocols the server speaks first
_DEFAULT_PORTS = {False: 80, True: 443}
_IS_TLS = {"ws": False, "http": False, "wss": True, "https": True}
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Target(NamedTuple):
    """Where a request goes."""

    host: str
    """Name or address, without brackets."""
    port: int
    """Its port."""
    is_tls: bool
    """Whether the client speaks to it in TLS."""
    hosts: tuple[str, ...] | None = None
    """Addresses of the host that were checked, and are dialled; None to dial the host by its name."""

    @property
    def place(self) -> str:
        """Host and port as in a URL, without the scheme's own port."""
        with_port = authority(self.host, self.port)
        return with_port.rpartition(":")[0] if self.port == _DEFAULT_PORTS[self.is_tls] else with_port


class Place(Protocol):
    """What requests come to: the proxy."""

    @property
    def log(self) -> RowLog:
        """Where it records."""

    def converse(
        self, transport: asyncio.Transport, head: RequestHead, rest: bytes, options: Options, /
    ) -> Work | None:
        """Return what begins a conversation with an upstream; None where the client was refused."""

    def is_own(self, host: str, port: int, /) -> bool:
        """Tell whether the proxy itself listens there."""


class Forward:
    """Requests of programs that take ``HTTP_PROXY``: CONNECT, and those with a whole URL (RFC 9112 §3.2).

    Args:
        place: the proxy.
        doorway: reads the requests inside of tunnels, and refuses.
        allow: hosts whose TLS is opened; see covers().
        options: of the upstream's connections; address, and TLS where there is none, are put into them.
        reaches_private: let web pages reach private addresses.

    Raises:
        ImportError, OSError: as of Authority.
    """

    def __init__(
        self,
        place: Place,
        doorway: Doorway,
        allow: Sequence[str],
        *,
        options: Options,
        reaches_private: bool,
    ) -> None:
        self.authority = Authority(allow) if allow else None
        """Issues certificates; None where no TLS is opened."""
        self._place = place
        self._doorway = doorway
        self._allow = allow
        self._reaches_private = reaches_private
        self._options = options._replace(
            follows_redirects=False
        )  # what is redirected is the client's to decide
        self._tunnels: set[Tunnel] = set()

    def abort(self) -> None:
        """End all tunnels."""
        for tunnel in tuple(self._tunnels):
            tunnel.abort()

    def serve(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> Work:
        """Return the coroutine that does what a request asks for; it ends when that has begun."""
        transport.pause_reading()
        transport.set_protocol(asyncio.Protocol())
        work = self._connect if head.method == "CONNECT" else self._request
        return _or_abort(transport, work(transport, head, rest))

    async def _request(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> None:
        scheme, _, rest_of_url = head.target.partition("://")
        is_tls = _IS_TLS.get(scheme.lower())
        if is_tls is None:
            sentence = "This is an HTTP proxy: name it to a program as HTTP_PROXY, or as its --proxy."
            self._doorway.refuse(
                transport, refuse(400, sentence), f"no URL: {head.method} {redact_url(head.target)}"
            )
            return
        try:
            host, port = _host_and_port(re.split("[/?]", rest_of_url, maxsplit=1)[0])
        except InvalidURL as error:
            self._refuse_place(transport, head, error)
            return
        target = Target(host, port or _DEFAULT_PORTS[is_tls], is_tls)
        await self._route(target, transport, replace(head, target=head.path_and_query), rest)

    def _refuse_place(self, transport: asyncio.Transport, head: RequestHead, error: InvalidURL) -> None:
        sentence = f"The target of {head.method} cannot be connected to: {error.problem}."
        self._doorway.refuse(transport, refuse(400, sentence), sentence)

    async def _connect(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> None:
        try:
            host, port = _host_and_port(head.target)
        except InvalidURL as error:
            self._refuse_place(transport, head, error)
            return
        if port is None:
            sentence = "CONNECT names host:port."
            self._doorway.refuse(transport, refuse(400, sentence), sentence)
            return
        if self._place.is_own(host, port):
            self._doorway.refuse(transport, refuse(403, ""), "it asks for the proxy itself")
            return
        transport.write(_ESTABLISHED)
        first = await beginning(transport, rest, _PATIENCE)
        if transport.is_closing():
            return
        is_tls = first.startswith(TLS_RECORD)
        target = Target(host, port, is_tls)
        if is_tls and self.authority is not None and covers(self._allow, target.host):
            await self._open_tls(target, transport, first)
        elif first.startswith(REQUEST):
            self._enter(self._doorway.open(partial(self._admit, target)), transport, first)
        elif (found := await self._check(target, transport, head)) is not None:
            what = "TLS" if is_tls else "neither TLS nor a GET" if first else "the client has said nothing"
            await self._tunnel(found, transport, first, what)  # the client itself speaks what it has to

    async def _open_tls(self, target: Target, transport: asyncio.Transport, first: bytes) -> None:
        """Be the server of a host, and read the request in its TLS."""
        assert self.authority is not None
        try:
            opened, rest = await accept_tls(transport, self.authority.context(target.host), first)
        except OSError as error:
            self._not_opened(target, transport, str(error))
        else:
            self._enter(self._doorway.open(partial(self._admit, target)), opened, rest)

    def _not_opened(self, target: Target, transport: asyncio.Transport, why: str) -> None:
        assert self.authority is not None
        remedy = f"does the client trust {self.authority.path}?"
        self._place.log.note("error", f"the TLS of {target.host} could not be opened, {why}: {remedy}")
        transport.abort()

    def _enter(self, door: FrontDoor, transport: asyncio.Transport, rest: bytes) -> None:
        transport.set_protocol(door)
        door.connection_made(transport)
        if rest:
            door.data_received(rest)
        if not transport.is_closing():
            transport.resume_reading()

    def _admit(self, target: Target, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> Work:
        transport.pause_reading()
        transport.set_protocol(asyncio.Protocol())
        return _or_abort(transport, self._route(target, transport, head, rest))

    async def _route(
        self, target: Target, transport: asyncio.Transport, head: RequestHead, rest: bytes
    ) -> None:
        """Begin a conversation with a WebSocket's host, or hand on the one request that is none."""
        found = await self._check(target, transport, head)
        if found is None:
            return
        if asks_for_websocket(head.headers):
            await self._converse(found, transport, head, rest)
        else:
            ssl = (self._options.ssl or True) if target.is_tls else None
            first = _alone(head, target) + rest
            await self._tunnel(found, transport, first, "a request that is no handshake", ssl)

    async def _converse(
        self, target: Target, transport: asyncio.Transport, head: RequestHead, rest: bytes
    ) -> None:
        scheme = "wss" if target.is_tls else "ws"
        try:
            address = check_url(f"{scheme}://{target.place}{head.target}")._replace(hosts=target.hosts)
        except InvalidURL as error:
            self._doorway.refuse(transport, refuse(400, str(error)), str(error))
            return
        ssl = self._options.ssl if target.is_tls else None
        work = self._place.converse(transport, head, rest, self._options._replace(address=address, ssl=ssl))
        if work is not None:
            await work

    async def _check(self, target: Target, transport: asyncio.Transport, head: RequestHead) -> Target | None:
        """Return a target as it may be dialled; refuse the client and return None where it may not."""
        why = ""
        if self._place.is_own(target.host, target.port):
            why = "it asks for the proxy itself"
        elif not self._reaches_private and is_of_a_page(head.headers):
            target = target._replace(hosts=await addresses_of(target.host))
            if any(map(is_private, (target.host, *(target.hosts or ())))):
                why = f"a web page asks for {target.host}, a private address: private=True lets pages reach those"
        if why:
            self._doorway.refuse(transport, refuse(403, ""), why)
        return None if why else target

    async def _tunnel(
        self,
        target: Target,
        transport: asyncio.Transport,
        first: bytes,
        what: str,
        ssl: SSLContext | bool | None = None,
    ) -> None:
        """Hand bytes on that nobody looks at; an event says of what, and why it is not opened."""
        log = self._place.log
        name = f"tunnel-{log.new_number('tunnel')}"

        def ended(tunnel: Tunnel) -> None:
            self._tunnels.discard(tunnel)
            sent, received = tunnel.passed
            log.note("closed", f"{sent:,} bytes to {target.place}, {received:,} from it", name)

        tunnel = Tunnel(ended)
        log.note("tunnel", f"to {target.place}, not opened: {what}", name)
        try:
            async with asyncio.timeout(self._options.open_timeout):
                hosts = (target.host,) if target.hosts is None else target.hosts
                name_in_tls = None if ssl is None else target.host
                await tunnel.open(transport, hosts, target.port, first, ssl=ssl, server_hostname=name_in_tls)
        except (OSError, TimeoutError) as error:
            log.note("closed", f"{target.place} cannot be reached: {error or 'no answer in time'}", name)
            transport.abort()
        else:
            self._tunnels.add(tunnel)


def _host_and_port(place: str) -> tuple[str, int | None]:
    """Return host and port of a target; None for the port that its scheme has.

    Raises:
        InvalidURL: nothing can be connected to by them.
    """
    parts = urlsplit(check_url(f"ws://{place}").url)
    assert parts.hostname is not None  # check_url() has seen it
    return parts.hostname, parts.port


async def _or_abort(transport: asyncio.Transport, work: Work) -> None:
    """Await what serves a client; its connection goes where that is cancelled or fails."""
    try:
        await work
    except BaseException:
        transport.abort()
        raise


def _alone(head: RequestHead, target: Target) -> bytes:
    """Return the head of a request for its host, after which the connection ends: the next may be for another host."""
    # Host is that of the URL, whatever the client's was (RFC 9112 §3.2.2).
    lines = [f"{head.method} {head.target} HTTP/1.1", f"Host: {target.place}"]
    lines += [f"{name}: {value}" for name, value in to_host(head.headers)]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1", "replace")
