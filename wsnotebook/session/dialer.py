"""Dialer: opens a connection with the checked arguments of connect(). The proxies and the rules of redirects are
those of websockets."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl as ssl_module
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from websockets.exceptions import InvalidMessage, InvalidStatus, SecurityError
from websockets.uri import WebSocketURI, parse_uri

from wsnotebook.errors import CallError, ConnectError, SocketTimeout, WsNotebookError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.redaction import RedactingLogger, is_harmless, redact_url
from wsnotebook.session.address import Address
from wsnotebook.session.call import Headers, HttpCall, HttpRequest, HttpResponse
from wsnotebook.session.capacity import Channels
from wsnotebook.session.connection import Owner, WireConnection
from wsnotebook.session.converters import Converter
from wsnotebook.session.engine import drop_frames, redact_chain, to_ours
from wsnotebook.session.proxyway import ProxyFault, Way, find_proxy
from wsnotebook.session.redirects import as_websocket, crosses_origin, split_at_origin
from wsnotebook.wire.extensions import WebSocketExtensionFactory
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.response import Response
from wsnotebook.wire.wire import Wire

__all__ = ["Dialer", "Options", "connect_to"]

P = TypeVar("P", bound=asyncio.BaseProtocol)

_MOST_REDIRECTS = 10
_parse_uri = functools.lru_cache(maxsize=64)(parse_uri)  # many sessions have one address
_LOGGER = RedactingLogger("websockets.client")  # the name that websockets gives its own


_Fields: TypeAlias = tuple[str, ...]
"""Names and values of header fields in turn: a tuple for each of them would take as much memory as what it says."""
_Facts: TypeAlias = tuple[int, str, _Fields, str, float, bytes, str]
"""Of a response: the arguments of HttpResponse in their order."""


class Options(NamedTuple):
    """The checked arguments of connect(), which documents them; times in seconds, sizes in bytes."""

    address: Address
    raw: bool
    name: str
    headers: tuple[tuple[str, str], ...]
    origin: str | None
    subprotocols: tuple[str, ...]
    extensions: tuple[WebSocketExtensionFactory, ...]
    masking: bool
    max_frame_size: int | None
    answers_pings: bool
    ping_interval: float | None
    ping_timeout: float | None
    open_timeout: float | None
    close_timeout: float | None
    channels: Channels
    ssl: ssl_module.SSLContext | None
    proxy: str | Literal[True] | None
    user_agent: str | None
    converter: Converter | None
    log: FrameLog
    io: Literal["kernel", "thread"] | None
    follows_redirects: bool = True

    def __repr__(self) -> str:
        """Show no secret: a traceback may show the variables of its functions."""
        return f"Options({self.address!r}, {self.name!r})"


async def connect_to(hosts: Sequence[str], port: int, factory: Callable[[], P], **tls: Any) -> P:
    """Open a connection to the first of some addresses at which there is a listener, and return its protocol.

    Args:
        hosts: names or addresses; none are a name that cannot be resolved.
        port: of all.
        factory: makes the protocol.
        tls: ``ssl`` and ``server_hostname`` for TLS; None or nothing for none.

    Raises:
        OSError: no connection could be opened; of the last host.
    """
    error: OSError = socket.gaierror(socket.EAI_NONAME, "it has no address")
    for host in hosts:
        try:
            return (await asyncio.get_running_loop().create_connection(factory, host, port, **tls))[1]
        except ssl_module.SSLError:
            raise
        except OSError as failure:
            error = failure
    raise error


class Dialer:
    """Dials: DNS, proxy, TCP, TLS, and the handshake, again for each redirect; it ends in our wire protocol and its owner."""

    def __init__(self, options: Options, owner: Owner) -> None:
        self._options = options
        self._owner = owner
        self._url = options.address.url
        self._headers = options.headers
        self._subprotocols = options.subprotocols
        self._last: WireConnection | None = None
        self._redirects: tuple[str, ...] = ()
        self._way: Way | None = None
        """The proxy that is being asked."""

    async def _connect(self) -> None:
        """Open a connection, and follow redirects, within the time for opening."""
        async with asyncio.timeout(self._options.open_timeout):
            for _ in range(_MOST_REDIRECTS):
                uri = _parse_uri(self._url)
                connection = await self._open_tcp_connection(uri)
                try:
                    await connection.handshake()
                except BaseException as error:
                    assert connection.transport is not None
                    connection.transport.abort()
                    if not (isinstance(error, InvalidStatus) and self._options.follows_redirects):
                        raise
                    self._redirect(error)
                else:
                    return
            raise SecurityError(f"more than {_MOST_REDIRECTS} redirects")

    async def _open_tcp_connection(self, uri: WebSocketURI) -> WireConnection:
        """Open a connection to the server, through a proxy where one is named."""
        options, loop = self._options, asyncio.get_running_loop()
        factory = functools.partial(self._make_connection, uri)
        tls: dict[str, Any] = {}
        if uri.secure:
            host = uri.host.partition("%")[0]  # without a zone
            tls = {"ssl": True if options.ssl is None else options.ssl, "server_hostname": host}
        if options.address.unix_path is not None:
            return (await loop.create_unix_connection(factory, options.address.unix_path, **tls))[1]
        way = find_proxy(options.proxy, uri)
        if way is None:
            if options.address.hosts is None:  # without a coroutine more, as a thousand may dial at once
                return (await loop.create_connection(factory, uri.host, uri.port, **tls))[1]
            return await connect_to(options.address.hosts, uri.port, factory, **tls)
        from wsnotebook.session.tunnel import open_tunnel  # here, as most connections have no proxy

        self._way = way
        connection = await open_tunnel(way, uri, options.user_agent, factory, tls)
        self._way = None
        return connection

    def _redirect(self, refusal: InvalidStatus) -> None:
        """Go on at the address that a refusal redirects to, by the rules of websockets, or raise.

        An address of HTTP is taken for that of a WebSocket, and nothing that may be a secret goes to another origin.
        """
        # here, as it takes a quarter of the time of loading a session
        from websockets.asyncio.client import connect

        target: dict[str, Any] = {} if self._options.address.unix_path is None else {"unix": True}
        rules = connect(self._url, compression=None, proxy=None, **target)
        asked = as_websocket(refusal)
        found = rules.process_redirect(asked)
        if found is asked:
            raise refusal
        if isinstance(found, ValueError):  # of websockets, for what cannot be redirected
            raise SecurityError(str(found)) from refusal
        if isinstance(found, Exception):
            raise found from refusal
        self._redirected(found)

    def _redirected(self, url: str) -> None:
        """Leave behind what must not go to another origin, and note the event."""
        detail = f"to {redact_url(url)}"
        if crosses_origin(_parse_uri(self._url), parse_uri(url)):
            self._headers, left = split_at_origin(self._options.headers)
            offered = self._subprotocols
            self._subprotocols = tuple(name for name in offered if is_harmless("subprotocol", name))
            left += ["Sec-WebSocket-Protocol"] if len(self._subprotocols) < len(offered) else []
            detail += f", another origin{': ' + ', '.join(left) + ' stayed behind' if left else ''}"
        self._redirects += (redact_url(url),)
        self._url, self._last = url, None
        self._owner.log.note("redirect", detail, self._owner.name)

    def _make_connection(self, uri: WebSocketURI) -> WireConnection:
        """Return the connection of one attempt; redirects make several."""
        options = self._options
        wire = Wire(
            "server",
            raw=options.raw,
            masking=options.masking,
            max_frame_size=options.max_frame_size,
            allocate=options.log.allocate,
        )
        if "%" in uri.host:  # the zone of an IPv6 address, which means nothing to others (RFC 6874 §1)
            uri = replace(uri, host=uri.host.partition("%")[0])
        protocol = HandshakeProtocol(
            uri,
            wire,
            headers=self._headers,
            origin=options.origin,
            user_agent=options.user_agent,
            extensions=options.extensions,
            subprotocols=self._subprotocols,
            raw=options.raw,
            logger=_LOGGER,
        )
        self._last = WireConnection(
            protocol, self._owner, self._url, include_secrets=options.log.include_secrets
        )
        return self._last

    async def dial(self) -> Callable[[], HttpCall]:
        """Open the connection, and return a function that makes the HttpCall of its request and response.

        Raises:
            InvalidURL, ConnectError, SocketTimeout, HandshakeError: see errors.py.
        """
        try:
            await self._connect()
        except Exception as error:
            call = self._call()()
            ours = self._to_ours(error, call)
            redact_chain(error)
            if ours is None:
                raise
            if self._redirects and isinstance(ours, CallError):
                way = ", then ".join(self._redirects)
                ours.problem = f"{ours.problem or 'refused'} after a redirect to {way}"
            reason = getattr(ours, "problem", "") or type(ours).__name__
            self._owner.log.note("closed", f"not opened: {reason}", self._owner.name)
            drop_frames(error)
            raise ours from error
        return self._call()

    def _to_ours(self, error: Exception, call: HttpCall) -> WsNotebookError | None:
        if isinstance(error, ProxyFault):
            return ConnectError(call, error.problem, error.remedy)
        if isinstance(error, TimeoutError) and self._way is not None:
            problem = f"{self._way!r} did not answer within the time for opening"
            return SocketTimeout(call, problem, "Raise open_timeout; proxy=None connects directly.")
        lost_by = None if self._last is None else self._last.lost_by
        if isinstance(error, InvalidMessage) and isinstance(lost_by, ssl_module.SSLError):
            return to_ours(lost_by, call)  # TLS 1.3 refuses a certificate after its handshake
        return to_ours(error, call)

    def _call(self) -> Callable[[], HttpCall]:
        """Return a function that makes the call of the request and, as far as it has come, the response.

        Most sessions are never asked for it, and it costs 2 % of opening and closing one.
        """
        last = self._last
        if last is None:
            return lambda: HttpCall(HttpRequest(self._url))
        info = (lambda name: None) if last.transport is None else last.transport.get_extra_info
        final = last.protocol.responses.final
        return _CallMaker(
            self._url,
            tuple(chain.from_iterable(last.protocol.fields)) if last.is_asked else (),
            None if final is None else _facts_of(final, last.elapsed),
            tuple([_facts_of(each, 0.0) for each in last.protocol.responses.interim]),
            last.protocol.subprotocol,
            info("sockname"),
            info("peername"),
            _tls(info("ssl_object")),
        )


class _CallMaker:
    """Makes an HttpCall when it is called. It shows no secret, as a partial would, and is smaller than a function."""

    __slots__ = ("_facts",)

    def __init__(self, *facts: Any) -> None:
        self._facts = facts

    def __call__(self) -> HttpCall:
        return _http_call(*self._facts)


def _http_call(
    url: str,
    fields: _Fields,
    final: _Facts | None,
    interim: tuple[_Facts, ...],
    subprotocol: str | None,
    local_address: Any,
    remote_address: Any,
    tls: dict[str, Any] | None,
) -> HttpCall:
    response = None
    if final is not None:
        response = _http_response(final, tuple([_http_response(each) for each in interim]))
    return HttpCall(
        HttpRequest(url, _headers(fields)),
        response,
        subprotocol=subprotocol,
        local_address=local_address,
        remote_address=remote_address,
        tls=tls,
    )


def _facts_of(response: Response, elapsed: float) -> _Facts:
    """Return the arguments of an HttpResponse, which take less memory than what was read."""
    return (
        response.status,
        response.reason,
        tuple(chain.from_iterable(response.fields)),
        response.version,
        elapsed,
        bytes(response.body),
        response.lack,
    )


def _http_response(facts: _Facts, interim: tuple[HttpResponse, ...] = ()) -> HttpResponse:
    status, reason, fields, version, elapsed, body, lack = facts
    return HttpResponse(status, reason, _headers(fields), version, elapsed, body, lack, interim)


def _headers(fields: _Fields) -> Headers:
    return Headers(list(zip(fields[::2], fields[1::2], strict=True)))


def _tls(ssl_object: Any) -> dict[str, Any] | None:
    if (
        ssl_object is None or ssl_object.version() is None
    ):  # a broken one raises ValueError when it is asked for more
        return None
    return {
        "version": ssl_object.version(),
        "cipher": ssl_object.cipher(),
        "certificate": ssl_object.getpeercert(),
        "alpn": ssl_object.selected_alpn_protocol(),
    }
