"""Protocol Buffers: messages of a class that protoc has made, or of a descriptor, as dicts of their fields."""

from __future__ import annotations

from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Decoder, Payload, Record, missing_library

__all__ = ["is_protobuf", "protobuf_decoder"]


def is_protobuf(made: Any) -> bool:
    """Return whether something is a class of messages, or the descriptor of one."""
    return hasattr(made, "DESCRIPTOR") or (hasattr(made, "fields_by_name") and hasattr(made, "full_name"))


def protobuf_decoder(made: Any) -> Decoder:
    """Return the decoder of messages of one class; the kind is its full name."""
    name = str(getattr(made, "DESCRIPTOR", made).full_name)
    return Decoder(name, lambda: _start(made, name))


def _start(made: Any, name: str) -> Decode:
    try:
        from google.protobuf import message_factory, unknown_fields
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise missing_library("protobuf", "protobuf") from error
    kind = made if hasattr(made, "DESCRIPTOR") else message_factory.GetMessageClass(made)

    def decode(payload: Payload) -> Record:
        if isinstance(payload, str):
            raise ValueError("a text is expected to be bytes: the format is binary")
        try:
            message = kind.FromString(payload)
        except DecodeError as error:
            raise ValueError(f"not a {name}: {error}") from None
        value = _fields(message)
        unknown = [each.field_number for each in unknown_fields.UnknownFieldSet(message)]
        if unknown and not value:
            # Almost any bytes can be read as fields that a class does not have.
            raise ValueError(f"not a {name}: it has only fields that this does not know, {_numbers(unknown)}")
        return Record(name, value | ({"unknown fields": sorted(set(unknown))} if unknown else {}))

    return decode


def _numbers(numbers: list[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers))[:10]))


def _fields(message: Any) -> dict[str, Any]:
    """Return the fields that are set: numbers, texts and bytes as they are, enums by name, messages as dicts."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: Any, value: Any) -> Any:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        of = entry.fields_by_name["value"]
        return {key: _one(of, each) for key, each in value.items()}
    if isinstance(value, (str, bytes)) or hasattr(value, "ListFields") or not hasattr(value, "__len__"):
        return _one(field, value)
    return [_one(field, each) for each in value]


def _one(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return _fields(value)
    if field.enum_type is None:
        return value
    known = field.enum_type.values_by_number.get(value)
    return value if known is None else known.name
