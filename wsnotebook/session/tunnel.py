"""open_tunnel: a connection to a server through a proxy: CONNECT of HTTP, or SOCKS by the package python-socks."""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from collections.abc import Callable
from typing import Any, TypeVar

from websockets.asyncio.client import connect_socks_proxy
from websockets.exceptions import InvalidProxy, ProxyError
from websockets.proxy import Proxy, parse_proxy, prepare_connect_request
from websockets.uri import WebSocketURI

from wsnotebook.safetext import safe_text
from wsnotebook.session.challenge import proxy_remedy
from wsnotebook.session.proxyway import ProxyFault, Way
from wsnotebook.wire.response import BadResponse, Response, ResponseReader

__all__ = ["open_tunnel"]

T = TypeVar("T", bound=asyncio.BaseProtocol)


class _Proxy(Proxy):
    """A parsed proxy whose repr shows no password."""

    def __repr__(self) -> str:
        return f"<proxy {self.scheme}://{self.host}:{self.port}>"


async def open_tunnel(
    way: Way, uri: WebSocketURI, user_agent: str | None, factory: Callable[[], T], tls: dict[str, Any]
) -> T:
    """Open a connection to a server through a proxy, and return its protocol.

    Args:
        way: the proxy.
        uri: the server.
        user_agent: value of that field for the proxy; None for none.
        factory: makes the protocol.
        tls: ``ssl`` and ``server_hostname`` for TLS with the server; empty for none.

    Raises:
        ProxyFault: the proxy is the reason of the failure.
        OSError: the server is.
    """
    proxy = _parse(way)
    loop = asyncio.get_running_loop()
    try:
        if proxy.scheme.startswith("socks"):
            sock = await connect_socks_proxy(proxy, uri, local_addr=None)
        else:
            transport = await _connect(proxy, uri, user_agent, repr(way))
    except (OSError, ProxyError, ImportError) as error:
        raise ProxyFault(f"{way!r} {_why(error)}") from error
    if proxy.scheme.startswith("socks"):
        return (await loop.create_connection(factory, sock=sock, **tls))[1]
    protocol = factory()
    transport.set_protocol(protocol)
    if tls:
        context = ssl_module.create_default_context() if tls["ssl"] is True else tls["ssl"]
        over = await loop.start_tls(transport, protocol, context, server_hostname=tls["server_hostname"])
        assert over is not None  # None is for a transport that is being closed
        transport = over
    protocol.connection_made(transport)
    return protocol


def _parse(way: Way) -> _Proxy:
    """Return the parsed proxy. The exceptions of parsing contain the password, so that none of them is chained."""
    problem = "is malformed"
    try:
        found = parse_proxy(way.address)
        return _Proxy(found.scheme, found.host, found.port, found.username, found.password)
    except InvalidProxy as error:
        problem = f"cannot be used: {error.msg}"
    except ValueError:  # its sentence may be a part of the password
        pass
    raise ProxyFault(f"{way!r} {problem}", "An address is http://host:port or socks5h://host:port.")


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "is not there: the connection to it was refused"
    if isinstance(error, ImportError):
        return "needs a package: pip install 'wsnotebook[socks]'"
    cause = error.__cause__ if isinstance(error, ProxyError) else None
    return f"could not be reached or refused: {safe_text(str(cause or error))}"


class _Asking(asyncio.Protocol):
    """Sends CONNECT and waits for the answer, of which the head is enough.

    Args:
        request: the bytes of it.
    """

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._responses = ResponseReader(_is_tunnel)
        self.answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read a part of the answer."""
        self._read(lambda: self._responses.feed(data))

    def eof_received(self) -> None:
        """Read the end of the answer."""
        self._read(self._responses.feed_end)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is not answered."""
        if not self.answered.done():
            self.answered.set_exception(exc or ConnectionResetError("it hung up"))

    def _read(self, feed: Callable[[], None]) -> None:
        if self.answered.done():
            return
        try:
            feed()
        except BadResponse as error:
            self.answered.set_exception(error)
        else:
            if self._responses.final is not None:
                self.answered.set_result(self._responses.final)


def _is_tunnel(status: int) -> bool:
    return 200 <= status < 300


async def _connect(proxy: _Proxy, uri: WebSocketURI, user_agent: str | None, name: str) -> asyncio.Transport:
    """Return a transport to the server through a proxy of HTTP (RFC 9110 §9.3.6)."""
    request = prepare_connect_request(proxy, uri, user_agent)
    transport, asking = await asyncio.get_running_loop().create_connection(
        lambda: _Asking(request), proxy.host, proxy.port, ssl=proxy.scheme == "https" or None
    )
    try:
        answer = await asking.answered
    except BadResponse as error:
        transport.abort()
        raise ProxyFault(f"{name} answered with something else than HTTP: {error}") from error
    except BaseException:
        transport.abort()
        raise
    if not _is_tunnel(answer.status):
        transport.abort()
        said = f"{answer.status} {safe_text(answer.reason)}".rstrip()
        remedy = proxy_remedy(answer.status, answer.values("proxy-authenticate"))
        raise ProxyFault(f"{name} refused with {said}", remedy, answer.status)
    return transport
