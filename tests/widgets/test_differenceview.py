"""Two frames beside each other: how far apart they are, and what differs in their messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets.differenceview import LINE_CHARACTERS, LINES, MOST_CHANGES, describe_difference
from wsnotebook.wire.batch import Flag, batch_of
from wsnotebook.wire.frames import Frame


def compared(session: Any, before: str | bytes, after: str | bytes) -> dict[str, dict[str, Any]]:
    """Return the views of two messages, by name."""
    for payload in (before, after):
        session.record(Frame.text(payload) if isinstance(payload, str) else Frame.binary(payload))
    found = describe_difference(session.log, [session.log.end - 1, session.log.end - 2])
    return {view["name"]: view for view in found["views"]}


def test_two_frames_are_told_apart(make_session: Any) -> None:
    """Which they are, and the differences of their times and lengths, the later one minus the earlier one."""
    session = make_session()
    session.record(Frame.text("long one"))
    session.record(Frame.text("short"), sent=True)
    found = describe_difference(session.log, [1, 0])
    assert found["title"] == "frame 0 to 1"
    assert found["fields"] == [
        ["from", "0, text, received"],
        ["to", "1, text, sent"],
        ["time", "+0.000000000 s"],
        ["payload", "-3 bytes (8 to 5)"],
        ["on the wire", "-3 bytes (8 to 5)"],
    ]


def test_how_far_a_frame_without_a_time_is_apart_is_not_known(session: Any) -> None:
    """Where its file did not say it; the rest is compared."""
    session.record(Frame.text("x"))
    session.log.append(batch_of((0x81, Flag.TEXT, b"x", None)), 0, "in", NO_TIME, 5)
    found = describe_difference(session.log, [0, 1])
    assert ["time", "not known"] in found["fields"] and ["payload", "+0 bytes (1 to 1)"] in found["fields"]


def test_json_differs_by_paths(session: Any) -> None:
    """Added, removed and changed values, each in a line, in whatever order the keys are; the lines follow."""
    before = {"a": 1, "gone": [1], "deep": {"list": [{"x": None}]}}
    after = {"deep": {"list": [{"x": "é"}, 5]}, "a": 1, "new": {"y": 2}}
    views = compared(session, json.dumps(before), json.dumps(after))
    assert views["Changes"]["body"].splitlines() == [
        "- gone: [1]",
        '~ deep.list[0].x: null → "é"',
        "+ deep.list[1]: 5",
        '+ new: {"y": 2}',
    ]
    assert views["Changes"]["note"] == "4 changes" and "Lines" in views


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ('{"a":1e400}', '{"a":1e500}', "~ a: 1E+400 → 1E+500"),
        ('[0.10000000000000000001, {"b": 1.50}]', "[0.1]", "~ [0]: 0.10000000000000000001 → 0.1"),
        ('{"b": [1.50]}', "{}", "- b: [1.50]"),
    ],
)
def test_values_are_compared_as_they_are_written(session: Any, before: str, after: str, change: str) -> None:
    """Numbers for which one float stands differ too."""
    assert compared(session, before, after)["Changes"]["body"].splitlines()[0] == change


def test_json_with_a_key_twice_is_compared_by_lines(session: Any) -> None:
    """A parser would lose the first of its values, and say that nothing differs."""
    assert list(compared(session, '{"a":1,"a":2}', '{"a":3,"a":2}')) == ["Lines"]


@pytest.mark.parametrize("depth", [600, 960, 5000])
def test_json_that_is_too_deep_is_compared_by_lines(session: Any, depth: int) -> None:
    """Where Python's stack ends depends on who calls."""
    before, after = ('{"a":' * depth + each + "}" * depth for each in ("1", "2"))
    assert "Lines" in compared(session, before, after)
    assert "Lines" in compared(session, before, "{}")


def test_json_of_the_same_values_says_so(session: Any) -> None:
    """The text differs all the same, and is shown."""
    views = compared(session, '{"a": 1, "b": 2}', '{"b":2,"a":1}')
    assert "values are the same" in views["Changes"]["note"]
    assert views["Lines"]["body"].splitlines() == ['-{"a": 1, "b": 2}', '+{"b":2,"a":1}']
    assert "the same" in compared(session, "x", "x")["Changes"]["note"]


def test_texts_differ_by_lines(session: Any) -> None:
    """With their neighbours; a single long line from shortly before the place on."""
    body = compared(session, "one\ntwo\nthree", "one\n2\nthree")["Lines"]["body"]
    assert body.splitlines() == ["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]
    view = compared(session, "x" * 10_000 + "a", "x" * 10_000 + "b")["Lines"]
    assert view["note"] == "They differ from character 10,000 on."
    assert [line[-1] for line in view["body"].splitlines()] == ["a", "b"]
    assert len(view["body"]) < 2 * LINE_CHARACTERS
    assert "ends" in compared(session, "one\ntwo\n", "one\ntwo")["Lines"]["note"]


def test_bytes_differ_by_lines_of_hex(session: Any) -> None:
    """Also where one is a text."""
    body = compared(session, b"\0" * 64, b"\0" * 32 + b"\1" + b"\0" * 31)["Bytes"]["body"]
    assert [line[:9] for line in body.splitlines() if line[0] in "+-"] == ["-00000020", "+00000020"]
    assert "+00000000  78" in compared(session, b"y", "x")["Bytes"]["body"]


def test_fragments_stand_for_their_message(session: Any) -> None:
    """Any of them: what differs is in the message."""
    session.record(Frame.text('{"a":', fin=False), Frame(0, b"1}"), flags=Flag.CONTINUES)
    session.record(Frame.text('{"a": 2}'))
    (changes, _) = describe_difference(session.log, [1, 2])["views"]
    assert changes["body"] == "~ a: 1 → 2"


@pytest.mark.parametrize("seqs", [[], [0], [0, 1, 2]])
def test_only_two_frames_are_compared(session: Any, seqs: list[int]) -> None:
    """Others are refused with a sentence."""
    session.record(*[Frame.text("x")] * 3)
    with pytest.raises(ValueError, match="two frames can be compared"):
        describe_difference(session.log, seqs)


def test_a_peer_cannot_write_lines_of_its_own(session: Any) -> None:
    """Keys, values and lines are escaped; a line end in a key begins no line."""
    views = compared(session, '{"a\\n+ b": 1, "c": "\\u202e"}', '{"a\\n+ b": 2, "c": "\u202e\\n- d"}')
    assert views["Changes"]["body"].splitlines() == ["~ a\\n+ b: 1 → 2", '~ c: "\\u202e" → "\\u202e\\n- d"']
    assert "\x1b" not in compared(session, "a\n\x1b[2J", "b\n\x1b[2J")["Lines"]["body"]


def test_what_is_left_out_is_said(session: Any) -> None:
    """Of many changes, many lines, many bytes."""
    views = compared(session, json.dumps([0] * 2000), json.dumps([1] * 2000))
    assert len(views["Changes"]["body"].splitlines()) == MOST_CHANGES
    assert "of 2,000 changes" in views["Changes"]["note"]
    many = "x\n" * (LINES + 1)
    assert f"first {LINES:,} lines" in compared(session, many, "y" + many)["Lines"]["note"]
    assert "first 32,000 bytes" in compared(session, b"x" * 50_000, b"y" * 50_000)["Bytes"]["note"]
