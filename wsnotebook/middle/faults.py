"""faults: what goes wrong on a network, by name, to test a client of one's own: each makes a callback for frames."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from wsnotebook.middle.changes import Callback, Direction
from wsnotebook.wire.frames import Frame, Opcode

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


def delay(seconds: float = 0.1, jitter: float = 0.0, seed: int | None = None) -> Callback:
    """Let each frame take ``seconds`` more, and up to ``jitter`` on top; the order stays, and so does the throughput."""
    source = Random(seed)

    async def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        due = conversation.arrived[direction] + seconds + source.uniform(0, jitter)
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        return frame

    return callback


def throttle(rate: float = 10_000) -> Callback:
    """Let ``rate`` payload bytes pass in a second."""

    async def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        await asyncio.sleep(len(frame.data) / rate)
        return frame

    return callback


def drop(every: int = 2) -> Callback:
    """Lose each ``every``-th data frame of a conversation and direction."""
    counts = _Counts()

    def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame | None:
        number = counts.add(frame, direction, conversation)
        return None if number and number % every == 0 else frame

    return callback


def corrupt(every: int = 1, seed: int | None = None) -> Callback:
    """Turn one bit over in the payload of each ``every``-th data frame, if it has one."""
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
    counts = _Counts()

    def callback(frame: Frame, direction: Direction, conversation: Conversation) -> Frame:
        if counts.add(frame, direction, conversation) > frames:
            action(conversation)
        return frame

    return callback


def close(code: int = 1011, reason: str = "", after: int = 0) -> Callback:
    """End a conversation with a close frame to both, when ``after`` data frames have passed."""
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
