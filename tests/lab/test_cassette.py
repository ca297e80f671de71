"""Cassette: which frames answer which request, when a message is a recorded request, and ids in replies."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from wsnotebook.lab.cassette import Cassette, Matching
from wsnotebook.lab.recordedrows import RecordedRow


def row(direction: str, text: str, opcode: int = 1, fin: bool = True) -> RecordedRow:
    return RecordedRow(direction, opcode, text.encode(), 0.0, fin)


def matching(key: str | None = None, **options: Any) -> Matching:
    made = Matching.of(options.pop("same", "equal"), key, **{"rewrite": False, "unordered": False} | options)
    assert made is not None
    return made


SUBSCRIPTIONS = (
    row("in", "welcome"),
    row("out", '{"id":"a","type":"subscribe"}'),
    row("out", '{"id":"b","type":"subscribe"}'),
    row("in", '{"id":"a","type":"next"}'),
    row("in", '{"id":', fin=False),
    row("in", "tick", opcode=9),
    row("in", '"a","type":"complete"}', opcode=0),
    row("in", '{"id":"b","type":"complete"}'),
    row("in", "", opcode=8),
)


def test_a_frame_with_the_id_of_a_request_answers_it() -> None:
    """Also where another request came between, and in fragments; a frame without an id follows the last request."""
    cassette = Cassette(SUBSCRIPTIONS, "in", matching("id"))
    assert [each.message for each in cassette.opening.replies] == ["welcome"]
    one, two = ([each.message for each in exchange.replies] for exchange in cassette.exchanges)
    assert one == ['{"id":"a","type":"next"}', '{"id":"a","type":"complete"}']
    assert two == [b"tick", '{"id":"b","type":"complete"}']
    assert cassette.ending is not None


def test_without_an_id_the_order_joins_them() -> None:
    """Every frame answers the last request before it."""
    cassette = Cassette(SUBSCRIPTIONS, "in", matching())
    assert [len(exchange.replies) for exchange in cassette.exchanges] == [0, 4]


def test_a_client_that_closed_first_ends_the_cassette() -> None:
    """The server's close is only the answer to it."""
    rows = (row("out", "a"), row("out", "", opcode=8), row("in", "", opcode=8))
    cassette = Cassette(rows, "in", matching())
    assert len(cassette.exchanges) == 1 and cassette.ending is None


@pytest.mark.parametrize(
    ("recorded", "received", "is_same"),
    [
        ("a", "a", True),
        ("a", b"a", False),
        ('{"a":1,"b":[true]}', '{ "b": [true], "a": 1 }', True),
        ('{"a":true}', '{"a":1}', False),
        ('{"a":1}', '{"a":1,"b":2}', False),
        ("[1]", "[1,2]", False),
        (b'{"a":1}', b'{"a": 1}', True),
        ('{"token":"<redacted:0123abcd>","a":1}', '{"token":"secret","a":1}', True),
        ('{"token":"<redacted:0123abcd>","a":1}', '{"token":"secret","a":2}', False),
        ('{"token":"<redacted:0123abcd>"}', '{"token":7}', False),
        ("LOGIN me <redacted:0123abcd> now", "LOGIN me a\nb now", True),
        ("LOGIN me <redacted:0123abcd> now", "LOGIN you x now", False),
        ("a<redacted:00000001>b<redacted:00000002>b", "a1b2b", True),
        ("a<redacted:00000001>b<redacted:00000002>b", "a1b", False),
        ("<redacted:00000001>a" * 30 + "b", "a" * 5000, False),
        ("[" * 100_000, "[" * 99_999, False),
    ],
)
def test_a_request_is_the_same(recorded: Any, received: Any, is_same: bool) -> None:
    """Equal, or equal JSON; a secret that was redacted is any text."""
    assert matching().is_same(recorded, received) is is_same


def test_only_a_rewritten_id_is_left_out() -> None:
    """Without rewrite the reply would have an id that the client does not know."""
    one, other = '{"id":"a","p":{"id":1}}', '{"id":"z","p":{"id":1}}'
    assert matching("id", rewrite=True).is_same(one, other)
    assert not matching("id").is_same(one, other)
    assert not matching("p.id", rewrite=True).is_same(one, other)
    assert matching("[1]", rewrite=True).is_same('["3","7","room"]', '["3","9","room"]')


def test_an_id_is_replaced_and_nothing_else() -> None:
    """Spaces and digits stay as they were recorded; another id stays too; ids compare with their type."""
    ids = matching("id", rewrite=True)
    assert ids.rewritten('{ "id" : 7, "big":1e400 }', {"7": '"z"'}) == '{ "id" : "z", "big":1e400 }'
    assert ids.rewritten(b'{"id":7}', {"7": "8"}) == b'{"id":8}'
    for other in ('{"id":8}', '{"id":"7"}', "text", "[7]"):
        assert ids.rewritten(other, {"7": '"z"'}) == other


PHOENIX = (
    row("out", '["3","3","room","phx_join",{}]'),
    row("in", '["3","3","room","phx_reply",{"status":"ok"}]'),
    row("out", '["3","4","room","phx_leave",{}]'),
    row("in", '["3","4","room","phx_reply",{"status":"ok"}]'),
    row("in", '["3","3","room","phx_close",{}]'),
)
FIRST_PHOENIX = tuple(
    row(
        each.direction,
        json.dumps(
            dict(zip(("join_ref", "ref", "topic", "event", "payload"), json.loads(each.payload), strict=True))
        ),
    )
    for each in PHOENIX
)


@pytest.mark.parametrize(("rows", "key"), [(PHOENIX, "[1]"), (FIRST_PHOENIX, "ref")], ids=["2.0.0", "1.0.0"])
def test_a_push_with_the_id_of_an_answered_request_follows_the_last_one(rows: Any, key: str) -> None:
    """The end of a channel has the id of its join, and comes after the leave; there the client's ids are put into it."""
    ids = matching(key, rewrite=True)
    join, leave = Cassette(rows, "in", ids).exchanges
    assert [len(join.replies), len(leave.replies)] == [1, 2]
    close = ids.rewritten(leave.replies[1].message, {'"3"': '"8"', '"4"': '"9"'})
    assert str(close).count('"8"') == 2 and '"3"' not in str(close)
    assert ids.is_same(
        leave.request.message,
        str(leave.request.message).replace('"3"', '"8"').replace('"4"', '"9"'),
        {'"3"': '"8"'},
    )
    assert not ids.is_same(leave.request.message, leave.request.message.replace('"3"', '"7"'), {'"3"': '"8"'})


def test_the_server_of_json_rpc_has_ids_of_its_own() -> None:
    """They may be those of the client; its requests stay as they are, and the client answers with their ids."""
    rows = (
        row("out", '{"jsonrpc":"2.0","id":1,"method":"run"}'),
        row("in", '{"jsonrpc":"2.0","id":1,"method":"ask"}'),
        row("out", '{"jsonrpc":"2.0","id":1,"result":"yes"}'),
        row("in", '{"jsonrpc":"2.0","id":1,"result":"done"}'),
    )
    ids = matching("id", rewrite=True)
    call, answer = Cassette(rows, "in", ids).exchanges
    assert (call.key, answer.key) == ("1", None)
    replies = [*call.replies, *answer.replies]
    assert [len(call.replies), len(answer.replies)] == [1, 1]  # the result comes after the answer
    assert [ids.rewritten(each.message, {"1": "5"}) for each in replies] == [
        '{"jsonrpc":"2.0","id":1,"method":"ask"}', '{"jsonrpc":"2.0","id":5,"result":"done"}',
    ]  # fmt: skip
    assert not ids.is_same(answer.request.message, '{"jsonrpc":"2.0","id":5,"result":"yes"}', {"1": "5"})


def test_progress_and_cancels_name_their_request() -> None:
    """Progress goes to the request with its token; what comes after a cancel is sent when the client cancels."""
    rows = (
        row("out", '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"progressToken":1}}}'),
        row("out", '{"jsonrpc":"2.0","id":2,"method":"b","params":{"workDoneToken":"t"}}'),
        row("in", '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}'),
        row("in", '{"jsonrpc":"2.0","method":"$/progress","params":{"token":"t"}}'),
        row("in", '{"jsonrpc":"2.0","method":"$/progress","params":{"token":"another"}}'),
        row("out", '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}'),
        row("in", '{"jsonrpc":"2.0","id":1,"error":{}}'),
    )
    ids = matching("id", rewrite=True)
    one, two, cancel = Cassette(rows, "in", ids).exchanges
    assert [len(each.replies) for each in (one, two, cancel)] == [1, 2, 1]
    names = {"1": "7", '"t"': '"u"'}
    assert ids.rewritten(one.replies[0].message, names).endswith('{"progressToken":7}}')
    assert ids.rewritten(two.replies[0].message, names).endswith('{"token":"u"}}')
    assert ids.rewritten(two.replies[1].message, names) == two.replies[1].message
    assert ids.is_same(one.request.message, one.request.message.replace("1", "7").replace("7,", "8,"))
    recorded = cancel.request.message
    assert ids.is_same(recorded, recorded.replace("1", "7"), names) and not ids.is_same(
        recorded, recorded, names
    )


def test_several_replies_in_an_array() -> None:
    """They go to the request that the first of them answers, each with the client's id."""
    rows = (
        row("out", '{"id":1,"type":"subscribe_events"}'),
        row("out", '{"id":2,"type":"subscribe_events"}'),
        row("in", '[{"type":"note"},{"id":1,"type":"event"},{"id":2,"type":"event"}]'),
        row("in", "[1, 2]"),
    )
    ids = matching("id", rewrite=True)
    one, two = Cassette(rows, "in", ids).exchanges
    assert [len(one.replies), len(two.replies)] == [1, 1]
    found = ids.rewritten(one.replies[0].message, {"1": "7", "2": "8"})
    assert found == '[{"type":"note"},{"id":7,"type":"event"},{"id":8,"type":"event"}]'
    assert ids.rewritten("[1, 2]", {"1": "7"}) == "[1, 2]"


def test_rewrite_needs_the_name_of_the_id() -> None:
    """And a name is a path."""
    with pytest.raises(ValueError, match="key='id'"):
        matching(None, rewrite=True)
    with pytest.raises(ValueError, match=re.escape("$.payload.id")):
        matching("a b")


def test_playing_by_the_clock_has_no_matching() -> None:
    """Nothing asks for requests."""
    assert Matching.of(None, None, rewrite=False, unordered=False) is None
    assert Matching.of(None, None, rewrite=False, unordered=True) == Matching(is_unordered=True)
