"""Turn: what one side of a conversation did at a time: the frames of one message, or one control frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wsnotebook.matching import Message
from wsnotebook.replaying.timedframes import RecordedFrame
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Turn", "message_of", "turns"]


class Turn(NamedTuple):
    """One message or control frame of a recorded conversation."""

    frames: tuple[RecordedFrame, ...]
    """Its frames in order, and control frames of its side that were sent between them."""
    message: Message | None
    """The whole message; None for a control frame, and for fragments that never became whole."""

    @property
    def seq(self) -> int:
        """``seq`` of its first frame."""
        return self.frames[0].seq

    @property
    def at(self) -> float:
        """Seconds of its first frame after the first frame of the session."""
        return self.frames[0].at

    @property
    def is_sent(self) -> bool:
        """Whether the side that recorded it sent it."""
        return self.frames[0].is_sent

    @property
    def is_close(self) -> bool:
        """Whether it is a close frame."""
        return self.frames[0].frame.opcode == Opcode.CLOSE


def turns(frames: Iterable[RecordedFrame]) -> Iterator[Turn]:
    """Yield the turns of both sides, each where its last frame stands."""
    open_: dict[bool, list[RecordedFrame]] = {}
    for each in frames:
        parts = open_.get(each.is_sent)
        is_data = each.frame.opcode <= Opcode.BINARY
        if is_data and each.frame.fin:
            whole = (*open_.pop(each.is_sent, ()), each)
            yield Turn(whole, message_of([part.frame for part in whole]))
        elif is_data or (parts and each.frame.opcode != Opcode.CLOSE):
            open_.setdefault(each.is_sent, []).append(each)
        else:
            if parts:
                yield Turn(tuple(open_.pop(each.is_sent)), None)
            yield Turn((each,), None)
    yield from (Turn(tuple(parts), None) for parts in open_.values())


def message_of(frames: Iterable[Frame]) -> Message:
    """Return the message of the data frames among these: str of a text that is UTF-8, else bytes."""
    data = [frame for frame in frames if frame.opcode <= Opcode.BINARY]
    payload = b"".join(frame.data for frame in data)
    if data[0].opcode == Opcode.TEXT:
        try:
            return payload.decode()
        except UnicodeDecodeError:
            pass  # a raw session can have sent it; it is compared as bytes
    return payload
