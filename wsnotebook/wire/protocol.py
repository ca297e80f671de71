"""HandshakeProtocol: the opening handshake of a client, that of websockets, which ends in a Wire.

After the 101 nothing of websockets is needed any more, so that a session can let it go.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import Protocol

from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.wire import Wire

__all__ = ["HandshakeProtocol"]


class _FrameLoop(Protocol):
    """Stands between ClientProtocol and Protocol in the MRO, so that its ``parse`` replaces only the frame loop."""

    def parse(self) -> Generator[None]:
        """Leave what follows the 101 in the buffer for HandshakeProtocol.take_early()."""
        while True:
            yield


class HandshakeProtocol(ClientProtocol, _FrameLoop):
    """The handshake: the request out, the response in, without I/O.

    Args:
        uri, origin, extensions, subprotocols, logger: as in websockets' ClientProtocol.
        wire: what is done with the bytes after the handshake; it gets the negotiated extensions.
    """

    def __init__(self, uri: Any, wire: Wire, **options: Any) -> None:
        super().__init__(uri, max_size=None, **options)
        self.wire = wire

    def send_request(self, request: Request) -> None:
        """Send the request with one Host line, the first (RFC 9110 §7.2): the user's, where there is one."""
        hosts = request.headers.get_all("Host")
        if len(hosts) > 1:
            others = [field for field in request.headers.raw_items() if field[0].lower() != "host"]
            request.headers = Headers([("Host", hosts[-1]), *others])
        super().send_request(request)

    def process_response(self, response: Response) -> None:
        """Check the handshake as websockets does, then set up both directions with the negotiated extensions."""
        super().process_response(response)
        if self.extensions:
            accepted = [each for each in self.extensions if isinstance(each, WebSocketExtension)]
            assert len(accepted) == len(self.extensions)  # client.py offers no others
            self.wire.negotiate(accepted)

    def take_early(self) -> bytes:
        """Return the bytes received in the same segment as the 101, and forget them."""
        early = bytes(self.reader.buffer)
        self.reader.buffer.clear()
        self.parser.close()  # a generator that refers to this protocol: it would be freed by the collector of cycles only
        return early
