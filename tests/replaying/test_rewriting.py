"""Rewriter: values of the caller and of live replies in the place of recorded ones."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.replaying.rewriting import Rewriter


def test_values_of_the_caller() -> None:
    """A value, a function of the recorded one; every other byte stays, and what lies in a replaced value goes."""
    rewriter = Rewriter({"a": {"b": "é"}, "list[*].n": lambda old: old + 1, "a.c": 5, "none": 1})
    assert rewriter.rewritten('{ "a":{"c": 1}, "list":[{"n":1},{"n":2}], "x":1e400 }') == (
        '{ "a":{"b":"é"}, "list":[{"n":2},{"n":3}], "x":1e400 }'
    )
    half = Rewriter({"a": "\ud800"}).rewritten(b'{"a":1}')
    assert half == b'{"a":"\\ud800"}'
    assert rewriter.rewritten(b'{"a":1}') == '{"a":{"b":"é"}}'.encode()
    for other in ("text", "[" * 100_000, b"\xff", '{"b":1}'):
        assert rewriter.rewritten(other) == other


def test_values_of_replies_by_the_recorded_value() -> None:
    """Of two sessions each keeps its own; a value that no reply had stays."""
    rewriter = Rewriter({"sessionId": "$.result.sessionId"})
    rewriter.learn('{"result":{"sessionId":"A"}}', '{"result":{"sessionId":"X"}}')
    rewriter.learn('{"result":{"sessionId":"B"},"n":7}', '{"result":{"sessionId":"Y"},"n":8}')
    for recorded, live in (("B", "Y"), ("A", "X"), ("C", "C")):
        assert rewriter.rewritten(f'{{"sessionId":"{recorded}"}}') == f'{{"sessionId":"{live}"}}'
    assert rewriter.rewritten('{"other":"A"}') == '{"other":"A"}'


def test_true_is_every_text_and_no_number() -> None:
    """A number that is equal by chance is everywhere."""
    rewriter = Rewriter(True)
    rewriter.learn('{"token":"old","id":1,"a":["same"]}', '{"token":"new","id":2,"a":["same"]}')
    assert rewriter.rewritten('{"deep":["old",1,"same"]}') == '{"deep":["new",1,"same"]}'


@pytest.mark.parametrize("replies", [("text", '{"a":"b"}'), ('{"a":"b"}', "text"), (b"\xff", b"\xff")])
def test_replies_that_are_no_json_teach_nothing(replies: Any) -> None:
    """Never an exception."""
    rewriter = Rewriter(True)
    rewriter.learn(*replies)
    assert rewriter.rewritten('{"a":"b"}') == '{"a":"b"}'


def test_without_rewrite_nothing_changes() -> None:
    """And what is neither is refused."""
    rewriter = Rewriter()
    rewriter.learn('{"a":"b"}', '{"a":"c"}')
    assert rewriter.rewritten('{"a":"b"}') == '{"a":"b"}'
    with pytest.raises(TypeError, match="dict of paths"):
        Rewriter("id")  # type: ignore[arg-type]  # that is the point
