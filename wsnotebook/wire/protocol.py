"""HandshakeProtocol: the opening handshake of a client, a protocol of websockets that ends in a Wire.

The request is that of websockets, the reading of the response ours. After the 101 nothing of websockets is needed any
more, so that a session can let it go.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.http11 import Request, Response
from websockets.protocol import OPEN

from wsnotebook.wire.extensions import WebSocketExtensionFactory
from wsnotebook.wire.response import BadResponse, ResponseReader
from wsnotebook.wire.upgrade import Offer, check_upgrade
from wsnotebook.wire.wire import Wire

__all__ = ["HandshakeProtocol"]

_REDIRECTS = frozenset((300, 301, 302, 303, 307, 308))


def _is_upgrade(status: int) -> bool:
    return status == 101


class HandshakeProtocol(ClientProtocol):
    """The handshake: the request out, the response in, without I/O.

    Args:
        uri, origin, logger: as in websockets' ClientProtocol.
        wire: what is done with the bytes after the handshake; it gets the negotiated extensions.
        extensions, subprotocols: to offer.
        raw: accept an odd 101.
    """

    def __init__(
        self,
        uri: Any,
        wire: Wire,
        *,
        extensions: Sequence[WebSocketExtensionFactory] = (),
        subprotocols: Sequence[str] = (),
        raw: bool = False,
        **options: Any,
    ) -> None:
        self.wire = wire
        self.responses = ResponseReader(_is_upgrade)
        """What the server has answered, as far as it has come."""
        self.oddities: list[str] = []
        """Sentences about what is odd in the 101, where that is accepted."""
        self._offered = (extensions, subprotocols)
        self._raw = raw
        super().__init__(
            uri,
            max_size=None,
            extensions=extensions or None,
            subprotocols=subprotocols or None,  # type: ignore[arg-type]  # websockets has a type of its own for names
            **options,
        )

    def send_request(self, request: Request) -> None:
        """Send the request with one Host line, the first (RFC 9110 §7.2): the user's, where there is one."""
        hosts = request.headers.get_all("Host")
        if len(hosts) > 1:
            others = [field for field in request.headers.raw_items() if field[0].lower() != "host"]
            request.headers = Headers([("Host", hosts[-1]), *others])
        super().send_request(request)

    def parse(self) -> Generator[None]:
        """Read the response, and leave what follows a 101 for take_early()."""
        reading = self.responses
        try:
            while not (reading.is_complete or self._is_redirected):
                yield
                reading.feed(self._take())
                if self.reader.eof:
                    reading.feed_end()
        except BadResponse as error:
            refusal = InvalidMessage("did not receive a valid HTTP response")
            refusal.__cause__ = error
            yield from self._refuse(refusal)
        self._log()
        response = self._as_of_websockets()
        try:
            self.process_response(response)
        except InvalidHandshake as error:
            self.events.append(response)
            yield from self._refuse(error)
        self.state = OPEN
        self.events.append(response)
        while True:
            yield

    @property
    def _is_redirected(self) -> bool:
        """Whether another address is known, so that a body does not matter: it may never end."""
        final = self.responses.final
        return final is not None and final.status in _REDIRECTS and bool(final.values("location"))

    def _take(self) -> bytes:
        data = bytes(self.reader.buffer)
        self.reader.buffer.clear()
        return data

    def _refuse(self, error: InvalidHandshake) -> Generator[None]:
        """Fail the handshake; the generator does not come back, as the protocol reads no more with it."""
        self.handshake_exc = error
        self.send_eof()
        self.parser = self.discard()
        next(self.parser)
        yield

    def _log(self) -> None:
        """Log the response as websockets does."""
        if not self.debug:
            return
        for response in [*self.responses.interim, self.responses.final]:
            assert response is not None
            self.logger.debug("< HTTP/%s %d %s", response.version, response.status, response.reason)
            for name, value in response.fields:
                self.logger.debug("< %s: %s", name, value)

    def _as_of_websockets(self) -> Response:
        final = self.responses.final
        assert final is not None
        fields = () if _is_upgrade(final.status) else final.fields  # it looks at those of a refusal only
        return Response(final.status, final.reason, Headers(fields), final.body)

    def process_response(self, response: Response) -> None:
        """Check the response, then set up both directions with the negotiated extensions."""
        if response.status_code != 101:
            raise InvalidStatus(response)
        assert self.responses.final is not None
        upgrade = check_upgrade(self.responses.final, Offer(self.key, *self._offered), raw=self._raw)
        self.extensions = list(upgrade.extensions)
        self.subprotocol = upgrade.subprotocol  # type: ignore[assignment]  # websockets has a type of its own for names
        self.oddities = upgrade.oddities
        if upgrade.extensions:
            self.wire.negotiate(upgrade.extensions)

    def take_early(self) -> bytes:
        """Return the bytes received in the same segment as the 101, and forget them."""
        self.parser.close()  # a generator that refers to this protocol: it would be freed by the collector of cycles only
        return self.responses.take_rest()
