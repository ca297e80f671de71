"""``type:`` in a filter: kinds of decoders and types in JSON, over slices, and what is said of one that is not there."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.filtering.parser import parse_filter
from wsnotebook.filtering.search import Search
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame

CONNECT = bytes.fromhex("100e00044d5154540402003c00026331")
PUBLISH = bytes.fromhex("320700016100016869")
"""QoS 1, topic ``a``."""


def texts(*values: Any) -> list[Frame]:
    return [Frame.text(json.dumps(value)) for value in values]


def found(log: FrameLog, text: str, slice_rows: int = 3) -> list[int]:
    """The seq of the matches of a search in small slices; the line of pandas gives the same rows."""
    wanted = parse_filter(text)
    search = Search(log, wanted, slice_rows=slice_rows)
    while search.step():
        pass
    seqs = search.window(0, 1 << 40)[1].tolist()
    df = log.df
    assert eval(wanted.line, {"df": df}).index.tolist() == seqs
    shuffled = df.sample(frac=1, random_state=1)
    assert sorted(eval(wanted.line, {"df": shuffled}).index) == seqs
    return seqs


def test_json_names_its_type(recorded: Any) -> None:
    """In one of the keys that services use, in any case; several are either; a minus is not."""
    log = recorded.log
    recorded.record(*texts({"type": "order"}, {"e": "trade"}, {"a": 1}, [{"type": "order"}], "order"))
    recorded.record(Frame.text("order"), Frame.ping(b"order"), *texts({"method": "Order"}), sent=True)
    assert found(log, "type:order") == [0, 3, 7]
    assert found(log, "type:order,trade dir:in") == [0, 1, 3] == found(log, "type:order type:trade dir:in")
    assert found(log, "-type:order dir:in") == [1, 2, 4]


def test_a_decoder_tells_the_kind_of_its_messages(recorded: Any) -> None:
    """A packet that messages cut has its kind where it ends; each direction of each connection is a stream."""
    log = recorded.log
    recorded.record(Frame.binary(CONNECT), Frame.binary(PUBLISH[:4]), sent=True)
    recorded.record(Frame.binary(bytes.fromhex("20020000")))
    recorded.record(*texts({"type": "publish"}), connection=1)
    recorded.record(Frame.binary(PUBLISH[4:] + PUBLISH), sent=True)
    recorded.record(Frame.binary(bytes.fromhex("40020001")))
    for slice_rows in (1, 2, 100):
        assert found(log, "type:publish", slice_rows) == [3, 4]
        assert found(log, "type:PUBACK,CONNACK", slice_rows) == [2, 5]


def test_an_event_has_its_name_beside_its_kind(recorded: Any) -> None:
    """The name that the application gives, of Socket.IO and SignalR."""
    for connection, texts_ in enumerate(
        (
            ('0{"sid":"x"}', "40", '42["chat message","a"]'),
            ('{"protocol":"json","version":1}\x1e', '{"type":1,"target":"Say","arguments":[]}\x1e'),
        )
    ):
        recorded.record(*map(Frame.text, texts_), connection=connection)
    assert found(recorded.log, 'type:"chat message"') == [2] == found(recorded.log, "type:event")
    assert found(recorded.log, "type:say") == [4] == found(recorded.log, "type:invocation")


def test_json_that_is_compressed_one_way_names_its_type(recorded: Any) -> None:
    """The decoder is a chain, gzip+json, also of the texts that are sent."""
    recorded.record(*texts({"op": "sub"}), sent=True)
    recorded.record(*(Frame.binary(gzip.compress(b'{"op": "%s"}' % op)) for op in (b"ack", b"order")))
    recorded.record(*texts({"op": "order"}), sent=True)
    assert found(recorded.log, "type:order") == [2, 3] and found(recorded.log, "type:sub") == [0]


def test_a_message_in_fragments_has_its_type_in_the_last(recorded: Any) -> None:
    """With a ping between them; a frame that was never sent belongs to none."""
    batch = Batch()
    batch.add(0x01, b'{"type":', Flag.TEXT)
    batch.add(0x89, b"")
    batch.add(0x80, b'"order"}', Flag.TEXT | Flag.CONTINUES)
    batch.add(0x81, b'{"type":"order"}', Flag.TEXT | Flag.UNSENT)
    recorded.log.append(batch, 0, "out", 0, 0)
    assert found(recorded.log, "type:order") == [2]


def test_what_did_not_all_come_has_no_type(recorded: Any) -> None:
    """Nor has what stands on either side of it one: it is not joined."""
    log = recorded.log
    recorded.record(Frame.binary(CONNECT), Frame.binary(PUBLISH[:4]))
    batch = Batch()
    rest = PUBLISH[4:]
    batch.add(0x82, rest, Flag.TRUNCATED)
    batch.add(0x82, rest, Flag.OK)
    batch.add(0x02, PUBLISH, Flag.OK)  # whose final fragment never comes
    batch.add(0x82, PUBLISH, Flag.OK)
    batch.add(0x82, PUBLISH, Flag.OVERSIZED)
    log.append(batch, 0, "in", 0, 0)
    assert found(log, "type:publish") == [5]


def test_a_guess_that_more_messages_correct(recorded: Any) -> None:
    """The stream is read anew by the other decoder, which then knows what was before."""
    beginning = {"id": 1, "method": "Page.enable"}
    recorded.record(*texts(beginning, {"id": 2, "op": "own"}, {"id": 3, "op": "own"}))
    assert found(recorded.log, "type:own") == [1, 2]


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize(
    "known",
    [
        {"jsonrpc": "2.0", "id": 1, "method": "a"},
        {"type": "next", "id": "1", "payload": {}},
        {"id": 1, "method": "Page.enable"},
    ],
)
def test_json_of_another_protocol_names_its_type_too(recorded: Any, known: Any, before: int) -> None:
    """Wherever it comes in a conversation that the decoder knows."""
    mine = [{"type": "own"}, [{"type": "own"}, 7], known]
    recorded.record(*texts(*[known] * before, *mine, *[known] * 20, {"type": "own"}))
    assert found(recorded.log, "type:own", 100) == [before, before + 1, before + 23]


def test_the_subprotocol_says_the_decoder() -> None:
    """As for decode()."""
    log = FrameLog()
    head = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n"
    log.register(Connection("s", response=head))
    batch = Batch()
    batch.add(0x81, b"\n", Flag.TEXT)
    batch.add(0x81, b"MESSAGE\n\nhi\0", Flag.TEXT)
    log.append(batch, 0, "in", 0, 0)
    assert found(log, "type:heartbeat") == [0] and found(log, "type:message") == [1]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("type:oder", "'oder': did you mean order?"),
        ("type:ping", "write op:ping"),
        ("type:order,xyzzy", "'xyzzy': there are order"),
    ],
)
def test_a_type_that_no_message_has_is_named(recorded: Any, text: str, hint: str) -> None:
    """By the filter of a log as a warning, with no rows or those of the others; a search of the panel has it too."""
    recorded.record(*texts({"type": "order"}))
    with pytest.warns(UserWarning, match=hint):
        rows = recorded.log.filter(text)
    assert len(rows) == text.count("order")


def test_a_type_that_comes_later_needs_no_hint(recorded: Any) -> None:
    """A search goes on with the rows that are appended."""
    search = Search(recorded.log, parse_filter("type:order"))
    recorded.record(*texts({"type": "trade"}))
    search.step()
    assert "order" in search.hint
    recorded.record(*texts({"type": "order"}))
    search.step()
    assert search.hint == "" and search.end == 1


def test_a_type_is_not_left_out(recorded: Any) -> None:
    """A word without its value is half typed."""
    with pytest.raises(ValueError, match="type takes the type of a message"):
        parse_filter("type:")
