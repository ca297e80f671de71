"""Fields of MQTT packets: integers, strings and properties, taken from the body of one packet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Fields"]


class Fields:
    """Takes fields from the body of one packet."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are not taken yet."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: the packet has fewer.
        """
        if size > self.left:
            raise ValueError(f"the packet ends within a field: {size} bytes wanted, {self.left} left")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        """Return an integer of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def binary(self) -> bytes:
        """Return binary data, whose length stands before it."""
        return self.take(self.number(2))

    def text(self) -> str:
        """Return a UTF-8 string."""
        return self.binary().decode()

    def varint(self) -> int:
        """Return a variable byte integer (§1.5.5)."""
        value = 0
        for place in range(4):
            byte = self.number(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise ValueError("a variable byte integer has more than 4 bytes")

    def pair(self) -> tuple[str, str]:
        """Return a name and a value."""
        return self.text(), self.text()

    def properties(self) -> dict[str, Any]:
        """Return the properties by name (§2.2.2.2); one that may occur again has a list."""
        inner = Fields(self.take(self.varint()))
        found: dict[str, Any] = {}
        while inner.left:
            number = inner.varint()
            if number not in _PROPERTIES:
                raise ValueError(f"{number:#x} is no property")
            name, read = _PROPERTIES[number]
            if name in _REPEATED:
                found.setdefault(name, []).append(read(inner))
            elif name in found:
                raise ValueError(f"the property {name} occurs twice")
            else:
                found[name] = read(inner)
        return found


def _sized(size: int) -> Callable[[Fields], int]:
    return lambda reader: reader.number(size)


_PROPERTIES: dict[int, tuple[str, Callable[[Fields], Any]]] = {
    0x01: ("payload_format_indicator", _sized(1)),
    0x02: ("message_expiry_interval", _sized(4)),
    0x03: ("content_type", Fields.text),
    0x08: ("response_topic", Fields.text),
    0x09: ("correlation_data", Fields.binary),
    0x0B: ("subscription_identifier", Fields.varint),
    0x11: ("session_expiry_interval", _sized(4)),
    0x12: ("assigned_client_identifier", Fields.text),
    0x13: ("server_keep_alive", _sized(2)),
    0x15: ("authentication_method", Fields.text),
    0x16: ("authentication_data", Fields.binary),
    0x17: ("request_problem_information", _sized(1)),
    0x18: ("will_delay_interval", _sized(4)),
    0x19: ("request_response_information", _sized(1)),
    0x1A: ("response_information", Fields.text),
    0x1C: ("server_reference", Fields.text),
    0x1F: ("reason_string", Fields.text),
    0x21: ("receive_maximum", _sized(2)),
    0x22: ("topic_alias_maximum", _sized(2)),
    0x23: ("topic_alias", _sized(2)),
    0x24: ("maximum_qos", _sized(1)),
    0x25: ("retain_available", _sized(1)),
    0x26: ("user_property", Fields.pair),
    0x27: ("maximum_packet_size", _sized(4)),
    0x28: ("wildcard_subscription_available", _sized(1)),
    0x29: ("subscription_identifier_available", _sized(1)),
    0x2A: ("shared_subscription_available", _sized(1)),
}
_REPEATED = {"user_property", "subscription_identifier"}
