"""The verb send: what goes out, what is printed, and when it counts as a failure."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wsnotebook
from wsnotebook.lab import embedded_server

pytestmark = pytest.mark.long  # a process for each call

Call = Callable[..., Any]


def test_a_message_and_its_answer(run: Call, serve: Call):
    """The answer is a line of stdout, and nothing else is; options may stand anywhere."""
    done = run("send", serve("echo"), "--count", "2", "hello", "--no-compression", "you")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\nyou\n", "")


def test_lines_of_stdin_are_messages(run: Call, serve: Call):
    """Also empty ones, and the last without a line end; a carriage return belongs to the line end."""
    done = run("send", serve("echo"), "--count", "4", stdin="one\r\n\nzwei ü\nlast")
    assert (done.returncode, done.stdout) == (0, "one\n\nzwei ü\nlast\n")


def test_what_a_peer_sends_cannot_move_the_cursor(run: Call, serve: Call):
    """Escape sequences, bidirectional marks and line breaks inside a message are shown, not obeyed."""
    done = run("send", serve("echo"), "--count", "1", "a\x1b[2J\u202eb\nc")
    assert done.stdout == "a\\x1b[2J\\u202eb\\nc\n"


def test_unchanged_is_as_it_came_in_a_pipe(run: Call, serve: Call):
    """With --unchanged a pipe gets the text itself."""
    done = run("send", serve("echo"), "--count", "1", "--unchanged", "a\x1b[2Jb")
    assert done.stdout == "a\x1b[2Jb\n"


def test_unchanged_is_escaped_on_a_terminal(serve: Call, environment: dict[str, str]):
    """On a terminal --unchanged changes nothing, and says so."""
    url = serve("echo")
    reading, terminal = pty.openpty()
    command = [sys.executable, "-m", "wsnotebook", "send", url, "--count", "1", "--unchanged", "a\x1b[2Jb"]
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    os.close(terminal)
    shown = os.read(reading, 1000)
    os.close(reading)
    assert shown.strip() == b"a\\x1b[2Jb"
    assert b"--unchanged is for files and pipes" in done.stderr


def test_binary_messages_are_hex(run: Call, serve: Call):
    """They go out from hex, and come back as hex."""
    done = run("send", serve("echo"), "de ad be ef", "--hex", "--count", "1")
    assert done.stdout == "<4 bytes> de ad be ef\n"


def test_fewer_answers_than_expected_are_1(run: Call, serve: Call):
    """The sentence says how many came; those are printed."""
    done = run("send", serve("echo"), "hello", "--count", "2", "--wait", "0.2")
    assert (done.returncode, done.stdout) == (1, "hello\n")
    assert "1 of 2 expected messages came within 0.2 s" in done.stderr


TICK = '{"type": "tick", "price": [1, 2]}'


@pytest.mark.parametrize(
    "patterns",
    [("ick",), (r"/pri.e/",), ('{"price": [1, 2]}',), ("one", "/^tw.$/", '{"type": "tick"}')],
    ids=str,
)
def test_an_expected_message_ends_it(patterns: tuple[str, ...], run: Call, serve: Call):
    """A part, a regular expression or a subset of the JSON; several in order. What came until then is printed."""
    words = [word for pattern in patterns for word in ("--expect", pattern)]
    done = run("send", serve("echo"), "one", "two", TICK, "four", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"one\ntwo\n{TICK}\n", "")


def test_what_came_instead_is_said(run: Call, serve: Call):
    """Exit code 1, within --wait and at the end of the session; the first that is missing, and how the nearest differs."""
    words = ("--expect", "one", "--expect", '{"type": "ack"}')
    done = run("send", serve("echo"), "one", TICK, *words, "--wait", "0.2")
    assert (done.returncode, done.stdout) == (1, f"one\n{TICK}\n")
    assert "expected JSON with" in done.stderr and '$.type is "tick", expected "ack"' in done.stderr
    assert "within 0.2 s" in done.stderr and "session.log" not in done.stderr
    done = run("send", serve("closer", "--set", "after=1"), "one", "--expect", "two")
    assert done.returncode == 1 and "'one' came before the session ended (1000 NORMAL)" in done.stderr


@pytest.mark.parametrize(("code", "returned"), [(1000, 0), (1013, 1)])
def test_how_the_peer_closes_decides(code: int, returned: int, run: Call, serve: Call):
    """A normal close after everything was sent is done; a complaint is a failure, and its reason is said."""
    done = run(
        "send", serve("closer", "--set", f"code={code}", "--set", "reason=later", "--set", "after=1"), "x"
    )
    assert (done.returncode, done.stdout) == (returned, "x\n")
    assert ("1013 TRY_AGAIN_LATER: 'later'" in done.stderr) is bool(returned)


def test_a_broken_rule_of_the_peer_is_1(run: Call, serve: Call):
    """The rule stands in the sentence."""
    done = run("send", serve("rude", "--set", "violations=bad-utf8"), "x", "--wait", "30")
    assert done.returncode == 1
    assert "the peer broke the protocol" in done.stderr and "Traceback" not in done.stderr


def test_a_text_of_a_raw_session_that_is_no_utf_8_is_1(run: Call, serve: Call):
    """It has no form to print; the sentence says so."""
    done = run("send", serve("rude", "--set", "violations=bad-utf8"), "x", "--raw", "--wait", "30")
    assert done.returncode == 1
    assert "a text that is not UTF-8" in done.stderr and done.stderr.count("\n") == 1


def test_a_wrong_line_of_stdin_is_2(run: Call, serve: Call):
    """The line is named."""
    done = run("send", serve("echo"), "--json", stdin='{"a": 1}\n{"a": \n')
    assert done.returncode == 2
    assert """line '{"a": '""" in done.stderr


def test_an_interrupt_is_130(start: Call, serve: Call):
    """While it waits for a person to type, Ctrl-C ends it without a traceback."""
    process = start("send", serve("echo"))
    process.stdin.write("one\n")
    process.stdin.flush()
    assert process.stdout.readline() == "one\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert process.stderr.read() == ""


def test_a_reader_that_leaves_is_no_traceback(start: Call, serve: Call):
    """``… | head -1``: the command ends soon, with 141."""
    process = start("send", serve("ticker", "--set", "rate=1000"), "x", "--wait", "60")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""


def test_raw_and_record_are_what_they_are_elsewhere(run: Call, serve: Call, tmp_path: Path):
    """A raw session leaves a ping of the peer to its user, and the file has every frame."""
    url = serve("pings", "--set", "interval=0.05")
    for words, pongs in (((), True), (("--raw",), False)):
        name = f"pongs-{pongs}.jsonl"
        done = run("send", url, "x", "--wait", "0.5", "--record", name, *words)
        df = wsnotebook.load(tmp_path / name).df
        assert (df["opcode"] == "ping").any()
        assert (df.query("direction == 'out'")["opcode"] == "pong").any() == pongs, done.stderr


async def test_headers_reach_the_server(run: Call):
    """--header and --origin stand in the request; a page's origin that the server does not know is refused with 1."""
    import asyncio

    async with embedded_server("echo", origins=["http://known.example"]) as server:
        words = ("send", server.url, "x", "--count", "1", "--header", "X-Token: secret", "--origin")
        good = await asyncio.to_thread(run, *words, "http://known.example")
        bad = await asyncio.to_thread(run, *words, "http://other.example")
        requests = [connection.request for connection in server.log.connections]
    assert (good.returncode, bad.returncode) == (0, 1)
    assert "expected status 101, got 403" in bad.stderr
    assert len(requests) == 1 and b"X-Token: <redacted:" in requests[0]
