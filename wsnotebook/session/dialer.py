"""Dialer: opens a connection with the checked arguments of connect(). The library websockets does the dialling."""

from __future__ import annotations

import os
import ssl as ssl_module
import sys
from dataclasses import dataclass
from typing import Any, Literal

from websockets.asyncio.client import connect as _websockets_connect
from websockets.exceptions import InvalidStatus, SecurityError
from websockets.uri import parse_uri

from wsnotebook.errors import CallError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.redaction import is_harmless, redact_url
from wsnotebook.session.address import Address
from wsnotebook.session.call import Headers, HttpCall, HttpRequest, HttpResponse
from wsnotebook.session.capacity import Channels
from wsnotebook.session.connection import Owner, WireConnection
from wsnotebook.session.converters import Converter
from wsnotebook.session.engine import redact_chain, to_ours
from wsnotebook.session.handshakelog import HANDSHAKE_LOGGER
from wsnotebook.session.redirects import as_websocket, crosses_origin, split_at_origin
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
        self._subprotocols = options.subprotocols
        self._redirects: list[str] = []

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the address that a refusal redirects to, or the exception to raise, as websockets does.

        An address of HTTP is taken for that of a WebSocket, and nothing that may be a secret goes to another origin.
        """
        asked = as_websocket(exc) if isinstance(exc, InvalidStatus) else exc
        found = super().process_redirect(asked)
        if found is asked:
            return exc
        if isinstance(found, str):
            self._redirected(found)
        elif isinstance(found, ValueError):  # of websockets, for what cannot be redirected
            return SecurityError(str(found))
        return found

    def _redirected(self, url: str) -> None:
        """Leave behind what must not go to another origin, and note the event."""
        detail = f"to {redact_url(url)}"
        if crosses_origin(self.ws_uri, parse_uri(url)):
            headers, left = split_at_origin(self._options.headers)
            offered = self._subprotocols
            self.additional_headers = headers
            self._subprotocols = [name for name in offered if is_harmless("subprotocol", name)]
            left += ["Sec-WebSocket-Protocol"] if len(self._subprotocols) < len(offered) else []
            detail += f", another origin{': ' + ', '.join(left) + ' stayed behind' if left else ''}"
        self._redirects.append(redact_url(url))
        self._owner.log.note("redirect", detail, self._owner.name)

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
            subprotocols=self._subprotocols or None,
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
            if self._redirects and isinstance(ours, CallError):
                ours.problem = (
                    f"{ours.problem or 'refused'} after a redirect to {', then '.join(self._redirects)}"
                )
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
