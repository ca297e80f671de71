"""Breakpoint: a change that holds everything when a frame matches, so that a person can look at it and edit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsnotebook.matching import Message, Pattern
from wsnotebook.middle.changes import Changes, Direction
from wsnotebook.wire.frames import Frame, Opcode

if TYPE_CHECKING:
    from wsnotebook.middle.conversation import Conversation

__all__ = ["Breakpoint", "Held"]


@dataclass(slots=True, eq=False)
class Held:
    """A frame that a breakpoint holds. Set ``frame`` to send another one, or to None to send none."""

    frame: Frame | None
    direction: Direction
    conversation: Conversation


class Breakpoint:
    """Called with each frame, as any callback; it returns a matching one when it was released.

    Args:
        pattern: compared with each data frame by itself; a fragment is a text or bytes as its message is.
        changes: are held when one matches.
        held: where the frame then waits.
        caught: called when a frame has matched.
    """

    def __init__(
        self, pattern: Pattern, changes: Changes, held: list[Held], caught: Callable[[], None]
    ) -> None:
        self._pattern = pattern
        self._changes = changes
        self._held = held
        self._caught = caught
        self._kinds: dict[tuple[str, Direction], int] = {}  # opcode of the message that passes in fragments

    async def __call__(self, frame: Frame, direction: Direction, conversation: Conversation) -> Frame | None:
        """Return the frame, edited perhaps."""
        kind = self._kind_of(frame, direction, conversation)
        if not any(self._pattern.compare(message) for message in _messages(frame.data, kind)):
            return frame
        held = Held(frame, direction, conversation)
        self._held.append(held)
        self._changes.hold()
        self._caught()
        try:
            await self._changes.wait_released()
        finally:
            if held in self._held:  # it was not released: its conversation has ended
                self._held.remove(held)
        return held.frame

    def _kind_of(self, frame: Frame, direction: Direction, conversation: Conversation) -> int:
        """Return the opcode of the message that a frame belongs to; that of a continuation whose beginning was not seen."""
        if frame.opcode >= Opcode.CLOSE:  # it may come between fragments (RFC 6455 §5.4)
            return frame.opcode
        place = conversation.name, direction
        began = self._kinds.pop(place, Opcode.CONTINUATION)
        kind = began if frame.opcode == Opcode.CONTINUATION else frame.opcode
        if not frame.fin:
            self._kinds[place] = kind
        return kind


def _messages(data: bytes, kind: int) -> list[Message]:
    """Return what a pattern is compared with: nothing of a control frame, both where the kind is not known."""
    messages: list[Message] = []
    if kind in (Opcode.TEXT, Opcode.CONTINUATION):
        messages.append(data.decode("utf-8", "replace"))
    if kind in (Opcode.BINARY, Opcode.CONTINUATION):
        messages.append(data)
    return messages
