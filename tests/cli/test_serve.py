"""The verb serve: its address, its parameters, and how it stops."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wsnotebook
from wsnotebook.cli.outcome import WrongUsage
from wsnotebook.cli.parameters import describe_parameters, parse_parameters
from wsnotebook.lab import BEHAVIOURS, playback, ticker

pytestmark = pytest.mark.long

Call = Callable[..., Any]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_in_order(number: int, start: Call):
    """The client gets 1001, the exit code is 130, the last line counts what there was."""
    process = start("serve", "echo")
    session = await wsnotebook.connect(process.stdout.readline().strip())
    await session.send("x")
    assert await session.receive() == "x"
    process.send_signal(number)
    assert (await session.close_reason).code == 1001
    assert process.wait(timeout=60) == 130
    said = process.stderr.read()
    assert "frames of 1 session, 0 refused, 0 errors" in said and "Traceback" not in said


def test_record_keeps_what_the_server_saw(start: Call, run: Call, tmp_path: Path):
    """The file has the frames of every client."""
    server = start("serve", "echo", "--record", "a.pcapng")
    url = server.stdout.readline().strip()
    run("send", url, "one", "--count", "1")
    run("send", url, "two", "--count", "1")
    server.terminate()
    server.wait(timeout=60)
    df = wsnotebook.load(tmp_path / "a.pcapng").df
    assert list(df.query("direction == 'in' and opcode == 'text'")["text"]) == ["one", "two"]
    assert set(df["session"]) == {"client-1", "client-2"}


def test_seconds_end_it_with_0(run: Call):
    """Where nothing went wrong."""
    done = run("serve", "echo", "--seconds", "0.1")
    assert done.returncode == 0 and done.stdout.startswith("ws://127.0.0.1:")


def test_another_interface_is_warned_of(run: Call):
    """Anything that is not loopback lets other machines in: one sentence says so."""
    done = run("serve", "echo", "--host", "0.0.0.0", "--seconds", "0", "--port", "0")
    assert "other machines can reach it" in done.stderr and "Traceback" not in done.stderr


def test_a_taken_port_is_2(serve: Call, run: Call):
    """The sentence names it."""
    port = serve("echo").rpartition(":")[2]
    done = run("serve", "echo", "--port", port)
    assert done.returncode == 2 and f"port {port}" in done.stderr


@pytest.mark.parametrize(
    ("maker", "words", "values"),
    [
        (
            ticker,
            ["rate=100", "symbols=A,B", "count=null"],
            {"rate": 100, "symbols": ["A", "B"], "count": None},
        ),
        (BEHAVIOURS["closer"], ["reason=123", "code=null"], {"reason": "123", "code": None}),
        (BEHAVIOURS["silent"], ["reading=false"], {"reading": False}),
        (playback, ["match=equal", "speed=null"], {"match": "equal", "speed": None}),
        (playback, ["match=null", "session=7"], {"match": None, "session": "7"}),
    ],
)
def test_a_parameter_is_read_as_its_annotation_says(maker: Any, words: list[str], values: dict[str, Any]):
    """Numbers, true, false and null as in JSON, texts as they are, lists with commas."""
    assert parse_parameters(maker, "it", words) == values


@pytest.mark.parametrize("word", ["rate=fast", "rate=[1]", "seed=null", "rate", "RATE=1"])
def test_a_wrong_parameter_is_named(word: str):
    """A value that does not fit, no value, no such name."""
    with pytest.raises(WrongUsage, match=word.partition("=")[0]):
        parse_parameters(ticker, "ticker", [word])


@pytest.mark.parametrize("maker", [*BEHAVIOURS.values(), playback], ids=lambda maker: maker.__name__)
def test_what_the_help_shows_can_be_given(maker: Any):
    """The defaults as they are written are read back as the defaults."""
    words = describe_parameters(maker).split(" ") if describe_parameters(maker) else []
    defaults = dict(maker.__kwdefaults__ or {})
    read = parse_parameters(maker, "it", words)
    assert {
        name: tuple(v) if isinstance(v, list) else v for name, v in read.items() if name in defaults
    } == defaults
