"""A server in a process of its own: a script that prints its port, and ends when its input does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["server_process"]

PATIENCE = 15.0  # seconds in which the script ends


@contextmanager
def server_process(*command: str | Path) -> Iterator[str]:
    """Run a server; yields its URL."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        yield f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        process.stdin.close()
        process.wait(PATIENCE)
