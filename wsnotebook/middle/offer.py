"""Offer: an extension that a client offers, put to the upstream as it came: both then have negotiated with each other."""

from __future__ import annotations

from collections.abc import Sequence

from websockets.exceptions import InvalidHeaderFormat
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate as _Negotiated
from websockets.headers import parse_extension
from websockets.typing import ExtensionName, ExtensionParameter

from wsnotebook.lab.messages import Headers
from wsnotebook.wire.batch import RSV1, RSV2, RSV3
from wsnotebook.wire.extensions import (
    DeflateExtension,
    PerMessageDeflate,
    WebSocketExtension,
    WebSocketExtensionFactory,
)

__all__ = ["Offer", "offers_of"]

_WIDEST = (
    15  # bits: a window of this size inflates what was compressed with any, with or without context takeover
)


class Offer(WebSocketExtensionFactory):
    """One offer, which is whatever the two ends agree on.

    Args:
        name: of the extension.
        parameters: of the offer.
    """

    def __init__(self, name: ExtensionName, parameters: Sequence[ExtensionParameter]) -> None:
        self.name = name
        self._parameters = parameters
        is_deflate = name == PerMessageDeflate.name
        self.rsv = RSV1 if is_deflate else RSV1 | RSV2 | RSV3  # type: ignore[misc]  # which bits an unknown one uses is not told
        self._make = _deflate if is_deflate else self._unknown

    def get_request_params(self) -> Sequence[ExtensionParameter]:
        """Return the parameters of the offer."""
        return self._parameters

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> WebSocketExtension:
        """Return what inflates the frames of a direction for the record; the client judges the answer."""
        return self.make()

    def make(self) -> WebSocketExtension:
        """Return the extension for one more direction."""
        extension = self._make()
        extension.factory = self
        return extension

    def _unknown(self) -> WebSocketExtension:
        """Return an extension that leaves frames as they are on the wire."""
        extension = WebSocketExtension()
        extension.name = self.name
        return extension


def _deflate() -> WebSocketExtension:
    return DeflateExtension(PerMessageDeflate(), _Negotiated(False, False, _WIDEST, _WIDEST))


def offers_of(headers: Headers) -> tuple[Offer, ...]:
    """Return the offers in a client's request, in order; a field that cannot be read has none."""
    offers: list[Offer] = []
    for value in headers.get_all("sec-websocket-extensions"):
        try:
            offers += [Offer(name, parameters) for name, parameters in parse_extension(value)]
        except InvalidHeaderFormat:
            continue
    return tuple(offers)
