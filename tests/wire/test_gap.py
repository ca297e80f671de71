"""A gap in the bytes of one direction: what it cuts, what follows it, and what can no longer be known."""

from __future__ import annotations

import zlib

import pytest

from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.batch import RSV1, Batch, Flag
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.judge import Judge

HELLO = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7
KEYED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # the same
ABOUT = "bytes of the stream before it are missing"


def judged(judge: Judge, *parts: bytes | int) -> tuple[list[tuple[str, bytes, str | None, bool]], list[bool]]:
    """Return status, payload, detail and whether it continues a message of each frame, and of each gap whether it ends
    within a frame; a part is bytes, or the size of a gap.
    """
    rows, within = [], []
    for part in parts:
        batches: list[Batch] = []
        if isinstance(part, int):
            batch, is_within = judge.receive_gap(part)
            within.append(is_within)
            batches += [batch] if batch is not None else []
        else:
            batches += [reading.batch for reading in judge.receive(part) if reading is not None]
        for batch in batches:
            for place, flags in enumerate(batch.flags):
                rows.append(
                    (
                        {Flag.OK: "ok", Flag.TRUNCATED: "truncated"}.get(flags & Flag.STATUS, "violation"),
                        batch.payload(place),
                        batch.details.get(place),
                        bool(flags & Flag.CONTINUES),
                    )
                )
    return rows, within


@pytest.mark.parametrize("start", range(2, 7))
@pytest.mark.parametrize("in_bytes", [False, True])
def test_a_gap_within_a_frame_costs_that_frame_only(start: int, in_bytes: bool) -> None:
    """The header says where the next frame begins, wherever in the payload the gap is."""
    for size in range(1, 8 - start):
        tail = [bytes((byte,)) for byte in HELLO] if in_bytes else [HELLO]
        rows, within = judged(Judge("server"), HELLO[:start], size, HELLO[start + size :], *tail)
        assert [row[:2] for row in rows] == [("truncated", HELLO[2:start]), ("ok", b"Hello")]
        assert rows[0][2] == f"{size} bytes of the stream are missing after {start} bytes of this frame"
        assert within == [True]


def test_a_gap_beyond_its_frame_is_not_within_it() -> None:
    """One byte more than the frame lacks, and what comes next has to be the beginning of a frame."""
    rows, within = judged(Judge("server"), HELLO[:4], 4, HELLO)
    assert [row[:2] for row in rows] == [("truncated", b"He"), ("ok", b"Hello")] and within == [False]
    rows, within = judged(Judge("server"), HELLO, 1, HELLO)
    assert [row[:2] for row in rows] == [("ok", b"Hello")] * 2 and within == [False]
    rows, within = judged(Judge("client"), KEYED_HELLO[:3], 2, KEYED_HELLO)
    assert [row[:2] for row in rows] == [("truncated", b""), ("ok", b"Hello")] and within == [False]


def test_a_message_that_a_gap_may_have_begun_is_no_violation() -> None:
    """A continuation after a gap may belong to any message; after a new one the rules hold again."""
    rows, _ = judged(
        Judge("server"), b"\x01\x01a", 9, b"\x00\x01b", b"\x89\x00", b"\x80\x01c", HELLO, b"\x80\x00"
    )
    assert [(status, payload, continues) for status, payload, _, continues in rows] == [
        ("ok", b"a", False),
        ("ok", b"b", False),
        ("ok", b"", False),
        ("ok", b"c", False),
        ("ok", b"Hello", False),
        ("violation", b"", False),
    ]


def test_a_message_with_a_hole_goes_on() -> None:
    """A gap within a fragment: the next continues its message, and a character that the hole cut is not called wrong."""
    rows, _ = judged(Judge("server"), b"\x01\x04a\xc3", 2, b"\x80\x01\xa9", HELLO)
    assert [(status, continues) for status, _, _, continues in rows] == [
        ("truncated", False),
        ("ok", True),
        ("ok", False),
    ]


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("is_within", [True, False])
def test_after_a_gap_nothing_is_inflated_wrongly(takeover: bool, is_within: bool) -> None:
    """With context takeover no later message can be inflated, and each says so; without it each one can."""
    compressor = zlib.compressobj(wbits=-15)
    flush = zlib.Z_SYNC_FLUSH if takeover else zlib.Z_FULL_FLUSH
    frames = []
    for _ in range(3):
        body = (compressor.compress(b"Hello Hello") + compressor.flush(flush))[:-4]
        frames.append(bytes((0xC1, len(body))) + body)
    judge = Judge("server")
    judge.negotiate(RSV1, (DeflateDecoder(context_takeover=takeover),))
    lost = (frames[1][:-2], 2) if is_within else (len(frames[1]),)
    rows, _ = judged(judge, frames[0], *lost, frames[2], HELLO)
    last = (
        ("ok", frames[2][2:], f"not decoded: {ABOUT}", False)
        if takeover
        else ("ok", b"Hello Hello", None, False)
    )
    assert rows[0][:2] == ("ok", b"Hello Hello") and rows[-2:] == [last, ("ok", b"Hello", None, False)]


def test_an_uncompressed_frame_with_a_hole_leaves_the_window_whole() -> None:
    """Only compressed messages fill the window of permessage-deflate."""
    compressor = zlib.compressobj(wbits=-15)
    frames = []
    for _ in range(2):
        body = (compressor.compress(b"Hello Hello") + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        frames.append(bytes((0xC1, len(body))) + body)
    judge = Judge("server")
    judge.negotiate(RSV1, (DeflateDecoder(),))
    rows, _ = judged(judge, frames[0], HELLO[:3], 4, frames[1])
    assert [row[1] for row in rows] == [b"Hello Hello", b"H", b"Hello Hello"]


@pytest.mark.parametrize("head", [b"\x82", b"\xc2"])
def test_the_length_of_a_truncated_row_is_the_declared_one(head: bytes) -> None:
    """``length`` is the application's, also where a rule is broken; ``wire_length`` and ``frame_length`` count what came."""
    judge = Judge("server")
    list(judge.receive(head + b"\x7e\x01\x00cut"))
    batch, _ = judge.receive_gap(253)
    assert batch is not None
    log = RowLog()
    log.append(batch, log.register(Connection("feed")), "in", 1, 1)
    row = log.df.iloc[0]
    assert (row.length, row.wire_length, row.frame_length, row.payload) == (256, 3, 7, b"cut")
