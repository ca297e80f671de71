"""The verbs that look at a recording, keep it and play it again, on a real session and as they are typed."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wsnotebook.errors import WsNotebookError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.kernel.line import parse
from wsnotebook.lab import Send, embedded_server
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.verbs import VERBS

ROOT = Path(__file__).parents[2]
SECRETS = ("s3cret", "t0ken", "c00kie")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with embedded_server("echo") as server:
        yield server


@pytest_asyncio.fixture
async def bench(server: EmbeddedServer) -> AsyncIterator[Workbench]:
    """A session called feed that has sent and received a text, JSON, bytes and a ping."""
    bench = Workbench()
    session = await bench.connect(
        f"{server.url}?token={SECRETS[0]}",
        name="feed",
        auth=SECRETS[1],
        cookies={"sid": SECRETS[2]},
        proxy=None,
    )
    for item in ("error 42", '{"a": 1}', b"\x00\xff"):
        await session.send(item)
        await session.receive()
    await session.ping(b"hi")
    async with session:
        yield bench


async def do(bench: Workbench, line: str) -> Any:
    """Run a line as %ws does."""
    command = parse(line, None, VERBS, {})
    assert command.verb is not None
    result = command.verb.run(bench, command.arguments)
    return await result if command.verb.waits else result


FILTERS = {
    "log": [0, 1, 2, 3, 4, 5, 6, 7],
    "log 3": [5, 6, 7],
    "log -n 3": [5, 6, 7],
    "log 0": [],
    "log --in": [1, 3, 5, 7],
    "log --out": [0, 2, 4, 6],
    "log 1 --out": [6],
    "log --opcode binary": [4, 5],
    "log --opcode pong --out": [],
    "log --grep error": [0, 1],
    r"log --grep \d{2}": [0, 1],
    r"log --grep /^\{{/ --in": [3],
    "log --grep nothing": [],
    "log --since 100 --in -n 2": [5, 7],
    "log --since 0.000000001": [],
}


@pytest.mark.parametrize("line", FILTERS)
async def test_log_shows_the_frames_that_are_asked_for(bench: Workbench, line: str) -> None:
    """Each filter alone and together; the number counts what the others leave."""
    assert (await do(bench, line)).index.tolist() == FILTERS[line]


REFUSED = {
    "log --in --out": "argument --out: it excludes --in: keep one of them",
    "log 3 -n 3": "N is given twice, 3 and -n 3: keep one of them",
    "log --grep (": r"'\(' is no regular expression: .*; a backslash stands before",
    "log --opcode foo": "invalid choice: 'foo'",
    "log --since 5m": "'5m' is no number of seconds above 0",
    "send --hex --json 00": "argument --json: it excludes --hex: keep one of them",
    "limit 0": "'0' is no size in whole bytes: write 65536, 64KiB",
    "pings 0": "'0' is no number of seconds above 0, and not off",
    "plot size": "invalid choice: 'size'",
    "save x.unknown": "cannot save .unknown; use .parquet, .jsonl, .har, .pcapng",
    "replay --speed fast x.parquet": "'fast' is no speed: write 1 as recorded",
    "serve nothing": "there is no behaviour 'nothing': choose one of chat, closer, echo",
    "serve echo --port 99999": "'99999' is no port, 0 to 65535",
}


@pytest.mark.parametrize("line", REFUSED)
async def test_a_wrong_line_is_refused_with_what_to_write(bench: Workbench, line: str) -> None:
    """Two that exclude each other too: the last one would silently win."""
    with pytest.raises(Exception, match=REFUSED[line]):
        await do(bench, line)


async def test_limit_is_held_against_what_comes(bench: Workbench) -> None:
    """Shown, set and taken away; a larger frame ends the session with 1009."""
    session = bench.get()
    assert str(await do(bench, "limit")) == "feed receives frames of at most 67,108,864 bytes"
    assert str(await do(bench, "limit off")) == "feed receives frames of any size"
    assert str(await do(bench, "limit 1.5KiB")) == "feed receives frames of at most 1,536 bytes"
    await session.send("x" * 1536)
    assert len(await session.receive()) == 1536
    await session.send("x" * 1537)
    assert (await session.close_reason).code == 1009


async def test_pings_are_sent_and_stopped(bench: Workbench) -> None:
    """The pinger is the one of session.ping_interval, and its pings are in the log."""
    assert str(await do(bench, "pings")) == "feed sends no pings by itself"
    assert str(await do(bench, "pings 0.01")) == "feed pings every 0.01 s"
    session: Any = bench.get()
    before = len(session.log)
    async with asyncio.timeout(60):
        while session.pinger.history.empty:  # noqa: ASYNC110 - a pong wakes nobody
            await asyncio.sleep(0.001)
    assert set(session.df["opcode"].iloc[before:]) == {"ping", "pong"}
    assert str(await do(bench, "pings off")) == "feed sends no pings by itself"
    assert session.pinger is None


@pytest.mark.parametrize("line", ["limit 5", "pings 5"])
async def test_a_setting_of_an_ended_session_is_refused(bench: Workbench, line: str) -> None:
    """It would have no effect; to look at it is no error."""
    await bench.close()
    with pytest.raises(WsNotebookError, match="the session is closed"):
        await do(bench, line)
    assert str(await do(bench, line.split()[0])).startswith("feed ")


async def test_flush_says_what_it_means(bench: Workbench) -> None:
    """Handed over, and not delivered."""
    await bench.send("x")
    assert "only %ws ping proves delivery" in str(await do(bench, "flush --timeout 5"))
    assert bench.get().df["text"].iloc[-1] == "x"


async def test_info_shows_the_connection_and_no_secret(bench: Workbench, server: EmbeddedServer) -> None:
    """In its values, as text and as HTML; also how it ended."""
    facts = await do(bench, "info")
    assert (facts["session"], facts["state"], facts["kind"]) == ("feed", "open", "default")
    assert facts["remote_address"] == server.url.removeprefix("ws://").rstrip("/")
    assert "Authorization: Bearer <redacted" in facts["request"]
    assert "HTTP/1.1 101 Switching Protocols" in facts["response"]
    assert any("permessage-deflate" in each for each in facts["extensions"])
    await bench.close(4000, "done")
    ended = await do(bench, "info")
    assert (ended["ended_by"], ended["close_sent"]) == ("local", "4000: 'done'")
    for shown in (repr(facts), facts._repr_html_(), str(dict(facts)), repr(ended)):
        assert not any(secret in shown for secret in SECRETS)


async def test_stats_counts_what_crossed_the_wire(bench: Workbench) -> None:
    """Frames and bytes of each direction, pings, and what nobody has received."""
    await bench.send("unread")
    await bench.ping()
    facts = await do(bench, "stats")
    assert (facts["sent_frames"], facts["received_frames"], facts["log_rows"]) == (6, 6, 12)
    assert facts["sent_bytes"] == len('error 42{"a": 1}') + 2 + 2 + 6 + 8
    assert facts["sent_wire_bytes"] > facts["sent_bytes"]
    assert (facts["unread"], facts["pings_answered"], facts["dropped"]) == (1, 2, 0)
    assert 0 < facts["latency_median"] <= facts["latency_max"]
    assert facts["counts"]["frames"].sum() == 12


@pytest.mark.long
@pytest.mark.parametrize("line", ["plot", "plot bytes", "plot frames --every 10ms", "plot latency"])
async def test_plot_draws_the_recording(bench: Workbench, line: str) -> None:
    """Every quantity has its axis, and each direction its steps or its line."""
    axes = await do(bench, line)
    assert axes.get_ylabel().split()[0] == (line.split() + ["frames"])[1]
    assert len(axes.lines) + len(axes.patches) > 0


async def test_save_leaves_secrets_out_where_that_is_asked_for(bench: Workbench, tmp_path: Path) -> None:
    """--redact is of messages; those of the handshake are never recorded."""
    await bench.send('{"password": "hunter22"}')
    for flag, is_there in (("", True), (" --redact", False)):
        await do(bench, f"save {tmp_path}/x.jsonl{flag}")
        assert ("hunter22" in (tmp_path / "x.jsonl").read_text()) is is_there


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng", "/"])
async def test_save_and_load_keep_every_frame(bench: Workbench, tmp_path: Path, suffix: str) -> None:
    """In each format, from a typed path with blanks; without the secrets."""
    path = f"{tmp_path}/my feed{suffix}"
    said = str(await do(bench, f"save {shlex.quote(path)}"))
    assert said == f"saved 8 frames of feed to {path.rstrip('/')}"
    log: FrameLog = await do(bench, f"load {shlex.quote(path)}")
    texts = log.df["text"].dropna().tolist()
    assert texts == ["error 42", "error 42", '{"a": 1}', '{"a": 1}']
    written = written_in(tmp_path)
    assert written
    assert not any(secret.encode() in written for secret in SECRETS)


def written_in(folder: Path) -> bytes:
    """Return the bytes of all files."""
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


async def test_replay_sends_what_was_sent(bench: Workbench, tmp_path: Path) -> None:
    """To the session that is meant, as fast as asked for."""
    await do(bench, f"save {tmp_path}/x.parquet")
    async with embedded_server("echo") as other:
        session = await bench.connect(other.url, name="again", proxy=None)
        said = await do(bench, f"replay --speed max --name again {tmp_path}/x.parquet")
        assert str(said) == "again: sent 4 frames; every recorded reply came. %ws log shows the answers"
        assert [await session.receive() for _ in range(3)] == ["error 42", '{"a": 1}', b"\x00\xff"]
        await session.close()


async def test_replay_chooses_a_connection(tmp_path: Path) -> None:
    """Of a session that has reconnected; the remedy of the refusal works as it is written."""
    bench, path = Workbench(), tmp_path / "two.jsonl"
    async with embedded_server("echo") as server:
        log = FrameLog()
        for text in ("first", "second"):
            async with await bench.connect(server.url, name="feed", log=log, proxy=None) as session:
                await session.send(text)
                await session.receive()
        log.save(path)
        session = await bench.connect(server.url, name="again", proxy=None)
        with pytest.raises(ValueError, match="choose one, connection=0, or --connection 0 on a command line"):
            await do(bench, f"replay {path}")
        assert "sent 2 frames" in str(await do(bench, f"replay --speed max --connection 1 {path}"))
        assert session.log.frame(0).read_text() == "second"


async def test_serve_runs_a_behaviour_or_a_recording(bench: Workbench, tmp_path: Path) -> None:
    """The result is the server."""
    await do(bench, f"save {tmp_path}/x.parquet")
    for line, message in (("serve echo", "hello"), (f"serve {tmp_path}/x.parquet", "error 42")):
        served = await do(bench, line)
        try:
            session = await bench.connect(served.url, name="guest", proxy=None)
            await session.send(message)
            assert await session.receive(timeout=60) == message
            await session.close()
        finally:
            await served.stop()


async def test_serve_chooses_a_connection_of_a_recording(tmp_path: Path) -> None:
    """As replay does; a behaviour has none to choose."""
    bench, path = Workbench(), tmp_path / "two.jsonl"
    async with embedded_server([Send("first")]) as one, embedded_server([Send("second")]) as two:
        log = FrameLog()
        for server in (one, two):
            async with await bench.connect(server.url, name="feed", log=log, proxy=None) as session:
                await session.receive()
        log.save(path)
    with pytest.raises(ValueError, match="choose one, connection=0"):
        await do(bench, f"serve {path}")
    async with await do(bench, f"serve --session feed --connection 1 {path}") as served:
        async with await bench.connect(served.url, name="guest", proxy=None) as session:
            assert await session.receive() == "second"
    with pytest.raises(ValueError, match="echo is no recording: leave --connection away"):
        await do(bench, "serve echo --connection 1")


KILLED = """
import os, signal, sys, time
from wsnotebook import connect, load, run

session = run(connect(sys.argv[1], record=sys.argv[2], proxy=None))
run(session.send("lost"))
run(session.receive())
while len(load(sys.argv[2])) < 2:
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
async def test_recover_lists_what_a_dead_kernel_left(
    bench: Workbench, server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line each, which loads; where there is none a sentence says so."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert repr(await do(bench, "recover")) == "no kernel died while it was recording"
    path = tmp_path / "lost.pcapng"
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, server.url, path, cwd=ROOT)
    await killed.wait()
    found = await do(bench, "recover")
    assert str(path) in repr(found)
    assert found[0].load().df["text"].dropna().tolist() == ["lost", "lost"]


async def test_decode_says_what_it_guessed(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name it prints the decoder and the reason; with one the rows are all."""
    assert (await do(bench, "decode json"))["error"].isna().any() and capsys.readouterr().out == ""
    guessed = await do(bench, "decode")
    assert capsys.readouterr().out.startswith("feed: not decoded: ") and guessed["error"].notna().all()
    with pytest.raises(ValueError, match="no decoder 'jsno'"):
        await do(bench, "decode jsno")


def test_decode_completes_names_also_in_a_chain() -> None:
    """The name after a + is completed too."""
    decode = VERBS["decode"]
    assert {"json", "mqtt", "socketio"} <= set(decode.complete([], [], ""))
    assert {"gzip+json", "gzip+jsonrpc"} <= set(decode.complete([], [], "gzip+js"))
