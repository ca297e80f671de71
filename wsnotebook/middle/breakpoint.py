"""Breakpoint: a change that holds everything when a frame matches, so that a person can look at it and edit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsnotebook.matching import Pattern
from wsnotebook.middle.changes import Changes, Direction
from wsnotebook.wire.frames import Frame, Opcode

if TYPE_CHECKING:
    from wsnotebook.middle.conversation import Conversation

__all__ = ["Breakpoint", "Held"]


@dataclass(slots=True)
class Held:
    """A frame that a breakpoint holds. Set ``frame`` to send another one, or to None to send none."""

    frame: Frame | None
    direction: Direction
    conversation: Conversation


class Breakpoint:
    """Called with each frame, as any callback; it returns a matching one when it was released.

    Args:
        pattern: compared with each text and binary frame.
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

    async def __call__(self, frame: Frame, direction: Direction, conversation: Conversation) -> Frame | None:
        """Return the frame, edited perhaps."""
        if not self._matches(frame):
            return frame
        held = Held(frame, direction, conversation)
        self._held.append(held)
        self._changes.hold()
        self._caught()
        try:
            await self._changes.wait_released()
        finally:
            self._held.remove(held)
        return held.frame

    def _matches(self, frame: Frame) -> bool:
        if frame.opcode == Opcode.BINARY:
            return bool(self._pattern.compare(frame.data))
        if frame.opcode != Opcode.TEXT:
            return False
        return bool(self._pattern.compare(frame.data.decode("utf-8", "replace")))
