"""meaning_of(): what a close code says, and the document that defines it."""

from __future__ import annotations

from wsnotebook.wire.frames import CloseCode

__all__ = ["meaning_of"]

_RFC = "RFC 6455 §7.4.1"
_REGISTRY = "IANA registry of close codes"
_MEANINGS: dict[int, tuple[str, str]] = {
    CloseCode.NORMAL: ("the connection has done what it was for", _RFC),
    CloseCode.GOING_AWAY: ("the server stops, or the page is left", _RFC),
    CloseCode.PROTOCOL_ERROR: ("a frame broke a rule of the protocol", _RFC),
    CloseCode.CANNOT_ACCEPT: ("a type of data that the endpoint cannot accept", _RFC),
    1004: ("reserved", _RFC),
    CloseCode.NO_STATUS_RCVD: ("the close frame had no code; never on the wire", _RFC),
    CloseCode.ABNORMAL_CLOSURE: ("the connection ended without a close frame; never on the wire", _RFC),
    CloseCode.NOT_CONSISTENT: ("data that is not of the type of its message, as text that is no UTF-8", _RFC),
    CloseCode.VIOLATED_POLICY: ("a message that breaks the endpoint's policy", _RFC),
    CloseCode.TOO_BIG: ("a message too big to process", _RFC),
    CloseCode.NO_EXTENSION: ("the server did not negotiate an extension that the client needs", _RFC),
    CloseCode.INTERNAL_ERROR: ("an unexpected condition in the endpoint", _RFC),
    CloseCode.SERVICE_RESTART: ("the service restarts: connect again after 5 to 30 s", _REGISTRY),
    CloseCode.TRY_AGAIN_LATER: ("the server is overloaded: connect to another one, or later", _REGISTRY),
    CloseCode.BAD_GATEWAY: ("a gateway got a wrong answer from its server", _REGISTRY),
    CloseCode.TLS_HANDSHAKE: ("TLS failed; never on the wire", _RFC),
}
_RANGES = (
    (range(1000), "not used"),
    (range(1000, 3000), "reserved for the protocol, and not defined"),
    (range(3000, 4000), "registered for libraries and frameworks"),
    (range(4000, 5000), "private: the application's own"),
)


def meaning_of(code: int) -> str:
    """Return the meaning of a close code and its source."""
    if code in _MEANINGS:
        meaning, source = _MEANINGS[code]
        return f"{meaning} ({source})"
    return next(
        (f"{meaning} (RFC 6455 §7.4.2)" for codes, meaning in _RANGES if code in codes),
        "no close code (RFC 6455 §7.4.2)",
    )
