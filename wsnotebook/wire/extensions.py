"""WebSocketExtension, its factory, and PerMessageDeflate (RFC 7692): they may change a payload on its way.

Negotiation is that of websockets; compression is deflate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import ClassVar

from websockets.exceptions import NegotiationError
from websockets.extensions import ClientExtensionFactory, Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate as _Negotiated
from websockets.typing import ExtensionName, ExtensionParameter

from wsnotebook.wire.batch import RSV1, RSV2, RSV3
from wsnotebook.wire.deflate import DeflateDecoder, DeflateEncoder
from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.wire.rules import Rules
from wsnotebook.wire.zlibs import DEFLATE_ERRORS

__all__ = [
    "DeflateExtension",
    "PerMessageDeflate",
    "WebSocketExtension",
    "WebSocketExtensionFactory",
    "check_claims",
]


class WebSocketExtension(Extension):
    """One negotiated extension of one session. Subclass it and override ``encode`` and ``decode``.

    Only data frames pass through it, in order; fragments one by one.

    Example::

        class Counter(WebSocketExtension):
            def decode(self, frame, *, max_size=None):
                print(len(frame.data), "bytes")
                return frame
    """

    factory: WebSocketExtensionFactory
    """The factory that made it."""

    def encode(self, frame: Frame) -> Frame:  # type: ignore[override]  # our Frame, not that of websockets
        """Return the frame as it goes onto the wire."""
        return frame

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:  # type: ignore[override]  # our Frame
        """Return the frame as the application sees it, of at most ``max_size`` bytes, its own RSV bits cleared.

        Raises:
            FrameTooBig: it would be longer.
            ValueError: the payload cannot be decoded; the connection is failed with 1007.
        """
        return frame

    def decoding(self, frame: Frame, *, max_size: int | None = None) -> Generator[None, None, Frame]:
        """Decode in steps: yields where a long decoding lets the event loop take a turn."""
        return self.decode(frame, max_size=max_size)
        yield  # makes this a generator


class WebSocketExtensionFactory(ClientExtensionFactory):
    """Offers an extension, checks the answer and makes the extension. Subclass it for your own.

    ``get_request_params()`` returns the parameters of the offer, ``process_response_params(params, accepted)`` takes
    the server's answer and returns a WebSocketExtension with ``.factory`` set, or raises NegotiationError.

    Example::

        class OfferCounter(WebSocketExtensionFactory):
            name = key = "x-counter"

            def get_request_params(self):
                return []

            def process_response_params(self, params, accepted):
                counter = WebSocketExtension()
                counter.factory = self
                return counter


        session = await connect(url, extensions=[OfferCounter()])
    """

    key: ClassVar[str] = ""
    """Name by which a session finds it: ``session.extension(factory)``."""
    rsv: ClassVar[int] = 0
    """RSV bits of the first byte that it claims: 0x40, 0x20, 0x10 or their sum."""


class PerMessageDeflate(WebSocketExtensionFactory):
    """Compress messages with DEFLATE (RFC 7692).

    Example: ``session = await connect(url, extensions=[PerMessageDeflate(client_max_window_bits=12)])``.

    Args:
        client_no_context_takeover: forget our window after each message.
        server_no_context_takeover: ask the server to forget its window after each message.
        client_max_window_bits: size of our window, 9 to 15; True lets the server choose; None does not offer it.
        server_max_window_bits: most the server's window may have, 8 to 15.
        level: zlib level, 0 to 9; None for zlib's default.
        compress_if: predicates on an outgoing Frame; a message is compressed when all are true for its first frame.

    Raises:
        ValueError: a number of window bits or a level out of range.
    """

    key = "permessage-deflate"
    name = ExtensionName("permessage-deflate")
    rsv = RSV1

    def __init__(
        self,
        *,
        client_no_context_takeover: bool = False,
        server_no_context_takeover: bool = False,
        client_max_window_bits: int | bool | None = True,
        server_max_window_bits: int | None = None,
        level: int | None = None,
        compress_if: Sequence[Callable[[Frame], bool]] = (),
    ) -> None:
        if level is not None and not 0 <= level <= 9:
            raise ValueError(f"level is from 0 to 9, not {level}")
        self._negotiator = ClientPerMessageDeflateFactory(
            server_no_context_takeover=server_no_context_takeover,
            client_no_context_takeover=client_no_context_takeover,
            server_max_window_bits=server_max_window_bits,
            client_max_window_bits=client_max_window_bits or None,
            compress_settings={} if level is None else {"level": level},
        )
        self._level = level
        self.compress_if = tuple(compress_if)

    def get_request_params(self) -> Sequence[ExtensionParameter]:
        """Return the parameters of the offer."""
        return self._negotiator.get_request_params()

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> DeflateExtension:
        """Return the extension as negotiated by the server's answer.

        Raises:
            NegotiationError: the answer is not one to this offer.
        """
        if any(other.name == self.name for other in accepted_extensions):
            raise NegotiationError(f"received duplicate {self.name}")
        return DeflateExtension(self, self._negotiator.process_response_params(params, accepted_extensions))

    @property
    def level(self) -> int:
        """zlib level; -1 for zlib's default."""
        return -1 if self._level is None else self._level


class DeflateExtension(WebSocketExtension):
    """permessage-deflate of one session; ``client_max_window_bits`` and the rest are as negotiated."""

    name = ExtensionName("permessage-deflate")

    def __init__(self, factory: PerMessageDeflate, negotiated: _Negotiated) -> None:
        self.factory = factory
        self.client_no_context_takeover = negotiated.local_no_context_takeover
        self.server_no_context_takeover = negotiated.remote_no_context_takeover
        self.client_max_window_bits = negotiated.local_max_window_bits
        self.server_max_window_bits = negotiated.remote_max_window_bits
        self._encoder = DeflateEncoder(
            self.client_max_window_bits,
            context_takeover=not self.client_no_context_takeover,
            level=factory.level,
        )
        self._compress_if = factory.compress_if
        self.compresses = True
        """Whether the next message may be compressed; set it at any time. False sends it as it is (RFC 7692 §6.1)."""
        self._compressing = False
        self.decoder = DeflateDecoder(
            self.server_max_window_bits, context_takeover=not self.server_no_context_takeover
        )
        """Inflates what the peer sends."""

    def encode(self, frame: Frame) -> Frame:  # type: ignore[override]  # our Frame, not that of websockets
        """Compress the frame, if ``compress_if`` chose the first one of its message."""
        if frame.opcode != Opcode.CONTINUATION:
            self._compressing = self.compresses and all(each(frame) for each in self._compress_if)
        if not self._compressing:
            return frame
        # A continuation without a message is not part of a compressed one: no receiver would inflate it.
        self._compressing = not frame.fin
        begins = frame.opcode != Opcode.CONTINUATION
        data = self._encoder.encode(frame.data, begins=begins, final=frame.fin)
        return Frame(frame.opcode, data, frame.fin, begins, frame.rsv2, frame.rsv3)

    def encode_whole(self, payload: bytes) -> bytes | None:
        """Compress a message of one frame; None where ``encode`` has to decide whether that is done."""
        if self._compress_if or not self.compresses:
            return None
        self._compressing = False
        return self._encoder.encode(payload, begins=True, final=True)

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:  # type: ignore[override]  # our Frame
        """Inflate the frame in one go."""
        steps = self.decoder.decoding(frame, max_size=max_size)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]  # StopIteration carries what the generator returns
            except DEFLATE_ERRORS as error:
                raise ValueError(str(Rules.INFLATE.because(error))) from error

    def __repr__(self) -> str:
        parameters = ", ".join(
            f"{name}={getattr(self, name)}"
            for name in (
                "client_no_context_takeover",
                "server_no_context_takeover",
                "client_max_window_bits",
                "server_max_window_bits",
            )
        )
        return f"permessage-deflate({parameters})"


def check_claims(factories: Sequence[WebSocketExtensionFactory]) -> None:
    """Refuse two extensions that claim the same RSV bit.

    Raises:
        TypeError: something that is not a WebSocketExtensionFactory.
        ValueError: the bit and both names.
    """
    owners: dict[int, str] = {}
    for factory in factories:
        if not isinstance(factory, WebSocketExtensionFactory):
            raise TypeError(
                f"extensions holds WebSocketExtensionFactory objects such as PerMessageDeflate(), not {factory!r}"
            )
        for bit, label in ((RSV1, "RSV1"), (RSV2, "RSV2"), (RSV3, "RSV3")):
            if factory.rsv & bit and bit in owners:
                raise ValueError(f"{owners[bit]} and {factory.name} both claim {label}: offer one of them")
            if factory.rsv & bit:
                owners[bit] = factory.name
