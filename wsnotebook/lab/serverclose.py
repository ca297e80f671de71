"""Waiting for the end of a listening server, which differs between versions of Python."""

from __future__ import annotations

import asyncio
import contextlib
import sys

__all__ = ["wait_until_closed"]


async def wait_until_closed(server: asyncio.Server) -> None:
    """Wait until every transport of a closed server is closed, but at most 1 s."""
    # From Python 3.12 on, wait_closed() also waits for an abandoned TLS handshake: up to a minute.
    if sys.version_info >= (3, 13):
        server.abort_clients()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            await server.wait_closed()
