from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook

EVIL = "a\x1b[2Jb\u202ec\rd"  # clears a terminal, reorders a line, overwrites it


def test_connect_hands_on_exactly_what_was_asked_for(notebook: Notebook) -> None:
    """An option that is not on the line is left to connect()'s own default."""
    notebook.run("%ws connect ws://lab/plain")
    assert notebook.session.options == {}
    notebook.run(
        '%ws connect wss://lab/full --name full --raw --no-mask -H "A: 1" --header "B: x: y" '
        "-s chat --subprotocol v2 --timeout 2.5"
    )
    assert (notebook.session.url, notebook.session.name) == ("wss://lab/full", "full")
    assert notebook.session.options == {
        "raw": True,
        "masking": False,
        "headers": [("A", "1"), ("B", "x: y")],
        "subprotocols": ["chat", "v2"],
        "open_timeout": 2.5,
    }


def test_connect_answers_on_one_line(notebook: Notebook) -> None:
    """The answer has the name, the state, the address and the subprotocol."""
    shown = notebook.shown("%ws connect ws://lab/ --name feed -s chat")
    assert shown.endswith("feed is open: ws://lab/, subprotocol chat\n")


def test_send_says_what_was_sent(connected: Notebook) -> None:
    """Type, bytes and session, so that a wrong --name is seen."""
    assert connected.shown("%ws send é").endswith("sent text, 2 bytes, to one\n")
    assert connected.shown("%ws send --hex 00 FF").endswith("sent binary, 2 bytes, to one\n")
    assert connected.session.sent[-1] == Frame.binary(b"\x00\xff")


def test_receive_returns_the_message(connected: Notebook) -> None:
    """Text is a str, binary is bytes, --json is decoded."""
    for frame in (Frame.text("é"), Frame.binary(b"\x00"), Frame.text('{"a": [1]}'), Frame.binary(b"2")):
        connected.session.arrived.put_nowait(frame)
    assert connected.run("x = %ws recv\nx") == "é"
    assert connected.run("%ws receive") == b"\x00"
    assert connected.run("%ws recv --json") == {"a": [1]}
    assert connected.run("%ws recv --json --timeout 5") == 2


@pytest.mark.parametrize(
    "frame", [Frame.text("a", fin=False), Frame.ping(b"x"), Frame.text(b"\xff"), Frame(Opcode.CONTINUATION)]
)
def test_what_only_a_raw_session_hands_over_stays_a_frame(connected: Notebook, frame: Frame) -> None:
    """A fragment or a ping is no message: the frame itself is returned, and has no JSON."""
    connected.session.arrived.put_nowait(frame)
    connected.session.arrived.put_nowait(frame)
    assert connected.run("%ws recv") == frame
    assert "no whole message" in connected.refused("%ws recv --json", "ValueError")


def test_a_message_that_is_not_json_names_the_place(connected: Notebook) -> None:
    """The message is gone from the channel, and the sentence says where it is still to be had."""
    connected.session.arrived.put_nowait(Frame.text("nope"))
    connected.session.arrived.put_nowait(Frame.binary(b"\xff"))
    assert "the message is not JSON: Expecting value: line 1" in connected.refused(
        "%ws recv --json", "ValueError"
    )
    assert "see %ws log" in connected.refused("%ws recv --json", "ValueError")


def test_of_several_messages_that_one_is_named_that_is_not_json(connected: Notebook) -> None:
    """With its text, by which it is found in the log; the others are there too."""
    for text in ("1", "nope", "3"):
        connected.session.arrived.put_nowait(Frame.text(text))
    refused = connected.refused("%ws recv 3 --json", "ValueError")
    assert "message 2 of 3 is not JSON: Expecting value" in refused and "in 'nope'." in refused
    assert "All are dequeued, and in the log of one: see %ws log." in refused


# ---- looking ----


def test_no_answer_shows_a_peers_characters_as_they_came(connected: Notebook) -> None:
    """Escape sequences, reordering marks and carriage returns come out as escapes, in every verb that shows them."""
    session = connected.session
    session.log.rows.append({"payload": EVIL.encode(), "text": EVIL, "close_reason": EVIL, "detail": EVIL})
    session.arrived.put_nowait(Frame.text(EVIL))
    session.arrived.put_nowait(Frame.binary(EVIL.encode()))
    shown = "".join(
        connected.shown(f"import pandas\npandas.set_option('display.width', 500)\n{cell}")
        for cell in ("%ws recv", "%ws recv", "%ws log", f"%ws close 4000 {EVIL!r}", "%ws list")
    )
    assert not set(shown) & {"\x1b", "\u202e", "\r"}
    assert "a\\x1b[2Jb\\u202ec\\rd" in shown
    session.url = EVIL
    session.state = "open"
    assert not set(connected.shown("%ws list")) & {"\x1b", "\u202e", "\r"}
    assert not set(connected.refused(f"%ws use '{EVIL[:4]}'", "WorkbenchError")) & {"\x1b"}


def test_log_is_the_tail_and_df_is_everything(connected: Notebook) -> None:
    """%ws log has the last rows, 20 if not told; %ws df is session.df, exact."""
    connected.session.log.rows += [{"text": f"line\t{n}"} for n in range(30)]
    assert list(connected.run("%ws log").index) == list(range(10, 30))
    last = connected.run("%ws log 2")
    assert list(last["text"]) == ["line\\t28", "line\\t29"]
    assert len(connected.run("%ws log 0")) == 0
    frames = connected.run("frames = %ws df\nframes")
    assert list(frames["text"])[:2] == ["line\t0", "line\t1"]


def test_ping_is_a_number_of_seconds_that_reads_well(connected: Notebook) -> None:
    """It can be computed with, and a cell shows milliseconds."""
    latency = connected.run("latency = %ws ping\nlatency")
    assert latency == 0.00125
    assert repr(latency) == "pong after 1.25 ms"


def test_a_ping_without_a_pong_says_so(connected: Notebook) -> None:
    """--timeout of the ping is shorter than the session's own patience."""
    connected.session.pong = asyncio.Event()
    assert "no pong came within 0.01 s" in connected.refused("%ws ping --timeout 0.01", "PingTimeout")


def test_mask_sets_or_toggles(connected: Notebook) -> None:
    """on, off, or the other of the two; the answer warns of what a server does with unmasked frames."""
    assert connected.shown("%ws mask").endswith("masking is off for one: a correct server answers 1002\n")
    assert connected.shown("%ws mask on").endswith("masking is on for one\n")
    assert connected.shown("%ws mask off -n one").endswith("1002\n")
    assert connected.session.masking is False


def test_list_shows_all_sessions_and_marks_the_current_one(notebook: Notebook) -> None:
    """A table in order of opening; without a session a hint."""
    assert notebook.shown("%ws list").endswith("no session yet: %ws connect ws://host:port/path\n")
    notebook.run("%ws connect ws://lab/a --name a\n%ws connect ws://lab/b --name b")
    table = notebook.run("%ws list")
    assert list(table.index) == ["a", "b"]
    assert list(table["current"]) == ["", "*"]
    assert list(table["url"]) == ["ws://lab/a", "ws://lab/b"]


def test_use_chooses_whom_verbs_speak_to(notebook: Notebook) -> None:
    """And --name speaks to another one for once."""
    notebook.run("%ws connect ws://lab/a --name a\n%ws connect ws://lab/b --name b")
    assert notebook.shown("%ws use a").endswith("verbs without --name speak to a\n")
    notebook.run("%ws send to a\n%ws send --name b to b\n%ws select b\n%ws send also to b")
    sent = {
        name: [frame.read_text() for frame in session.sent]
        for name, session in notebook.bench.sessions.items()
    }
    assert sent == {"a": ["to a"], "b": ["to b", "also to b"]}


def test_session_returns_the_object(connected: Notebook) -> None:
    """From the magics to Python: it is the very session."""
    assert connected.run("session = %ws session\nsession") is connected.session


def test_close_and_terminate_tell_how_it_ended(connected: Notebook) -> None:
    """Code, message and who began it."""
    shown = connected.shown("%ws close 4000 that is all")
    assert shown.endswith("one closed by local: 4000: 'that is all'\n")
    assert connected.shown("%ws terminate").endswith("one aborted without a close frame\n")


@pytest.mark.parametrize("name", list(VERBS))
def test_each_verb_is_explained_with_its_example(notebook: Notebook, name: str) -> None:
    """By %ws help VERB, as by --help."""
    shown = notebook.shown(f"%ws help {name}")
    assert f"Example: %ws {VERBS[name].example}\n" in shown and "usage: %ws" in shown
    assert shown == notebook.shown(f"%ws {name} --help")


def test_an_answer_names_its_session_where_there_are_several(notebook: Notebook) -> None:
    """Also where the value itself is a number or a table."""
    notebook.run("%ws connect ws://lab/a --name a")
    assert repr(notebook.run("%ws ping")) == "pong after 1.25 ms"
    notebook.run("%ws connect ws://lab/b --name b")
    assert repr(notebook.run("%ws ping --name a")) == "pong after 1.25 ms from a"


def test_a_file_needs_no_text(connected: Notebook, tmp_path: Path) -> None:
    """--file stands in its place; a text beside it is refused."""
    (tmp_path / "a.txt").write_text("from a file")
    connected.run(f"%ws send --file {tmp_path}/a.txt")
    assert connected.session.sent == [Frame.text("from a file")]
    assert "keep one of them" in connected.refused(f"%ws send --file {tmp_path}/a.txt text", "ValueError")


@pytest.mark.parametrize(
    "cell",
    [
        "%ws connect --name feed curl 'https://h/a' -H 'Origin: https://h' -b 'a=1' -H 'X-Of: {who}'",
        "%ws connect --name feed curl 'https://h/a' \\\n -H 'Origin: https://h' \\\n -b 'a=1' -H 'X-Of: {who}';",
        "%%ws connect -n feed\ncurl 'https://h/a' \\\n -H 'Origin: https://h' \\\n -b 'a=1' -H 'X-Of: {who}'\n",
        '%%ws connect -n feed\ncurl ^"https://h/a^" ^\n -H ^"Origin: https://h^" ^\n -b ^"a=1^" -H ^"X-Of: ^{who^}^"',
    ],
)
def test_a_line_copied_as_curl_connects(notebook: Notebook, cell: str) -> None:
    """On the line and below it, for bash and for cmd, with options of ours before it."""
    notebook.run("who = 'me and you'")
    notebook.run(cell)
    assert (notebook.session.url, notebook.session.name) == ("wss://h/a", "feed")
    options = {"origin": "https://h", "cookies": {"a": "1"}, "headers": [("X-Of", "me and you")]}
    assert notebook.session.options == options


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%ws connect curl 'ws://h' -d x", "%ws connect: the option -d of curl has no meaning"),
        ("%%ws connect ws://h\ncurl ws://h", "only options may stand on the line of %%ws connect"),
        ("%%ws connect\nws://h", "a command copied from a browser: curl"),
    ],
)
def test_a_line_that_is_no_connection_is_refused(notebook: Notebook, cell: str, sentence: str) -> None:
    """With what to write."""
    assert sentence in notebook.refused(cell)
