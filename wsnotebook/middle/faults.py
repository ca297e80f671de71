"""faults: what goes wrong on a network, by name, to test a client of one's own: each makes a callback for frames."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from wsnotebook.middle.changes import Callback, Direction
from wsnotebook.wire.frames import CloseReason, Frame, Opcode

if TYPE_CHECKING:
    from wsnotebook.middle.conversation import Conversation

__all__ = ["FAULTS"]


class _Counts(Counter[tuple[str, Direction]]):
    """Data frames of each conversation and direction."""

    def add(self, frame: Frame, direction: Direction, conversation: Conversation) -> int:
        """Count a frame; return its number among the data frames, or 0 for a control frame."""
        if frame.opcode >= Opcode.CLOSE:
            return 0
        key = conversation.name, direction
        self[key] += 1
        return self[key]


def _check_numbers(kind: type[int] | type[float], least: int, **given: object) -> None:
    """Check the options of a fault.

    Raises:
        ValueError: one is no such number; the sentence names it.
    """
    for name, value in given.items():
        is_one = isinstance(value, (int, kind)) and not isinstance(value, bool)
        if not is_one or not value >= least:  # type: ignore[operator]  # is a number; NaN is not at least anything
            number = "a whole number" if kind is int else "a number"
            raise ValueError(f"{name} is {number} of at least {least}, not {value!r}")


def delay(seconds: float = 0.1, jitter: float = 0.0, seed: int | None = None) -> Callback:
    """Let each frame take ``seconds`` more, and up to ``jitter`` on top; the order stays, and so does the throughput."""
    _check_numbers(float, 0, seconds=seconds, jitter=jitter)
    source = Random(seed)

    async def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        due = conversation.arrived[direction] + seconds + source.uniform(0, jitter)
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        return frame

    return callback


def throttle(rate: float = 10_000) -> Callback:
    """Let ``rate`` payload bytes pass in a second, in each direction of each conversation."""
    _check_numbers(float, 1, rate=rate)
    free: dict[tuple[str, Direction], float] = {}  # when the frames before have passed

    async def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        key = conversation.name, direction
        # From when the line was free, and not from now: a sleep takes longer than asked, and small frames many of them.
        due = max(free.get(key, 0.0), conversation.arrived[direction]) + len(frame.data) / rate
        free[key] = due
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        return frame

    return callback


def drop(every: int = 2) -> Callback:
    """Lose each ``every``-th data frame of a conversation and direction."""
    _check_numbers(int, 1, every=every)
    counts = _Counts()

    def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame | None:
        number = counts.add(frame, direction, conversation)
        return None if number and number % every == 0 else frame

    return callback


def corrupt(every: int = 1, seed: int | None = None) -> Callback:
    """Turn one bit over in the payload of each ``every``-th data frame, if it has one."""
    _check_numbers(int, 1, every=every)
    counts, source = _Counts(), Random(seed)

    def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        number = counts.add(frame, direction, conversation)
        if not number or number % every or not frame.data:
            return frame
        data = bytearray(frame.data)
        place = source.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
        return frame.copy(data=bytes(data))

    return callback


def _after(frames: int, action: Callable[[Conversation], None]) -> Callback:
    _check_numbers(int, 0, after=frames)
    counts = _Counts()

    def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        if counts.add(frame, direction, conversation) > frames:
            action(conversation)
        return frame

    return callback


def close(code: int = 1011, reason: str = "", after: int = 0) -> Callback:
    """End a conversation with a close frame to both, when ``after`` data frames have passed."""
    _check_numbers(int, 0, code=code)
    CloseReason(code, reason).to_payload()  # raises what is wrong with it
    return _after(after, lambda conversation: conversation.close(code, reason))


def reset(after: int = 0) -> Callback:
    """End a conversation with a TCP reset to both, when ``after`` data frames have passed."""
    return _after(after, lambda conversation: conversation.abort())


FAULTS: dict[str, Callable[..., Callback]] = {
    "delay": delay,
    "drop": drop,
    "throttle": throttle,
    "corrupt": corrupt,
    "close": close,
    "reset": reset,
}
"""Name → what makes the callback."""
