"""The verb connect: a person at a prompt, in a real terminal, and the same in a pipe."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

import wsnotebook

Call = Callable[..., Any]
pytestmark = pytest.mark.long


@pytest.fixture
def prompt(environment: dict[str, str], tmp_path: Path) -> Iterator[Call]:
    """Start the client in a terminal of 80 columns, and wait for its prompt."""
    started: list[Any] = []

    def begin(*words: str, **variables: str) -> Any:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "wsnotebook", "connect", *words],
            # NO_CPR: nobody answers the question for the cursor here
            env={**environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **variables},
            cwd=str(tmp_path),
            dimensions=(24, 80),
            timeout=60,
            encoding="utf-8",
        )
        started.append(child)
        child.expect("connected to ws://")
        child.expect_exact("\x1b[0m>")
        return child

    yield begin
    for child in started:
        child.close(force=True)


def leave(child: Any, code: int) -> str:
    """Wait for the end, and return what was shown until then."""
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == code
    return str(child.before)


def test_a_line_is_sent_and_its_answer_shown(prompt: Call, serve: Call):
    """In the colour of its direction; Ctrl-D closes with 1000."""
    child = prompt(serve("echo"))
    child.sendline("hello")
    child.expect_exact("\x1b[36m< hello\x1b[0m")
    child.sendline("//slash")
    child.expect_exact("< /slash")
    child.sendline("/ping")
    child.expect("pong after")
    child.sendeof()
    assert "closed by local: 1000 NORMAL" in leave(child, 0)


def test_ctrl_c_closes_with_1000_and_the_recording_is_whole(prompt: Call, serve: Call, tmp_path: Path):
    """The close frame is in the file, and so is the message."""
    child = prompt(serve("echo"), "--record", "talk.pcapng", "--show-control")
    child.sendline("hello")
    child.expect_exact("< hello")
    child.sendintr()
    assert "> close 1000" in leave(child, 0)
    df = wsnotebook.load(tmp_path / "talk.pcapng").df
    assert df["text"].dropna().tolist() == ["hello", "hello"]
    assert df["close_code"].dropna().tolist() == [1000, 1000]


def test_a_half_typed_line_stays_whole(prompt: Call, serve: Call, tmp_path: Path):
    """A feed is drawn above it, and it is sent as it was typed; what has no room is counted."""
    child = prompt(serve("ticker", "--set", "rate=2000"), "--record", "talk.pcapng")
    child.send("half a ")
    child.expect("more frames, in the log")
    child.expect("more frames, in the log")
    child.sendline("line")
    child.sendeof()
    leave(child, 0)
    df = wsnotebook.load(tmp_path / "talk.pcapng").df
    assert df.loc[df["direction"] == "out", "text"].dropna().tolist() == ["half a line"]


def test_history_is_there_the_next_day(prompt: Call, serve: Call):
    """Arrow up brings the line of the last run."""
    url = serve("echo")
    child = prompt(url)
    child.sendline("remember me")
    child.expect_exact("< remember me")
    child.sendeof()
    leave(child, 0)
    child = prompt(url)
    child.sendline("\x1b[A")
    child.expect_exact("< remember me")
    child.sendeof()
    leave(child, 0)


def test_no_color_and_the_peer_closes(prompt: Call, serve: Call):
    """Without colours the lines are plain; a complaint of the peer is code 1, and its reason is said."""
    child = prompt(serve("closer", "--set", "code=1013", "--set", "after=1"), NO_COLOR="1")
    child.sendline("a\x1b[A")
    shown = leave(child, 1)
    assert not re.search(r"\x1b\[[\d;]*3\d", shown) and "1013 TRY_AGAIN_LATER" in shown


def test_a_pipe_sends_lines_and_prints_answers(run: Call, serve: Call):
    """Unchanged, as the reader of a pipe needs them."""
    done = run("connect", serve("echo"), "--wait", "0.5", stdin="one\na\x1b[2Jb\tc\nlast")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\na\x1b[2Jb\tc\nlast\n", "")


def test_json_lines(run: Call, serve: Call):
    """Each line is JSON with direction, opcode and text."""
    done = run("connect", serve("echo"), "--json", "--wait", "0.5", stdin="a\x1b\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["direction"], line["opcode"], line["text"]) for line in lines] == [
        ("out", "text", "a\x1b"),
        ("in", "text", "a\x1b"),
    ]


def test_a_peer_that_complains_is_1_in_a_pipe(run: Call, serve: Call):
    """The messages before it are printed."""
    done = run(
        "connect", serve("closer", "--set", "code=1013", "--set", "after=1"), "--wait", "20", stdin="x\n"
    )
    assert (done.returncode, done.stdout) == (1, "x\n")
    assert "1013 TRY_AGAIN_LATER" in done.stderr


def test_a_peer_that_closes_before_the_input_has_ended_is_1(start: Call, serve: Call):
    """Whether more would have come of it, nobody knows: the sentence says what is known."""
    process = start("connect", serve("closer", "--set", "code=1000", "--set", "after=1"))
    process.stdin.write("one\n")
    process.stdin.flush()
    assert process.wait(30) == 1
    assert "the session ended before the end of the input: 1000" in process.stderr.read()


def test_a_reader_that_leaves_ends_it_quietly(start: Call, serve: Call):
    """``… | head -1``."""
    process = start("connect", serve("ticker", "--set", "rate=1000"))
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""


def test_an_interrupt_is_130_in_a_pipe(start: Call, serve: Call):
    """Without a traceback."""
    process = start("connect", serve("echo"))
    process.stdin.write("one\n")
    process.stdin.flush()
    assert process.stdout.readline() == "one\n"
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert process.stderr.read() == ""


def test_reconnect_loses_no_half_typed_line(prompt: Call, start: Call, unused_tcp_port: int, tmp_path: Path):
    """A line that is refused meanwhile stands at the prompt again; the recording goes on in the same file."""
    serve = ("serve", "echo", "--port", str(unused_tcp_port))
    first = start(*serve)
    url = first.stdout.readline().strip()
    child = prompt(url, "--reconnect", "--record", "talk.jsonl")
    child.send("half a ")
    first.kill()
    child.expect("attempt 1 failed: nothing listens there")
    child.sendline("line")
    child.expect("not sent: ")
    child.send("!")
    second = start(*serve)
    child.expect("connected to ws://.* again")
    child.sendline("")
    child.expect_exact("< half a line!")
    child.sendeof()
    leave(child, 0)
    assert second.poll() is None
    df = wsnotebook.load(tmp_path / "talk.jsonl").df
    assert df["text"].dropna().tolist() == ["half a line!"] * 2


def test_close_ends_it_also_while_it_is_connected_again(prompt: Call, start: Call, unused_tcp_port: int):
    """As the loss was no normal close, the exit code is 1."""
    first = start("serve", "echo", "--port", str(unused_tcp_port))
    child = prompt(first.stdout.readline().strip(), "--reconnect")
    first.kill()
    child.expect("attempt 1 failed")
    child.sendline("/close")
    leave(child, 1)


def test_the_chosen_session_stays_when_another_is_connected_again(
    prompt: Call, start: Call, serve: Call, unused_tcp_port: int
):
    """What is typed goes where it went before."""
    lost = ("serve", "echo", "--port", str(unused_tcp_port))
    first = start(*lost)
    child = prompt(first.stdout.readline().strip(), "--reconnect")
    child.sendline(f"/connect {serve('echo')} --name other")
    child.expect("other is open")
    first.kill()
    child.expect("attempt 1 failed")
    start(*lost)
    child.expect("connected to ws://.* again")
    child.sendline("hello")
    child.expect_exact("other < hello")
    child.sendeof()
    leave(child, 0)


def test_a_pipe_is_connected_again(start: Call, unused_tcp_port: int):
    """A line that comes meanwhile waits for the next session."""
    serve = ("serve", "echo", "--port", str(unused_tcp_port))
    first = start(*serve)
    process = start("connect", first.stdout.readline().strip(), "--reconnect")
    process.stdin.write("one\n")
    process.stdin.flush()
    assert process.stdout.readline() == "one\n"
    first.kill()
    while "attempt 1 failed" not in process.stderr.readline():
        pass
    process.stdin.write("two\n")
    process.stdin.close()
    start(*serve)
    assert process.stdout.readline() == "two\n"
    assert process.wait(timeout=60) == 0


def test_no_color_is_for_the_prompt_too(prompt: Call, serve: Call):
    """What stands there when the person leaves is grey otherwise."""
    for variables, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        child = prompt(serve("echo"), **variables)
        child.sendeof()
        assert bool(re.search(r"\x1b\[[\d;]*38;5;", leave(child, 0))) == is_coloured
