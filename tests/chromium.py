"""A Chromium as a process of its own: its flags, and how it is started to be observed."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["FLAGS", "debugged_chromium", "find_chromium"]

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
START_SECONDS = 60  # it needs 1; a loaded CI machine more


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def debugged_chromium(path: str, folder: Path, *pages: str) -> Iterator[str]:
    """Run a Chromium with a debugging port; yield the http:// address of that port.

    Args:
        path: of the program.
        folder: for its profile.
        pages: to open; without one a blank tab is.
    """
    command = [
        path,
        *FLAGS,
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        *(pages or ("about:blank",)),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{_port(process, folder / 'DevToolsActivePort')}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def _port(process: subprocess.Popen[bytes], written: Path) -> int:
    """Return the port that a Chromium writes into its profile, whole, once it listens."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            port, path, *_ = [*written.read_text().split("\n"), ""]
            if path:
                return int(port)
        time.sleep(0.01)
    raise RuntimeError(f"no debugging port within {START_SECONDS} s; its exit code is {process.poll()}")
