"""A rude server over loopback: its own recorder and both kinds of session judge its frames the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import ProtocolViolation, connect, lab
from wsnotebook.lab.rude import VIOLATIONS

if TYPE_CHECKING:
    from tests.session.conftest import Io, Opener

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
        async with asyncio.timeout(60):
            while not len(session.log):  # noqa: ASYNC110  # rows of another thread have no event
                await asyncio.sleep(0.001)
        await session.close(wait=False)
        await session.close()
        received, sent = verdicts(session.df, "in"), verdicts(server.df, "out")
    assert "violation" in {status for status, _ in received}
    assert received == sent[: len(received)]


async def test_two_bytes_of_a_ping_that_is_too_long_are_enough(opened: Opener) -> None:
    """1002 goes out while the length and the body never come; the row is there when the stream ends."""
    session, peer = await opened(early=b"\x81\x04good\x89\x7e")
    assert await session.receive() == "good"
    with pytest.raises(ProtocolViolation, match="more than 125 bytes"):
        await session.receive()
    close = await peer.read_frame()
    assert (close.head, close.payload[:2]) == (0x88, b"\x03\xea")
    assert session.df.query("direction == 'in'").status.tolist() == ["ok"]
    peer.end()
    await session.close()
    row = session.df.query("direction == 'in'").iloc[1]
    assert (row.status, row.opcode, row.wire_length) == ("violation", "ping", 0)
    assert "more than 125 bytes" in row.detail


async def test_the_rest_of_a_frame_that_failed_early_is_its_row(opened: Opener) -> None:
    """One row, one fault, and the peer's close after it is the answer to ours."""
    session, peer = await opened(early=b"\x83\x05ab")
    assert (await peer.read_frame()).payload[:2] == b"\x03\xea"
    await peer.send(b"cde\x81\x02hi\x88\x02\x03\xea")
    peer.end()
    await session.close()
    rows = session.df.query("direction == 'in'")
    assert rows.status.tolist() == ["violation", "ok", "ok"]
    assert rows.payload.tolist() == [b"abcde", b"hi", b"\x03\xea"]
    assert session.close_received is not None and session.close_received.code == 1002
