"""MQTT 3.1.1 and 5: control packets in a stream of bytes that messages may cut anywhere.

The format is that of the OASIS standards; the sections named are those of version 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record
from wsnotebook.analysis.decoders.mqttfields import Fields
from wsnotebook.analysis.decoders.rest import Rest

__all__ = ["Mqtt", "MqttVersion", "looks_like_mqtt"]

_PACKET_LIMIT = 1 << 26
_HEAD = 5  # bytes of type, flags and length (§2.1)
_NAMES = (
    "", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
    "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
)  # fmt: skip


class MqttVersion:
    """What is known of the version of a connection.

    Args:
        number: 4 for 3.1.1, 5 for 5; None learns it from the CONNECT, the CONNACK or an AUTH.
    """

    def __init__(self, number: int | None = None) -> None:
        self.number = number


class Mqtt:
    """One direction of a connection; called with each message.

    Args:
        version: that of the connection, shared by both directions.
    """

    def __init__(self, version: MqttVersion | None = None) -> None:
        self._version = version or MqttVersion()
        self._aliases: dict[int, str] = {}  # topics by the numbers that this side has given them
        self._rest = Rest()
        self._span = 0  # messages in which the rest lies

    def __call__(self, payload: Payload) -> Iterator[Record]:
        if isinstance(payload, str):
            raise ValueError("MQTT lies in binary messages, this is a text")
        self._span += 1
        data = self._rest.add(payload)
        if data is None:
            return
        at = 0
        while at < len(data):
            try:
                size = _packet_size(data[at : at + _HEAD])
            except ValueError as error:  # where the next packet begins cannot be known
                yield Record(error=f"not MQTT: {error}", span=self._span)
                self._aliases.clear()
                break
            if size is None or size > len(data) - at:
                self._rest.keep(data[at:], size or len(data) - at + 1)
                return
            yield self._read(data[at : at + size])._replace(span=self._span)
            self._span = 1
            at += size
        self._span = 0

    def end(self) -> Iterator[Record]:
        """Yield an error for a packet that never became whole."""
        if self._rest.size:
            yield Record(error=f"the last packet is cut short: {self._rest.size} bytes", span=self._span)
        self._rest.clear()
        self._aliases.clear()  # another one may have been given where a message is missing
        self._span = 0

    def _read(self, packet: bytes) -> Record:
        kind = _NAMES[packet[0] >> 4]
        fields = Fields(packet[1:])
        fields.varint()
        try:
            if kind in ("CONNECT", "CONNACK"):
                value = self._read_connection(kind, fields)
            elif kind in ("PINGREQ", "PINGRESP"):
                value = {}
            else:
                value = _BODIES[kind](packet[0] & 0x0F, fields, self._is_5(kind, fields))
            if kind == "PUBLISH":
                value["topic"] = self._topic(value)
            if fields.left:
                raise ValueError(f"{fields.left} bytes follow the last field")
        except ValueError as error:
            return Record(kind, error=str(error))
        return Record(kind, value)

    def _is_5(self, kind: str, fields: Fields) -> bool:
        """Return whether a packet is of version 5; of two bytes most are the same in both."""
        if kind == "AUTH" and self._version.number is None:
            self._version.number = 5  # 3.1.1 has none
        if self._version.number is None:
            if kind in _SAME_WITHOUT_REASON and fields.left == _SAME_WITHOUT_REASON[kind]:
                return False
            raise ValueError(
                "the version is not known, because no CONNECT or CONNACK is here: decode('mqtt3') or decode('mqtt5')"
            )
        return self._version.number == 5

    def _topic(self, publish: dict[str, Any]) -> str:
        """Return the topic of a PUBLISH: that of its alias if it has none of its own (§3.3.2.3.4); empty if that was not given."""
        topic: str = publish["topic"]
        alias = publish.get("properties", {}).get("topic_alias")
        if alias is None:
            return topic
        if topic:
            self._aliases[alias] = topic
        return self._aliases.get(alias, "")

    def _read_connection(self, kind: str, fields: Fields) -> dict[str, Any]:
        if kind == "CONNACK":
            self._version.number = self._version.number or (5 if fields.left > 2 else 4)
            answer = {"session_present": bool(fields.number(1) & 1), "reason_code": fields.number(1)}
            # A server of 3.1.1 refuses a client of 5 in its own version.
            return answer | _properties(fields, self._version.number == 5 and fields.left > 0)
        name, level = fields.text(), fields.number(1)
        if (name, level) not in _PROTOCOLS:
            raise ValueError(f"{name!r} level {level} is no version of MQTT")
        self._version.number = level
        return _connect(level, fields)


_PROTOCOLS = {("MQIsdp", 3), ("MQTT", 4), ("MQTT", 5)}
_SAME_WITHOUT_REASON = dict.fromkeys(("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"), 2) | {"DISCONNECT": 0}
"""Packets that are the same in both versions if so many bytes are in their body."""


def _properties(fields: Fields, is_5: bool) -> dict[str, Any]:
    return {"properties": fields.properties()} if is_5 else {}


def _connect(level: int, fields: Fields) -> dict[str, Any]:
    flags = fields.number(1)
    value: dict[str, Any] = {
        "version": level,
        "clean_start": bool(flags & 0x02),
        "keep_alive": fields.number(2),
        **_properties(fields, level == 5),
        "client_id": fields.text(),
    }
    if flags & 0x04:
        value["will"] = {
            "qos": flags >> 3 & 3,
            "retain": bool(flags & 0x20),
            **_properties(fields, level == 5),
            "topic": fields.text(),
            "payload": fields.binary(),
        }
    if flags & 0x80:
        value["username"] = fields.text()
    if flags & 0x40:
        fields.binary()
        value["has_password"] = True  # a secret, which a table is no place for
    return value


def _publish(flags: int, fields: Fields, is_5: bool) -> dict[str, Any]:
    qos = flags >> 1 & 3
    if qos == 3:
        raise ValueError("a PUBLISH with QoS 3")
    value: dict[str, Any] = {
        "topic": fields.text(),
        "qos": qos,
        "retain": bool(flags & 1),
        "dup": bool(flags & 8),
    }
    if qos:
        value["packet_id"] = fields.number(2)
    return value | _properties(fields, is_5) | {"payload": fields.take(fields.left)}


def _acknowledgement(flags: int, fields: Fields, is_5: bool) -> dict[str, Any]:
    return {"packet_id": fields.number(2)} | _reason(flags, fields, is_5)


def _reason(flags: int, fields: Fields, is_5: bool) -> dict[str, Any]:
    """Return reason code and properties, which may be left out at the end (§3.4.2.1)."""
    if not is_5 or not fields.left:
        return {}
    code = {"reason_code": fields.number(1)}
    return code | (_properties(fields, True) if fields.left else {})


def _topics(flags: int, fields: Fields, is_5: bool, *, has_options: bool) -> dict[str, Any]:
    value = {"packet_id": fields.number(2)} | _properties(fields, is_5)
    topics: list[Any] = []
    while fields.left:
        topic = fields.text()
        topics.append({"topic": topic, "options": fields.number(1)} if has_options else topic)
    return value | {"topics": topics}


def _answers(flags: int, fields: Fields, is_5: bool) -> dict[str, Any]:
    """Return the code of each topic, and the worst of them as that of the whole; version 3.1.1 answers UNSUBSCRIBE without."""
    value = {"packet_id": fields.number(2)} | _properties(fields, is_5)
    codes = list(fields.take(fields.left))
    return value | ({"reason_code": max(codes)} if codes else {}) | {"reason_codes": codes}


_BODIES: dict[str, Callable[[int, Fields, bool], dict[str, Any]]] = {
    "PUBLISH": _publish,
    **dict.fromkeys(("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"), _acknowledgement),
    "SUBSCRIBE": partial(_topics, has_options=True),
    "UNSUBSCRIBE": partial(_topics, has_options=False),
    **dict.fromkeys(("SUBACK", "UNSUBACK"), _answers),
    **dict.fromkeys(("DISCONNECT", "AUTH"), _reason),
}


def _packet_size(data: bytes) -> int | None:
    """Return the bytes of the first packet, header and body; None if its length is not whole yet.

    Raises:
        ValueError: no packet begins so, or it is over the limit.
    """
    kind, flags = data[0] >> 4, data[0] & 0x0F
    name = _NAMES[kind]
    if not name:
        raise ValueError("packet type 0 is reserved")
    if name != "PUBLISH" and flags != (2 if name in _FLAG_2 else 0):
        raise ValueError(f"a {name} has no flags {flags:#x}")
    size = 0
    for place, byte in enumerate(data[1:5]):
        size |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if size > _PACKET_LIMIT:
                raise ValueError(f"a packet of {size} bytes is over the limit of {_PACKET_LIMIT}")
            return size + place + 2
    if len(data) > 4:
        raise ValueError("the length has more than 4 bytes")
    return None


_FLAG_2 = {"PUBREL", "SUBSCRIBE", "UNSUBSCRIBE"}


def looks_like_mqtt(payload: Payload) -> bool:
    """Return whether a message begins with a CONNECT, or is one CONNACK."""
    if isinstance(payload, str):
        return False
    is_connect = payload[:1] == b"\x10" and payload[2:12].find(b"\0\x04MQTT") in range(4)
    return is_connect or (payload[:1] == b"\x20" and len(payload) > 3 and payload[1] == len(payload) - 2)
