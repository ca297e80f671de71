"""Message state says the same of frames that it takes at once and one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.messages import MessageState, is_utf8

HEADS = st.sampled_from((0x81, 0x82, 0x01, 0x02, 0x00, 0x80))
PAYLOADS = st.sampled_from((b"", b"a", b"hello", "ä".encode(), b"\xff", b"\xc3"))
RUNS = st.lists(st.tuples(HEADS, PAYLOADS), min_size=1, max_size=12)


def batch_of(frames: list[tuple[int, bytes]]) -> Batch:
    batch = Batch()
    for head, payload in frames:
        batch.add(head, payload, Flag.TEXT if head == 0x81 else 0)
    return batch


def one_by_one(state: MessageState, frames: list[tuple[int, bytes]]) -> bytes | None:
    """Return the flags of each frame, or None where one breaks a rule."""
    flags = bytearray()
    for head, payload in frames:
        broken = state.rule(head)
        continues = state.begin(head)
        wrong_text, is_text = state.end(head, payload)
        if broken or wrong_text:
            return None
        flags.append((Flag.CONTINUES if continues else 0) | (Flag.TEXT if is_text else 0))
    return bytes(flags)


def facts(state: MessageState) -> tuple[int | None, int, int]:
    """Return what is known of the open message; between messages the rest is of no meaning."""
    return (state.opcode, state.size, state.fragments) if state.opcode is not None else (None, 0, 0)


@given(st.lists(RUNS, min_size=1, max_size=4))
def test_frames_taken_at_once_are_judged_as_one_by_one(runs: list[list[tuple[int, bytes]]]) -> None:
    """Flags, open message, size and fragments agree; what breaks a rule is never taken at once."""
    at_once, slowly = MessageState(), MessageState()
    for frames in runs:
        batch = batch_of(frames)
        expected = one_by_one(slowly, frames)
        if at_once.take_run(batch):
            assert bytes(batch.flags) == expected
        elif one_by_one(at_once, frames) is None:
            return
        assert facts(at_once) == facts(slowly)


@pytest.mark.parametrize("opened", [[], [(0x02, b"")]], ids=["between messages", "within one"])
def test_each_short_order_of_frames_is_judged_as_one_by_one(opened: list[tuple[int, bytes]]) -> None:
    """Of up to four frames, all orders: Python's regular expressions are not the same in all of its versions."""
    for count in range(1, 5):
        for heads in product((0x00, 0x80, 0x02, 0x82), repeat=count):
            at_once, slowly = MessageState(), MessageState()
            for state in (at_once, slowly):
                one_by_one(state, opened)
            frames = [(head, b"ok") for head in heads]
            is_right = one_by_one(slowly, frames) is not None
            assert at_once.take_run(batch_of(frames)) == is_right, bytes(heads)


@pytest.mark.parametrize(
    "heads",
    [
        pytest.param(b"\x01\x00\x80\x81\x01\x80\x01", id="texts in parts and whole"),
        pytest.param(b"\x02\x80\x81\x82\x02\x00\x00", id="binaries in parts, whole texts"),
    ],
)
def test_what_a_feed_is_made_of_is_taken_at_once(heads: bytes) -> None:
    """The quick way is taken, and so is a second batch that goes on in the open message."""
    state = MessageState()
    assert state.take_run(batch_of([(head, b"ok") for head in heads]))
    assert state.opcode == heads.rstrip(b"\x00")[-1]
    assert state.take_run(batch_of([(0x00, b"ok"), (0x80, b"ok"), (0x82, b"ok")]))
    assert state.opcode is None


@pytest.mark.parametrize("size", [(64 << 10) - 2, 64 << 10, (64 << 10) + 1, 200_001])
def test_a_long_text_is_looked_at_in_pieces(size: int) -> None:
    """Characters that a piece cuts are whole for the next; a character without its end is found at the very end."""
    for text in ("ä" * size, "a" + "€" * size, "😀" * size):
        data = text.encode()
        for payload in (data, memoryview(data)):
            assert is_utf8(payload)
            assert not is_utf8(payload[:-1])
            assert not is_utf8(payload[1:] if data[0] > 127 else payload[2:])
