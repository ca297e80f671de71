"""Replies: which recorded messages a request waits for, and which live message is which of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.replaying.replies import Replies


def message(id: Any = None, **fields: Any) -> str:
    return json.dumps(fields if id is None else {"id": id, **fields})


def test_the_first_reply_with_the_id_is_the_one() -> None:
    """The others are waited for only at the end."""
    replies = Replies()
    replies.sent(message(1), message(1))
    assert replies.expect(1, 0.1, message(1, n=1)) is None
    assert replies.expect(2, 0.2, message(1, n=2)) is None
    assert replies.are_missing(first=True) and replies.last_at(first=False) == 0.2
    came = replies.came(message(1, n=9))
    assert came is not None and came.seq == 1 and not replies.are_missing(first=True)
    assert replies.are_missing(first=False)
    assert [each.seq for each in replies.give_up(first=False)] == [2] and not replies.are_missing(first=False)


def test_giving_up_the_first_ones_keeps_the_others() -> None:
    """They may still come."""
    replies = Replies()
    replies.sent(message(1), message(1))
    replies.sent(message(2), message(2))
    for seq, id in enumerate((1, 1, 2)):
        replies.expect(seq, 0.0, message(id))
    assert [each.seq for each in replies.give_up(first=True)] == [0, 2]
    assert not replies.are_missing(first=True) and replies.are_missing(first=False)


def test_ids_compare_with_their_type() -> None:
    """1 is not "1"; true is not 1."""
    replies = Replies()
    replies.sent(message(1), message(1))
    replies.expect(1, 0.0, message(1))
    assert replies.came(message("1")) is None and replies.came(message(True)) is None
    assert replies.came(message(1)) is not None


def test_a_rewritten_id_is_that_of_the_live_reply() -> None:
    """The recorded one stands for it."""
    replies = Replies()
    replies.sent(message("old"), message("new"))
    replies.expect(1, 0.0, message("old"))
    assert replies.came(message("old")) is None and replies.came(message("new")) is not None


def test_what_is_unasked_between_is_not_waited_for() -> None:
    """After a request with an id a message without one is no reply; after one without, it is."""
    replies = Replies()
    replies.sent(message(1), message(1))
    replies.expect(1, 0.0, message(tick=1))
    assert not replies.are_missing(first=False)
    replies.sent("plain", "plain")
    replies.expect(2, 0.0, message(tick=2))
    assert replies.are_missing(first=True)


@pytest.mark.parametrize("id", [1, None])
def test_a_reply_that_is_early_is_kept(id: int | None) -> None:
    """It came before the recording had got to it."""
    replies = Replies()
    replies.sent(message(id), message(id))
    assert replies.came(message(id, n=1)) is None
    assert replies.expect(1, 0.0, message(id, n=0)) == message(id, n=1)
    assert not replies.are_missing(first=False)


def test_a_path_and_a_function_say_what_a_reply_is() -> None:
    """In place of the field id, and of the order."""
    replies = Replies("header.msg_id")
    assert replies.key_of('{"header":{"msg_id":"a"}}') == '"a"' and replies.key_of('{"id":1}') is None
    replies = Replies(lambda recorded, received: recorded[:1] == received[:1])
    replies.sent("x", "x")
    for seq, recorded in enumerate(("a1", "b1")):
        assert replies.expect(seq, 0.0, recorded) is None
    assert replies.came("c2") is None
    found = [replies.came(live) for live in ("b2", "a2")]
    assert [each and each.message for each in found] == ["b1", "a1"]
    assert replies.expect(3, 0.0, "c1") == "c2"


@pytest.mark.parametrize("odd", ["text", "[1]", "[" * 100_000, b"\xff", b'{"id":1}'])
def test_any_message_has_an_id_or_none(odd: Any) -> None:
    """Never an exception."""
    assert Replies().key_of(odd) == ("1" if odd == b'{"id":1}' else None)


def rpc(id: Any = None, **fields: Any) -> str:
    return message(id, jsonrpc="2.0", **fields)


def test_a_cancel_has_the_id_of_this_time() -> None:
    """And what else names an earlier request; what a caller has rewritten stays."""
    replies = Replies()
    replies.sent(rpc(1, method="run"), rpc("new", method="run"))
    cancel = rpc(method="$/cancelRequest", params={"id": 1, "n": 1})
    assert json.loads(replies.live_names(cancel, cancel))["params"] == {"id": "new", "n": 1}
    assert replies.live_names(cancel.encode(), cancel.encode()) == cancel.replace("1", '"new"', 1).encode()
    mine = rpc(method="$/cancelRequest", params={"id": 5})
    for recorded, rewritten in ((cancel, mine), (mine, mine), (rpc(2, method="x", params={"id": 1}),) * 2):
        assert replies.live_names(recorded, rewritten) == rewritten
    assert Replies(lambda one, other: True).live_names(cancel, cancel) == cancel


def test_phoenix_names_its_join() -> None:
    """Also the join itself; the end of a channel is no reply to it."""
    replies = Replies("[1]")
    join, new = '["3","3","room","phx_join",{}]', '["3","8","room","phx_join",{}]'
    assert replies.live_names(join, new) == '["8","8","room","phx_join",{}]'
    replies.sent(join, new)
    replies.expect(1, 0.0, '["3","3","room","phx_reply",{}]')
    assert replies.came('["8","8","room","phx_close",{}]') is None
    assert replies.came('["8","8","room","phx_reply",{}]') is not None
    push = '["3","4","room","shout",{}]'
    assert replies.live_names(push, push) == '["8","4","room","shout",{}]'


@pytest.mark.parametrize("is_early", [False, True])
def test_a_request_of_the_server_is_waited_for_and_answered_with_its_id(is_early: bool) -> None:
    """It is known by its method; its id may be one of the client's."""
    replies = Replies()
    replies.sent(rpc(1, method="run"), rpc(1, method="run"))
    if is_early:
        assert replies.came(rpc("live", method="ask")) is None
    assert (replies.expect(1, 0.0, rpc(1, method="ask")) is not None) is is_early
    assert replies.are_missing(first=True) is not is_early
    if not is_early:
        assert (
            replies.came(rpc(2, method="other")) is None
            and replies.came(rpc("live", method="ask")) is not None
        )
    answer = rpc(1, result="yes")
    assert json.loads(replies.live_names(answer, answer)) == {"jsonrpc": "2.0", "id": "live", "result": "yes"}
    assert json.loads(replies.live_names(answer, rpc(99, result="no")))["id"] == "live"
    replies.sent(answer, answer)
    replies.expect(2, 0.0, rpc(1, result="done"))
    assert replies.are_missing(first=True) and replies.came(rpc(1, result="done")) is not None
