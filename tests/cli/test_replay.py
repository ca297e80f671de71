"""The verb replay: a recorded client against another server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wsnotebook

pytestmark = pytest.mark.long

Call = Callable[..., Any]


@pytest.fixture
def recorded(run: Call, serve: Call) -> str:
    """A recording of three messages to a silent server, and the close."""
    words = ("--send", "one", "--send", "two", "--send", "three", "--frames", "3")
    assert run("record", serve("silent"), "source.parquet", *words).returncode == 0
    return "source.parquet"


def test_the_server_gets_what_was_sent_then(recorded: str, run: Call, serve: Call, tmp_path: Path):
    """All messages and the close; answers are in the file of --record."""
    done = run("replay", recorded, serve("echo"), "--speed", "max", "--record", "again.jsonl", "--progress")
    assert done.returncode == 0
    assert done.stdout.startswith("sent 4 frames, ") and "4/4" in done.stderr
    df = wsnotebook.load(tmp_path / "again.jsonl").df
    assert list(df.query("direction == 'out' and opcode == 'text'")["text"]) == ["one", "two", "three"]
    assert list(df.query("direction == 'out' and opcode == 'close'")["close_code"]) == [1000]


def test_a_peer_that_closes_early_is_1(recorded: str, run: Call, serve: Call):
    """Before the last frame or after it: the sentence says why it ended."""
    done = run("replay", recorded, serve("closer", "--set", "code=1013"), "--speed", "0.001")
    assert done.returncode == 1
    assert (
        "the session ended" in done.stderr
        and "1013 TRY_AGAIN_LATER" in done.stderr
        and "4 frames" in done.stderr
    )


def test_replies_that_do_not_come_are_1(run: Call, serve: Call):
    """Each request waits for the replies that were recorded before it, unless only the times count."""
    assert run("record", serve("echo"), "a.parquet", "--send", "one", "--frames", "2").returncode == 0
    words = ("replay", "a.parquet", serve("silent"), "--speed", "max", "--reply-timeout", "0.1")
    missing, timed = run(*words), run(*words, "--wait", "time")
    assert missing.returncode == 1 and "1 recorded replies did not come" in missing.stderr
    assert timed.returncode == 0 and timed.stdout.startswith("sent 2 frames")


def test_a_server_plays_the_other_side(run: Call, serve: Call):
    """A recording of an echo served as a cassette answers the client that it was made with, and no other."""
    assert run("record", serve("echo"), "a.parquet", "--send", "one", "--frames", "2").returncode == 0
    cassette = serve("a.parquet", "--set", "match=equal", "--set", "speed=null")
    same = run("send", cassette, "one", "--count", "1")
    other = run("send", cassette, "else", "--count", "1")
    assert (same.returncode, same.stdout) == (0, "one\n")
    assert other.returncode == 1 and "before the session ended: 1011" in other.stderr


def test_which_session_must_be_said(recorded: str, run: Call, start: Call):
    """A recording of a server has one a client, and 'in' is what clients sent."""
    server = start("serve", "echo", "--record", "server.parquet")
    url = server.stdout.readline().strip()
    for text in ("a", "b"):
        run("send", url, text, "--count", "1")
    server.terminate()
    assert server.wait(timeout=60) == 130
    echo = start("serve", "echo")
    url = echo.stdout.readline().strip()
    words = ("replay", "server.parquet", url, "--direction", "in")
    unnamed, named = run(*words), run(*words, "--session", "client-2", "--record", "b.jsonl")
    assert unnamed.returncode == 2 and "several sessions, say which: client-1, client-2" in unnamed.stderr
    assert named.returncode == 0 and named.stdout.startswith("sent 2 frames")
