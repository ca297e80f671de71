"""The verb proxy: its address, what it records, its faults, and how it stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wsnotebook

pytestmark = pytest.mark.long

Call = Callable[..., Any]


def test_a_program_that_is_given_its_address_is_recorded(serve: Call, start: Call, run: Call, tmp_path: Path):
    """Both connections are in the file; the last line counts."""
    middle = start("proxy", serve("echo"), "--record", "a.pcapng")
    url = middle.stdout.readline().strip()
    assert run("send", url, "hello", "--count", "1").stdout == "hello\n"
    middle.terminate()
    assert middle.wait(timeout=60) == 130
    assert "frames of 2 sessions, 0 refused, 0 errors" in middle.stderr.read()
    df = wsnotebook.load(tmp_path / "a.pcapng").df.query("opcode == 'text'")
    assert df[["session", "direction", "text"]].values.tolist() == [
        ["client-1", "out", "hello"],
        ["upstream-1", "out", "hello"],
        ["upstream-1", "in", "hello"],
        ["client-1", "in", "hello"],
    ]


def test_a_fault_is_a_line_of_words(serve: Call, start: Call, run: Call):
    """As of serve --set."""
    url = start("proxy", serve("echo"), "--fault", "drop every=2 direction=out").stdout.readline().strip()
    assert run("send", url, "a", "b", "c", "--count", "2").stdout == "a\nc\n"


def test_without_a_server_it_is_an_http_proxy(serve: Call, start: Call, run: Call, tmp_path: Path):
    """Its address is a value of HTTP_PROXY and --proxy; the CA of the hosts that are opened is named."""
    middle = start("proxy", "--record", "a.parquet", "--mitm", "localhost")
    url = middle.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    assert f"have to trust {tmp_path / 'state'}" in middle.stderr.readline()
    assert run("send", serve("echo"), "hello", "--count", "1", "--proxy", url).stdout == "hello\n"
    middle.terminate()
    assert middle.wait(timeout=60) == 130
    assert wsnotebook.load(tmp_path / "a.parquet").df["text"].dropna().tolist() == ["hello"] * 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("http://127.0.0.1:1",), "a WebSocket's is ws"),
        (("ws://127.0.0.1:1", "--mitm", "h"), "leave the upstream away"),
        (("--mitm", "https://h"), "is no host"),
        (("ws://127.0.0.1:1", "--fault", "lag"), "choose one of delay"),
        (("ws://127.0.0.1:1", "--fault", "delay speed=1"), "its parameters are seconds"),
        (("ws://127.0.0.1:1", "--fault", "delay direction=up"), "'in' or 'out'"),
        (("ws://127.0.0.1:1", "--allow-origin", "*"), "is not an origin"),
    ],
)
def test_a_wrong_argument_is_one_sentence(run: Call, words: tuple[str, ...], said: str):
    """With exit code 2."""
    done = run("proxy", *words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
