"""WAMP: messages of the specification in each of its serialisations, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders

CALL = [48, 7814135, {}, "com.myapp.add", [23, 7]]


def packed(library: str, value: Any) -> bytes:
    """A value in MessagePack or CBOR."""
    module = pytest.importorskip(library)
    return bytes((module.packb if library == "msgpack" else module.dumps)(value))


def test_messages_have_names_and_fields(decoded: Any) -> None:
    """Those that may be left out are left out; a signature is not shown."""
    hello, call, error, authenticate, done = decoded(
        "wamp",
        '[1, "somerealm", {"roles": {}}]',
        json.dumps(CALL),
        '[8, 48, 7814135, {}, "com.myapp.error", ["text"], {"severity": 3}]',
        '[5, "gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI=", {}]',
        "[35, 85346237]",
    )
    assert hello.kind == "HELLO" and hello.value["realm"] == "somerealm"
    assert call.value == {
        "request": 7814135,
        "options": {},
        "procedure": "com.myapp.add",
        "arguments": [23, 7],
    }
    assert error.kind == "ERROR" and error.value["keywords"] == {"severity": 3}
    assert authenticate.value == {"signature": None, "extra": {}} and done.value == {"request": 85346237}


@pytest.mark.parametrize("library", ["msgpack", "cbor2"])
def test_binary_messages(decoded: Any, library: str) -> None:
    """MessagePack, or CBOR: which one, an array says itself."""
    data = packed(library, CALL)
    found = decoded("wamp", data, data + data, data[:-1], json.dumps(CALL))
    assert [each.kind for each in found] == ["CALL", None, None, "CALL"]
    assert found[0].value == found[3].value and found[1].error and found[2].error


BATCHES = {
    "json": '[48,7,{},"com.add",[1,2]]\x18[6,{},"wamp.close.normal"]\x18',
    "msgpack": b"\x00\x00\x00\x0f\x950\x07\x80\xa7com.add\x92\x01\x02\x00\x00\x00\x15\x93\x06\x80\xb1wamp.close.normal",
    "cbor2": b"\x00\x00\x00\x10\x85\x180\x07\xa0gcom.add\x82\x01\x02\x00\x00\x00\x15\x83\x06\xa0qwamp.close.normal",
}
"""What the batched serializers of Autobahn 26.10.2 write."""


@pytest.mark.parametrize("library", BATCHES)
def test_a_batch_has_several(decoded: Any, library: str) -> None:
    """With U+0018 after each, or with the length before each; a batch that is cut is an error."""
    pytest.importorskip(library)
    batch: Any = BATCHES[library]
    call, goodbye, same, cut = decoded("wamp", batch, batch[:-5])
    assert call.value["arguments"] == [1, 2] and call.value == same.value
    assert goodbye.value["reason"] == "wamp.close.normal" and not call.error and cut.error


@pytest.mark.parametrize(
    "payload",
    ["[]", "{}", "[true, 1]", "[7, 1]", "[48]", '[49, 1, {}, "x"]', "[" * 100_000, "x"]
    + ["[1, 20.5, 30]", '[1, "realm", []]', "[2, true, {}]", '[3, "1", {}]', '[48, "1", {}, "com.add"]'],
)
def test_what_is_no_message_is_an_error(decoded: Any, payload: str) -> None:
    """Never an exception."""
    (found,) = decoded("wamp", payload)
    assert found.error and found.value is None


def test_it_is_known_by_its_hello() -> None:
    """And by each of its subprotocols; arrays of numbers are no WAMP."""
    known = list(decoders().values())
    assert guess(known, "", [['[1,"realm",{}]', "[70,1,{}]"]])[0] == (decoders()["wamp"],)
    assert guess(known, "wamp.2.cbor.batched", [])[0] == (decoders()["wamp"],)
    found, _ = guess(known, "", [["[17, 1, 2]", "[16, 5]"]])
    assert [each.name for each in found] == ["json"]


def test_arrays_of_other_protocols_are_no_wamp() -> None:
    """OCPP, whose calls and results begin with the numbers of WELCOME and ABORT; and a feed of prices."""
    known = list(decoders().values())
    call, result = '[2,"1","BootNotification",{"chargePointVendor":"V"}]', '[3,"1",{"status":"Accepted"}]'
    for samples in ([[call], [result]], [["[1,20.5,30]", "[2,20.5,30]"]], [['[1,"AAPL",20.5]']]):
        found, _ = guess(known, "", samples)
        assert [each.name for each in found] == ["json"]
