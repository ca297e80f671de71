"""A rude server over loopback: its own recorder and both kinds of session judge its frames the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import connect, lab
from wsnotebook.lab.rude import VIOLATIONS

if TYPE_CHECKING:
    from tests.session.conftest import Io

LAWFUL = {"huge-length"}  # over the limit of a session; the lab has none


def verdicts(df: Any, direction: str) -> list[tuple[str, str]]:
    """Return status and detail of each row of a direction."""
    rows = df[df.direction == direction]
    return list(zip(rows.status, rows.detail.fillna(""), strict=True))


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("name", sorted(VIOLATIONS.keys() - LAWFUL))
async def test_the_server_and_its_client_come_to_the_same_verdicts(io: Io, name: str, raw: bool) -> None:
    """Status and detail of each frame, from the socket."""
    async with lab.embedded_server(lab.rude([name])) as server:
        session = await connect(server.url, raw=raw, io=io, proxy=None, compression=None, close_timeout=1.0)
        async with asyncio.timeout(5.0):
            while not len(session.log):  # noqa: ASYNC110  # rows of another thread have no event
                await asyncio.sleep(0.001)
        await session.close(wait=False)
        await session.close()
        received, sent = verdicts(session.df, "in"), verdicts(server.df, "out")
    assert "violation" in {status for status, _ in received}
    assert received == sent[: len(received)]
