"""Passage: one direction of one conversation, on which frames wait for the changes, one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wsnotebook.middle.changes import Changes, Direction
from wsnotebook.middle.leg import Leg
from wsnotebook.wire.batch import to_frame
from wsnotebook.wire.serializer import Outgoing, outgoing

if TYPE_CHECKING:
    from wsnotebook.middle.conversation import Conversation

__all__ = ["Passage"]

_MOST = 1024  # frames that wait before reading pauses
_MOST_BYTES = 4 << 20


class Passage:
    """Frames and the end of one leg on their way to the other.

    Args:
        conversation: for the callbacks.
        source: the leg on which frames come; its reading pauses while many wait.
        target: the leg to which they go.
        changes: what happens to them.
        failed: called with the name of a change and what it raised; the frame goes on unchanged.
    """

    def __init__(
        self,
        conversation: Conversation,
        source: Leg,
        target: Leg,
        changes: Changes,
        failed: Callable[[str, BaseException], None],
    ) -> None:
        self._conversation = conversation
        self._source = source
        self._target = target
        self._changes = changes
        self._failed = failed
        self._direction: Direction = "out" if source.peer == "client" else "in"
        self._waiting: deque[tuple[float, Outgoing] | Callable[[], None]] = deque()
        self._size = 0
        self._is_passing = (
            False  # beside the task, which may run before create_task() returns, if it is an eager one
        )
        self._task: asyncio.Task[None] | None = None

    def put(self, items: Sequence[Outgoing]) -> None:
        """Hand frames on: at once where nothing is changed and nothing waits."""
        if not (self._is_passing or self._changes.is_active):
            self._target.write(items)
            return
        now = asyncio.get_running_loop().time()
        self._waiting += [(now, item) for item in items]
        self._size += sum(len(item[1]) for item in items)
        self._begin()

    def then(self, action: Callable[[], None]) -> None:
        """Call ``action`` behind the frames that wait."""
        if not (self._is_passing or self._changes.is_active):
            action()
            return
        self._waiting.append(action)
        self._begin()

    def _begin(self) -> None:
        if len(self._waiting) > _MOST or self._size > _MOST_BYTES:
            self._source.hold("changes", True)
        if not self._is_passing:
            self._is_passing = True
            name = f"changes of {self._conversation.name}, {self._direction}"
            self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._changes.wait_released()
                entry = self._waiting[0]
                if callable(entry):
                    self._waiting.popleft()
                    entry()
                else:
                    arrived, item = entry
                    self._conversation.arrived[self._direction] = arrived
                    await self._pass(item)
                    self._waiting.popleft()  # not before: while a change holds it, it is one of those that wait
                    self._size -= len(item[1])
                if not self._waiting:
                    self._source.hold("changes", False)
        finally:
            self._is_passing = False

    async def _pass(self, item: Outgoing) -> None:
        """Send what the changes make of a frame; the row says which of them did something."""
        first = to_frame(item[0], item[1])
        frames, names = [first], []
        for change in tuple(self._changes.list):
            before, frames = frames, []
            for frame in before:
                try:
                    frames += await change.apply(frame, self._direction, self._conversation)
                except (Exception, asyncio.CancelledError) as error:
                    if _is_cancelled(error):
                        raise
                    self._failed(change.name, error)
                    frames.append(frame)
            if frames != before:
                names.append(change.name)
        if frames == [first]:
            self._target.write([item])
        elif frames:
            self._target.write([outgoing(frame) for frame in frames], f"changed by {', '.join(names)}")
        else:
            self._target.drop([item], f"dropped by {', '.join(names)}")

    def cancel(self) -> None:
        """Stop; what waits is recorded as never sent."""
        if self._task is not None:
            self._task.cancel()
        waiting, self._waiting = self._waiting, deque()
        items = [entry[1] for entry in waiting if not callable(entry)]
        self._target.drop(items, "it waited in the proxy when the conversation ended")


def _is_cancelled(error: BaseException) -> bool:
    """Tell whether the task that runs was cancelled, and not one for which it waits."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling() > 0)
