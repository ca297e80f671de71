"""The arena gives memory that nobody else has, out of large blocks."""

from __future__ import annotations

import numpy as np

from wsnotebook.log.arena import BLOCK, Arena


def address(piece: memoryview) -> int:
    return int(np.frombuffer(piece, np.uint8).ctypes.data)


def test_pieces_do_not_overlap_and_come_out_of_one_block() -> None:
    """Each piece keeps what was written to it; they lie side by side."""
    arena = Arena()
    pieces = [arena.allocate(300_001) for _ in range(20)]
    for number, piece in enumerate(pieces):
        assert len(piece) == 300_001
        piece[:] = bytes([number]) * len(piece)
    assert all(set(bytes(piece)) == {number} for number, piece in enumerate(pieces))
    assert 0 <= address(pieces[1]) - address(pieces[0]) - 300_001 < 64


def test_a_piece_larger_than_a_block_has_one_to_itself() -> None:
    """What was left of the block before it is used on."""
    arena = Arena()
    first = arena.allocate(1000)
    large = arena.allocate(BLOCK + 1)
    assert len(large) == BLOCK + 1
    assert address(arena.allocate(1000)) - address(first) == 1024


def test_the_end_of_the_last_piece_is_given_again() -> None:
    """What a sealed segment has not used costs nothing; of an earlier piece nothing is given again."""
    arena = Arena()
    first = arena.allocate(1 << 20)
    first[:3] = b"abc"
    kept = arena.trim(first, 3)
    second = arena.allocate(1 << 20)
    second[:] = bytes(1 << 20)
    assert bytes(kept) == b"abc"
    assert address(second) - address(first) == 64
    arena.allocate(64)
    assert bytes(arena.trim(second, 64)) == bytes(64)
    assert address(arena.allocate(64)) - address(second) == (1 << 20) + 64
