"""Tapes: what is written is read again; a damaged line is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from wsnotebook.cassettes.tape import Reel, check_rules, read_tape, reel_of, write_tape
from wsnotebook.lab.recordedrows import Agreement
from wsnotebook.payloadsecrets import PayloadRules
from wsnotebook.redaction import redacted
from wsnotebook.wire.frames import CloseReason


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Texts, binaries, closes with and without a code, of several connections."""
    lines = [("out", "é\n\u2028"), ("in", b"\xff"), ("in", CloseReason(4001, "x")), ("out", None)]
    write_tape(tmp_path / "sub" / "x.jsonl", [Reel(lines), Reel([])])  # type: ignore[arg-type]  # a list of tuples
    one, other = read_tape(tmp_path / "sub" / "x.jsonl")
    assert one.lines == lines and other.lines == []
    assert one.table == {
        "direction": ["out", "in", "in", "out"],
        "opcode": [1, 2, 8, 8],
        "payload": ["é\n\u2028".encode(), b"\xff", b"\x0f\xa1x", b""],
    }


def test_a_subprotocol_is_written_where_one_was_offered(tmp_path: Path) -> None:
    """Marks of names that may be tokens are numbered as others are; a tape of a former version has none."""
    hidden = (redacted("b"), redacted("a"))
    agreements = [
        Agreement(("mqtt", "wamp"), "wamp"),
        Agreement(hidden, hidden[1]),
        Agreement(("mqtt",), None),
        None,
    ]
    write_tape(tmp_path / "x", [Reel([], each) for each in agreements])
    marks = ("<redacted:00000001>", "<redacted:00000002>")
    agreements[1] = Agreement(marks, marks[1])
    assert [reel.agreement for reel in read_tape(tmp_path / "x")] == agreements
    assert (tmp_path / "x").read_text().endswith('\n{"connection": 4}\n')


def test_equal_secrets_have_equal_marks(tmp_path: Path) -> None:
    """They are numbered, so that the same conversation is the same file in another process too."""
    write_tape(tmp_path / "x", [Reel([("out", redacted("a")), ("in", redacted("b")), ("in", redacted("a"))])])
    (reel,) = read_tape(tmp_path / "x")
    assert [line for _, line in reel.lines] == [f"<redacted:0000000{number}>" for number in (1, 2, 1)]


def test_a_recorded_session_becomes_a_reel() -> None:
    """Fragments are joined, pings left out, secrets marked; other sessions stay out."""
    table = {
        "session": ["a", "a", "a", "a", "b"],
        "direction": ["out", "in", "out", "in", "in"],
        "opcode": ["text", "ping", "continuation", "binary", "text"],
        "fin": [False, True, True, True, True],
        "payload": [b'{"token":', b"", b'"x"}', b'{"token":"x"}', b"other"],
    }
    marked = f'{{"token":"{redacted("x")}"}}'
    assert reel_of(table, "a", PayloadRules()).lines == [("out", marked), ("in", marked.encode())]


@pytest.mark.parametrize(
    ("reason", "marked"),
    [
        ("token=hunter2&x", f"token={redacted('hunter2')}&x"),
        ("done", "done"),
        ("x" * 110 + "?token=a", "x" * 110 + "?token="),
    ],
    ids=["secret", "none", "too long"],  # a mark is another one in each process
)
def test_secrets_in_the_reason_of_a_close_are_marked(reason: str, marked: str) -> None:
    """A reason that is too long with its mark has none, as a part of a mark would be another one in each process."""
    table = {
        "direction": ["in", "out"],
        "opcode": ["close"] * 2,
        "payload": [b"\x0f\xa1" + reason.encode(), b""],
    }
    lines = reel_of(table, None, PayloadRules()).lines
    assert lines == [("in", CloseReason(4001, marked)), ("out", None)]


def test_a_frame_that_no_line_is_for_is_refused() -> None:
    """Also of the client, and where a proxy could not hand it on; behind a close of its side nobody looks at it."""
    frames = pd.DataFrame(
        {
            "session": ["a", "a", "a"],
            "direction": ["in", "in", "out"],
            "opcode": ["close", "text", "text"],
            "status": ["ok", "violation", "ok"],
            "detail": [None, "late", None],
        }
    )
    check_rules(frames)
    frames.loc[2, ["status", "detail"]] = ["oversized", "too big"]
    with pytest.raises(ValueError, match="the client sent what a tape cannot have, too big: make the server"):
        check_rules(frames)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "line 1: neither out nor in"),
        ('{"cassette": 2}', "line 1: version 2 is not known"),
        ('{"cassette": 1}\n{"out": "a"}', "line 2: no .*connection"),
        (
            '{"cassette": 1}\n{"connection": 1, "offered": ["a"], "subprotocol": "b"}',
            "line 2: offered is a list",
        ),
        ('{"cassette": 1}\n{"connection": 1}\n{"up": "a"}', "line 3: neither out nor in"),
        ('{"cassette": 1}\n{"connection": 1}\n7', "line 3: no object"),
        ('{"cassette": 1}\n{"connection": 1}\n{"in": {"base64": "?"}}', "line 3: "),
        ('{"cassette": 1}\n{"connection": 1}\n{"in"', "line 3: "),
    ],
)
def test_a_damaged_tape_names_the_line(tmp_path: Path, text: str, sentence: str) -> None:
    """And what is wrong with it."""
    (tmp_path / "x").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        read_tape(tmp_path / "x")
