"""Sessions at prompts whose loop runs only while a line is executed, or always: both answer the server's pings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect", reason="terminals are a thing of POSIX")

pytestmark = pytest.mark.long

IDLE = 1.0  # seconds at the prompt: five times what the server waits for a pong


class Terminal:
    """A program at a pseudo-terminal, and the lines that are typed there."""

    def __init__(self, arguments: list[str], prompt: str, home: Path, *, banner: str = "") -> None:
        environment = {**os.environ, "IPYTHONDIR": str(home), "TERM": "dumb", "NO_COLOR": "1"}
        self._prompt = prompt
        self._child = pexpect.spawn(
            sys.executable, arguments, env=environment, encoding="utf-8", timeout=60, echo=False
        )
        self._child.expect(banner + prompt)

    def type(self, line: str) -> str:
        """Type a line; return what is printed before the next prompt."""
        self._child.sendline(line)
        self._child.expect(self._prompt)
        printed: str = self._child.before
        return printed

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)


@pytest.fixture
def ipython(tmp_path: Path) -> Iterator[Terminal]:
    """IPython's terminal."""
    terminal = Terminal(["-m", "IPython", "--simple-prompt", "--no-banner"], r"In \[\d+\]: ", tmp_path)
    yield terminal
    terminal.close()


def test_a_session_of_the_magics_lives_at_the_prompt_of_ipython(
    ipython: Terminal, impatient_server: str
) -> None:
    """It is as open as it is said to be."""
    ipython.type("%load_ext wsnotebook")
    assert "open" in ipython.type(f"%ws connect {impatient_server}")
    time.sleep(IDLE)
    assert "open" in ipython.type("%ws list")
    ipython.type("%ws send hello")
    assert "hello" in ipython.type("%ws recv --timeout 5")


def test_a_session_of_await_lives_at_the_prompt_of_ipython(ipython: Terminal, impatient_server: str) -> None:
    """Top-level await opens it, and run() and await take turns."""
    ipython.type("import wsnotebook")
    ipython.type(f"session = await wsnotebook.connect({impatient_server!r})")
    time.sleep(IDLE)
    ipython.type("await session.send('hello')")
    assert "'hello'" in ipython.type("wsnotebook.run(session.receive(timeout=60))")
    assert "None" in ipython.type("print(session.close_reason_now)")


def test_an_ipy_file_that_is_run_uses_the_magics(
    ipython: Terminal, impatient_server: str, tmp_path: Path
) -> None:
    """%run x.ipy: its lines are cells, and its session is there afterwards."""
    script = tmp_path / "explore.ipy"
    script.write_text(f"%load_ext wsnotebook\n%ws connect {impatient_server}\n%ws send from a file\n")
    ipython.type(f"%run {script}")
    time.sleep(IDLE)
    assert "from a file" in ipython.type("%ws recv --timeout 5")


def test_a_session_lives_at_the_prompt_of_python_m_asyncio(impatient_server: str, tmp_path: Path) -> None:
    """There the loop never stops."""
    terminal = Terminal(["-m", "asyncio"], ">>> ", tmp_path, banner=r">>> import asyncio\s+")
    terminal.type("import wsnotebook")
    terminal.type(f"session = await wsnotebook.connect({impatient_server!r})")
    time.sleep(IDLE)
    terminal.type("await session.send('hello')")
    assert "'hello'" in terminal.type("await session.receive(timeout=60)")
    terminal.close()


def test_a_session_lives_at_the_prompt_of_jupyter_console(impatient_server: str, tmp_path: Path) -> None:
    """A kernel's loop runs between its cells."""
    pytest.importorskip("jupyter_console", reason="jupyter console is not installed")
    terminal = Terminal(["-m", "jupyter_console", "--simple-prompt"], r"In \[\d+\]: ", tmp_path)
    terminal.type("%load_ext wsnotebook")
    terminal.type(f"%ws connect {impatient_server}")
    time.sleep(IDLE)
    terminal.type("%ws send hello")
    assert "hello" in terminal.type("%ws recv --timeout 5")
    terminal.close()
