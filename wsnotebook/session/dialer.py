"""Dialer: opens a connection with the checked arguments of connect(). The library websockets does the dialling."""

from __future__ import annotations

import os
import ssl as ssl_module
import sys
from dataclasses import dataclass
from typing import Any, Literal

from websockets.asyncio.client import connect as _websockets_connect

from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.address import Address
from wsnotebook.session.call import Headers, HttpCall, HttpRequest, HttpResponse
from wsnotebook.session.capacity import Channels
from wsnotebook.session.connection import Owner, WireConnection
from wsnotebook.session.converters import Converter
from wsnotebook.session.engine import redact_chain, to_ours
from wsnotebook.session.handshakelog import HANDSHAKE_LOGGER
from wsnotebook.wire.extensions import WebSocketExtensionFactory
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.wire import Wire

__all__ = ["Dialer", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """The checked arguments of connect(), which documents them; times in seconds, sizes in bytes."""

    address: Address
    raw: bool
    name: str
    headers: list[tuple[str, str]]
    origin: str | None
    subprotocols: list[str]
    extensions: tuple[WebSocketExtensionFactory, ...]
    masking: bool
    max_frame_size: int | None
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

    def __repr__(self) -> str:
        """Show no secret: a traceback may show the variables of its functions."""
        return f"Options({self.address!r}, {self.name!r})"


class Dialer(_websockets_connect):
    """The dialling of websockets (DNS, proxy, TLS, redirects), which ends in our wire protocol and its owner."""

    def __init__(self, options: Options, owner: Owner) -> None:
        target: dict[str, Any] = {}
        if options.address.unix_path is not None:
            target = {"unix": True, "path": options.address.unix_path}
        if options.ssl is not None:
            target["ssl"] = options.ssl
        super().__init__(
            options.address.url,
            compression=None,
            additional_headers=options.headers,
            user_agent_header=options.user_agent,
            proxy=None if options.proxy is True and not _may_have_proxy() else options.proxy,
            open_timeout=options.open_timeout,
            logger=HANDSHAKE_LOGGER,
            **target,
        )
        self._options = options
        self._owner = owner
        self._last: WireConnection | None = None
        del self.factory  # of websockets, and found before the method below

    def factory(self, uri: Any) -> WireConnection:
        """Return the connection of one attempt; redirects make several."""
        options = self._options
        wire = Wire(
            "server",
            raw=options.raw,
            masking=options.masking,
            max_frame_size=options.max_frame_size,
            allocate=options.log.allocate,
        )
        protocol = HandshakeProtocol(
            uri,
            wire,
            origin=options.origin,
            extensions=options.extensions or None,
            subprotocols=options.subprotocols or None,
            logger=HANDSHAKE_LOGGER,
        )
        self._last = WireConnection(
            protocol, self._owner, self.uri, include_secrets=options.log.include_secrets
        )
        return self._last

    async def dial(self) -> HttpCall:
        """Open the connection, and return its request and response.

        Raises:
            InvalidURL, ConnectError, SocketTimeout, HandshakeError: see errors.py.
        """
        try:
            await self.connect()
        except Exception as error:
            call = self._call()
            ours = to_ours(error, call)
            redact_chain(error)
            if ours is None:
                raise
            reason = getattr(ours, "problem", "") or type(ours).__name__
            self._owner.log.note("closed", f"not opened: {reason}", self._owner.name)
            raise ours from error
        return self._call()

    def _call(self) -> HttpCall:
        """Return the request and, if received, the response."""
        last = self._last
        if last is None:
            return HttpCall(HttpRequest(self.uri))
        request = HttpRequest(self.uri, Headers(last.request.headers if last.request else None))
        transport = getattr(last, "transport", None)
        info = (lambda name: None) if transport is None else transport.get_extra_info
        return HttpCall(
            request,
            None if last.response is None else _response(last),
            subprotocol=last.protocol.subprotocol,
            local_address=info("sockname"),
            remote_address=info("peername"),
            tls=_tls(info("ssl_object")),
        )


def _may_have_proxy() -> bool:
    """Tell whether the system can have a proxy for websockets to find, which takes it a sixth of the time of connecting."""
    if sys.platform in ("win32", "darwin"):  # there it is a setting of the system too
        return True
    return any(name.lower().endswith(b"_proxy") for name in os.environb)


def _response(connection: WireConnection) -> HttpResponse:
    response = connection.response
    assert response is not None
    return HttpResponse(
        response.status_code,
        response.reason_phrase,
        Headers(response.headers),
        elapsed=connection.elapsed,
        body=bytes(response.body or b""),
    )


def _tls(ssl_object: Any) -> dict[str, Any] | None:
    if ssl_object is None:
        return None
    return {
        "version": ssl_object.version(),
        "cipher": ssl_object.cipher(),
        "certificate": ssl_object.getpeercert(),
        "alpn": ssl_object.selected_alpn_protocol(),
    }
