"""Following: the tick that keeps what is shown of a session up to date, and goes on with the session that follows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from wsnotebook.session.attempts import attempts_of, newest_of
from wsnotebook.widgets.pace import TICK, Pace

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Following"]


class Following:
    """A task that calls ``refresh`` while a session lives or is dialled again, and once afterwards; none outside of a loop.

    When its connect() has opened another session, it starts anew and follows that one.

    Args:
        session: it may have ended.
        refresh: shows how it stands.
        failed: told the exception of a refresh that has ended the task; the loop's handler hears of it too.
        ended: called after the first refresh that has seen the end of a session.
        turned: called with the session that is followed from now on, before its first refresh.
    """

    def __init__(
        self,
        session: ClientWebSocketSession,
        refresh: Callable[[], None],
        failed: Callable[[BaseException], None],
        ended: Callable[[], None] = lambda: None,
        turned: Callable[[ClientWebSocketSession], None] = lambda session: None,
    ) -> None:
        self._session, self._refresh, self._failed = session, refresh, failed
        # Kept: it may be opened, and end, between two ticks, and nobody else has it.
        self._newest = newest_of(session)
        self._ended, self._turned = ended, turned
        self._is_stopped = False
        self._has_ended = session.state == "closed"
        self.task: asyncio.Task[None] | None = None
        """The task; None where there is none."""
        if (attempts := attempts_of(session)) is not None:
            attempts.on_opened(self._opened)
        if self._is_live:
            self._start()

    def stop(self) -> None:
        """End the task."""
        self._is_stopped = True
        if self.task is not None:
            self.task.cancel()

    @property
    def _is_live(self) -> bool:
        """Whether what is shown may change, also because a session follows."""
        attempts = attempts_of(self._session)
        is_dialled = attempts is not None and bool(attempts.status)
        return self._session.state != "closed" or is_dialled or self._newest is not self._session

    def _opened(self, session: ClientWebSocketSession) -> None:
        """Begin to tick again; the task notices the new session itself, so that its errors are not those of a connect()."""
        self._newest = session
        if not self._is_stopped and (self.task is None or self.task.done()):
            self._start()

    def _start(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # as in a plain script: what is shown keeps its first state
        self.task = loop.create_task(self._tick(), name=f"widget of {self._session.name}")
        self.task.add_done_callback(self._stopped)

    async def _tick(self) -> None:
        is_live, pause, pace = True, TICK, Pace(self._session.log.end)
        while is_live:
            await asyncio.sleep(pause)
            if (newest := self._newest) is not self._session:
                self._session, self._has_ended = newest, False
                self._turned(newest)
            is_live, is_closed = self._is_live, self._session.state == "closed"  # read before the refresh
            self._refresh()
            if is_closed and not self._has_ended:
                self._has_ended = True
                self._ended()
            pause = pace.pause(self._session.log.end)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, KeyboardInterrupt):
            self._start()  # the interrupt of the kernel was meant for a cell, and was raised in this task by chance
            return
        self._failed(error)
        context = {"message": "the tick of a widget failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
