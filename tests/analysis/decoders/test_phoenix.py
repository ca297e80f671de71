"""Phoenix: the forms of both versions, bytes in each of their layouts, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders

FIELDS = {"join_ref": "7", "ref": "10", "topic": "room:1", "event": "upload", "payload": {"a": 1}}
PUSH = b"\x00\x01\x02\x06\x06" + b"710room:1upload" + b"\x01\x00\xff"
SERVER_PUSH = b"\x00\x01\x06\x09" + b"7room:1thumbnail" + b"\x01"
REPLY = b"\x01\x01\x02\x06\x02" + b"710room:1ok" + b"\x02"
BROADCAST = b"\x02\x06\x08" + b"room:1uploaded"


def test_both_versions_say_the_same(decoded: Any) -> None:
    """An array, and an object, in which clients leave out a join_ref that they do not know."""
    array, whole, short = decoded(
        "phoenix",
        json.dumps(list(FIELDS.values())),
        json.dumps(FIELDS),
        '{"topic":"t","event":"phx_close","payload":{}}',
    )
    assert array.kind == whole.kind == "upload" and array.value == whole.value == FIELDS
    empty = {"join_ref": None, "ref": None, "topic": "t", "event": "phx_close", "payload": {}}
    assert short.value == empty


@pytest.mark.long
def test_bytes_have_the_same_fields(decoded: Any) -> None:
    """Of a client's message, of a server's, a reply and a broadcast; and each that is cut within its names is an error."""
    push, pushed, reply, broadcast = decoded("phoenix", PUSH, SERVER_PUSH, REPLY, BROADCAST)
    assert push.value == {**FIELDS, "payload": b"\x01\x00\xff"}
    assert (pushed.kind, pushed.value["ref"], pushed.value["payload"]) == ("thumbnail", None, b"\x01")
    assert reply.kind == "phx_reply" and reply.value["payload"] == {"status": "ok", "response": b"\x02"}
    assert broadcast.value["topic"] == "room:1" and broadcast.value["payload"] == b""
    for message, size in ((PUSH, 20), (SERVER_PUSH, 20), (REPLY, 16), (BROADCAST, 17)):
        assert all(decoded("phoenix", message[:cut])[0].error for cut in range(size))


@pytest.mark.parametrize("name", ["👨\u200d👩", "می\u200cخواهم", "東京\u3000駅", "a\xa0b"])
def test_names_are_of_any_script(decoded: Any, name: str) -> None:
    """With joiners and spaces of their own; in a binary message too, where control characters tell its layouts apart."""
    push, broadcast = decoded(
        "phoenix",
        json.dumps(["1", "1", name, name, {}]),
        bytes((2, *[len(name.encode())] * 2)) + name.encode() * 2,
    )
    assert [(each.kind, each.value["topic"]) for each in (push, broadcast)] == [(name, name)] * 2


@pytest.mark.parametrize("join_ref", ["", "3", "5e0c4a7f-9a3e-4b43-8d39-54a4c0b2a1de"])
def test_text_after_the_names_does_not_make_a_server_a_client(decoded: Any, join_ref: str) -> None:
    """Text in the payload fits a client's layout too; and a client's with a long event may fit a server's."""
    server = b"\0" + bytes([len(join_ref), 6, 4]) + f"{join_ref}room:1file".encode()
    (found,) = decoded("phoenix", server + b"A" * 200)
    fields = {"join_ref": join_ref or None, "ref": None, "topic": "room:1", "event": "file"}
    assert found.value == {**fields, "payload": b"A" * 200}
    for event in ("e", "e" * 31, "e" * 35, "e" * 50, "e" * 120):
        client = b"\0" + bytes([len(join_ref), 2, 6, len(event)]) + f"{join_ref}10room:1{event}".encode()
        (found,) = decoded("phoenix", client + b"A" * 200)
        assert found.value == {**fields, "ref": "10", "event": event, "payload": b"A" * 200}


@pytest.mark.parametrize(
    "payload",
    ["5", "[]", "{}", "[1,2,3,4,5]", '[null,null,"","x",{}]', '{"topic":1,"event":"x","payload":{}}', "[" * 100_000]
    + [b"", b"\x03\x01\x01ab", b"\xff" * 40, b"\x02\x01\x01\n\n"],
)  # fmt: skip
def test_what_is_none_is_an_error(decoded: Any, payload: Any) -> None:
    """Never an exception."""
    assert decoded("phoenix", payload)[0].error


def test_it_is_guessed() -> None:
    """By messages of either form, bytes among them."""
    known = list(decoders().values())
    for sample in ([json.dumps(list(FIELDS.values())), PUSH], [json.dumps(FIELDS)]):
        assert guess(known, "", [sample])[0] == (decoders()["phoenix"],)
