"""The end of a listening server, which differs between versions of Python."""

from __future__ import annotations

import asyncio
import contextlib
import sys

__all__ = ["wait_until_closed"]


async def wait_until_closed(server: asyncio.Server) -> None:
    """Wait for the last transport of a closed server, but not for a TLS handshake that somebody left unfinished."""
    # From 3.12 on, wait_closed() waits for such a handshake too: up to a minute.
    if sys.version_info >= (3, 13):
        server.abort_clients()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            await server.wait_closed()
