"""What tests of the terminal share: the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error::ResourceWarning", "-W", "error::RuntimeWarning", "-m", "wsnotebook")
"""A socket left open, or a coroutine never awaited, is a traceback on stderr."""
Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of the command: this tree, UTF-8 whatever the machine's locale, no traces in the user's home."""
    own = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_STATE_HOME": str(tmp_path / "state")}
    return {**os.environ, **own}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Run the command to its end in a temporary folder: words, and text for its stdin."""

    def call(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, *map(str, words)]
        return subprocess.run(
            command,
            input=stdin,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start the command in a temporary folder; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: object) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:  # it closes the pipes
            process.kill()


@pytest.fixture
def serve(start: Start) -> Callable[..., str]:
    """Start a server with the verb serve, and return its address."""

    def begin(*words: object) -> str:
        stdout = start("serve", *words).stdout
        assert stdout is not None
        return stdout.readline().strip()

    return begin
