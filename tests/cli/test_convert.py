"""The verb convert: from one format to another, and what it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import wsnotebook
from wsnotebook.cli.main import main
from wsnotebook.lab import embedded_server


class Done(NamedTuple):
    """What a run of the command left."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Run the command in this process, in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: Done(main(words), *capsys.readouterr())


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    """A recording of an echo: two messages there and back, and the close."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        for text in ("one", "two"):
            await session.send(text)
            await session.receive()
    return session.log.save(tmp_path / "source.parquet")


@pytest.mark.parametrize("suffix", [".jsonl", ".har", ".pcapng", ".parquet", "/"])
def test_there_and_back_is_the_same(suffix: str, recorded: Path, run: Callable[..., Done], tmp_path: Path):
    """Through any format and back to Parquet: the same DataFrame."""
    for source, target in ((recorded.name, f"middle{suffix}"), (f"middle{suffix}", "back.parquet")):
        done = run("convert", source, target)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{source} -> {target}: 6 frames of 1 session")
    before, after = wsnotebook.load(recorded).df, wsnotebook.load(tmp_path / "back.parquet").df
    pd.testing.assert_frame_equal(before, after)


async def test_secrets_are_left_out_where_that_is_asked_for(run: Callable[..., Done], tmp_path: Path):
    """With --redact, in messages too; events and frames stay."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        await session.send('{"password": "hunter22"}')
        await session.receive()
    session.log.note("mark", "token=hunter22")
    session.log.save(tmp_path / "source.parquet")
    assert run("convert", "source.parquet", "plain.jsonl").returncode == 0
    assert run("convert", "source.parquet", "shared.jsonl", "--redact").returncode == 0
    assert "hunter22" in (tmp_path / "plain.jsonl").read_text()
    assert "hunter22" not in (tmp_path / "shared.jsonl").read_text()
    shared = wsnotebook.load(tmp_path / "shared.jsonl")
    assert len(shared) == len(session.log) and "mark" in shared.events["kind"].tolist()


def test_options_of_captures_are_for_captures(recorded: Path, run: Callable[..., Done], tmp_path: Path):
    """--port and --keylog, as of load()."""
    capture = Path(__file__).parents[1] / "files" / "cases" / "middle.pcap"
    done = run("convert", str(capture), "a.jsonl", "--port", "8080")
    assert done.returncode == 0 and "16 frames" in done.stdout
    done = run("convert", recorded.name, "a.jsonl", "--port", "8080")
    assert done.returncode == 2 and "is no capture" in done.stderr


@pytest.mark.parametrize("target", ["a.har", "feed/"])
def test_progress_names_the_step_and_the_percentage(target: str, recorded: Path, run: Callable[..., Done]):
    """With --progress, on stderr: half of the work is reading."""
    done = run("convert", recorded.name, target, "--progress")
    lines = done.stderr.split("\r")
    assert any(line.startswith("reading source.parquet:   0%") for line in lines)
    assert any(line.startswith(f"writing {target}:  50%") for line in lines)
    assert lines[-1].startswith(f"writing {target}: 100%")
    assert done.stdout.count("\n") == 1


def test_a_dataset_may_have_a_url(recorded: Path, run: Callable[..., Done], tmp_path: Path):
    """There and back; another target with a URL is refused in one sentence."""
    url = f"memory://{tmp_path.name}/feed/"
    assert run("convert", recorded.name, url).stdout == f"source.parquet -> {url}: 6 frames of 1 session\n"
    assert run("convert", url, "back.parquet").returncode == 0
    assert len(wsnotebook.load(tmp_path / "back.parquet")) == 6
    done = run("convert", recorded.name, "memory://x/feed.parquet")
    assert done.returncode == 2 and "end it with a slash" in done.stderr and done.stderr.count("\n") == 1


def test_an_older_target_is_replaced(recorded: Path, run: Callable[..., Done], tmp_path: Path):
    """When the new one is whole."""
    (tmp_path / "a.jsonl").write_text("old")
    assert run("convert", recorded.name, "a.jsonl").returncode == 0
    assert len(wsnotebook.load(tmp_path / "a.jsonl")) == 6


def test_a_recording_is_not_converted_onto_itself(recorded: Path, run: Callable[..., Done]):
    """Wrong usage, and the file stays."""
    before = recorded.read_bytes()
    done = run("convert", recorded.name, f"./{recorded.name}")
    assert done.returncode == 2 and "is both" in done.stderr
    assert recorded.read_bytes() == before


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng", ".pcap"])
def test_a_damaged_file_is_2_and_leaves_no_target(suffix: str, run: Callable[..., Done], tmp_path: Path):
    """One sentence that names it, no traceback, no half target, and an older target stays."""
    (tmp_path / f"bad{suffix}").write_bytes(b"\x00nonsense" * 9)
    (tmp_path / "out.jsonl").write_text("old")
    done = run("convert", f"bad{suffix}", "out.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"bad{suffix}" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"bad{suffix}", "out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "old"


@pytest.mark.parametrize("to", ["jsonl", "har", "parquet", "pcapng"])
def test_stdout_is_what_the_file_would_be(
    to: str, recorded: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
):
    """Byte for byte what can be loaded again; what is said is on stderr."""
    words = [] if to == "jsonl" else ["--to", to]
    assert main(["convert", str(recorded), "-", *words]) == 0
    said = capfdbinary.readouterr()
    (tmp_path / f"out.{to}").write_bytes(said.out)
    assert len(wsnotebook.load(tmp_path / f"out.{to}")) == 6
    assert said.err.startswith(b"wsnotebook convert: ") and said.err.count(b"\n") == 1


def test_a_format_of_stdout_with_a_file_is_2(recorded: Path, run: Callable[..., Done], tmp_path: Path):
    """The suffix would say another thing."""
    done = run("convert", recorded.name, "a.jsonl", "--to", "har")
    assert done.returncode == 2 and "leave --to away, or write - as the file" in done.stderr
    assert not (tmp_path / "a.jsonl").exists()


def test_quiet_says_nothing(recorded: Path, run: Callable[..., Done]):
    """Neither of a file nor of stdout."""
    assert run("convert", recorded.name, "a.jsonl", "--quiet") == (0, "", "")
    done = run("convert", recorded.name, "-", "--quiet")
    assert done.stdout.count("\n") == 7 and done.stderr == ""


@pytest.fixture
async def large(tmp_path: Path) -> Path:
    """A recording of more than a pipe holds."""
    async with embedded_server("silent") as server, wsnotebook.connect(server.url) as session:
        for _ in range(300):
            await session.send("x" * 2000)
    return session.log.save(tmp_path / "large.jsonl")


@pytest.mark.long
def test_a_reader_that_leaves_ends_it_quietly(large: Path):
    """``… | head -1``: the first line, and the status of a tool that SIGPIPE ends."""
    command = [sys.executable, "-m", "wsnotebook", "convert", str(large), "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b'{"wsnotebook"')
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""
