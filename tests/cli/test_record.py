"""The verb record: limits, signals, and that what was recorded is in the file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wsnotebook

pytestmark = pytest.mark.long

Call = Callable[..., Any]
SUFFIXES = ["a.parquet", "a.jsonl", "a.har", "a.pcapng", "a/"]


def has_frames(log: wsnotebook.FrameLog, direction: str, texts: list[str]) -> bool:
    """Tell whether a direction of a log has these texts, in this order."""
    rows = log.df.query("direction == @direction and opcode == 'text'")
    return list(rows["text"]) == texts


@pytest.mark.parametrize("name", SUFFIXES)
def test_every_format_holds_the_conversation(name: str, run: Call, serve: Call, tmp_path: Path):
    """What was sent and what came is in the file, the closing handshake too."""
    done = run("record", serve("echo"), name, "--send", "one", "--send", "two", "--frames", "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{name}: 6 frames of 1 session (1000 NORMAL)\n"
    log = wsnotebook.load(f"{tmp_path}/{name}")
    assert has_frames(log, "out", ["one", "two"]) and has_frames(log, "in", ["one", "two"])
    assert list(log.df["opcode"])[-2:] == ["close", "close"]


def test_seconds_end_it(run: Call, serve: Call, tmp_path: Path):
    """A silent peer does not hold it up."""
    done = run("record", serve("silent"), "a.jsonl", "--send", "x", "--seconds", "0.1")
    assert done.returncode == 0
    assert has_frames(wsnotebook.load(tmp_path / "a.jsonl"), "out", ["x"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["a.parquet", "a.pcapng"])
def test_a_signal_ends_it_with_everything_saved(
    name: str, number: int, start: Call, serve: Call, tmp_path: Path
):
    """Code 130, no traceback, and the file has every frame up to the server's close, without a gap."""
    url = serve("ticker", "--set", "rate=2000", "--record", "server.pcapng")
    process = start("record", url, name, "--progress")
    while "frames" not in process.stderr.read(40):  # the bar: it is connected, and counts
        pass
    process.send_signal(number)
    assert process.wait(timeout=60) == 130
    assert "Traceback" not in process.stderr.read()
    log = wsnotebook.load(tmp_path / name)
    texts = log.df.query("direction == 'in' and opcode == 'text'")["text"]
    assert len(texts) and all(f'"seq":{n},' in text for n, text in enumerate(texts))
    assert set(log.df["direction"][log.df["opcode"] == "close"]) == {"in", "out"}
    assert f"{len(log):,} frames" in process.stdout.read()


def test_a_second_signal_loses_nothing(start: Call, serve: Call, tmp_path: Path):
    """A peer that never answers the close: the second Ctrl-C ends the wait for it, and the file is still written."""
    process = start(
        "record", serve("silent", "--set", "reading=false"), "a.parquet", "--send", "x", "--progress"
    )
    while "frames" not in process.stderr.read(40):
        pass
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # no event tells that it waits for the peer's close
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert "Traceback" not in process.stderr.read()
    assert has_frames(wsnotebook.load(tmp_path / "a.parquet"), "out", ["x"])


def test_a_peer_that_closes_early_is_1_and_saved(run: Call, serve: Call, tmp_path: Path):
    """Fewer frames than were asked for are a failure; what came is in the file."""
    done = run("record", serve("closer", "--set", "after=1"), "a.jsonl", "--send", "x", "--frames", "100")
    assert done.returncode == 1
    assert "before the limit was reached: 1000 NORMAL. What came is in a.jsonl" in done.stderr
    assert has_frames(wsnotebook.load(tmp_path / "a.jsonl"), "in", ["x"])


@pytest.mark.parametrize(("code", "returned"), [(1000, 0), (1011, 1)])
def test_without_a_limit_the_peers_close_is_the_end(code: int, returned: int, run: Call, serve: Call):
    """A normal one is done, another a failure."""
    done = run("record", serve("closer", "--set", f"code={code}"), "a.jsonl")
    assert done.returncode == returned


def test_a_message_that_matches_ends_it(run: Call, serve: Call, tmp_path: Path):
    """The close follows; what came before is there."""
    done = run("record", serve("ticker", "--set", "rate=200"), "a.jsonl", "--until", '{"seq": 7}')
    assert (done.returncode, done.stderr) == (0, "")
    texts = wsnotebook.load(tmp_path / "a.jsonl").df.query("opcode == 'text'")["text"]
    assert any('"seq":7,' in text for text in texts)


def test_the_last_message_before_the_close_of_the_peer_matches(run: Call, serve: Call):
    """Though both have arrived at once."""
    done = run("record", serve("closer", "--set", "after=1"), "a.jsonl", "--send", "one", "--until", "one")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("behaviour", "words", "how"),
    [
        (("echo",), ("--seconds", "0.2"), "within 0.2 s"),
        (("closer", "--set", "after=1"), (), "before the session ended (1000 NORMAL)"),
    ],
)
def test_what_came_instead_is_said(
    behaviour: tuple[str, ...], words: tuple[str, ...], how: str, run: Call, serve: Call, tmp_path: Path
):
    """Exit code 1, and the recording is there."""
    done = run("record", serve(*behaviour), "a.jsonl", "--send", "one", "--until", "two", *words)
    assert done.returncode == 1
    assert f"expected 'two', but 'one' came {how}" in done.stderr and "is in a.jsonl" in done.stderr
    assert has_frames(wsnotebook.load(tmp_path / "a.jsonl"), "in", ["one"])


@pytest.mark.parametrize("name", ["a.pcapng", "a.parquet"])
def test_a_recording_is_never_overwritten(name: str, run: Call, tmp_path: Path):
    """It is wrong usage, found before anything is connected."""
    (tmp_path / name).write_bytes(b"precious")
    done = run("record", "ws://127.0.0.1:1/", name)
    assert done.returncode == 2 and "has something in it" in done.stderr
    assert (tmp_path / name).read_bytes() == b"precious"


def test_progress_is_shown_only_where_it_is_wanted(run: Call, serve: Call):
    """Not in a pipe, but with --progress."""
    url = serve("echo")
    quiet = run("record", url, "a.jsonl", "--send", "x", "--frames", "2")
    shown = run("record", url, "b.jsonl", "--send", "x", "--frames", "2", "--progress")
    assert quiet.stderr == "" and "2/2" in shown.stderr


def test_stdout_has_a_line_of_json_for_each_frame(run: Call, serve: Call, tmp_path: Path):
    """And nothing else; what is said is on stderr. No file is made."""
    done = run("record", serve("echo"), "-", "--send", "a\x1b", "--frames", "2")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [(line["direction"], line["opcode"]) for line in lines] == [
        *(("out", "text"), ("in", "text")),
        *(("out", "close"), ("in", "close")),
    ]
    assert lines[1]["text"] == "a\x1b"
    assert done.stderr == "wsnotebook record: -: 4 frames of 1 session (1000 NORMAL)\n"
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("to", ["parquet", "pcapng", "har"])
def test_stdout_is_a_whole_file_of_another_format(
    to: str, serve: Call, environment: dict[str, str], tmp_path: Path
):
    """It is written at the end, and can be loaded."""
    command = [
        sys.executable,
        "-m",
        "wsnotebook",
        "record",
        serve("echo"),
        "-",
        "--to",
        to,
        "--send",
        "one",
        "--frames",
        "2",
    ]
    with (tmp_path / f"a.{to}").open("wb") as file:
        subprocess.run(command, env=environment, stdout=file, check=True, timeout=60)
    assert has_frames(wsnotebook.load(tmp_path / f"a.{to}"), "in", ["one"])


def test_a_reader_that_leaves_ends_it_quietly(start: Call, serve: Call):
    """``… | head -1``: the first line comes at once, the end soon, with the status of a tool that SIGPIPE ends."""
    process = start("record", serve("ticker", "--set", "rate=1000"), "-", "--quiet")
    assert json.loads(process.stdout.readline())["seq"] == 0
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""


def test_quiet_says_nothing(run: Call, serve: Call):
    """The file is the result; a failure is still said."""
    done = run("record", serve("echo"), "a.jsonl", "--send", "x", "--frames", "2", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("record", serve("closer"), "b.jsonl", "--frames", "100", "--quiet")
    assert (done.returncode, done.stdout) == (1, "") and "before the limit" in done.stderr


def test_reconnect_goes_on_in_the_same_file(start: Call, unused_tcp_port: int, tmp_path: Path):
    """A server that was killed comes back: the texts of --send are sent again, and each attempt is said."""
    serve = ("serve", "echo", "--port", str(unused_tcp_port))
    url = f"ws://127.0.0.1:{unused_tcp_port}"
    first = start(*serve)
    assert first.stdout.readline().strip() == url
    words = ("--reconnect", "--send", "hello", "--frames", "4", "--progress")
    process = start("record", url, "a.pcapng", *words)
    said = ""
    while "2/4" not in said:
        said += process.stderr.read(1)
    first.kill()
    while "attempt 1 failed: " not in said:
        said += process.stderr.read(1)
    assert start(*serve).stdout.readline().strip() == url
    assert process.wait(timeout=60) == 0
    assert "connecting again: attempt 0 ended with 1006" in said
    df = wsnotebook.load(tmp_path / "a.pcapng").df
    texts = df.query("opcode == 'text'")
    assert texts["text"].tolist() == ["hello"] * 4 and texts["attempt"].nunique() == 2


def test_reconnect_ends_with_a_normal_close(run: Call, serve: Call):
    """The peer has said that it is done."""
    done = run("record", serve("closer"), "a.jsonl", "--reconnect")
    assert done.returncode == 0 and "connecting again" not in done.stderr


def test_the_time_is_over_between_two_attempts_too(run: Call, serve: Call):
    """A peer that complains is dialled until then; the file has all sessions."""
    done = run("record", serve("closer", "--set", "code=1013"), "a.jsonl", "--reconnect", "--seconds", "1")
    assert done.returncode == 0
    assert "attempt 0 ended with 1013" in done.stderr and "attempt 1 ended" in done.stderr
