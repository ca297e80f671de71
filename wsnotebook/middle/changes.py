"""Changes: what a user lets happen to frames on their way: callbacks in order, faults among them, and a gate."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from wsnotebook.wire.frames import Frame

if TYPE_CHECKING:
    from wsnotebook.middle.conversation import Conversation

__all__ = ["Callback", "Change", "Changes", "Direction", "Sent", "only"]

Direction: TypeAlias = Literal["in", "out"]
"""``out`` is the way from the client to the upstream, ``in`` the way back."""

Sent: TypeAlias = Frame | Iterable[Frame] | None
"""What is sent instead of a frame: one, several, or none."""

Callback: TypeAlias = Callable[[Frame, Direction, "Conversation"], Sent | Awaitable[Sent]]
"""Called with each frame, its direction and its conversation."""


def only(direction: Direction | None, callback: Callback) -> Callback:
    """Return a callback that is called with frames of one direction only; None for both."""
    if direction not in (None, "in", "out"):
        raise ValueError(f"direction is 'in' or 'out', not {direction!r}")
    if direction is None:
        return callback

    def one_way(frame: Frame, way: Direction, conversation: Conversation) -> Sent | Awaitable[Sent]:
        return callback(frame, way, conversation) if way == direction else frame

    return one_way


class Change(NamedTuple):
    """One callback, and the words by which the log names it."""

    name: str
    callback: Callback

    async def apply(self, frame: Frame, direction: Direction, conversation: Conversation) -> list[Frame]:
        """Return the frames to send instead of one.

        Raises:
            TypeError: the callback returned something else.
            Exception: what the callback raised.
        """
        result: Any = self.callback(frame, direction, conversation)
        if inspect.isawaitable(result):
            result = await result
        if result is None:
            return []
        if isinstance(result, Frame):
            return [result]
        frames = (
            list(result)
            if isinstance(result, Iterable) and not isinstance(result, (str, bytes))
            else [result]
        )
        for item in frames:
            if not isinstance(item, Frame):
                raise TypeError(
                    f"it returned {type(item).__name__}: return a Frame such as Frame.text('…'), several in a list, "
                    "or None to send nothing"
                )
        return frames


class Changes:
    """The changes of one proxy, in the order in which frames pass them."""

    def __init__(self) -> None:
        self.list: list[Change] = []
        """In order; each gets what the one before it returned."""
        self._gate: asyncio.Event | None = None  # made at the first hold: it needs no loop before

    @property
    def is_active(self) -> bool:
        """Whether frames have to wait for something on their way."""
        return bool(self.list) or self.is_held

    def add(self, name: str, callback: Callback) -> Change:
        """Add a callback behind the others."""
        change = Change(name, callback)
        self.list.append(change)
        return change

    @property
    def is_held(self) -> bool:
        """Whether nothing passes."""
        return self._gate is not None and not self._gate.is_set()

    def hold(self) -> None:
        """Let nothing pass until release()."""
        if self._gate is None:
            self._gate = asyncio.Event()
        self._gate.clear()

    def release(self) -> None:
        """Let everything pass again, in order."""
        if self._gate is not None:
            self._gate.set()

    async def wait_released(self) -> None:
        """Wait until frames may pass."""
        if self._gate is not None:
            await self._gate.wait()
