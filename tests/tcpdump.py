"""A capture of loopback by tcpdump, while the block runs."""

from __future__ import annotations

import asyncio
import getpass
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

__all__ = ["capturing"]


LAST = b"\x88\x02\x03\xe8"
"""The close frame of a server, 1000: four bytes, as two stand in random payloads and mask keys by chance."""


@asynccontextmanager
async def capturing(port: int, path: Path, missing: Callable[[str], NoReturn]) -> AsyncIterator[None]:
    """Write the packets of a port to a file, until a server's LAST is in it.

    Args:
        missing: called where there is no tcpdump, or not the right to capture.
    """
    tcpdump = shutil.which("tcpdump") or missing("tcpdump")
    options = ["-Z", getpass.getuser(), "-i", "lo", "-s", "0", "-U", "-B", "65536", "-w", path]
    capture = await asyncio.create_subprocess_exec(
        tcpdump, *options, f"tcp port {port}", stderr=asyncio.subprocess.PIPE
    )
    assert capture.stderr is not None
    while b"listening" not in (said := await capture.stderr.readline()):
        if not said:
            await capture.wait()
            missing("the right to capture on loopback")
    yield
    # Nothing tells when tcpdump has written its last packets.
    while not _ends_with(path, LAST):  # noqa: ASYNC110  # another process's file has no event
        await asyncio.sleep(0.05)
    capture.terminate()
    await capture.communicate()


def _ends_with(path: Path, last: bytes) -> bool:
    return last in path.read_bytes()[-600:]
