"""HandshakeProtocol: the opening handshake of a client, without I/O: the request out, the response in (RFC 6455 §4.1).

Refusals are the exceptions of websockets. After the 101 a session lets it go.
"""

from __future__ import annotations

import functools
import logging
import os
from base64 import b64encode
from collections.abc import Callable, Sequence

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.headers import build_authorization_basic, build_extension, build_host
from websockets.http11 import Response
from websockets.typing import LoggerLike
from websockets.uri import WebSocketURI

from wsnotebook.redaction import head_of
from wsnotebook.wire.extensions import WebSocketExtensionFactory
from wsnotebook.wire.response import BadResponse, ResponseReader
from wsnotebook.wire.response import Response as Answer
from wsnotebook.wire.upgrade import Offer, check_upgrade
from wsnotebook.wire.wire import Wire

__all__ = ["HandshakeProtocol"]

_REDIRECTS = frozenset((300, 301, 302, 303, 307, 308))
_LOGGER = logging.getLogger("websockets.client")

_host = functools.lru_cache(maxsize=64)(build_host)  # it parses the host as an IP address


def _is_upgrade(status: int) -> bool:
    return status == 101


class HandshakeProtocol:
    """The handshake: ``request()`` out, then ``receive_data()`` and ``receive_eof()`` until it is open or has failed.

    Args:
        uri: the address, as websockets has parsed it.
        wire: what is done with the bytes after the handshake; it gets the negotiated extensions.
        headers: further fields of the request, which are checked.
        origin, user_agent: values of these fields; None for none. A User-Agent among the headers is the only one.
        extensions, subprotocols: to offer.
        raw: accept an odd 101.
        logger: is told the request and the responses at level DEBUG, as websockets does.
    """

    def __init__(
        self,
        uri: WebSocketURI,
        wire: Wire,
        *,
        headers: Sequence[tuple[str, str]] = (),
        origin: str | None = None,
        user_agent: str | None = None,
        extensions: Sequence[WebSocketExtensionFactory] = (),
        subprotocols: Sequence[str] = (),
        raw: bool = False,
        logger: LoggerLike = _LOGGER,
    ) -> None:
        self.wire = wire
        self.responses = ResponseReader(_is_upgrade)
        """What the server has answered, as far as it has come."""
        self.is_open = False
        """Whether the 101 has come, and opens a WebSocket."""
        self.failure: InvalidHandshake | None = None
        """Why the handshake has failed; None where it has not."""
        self.subprotocol: str | None = None
        """The one that the server has selected."""
        self.oddities: Sequence[str] = ()
        """Sentences about what is odd in the 101, where that is accepted."""
        self.key = b64encode(os.urandom(16)).decode()  # RFC 6455 §4.1
        """Sec-WebSocket-Key of the request."""
        self.target = uri.resource_name
        """Path and query of the request."""
        self._raw = raw
        self._logger = logger
        self._is_logged = logger.isEnabledFor(logging.DEBUG)
        self._offer = Offer(self.key, extensions, subprotocols)
        self.fields = self._fields(uri, headers, origin, user_agent)
        """Header fields of the request, in their order."""

    def _fields(
        self,
        uri: WebSocketURI,
        headers: Sequence[tuple[str, str]],
        origin: str | None,
        user_agent: str | None,
    ) -> list[tuple[str, str]]:
        """Return the fields of the request: the Host comes first (RFC 9110 §7.2), the user's where there is one."""
        given = {name.lower(): value for name, value in headers}
        host = given["host"] if "host" in given else _host(uri.host, uri.port, uri.secure)
        fields = [("Host", host)]
        if uri.user_info:
            fields.append(("Authorization", build_authorization_basic(*uri.user_info)))
        if origin is not None:
            fields.append(("Origin", origin))
        fields += (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self.key),
            ("Sec-WebSocket-Version", "13"),
        )
        if self._offer.extensions:
            offers = [(each.name, each.get_request_params()) for each in self._offer.extensions]
            fields.append(("Sec-WebSocket-Extensions", build_extension(offers)))
        if self._offer.subprotocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self._offer.subprotocols)))
        if headers:
            fields += [field for field in headers if field[0].lower() != "host"]
        if user_agent is not None and "user-agent" not in given:
            fields.append(("User-Agent", user_agent))
        return fields

    @property
    def first_line(self) -> str:
        """Request line."""
        return f"GET {self.target} HTTP/1.1"

    @property
    def is_decided(self) -> bool:
        """Whether it is open or has failed."""
        return self.is_open or self.failure is not None

    def request(self) -> bytes:
        """Return the bytes of the request.

        Raises:
            ValueError: a factory offers parameters with a line break, which would begin another field.
        """
        head, lines = head_of(self.first_line, self.fields), len(self.fields) + 2
        if head.count(b"\n") != lines or head.count(b"\r") != lines:
            raise ValueError(
                "a field of the request has a line break: are the parameters of an extension right?"
            )
        if self._is_logged:
            self._logger.debug("> GET %s HTTP/1.1", self.target)
            for name, value in self.fields:
                self._logger.debug("> %s: %s", name, value)
        return head

    def receive_data(self, data: bytes) -> None:
        """Read bytes of the response; what follows a 101 is left for take_early()."""
        self._read(self.responses.feed, data)

    def receive_eof(self) -> None:
        """Read the end of the stream."""
        self._read(self.responses.feed_end)

    def _read(self, feed: Callable[..., None], *data: bytes) -> None:
        if self.is_decided:
            return
        try:
            feed(*data)
        except BadResponse as error:
            self.failure = InvalidMessage("did not receive a valid HTTP response")
            self.failure.__cause__ = error
        else:
            self._look()

    def _look(self) -> None:
        """Decide once the response is whole, or names another address: a body does not matter then, it may never end."""
        final = self.responses.final
        if final is None or not (
            self.responses.is_complete or (final.status in _REDIRECTS and final.values("location"))
        ):
            return
        if self._is_logged:
            self._log(final)
        if final.status != 101:
            fields = Headers(final.fields)
            self.failure = InvalidStatus(Response(final.status, final.reason, fields, bytes(final.body)))
            return
        try:
            upgrade = check_upgrade(final, self._offer, raw=self._raw)
        except InvalidHandshake as error:
            self.failure = error
            return
        self.subprotocol, self.oddities = upgrade.subprotocol, upgrade.oddities
        if upgrade.extensions:
            self.wire.negotiate(upgrade.extensions)
        self.is_open = True

    def _log(self, final: Answer) -> None:
        for answer in (*self.responses.interim, final):
            self._logger.debug("< HTTP/%s %d %s", answer.version, answer.status, answer.reason)
            for name, value in answer.fields:
                self._logger.debug("< %s: %s", name, value)

    def take_early(self) -> bytes:
        """Return the bytes received in the same segment as the 101, and forget them."""
        return self.responses.take_rest()
