"""A damaged file of ours: rows that are whole are loaded, and the damage is an event with its place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.pcapngblocks import ENHANCED, OURS, Block, read
from wsnotebook.files.pcapng.pcapngblocks import block as encode
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag

ROWS = 402
GET = (
    b"GET /feed HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 402 rows, two in a batch, in both directions."""
    log = FrameLog()
    number = log.register(
        Connection("feed", 0, "ws://a.test/feed", GET, ANSWER, 10**18, ("10.0.0.1", 40_000), ("10.0.0.2", 80))
    )
    for place in range(0, ROWS, 2):
        batch, sent = Batch(), place % 4 == 0
        for row in (place, place + 1):
            batch.add(0x81, b"row %d" % row, Flag.TEXT, b"\1\2\3\4" if sent else None)
        log.append(batch, number, "out" if sent else "in", 10**18 + place * 10**6, place)
    log.note("kernel stall", "a cell", "feed")
    return log.save(tmp_path / "log.pcapng")


def blocks(path: Path) -> list[Block]:
    with path.open("rb") as file:
        return [block for block in read(path, file) if isinstance(block, Block)]


def texts(log: FrameLog) -> list[int]:
    """Return the numbers of the rows; each of them is right."""
    found = [text for text in log.df["text"].tolist() if isinstance(text, str)]
    assert all(text.startswith("row ") for text in found)
    return [int(text[4:]) for text in found]


def flip(path: Path, place: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def test_a_flipped_bit_costs_what_it_hit(path: Path) -> None:
    """In any place of 402 rows: those of one packet are missing at most, and none is wrong; strict refuses the file."""
    whole = path.read_bytes()
    chance = random.Random(402)
    named = 0
    for _ in range(60):
        path.write_bytes(whole)
        place = chance.randrange(300, len(whole))
        flip(path, place, chance.randrange(8))
        log = load(path)
        rows = texts(log)
        assert set(rows) <= set(range(ROWS)) and len(rows) >= ROWS - 6, place
        details = [detail for detail in log.events["detail"] if "log.pcapng, byte" in detail]
        if details:
            named += 1
            with pytest.raises(FileError, match="byte"):
                load(path, strict=True)
    assert named > 40  # the rest are times and the like, which the blocks of rows have too


def test_the_names_and_events_of_the_log_stay(path: Path) -> None:
    """A damaged block of rows: the packets have them, and the notes are whole."""
    run = next(block for block in blocks(path) if block.kind == OURS and block.body[8:9] == b"R")
    flip(path, run.position + 100)
    log = load(path)
    assert sorted(texts(log)) == list(range(ROWS))
    assert log.connections[0].session == "feed" and log.df["session"].eq("feed").all()
    assert not log.connections[0].has_secrets
    details = log.events["detail"].tolist()
    assert "a cell" in details and f"byte {run.position}" in details[-1] and "CRC" in details[-1]


def test_a_damaged_packet_is_not_taken_for_a_whole_one(path: Path) -> None:
    """Its CRC says so, and its frames are missing, with an event, instead of wrong."""
    packet = [block for block in blocks(path) if block.kind == ENHANCED][60]
    flip(path, packet.position + 28 + 50)
    log = load(path)
    assert ROWS - 4 <= len(texts(log)) < ROWS
    assert f"byte {packet.position}" in " ".join(log.events["detail"])


def test_where_nothing_is_left_the_damage_is_the_error(path: Path) -> None:
    """And not that there is no WebSocket in the packets."""
    kept = [encode(block.kind, block.body) for block in blocks(path) if block.kind != ENHANCED]
    path.write_bytes(b"".join(kept))
    with pytest.raises(FileError, match="in no packet"):
        load(path)


def test_strict_refuses_a_file_without_its_end(path: Path) -> None:
    """A dead kernel leaves one, of which all that is whole is loaded otherwise."""
    path.write_bytes(path.read_bytes()[:-1])
    assert len(load(path)) == ROWS
    with pytest.raises(FileError, match="the end is missing"):
        load(path, strict=True)
