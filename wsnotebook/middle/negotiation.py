"""Negotiation: which extensions the two connections of a conversation have, and what the client is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from wsnotebook.lab.messages import Headers
from wsnotebook.middle.answer import negotiate_deflate
from wsnotebook.middle.offer import Offer, offers_of
from wsnotebook.wire.extensions import PerMessageDeflate, WebSocketExtension, WebSocketExtensionFactory

__all__ = ["Agreement", "Negotiation", "Separate", "Shared"]

_FIELD = "sec-websocket-extensions"


class Agreement(NamedTuple):
    """What a client's connection has."""

    fields: Sequence[tuple[str, str]]
    """Of the response to the client."""
    extensions: Sequence[WebSocketExtension]
    """In negotiated order."""


class Negotiation(Protocol):
    """How extensions are negotiated."""

    def offer(self, request: Headers, /) -> tuple[WebSocketExtensionFactory, ...]:
        """Return what is offered to the upstream."""

    def agree(
        self,
        request: Headers,
        response: Iterable[tuple[str, str]],
        upstream: Sequence[WebSocketExtension],
        /,
    ) -> Agreement:
        """Return what the client has, given the upstream's response and what that connection has."""


class Separate:
    """Each connection for itself: one may be compressed and the other not."""

    def offer(self, request: Headers) -> tuple[WebSocketExtensionFactory, ...]:
        """Return permessage-deflate, where the client offers it."""
        offers = ",".join(request.get_all(_FIELD))
        return (PerMessageDeflate(),) if PerMessageDeflate.key in offers else ()

    def agree(
        self,
        request: Headers,
        response: Iterable[tuple[str, str]],
        upstream: Sequence[WebSocketExtension],
    ) -> Agreement:
        """Return the proxy's own answer to the client's offers."""
        return Agreement(*negotiate_deflate(request))


class Shared:
    """End to end: the upstream gets the client's offers, and the client the upstream's answer, as they came."""

    def offer(self, request: Headers) -> tuple[WebSocketExtensionFactory, ...]:
        """Return the client's offers."""
        return offers_of(request)

    def agree(
        self,
        request: Headers,
        response: Iterable[tuple[str, str]],
        upstream: Sequence[WebSocketExtension],
    ) -> Agreement:
        """Return the upstream's answer."""
        fields = [field for field in response if field[0].lower() == _FIELD]
        factories = [extension.factory for extension in upstream]
        return Agreement(fields, [offer.make() for offer in factories if isinstance(offer, Offer)])
