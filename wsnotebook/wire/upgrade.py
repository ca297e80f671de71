"""check_upgrade: whether a 101 opens a WebSocket (RFC 6455 §4.1), and what it negotiates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from websockets.exceptions import InvalidHandshake, InvalidHeaderFormat, NegotiationError
from websockets.headers import parse_connection, parse_extension, parse_subprotocol, parse_upgrade
from websockets.typing import ExtensionHeader
from websockets.utils import accept_key

from wsnotebook.redaction import redact_subprotocol
from wsnotebook.wire.extensions import WebSocketExtension, WebSocketExtensionFactory
from wsnotebook.wire.response import Response

__all__ = ["Offer", "Upgrade", "WrongUpgrade", "check_upgrade"]

T = TypeVar("T")

_Fields: TypeAlias = dict[str, list[str]]
"""The values of each name, in lower case."""


class Offer(NamedTuple):
    """What a request offers."""

    key: str
    """Its Sec-WebSocket-Key."""
    extensions: Sequence[WebSocketExtensionFactory]
    subprotocols: Sequence[str]


class Upgrade(NamedTuple):
    """What a 101 negotiates."""

    extensions: list[WebSocketExtension]
    """In the order of the answer."""
    subprotocol: str | None
    """The one that the server selected."""
    oddities: list[str]
    """Sentences about what a default session would refuse; empty for one."""


class WrongUpgrade(InvalidHandshake):
    """A 101 that opens no WebSocket.

    Attributes:
        problem: what of it is wrong, and by which section of which RFC; without secrets.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def check_upgrade(response: Response, offer: Offer, *, raw: bool) -> Upgrade:
    """Return what a 101 negotiates.

    Args:
        response: the 101.
        offer: what was asked for.
        raw: accept an odd head, and extensions and subprotocols that were not offered, and tell them as oddities; such
            an extension is not in use, as nobody here knows it.

    Raises:
        WrongUpgrade: it opens no WebSocket, or is odd and not for a raw session.
    """
    oddities: list[str] = []

    def object_to(problem: str) -> None:
        if not raw:
            raise WrongUpgrade(problem)
        oddities.append(problem)

    fields: _Fields = {}
    for name, value in response.fields:
        fields.setdefault(name.lower(), []).append(value)
    _check_fields(fields, offer.key)
    for oddity in response.oddities:
        object_to(oddity)
    extensions = _extensions(fields, offer.extensions, object_to)
    return Upgrade(extensions, _subprotocol(fields, offer.subprotocols, object_to), oddities)


def _check_fields(fields: _Fields, key: str) -> None:
    if fields.get("connection") != ["Upgrade"] or fields.get("upgrade") != ["websocket"]:
        _check_options(fields)  # servers may write them in other ways
    accepts = fields.get("sec-websocket-accept", [])
    if accepts != [accept_key(key)]:
        why = "which does not belong to the key of the request" if len(accepts) == 1 else "and one is needed"
        found = _is(fields, "sec-websocket-accept")
        raise WrongUpgrade(f"its Sec-WebSocket-Accept field {found}, {why} (RFC 6455 §4.1)")


def _check_options(fields: _Fields) -> None:
    connection = _listed(fields, "connection", parse_connection, _refuse)
    if "upgrade" not in [option.lower() for option in connection]:
        raise WrongUpgrade(f"its Connection field {_is(fields, 'connection')}, not Upgrade (RFC 6455 §4.1)")
    upgrade = _listed(fields, "upgrade", parse_upgrade, _refuse)
    if [name.lower() for name in upgrade] != ["websocket"]:
        raise WrongUpgrade(f"its Upgrade field {_is(fields, 'upgrade')}, not websocket (RFC 6455 §4.1)")


def _is(fields: _Fields, name: str) -> str:
    """Return what a field of the handshake is, as the end of a phrase."""
    values = fields.get(name, ())
    return f"is {', '.join(values)!r}" if values else "is missing"


def _refuse(problem: str) -> None:
    raise WrongUpgrade(problem)


def _listed(
    fields: _Fields, name: str, parse: Callable[[str], Sequence[T]], object_to: Callable[[str], None]
) -> list[T]:
    """Return the members of all fields of a name."""
    values = fields.get(name)
    if values is None:
        return []
    try:
        return [member for value in values for member in parse(value)]
    except InvalidHeaderFormat:
        object_to(f"its {name.title().replace('socket', 'Socket')} field is malformed (RFC 6455 §4.3)")
        return []


def _extensions(
    fields: _Fields, offered: Sequence[WebSocketExtensionFactory], object_to: Callable[[str], None]
) -> list[WebSocketExtension]:
    found: list[WebSocketExtension] = []
    members: list[ExtensionHeader] = _listed(fields, "sec-websocket-extensions", parse_extension, object_to)
    for name, parameters in members:
        factories = [factory for factory in offered if factory.name == name]
        problem = f"it uses the extension {name}, which was not offered (RFC 6455 §9.1)"
        for factory in factories:
            try:
                extension = factory.process_response_params(parameters, found)
            except NegotiationError as error:
                section = "RFC 7692 §7.1" if name == "permessage-deflate" else "RFC 6455 §9.1"
                problem = f"it answers the offer of {name} wrongly: {error} ({section})"
            else:
                assert isinstance(extension, WebSocketExtension)  # a factory of ours returns no other
                found.append(extension)
                break
        else:
            object_to(problem)
    return found


def _subprotocol(fields: _Fields, offered: Sequence[str], object_to: Callable[[str], None]) -> str | None:
    names = _listed(fields, "sec-websocket-protocol", parse_subprotocol, object_to)
    if len(names) > 1:
        object_to("it selects several subprotocols, and a session has one (RFC 6455 §4.2.2)")
    if names and names[0] not in offered:
        known = redact_subprotocol(names[0])
        object_to(f"it selects the subprotocol {known}, which was not offered (RFC 6455 §4.1)")
    return names[0] if names else None
