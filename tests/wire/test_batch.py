"""Batch: the first byte of a frame, packed and read by name, for one frame and for an array of them."""

from __future__ import annotations

import numpy as np

from wsnotebook.wire.batch import first_byte, is_final, opcode_of, to_frame


def test_every_first_byte_is_packed_from_what_is_read_of_it() -> None:
    """All 256 bytes, as ints and as one array, whose dtype stays uint8."""
    heads = np.arange(256, dtype=np.uint8)
    bits = [(heads >> shift) & 1 for shift in (7, 6, 5, 4)]
    packed = first_byte(opcode_of(heads), *bits)
    assert packed.dtype == np.uint8 and packed.tolist() == list(range(256))
    assert is_final(heads).tolist() == [is_final(head) for head in range(256)]
    for head in range(256):
        opcode, _, *fields = to_frame(head, b"")
        assert first_byte(opcode, *fields) == head and opcode_of(head) == opcode
