"""Protocol Buffers: messages by their class and by its descriptor, every kind of field, and what is no such message."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from wsnotebook.analysis.decoders.registry import decoder_of
from wsnotebook.analysis.decoders.stream import Item, run


@pytest.fixture(scope="module")
def tick() -> Any:
    """A class of messages with fields of every kind."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="tick.proto", package="market", syntax="proto3")
    side = file.enum_type.add(name="Side")
    for number, name in enumerate(("NONE", "BID", "ASK")):
        side.value.add(name=name, number=number)
    message = file.message_type.add(name="Tick")
    entry = message.nested_type.add(name="TagsEntry")
    entry.options.map_entry = True
    kinds = descriptor_pb2.FieldDescriptorProto
    entry.field.add(name="key", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=kinds.TYPE_SINT64, label=kinds.LABEL_OPTIONAL)
    optional, repeated = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
    for number, (name, kind, label, of) in enumerate(
        (
            ("id", kinds.TYPE_UINT64, optional, ""),
            ("symbol", kinds.TYPE_STRING, optional, ""),
            ("raw", kinds.TYPE_BYTES, optional, ""),
            ("side", kinds.TYPE_ENUM, optional, ".market.Side"),
            ("prices", kinds.TYPE_DOUBLE, repeated, ""),
            ("last", kinds.TYPE_MESSAGE, optional, ".market.Tick"),
            ("tags", kinds.TYPE_MESSAGE, repeated, ".market.Tick.TagsEntry"),
            ("sides", kinds.TYPE_ENUM, repeated, ".market.Side"),
        ),
        1,
    ):
        message.field.add(name=name, number=number, type=kind, label=label, type_name=of or None)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("market.Tick"))


def decoded(made: Any, *payloads: Any) -> list[Item]:
    return run(decoder_of(made).start, [Item(at, at, payload) for at, payload in enumerate(payloads)])


def test_every_kind_of_field(tick: Any) -> None:
    """Large numbers stay numbers, bytes bytes; enums have names, one that is not known its number."""
    message = tick(
        id=2**64 - 1,
        symbol="é",
        raw=b"\xff",
        side=2,
        prices=[1.5, 2.0],
        last=tick(id=7),
        tags={"a": -1},
        sides=[1, 9],
    )
    for made in (tick, tick.DESCRIPTOR):
        (found,) = decoded(made, message.SerializeToString())
        assert found.kind == "market.Tick" and found.value == {
            "id": 2**64 - 1, "symbol": "é", "raw": b"\xff", "side": "ASK", "prices": [1.5, 2.0],
            "last": {"id": 7}, "tags": {"a": -1}, "sides": ["BID", 9],
        }  # fmt: skip


def test_a_wrong_guess_is_an_error(tick: Any) -> None:
    """Bytes that are none, a cut message, a text, and one that has only fields of another class."""
    data = tick(symbol="abcdef").SerializeToString()
    wrong = decoded(tick, b"\xff" * 9, data[:-1], "text", b"\xa2\x06\x02hi")
    assert all(each.error and each.value is None for each in wrong)
    assert "only fields that this does not know, 100" in str(wrong[3].error)


def test_fields_of_a_newer_class_are_named(tick: Any) -> None:
    """Beside those that are known; an empty message is one."""
    newer, empty = decoded(tick, tick(id=1).SerializeToString() + b"\xa2\x06\x02hi", b"")
    assert newer.value == {"id": 1, "unknown fields": [100]} and empty.value == {} and empty.error is None


def test_a_dataframe_is_decoded_by_a_class(tick: Any, talk: Any) -> None:
    """As by a name."""
    talk.receive(1, (0x82, tick(id=5).SerializeToString()))
    assert (
        talk.log.decode(tick)["value"].tolist()
        == talk.log.df.ws.decode(tick)["value"].tolist()
        == [{"id": 5}]
    )


def test_a_missing_library_is_named(tick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what installs it."""
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'wsnotebook\[protobuf\]'"):
        decoded(tick, b"")
