"""Reconnection: a named session that is followed by another of the same name and log when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from wsnotebook.errors import WsNotebookError
from wsnotebook.session.attempts import has_ended_for_good

if TYPE_CHECKING:
    from wsnotebook.session.client import connect
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Reconnection"]


class Reconnection:
    """Dials as ``async for session in connect(url)`` does, in a task of its own.

    Args:
        dialing: the ``connect(…)`` of all attempts.
        adopt: called with each session when it is open.
    """

    def __init__(self, dialing: connect, adopt: Callable[[ClientWebSocketSession], None]) -> None:
        self._dialing = dialing
        self._adopt = adopt
        self._loop = asyncio.get_running_loop()
        self._first: asyncio.Future[ClientWebSocketSession] = self._loop.create_future()
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False
        self.session: ClientWebSocketSession | None = None
        """The newest session; None before the first."""
        dialing.attempts.on_opened(self._dialled)

    async def start(self) -> ClientWebSocketSession:
        """Open the first session and return it.

        Raises:
            ConnectError, SocketTimeout, HandshakeError: it failed; no further attempt is made.
        """
        self._task = asyncio.create_task(self._run(), name="wsnotebook: reconnection")
        try:
            return await asyncio.shield(self._first)
        except asyncio.CancelledError:
            self._task.cancel()
            raise

    @property
    def is_over(self) -> bool:
        """Whether the session, once it has ended, is not followed by another."""
        return self._is_stopped or self._task is None or self._task.done()

    @property
    def status(self) -> str | None:
        """What goes on between two sessions, such as ``reconnecting in 3 s (attempt 4)``; None elsewhere."""
        if self.is_over or self.session is None or self.session.state != "closed":
            return None
        return self._dialing.attempts.status or "reconnecting"

    def stop(self) -> None:
        """Let no session follow; the one that is open stays open. Any thread may do that."""
        self._is_stopped = True
        if self.session is not None:
            self.session.log.note(
                "reconnect", "it is not connected again: closed by the user", self.session.name
            )
            if self.session.state == "closed":
                self.session.pump.life.renew(None)
        if self._task is not None and (self.session is None or self.session.state == "closed"):
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def wait(self) -> None:
        """Wait until it is over, its recording written."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _dialled(self, session: ClientWebSocketSession) -> None:
        """Go on with a session that a person has opened after all was over."""
        if self._task is not None and self.is_over:
            self._opened(session)
            self._task = asyncio.create_task(
                self._go_on(self._task, session), name="wsnotebook: reconnection"
            )

    async def _go_on(self, earlier: asyncio.Task[None], session: ClientWebSocketSession) -> None:
        await asyncio.wait([earlier])
        self._is_stopped = False
        await self._run(session)

    async def _run(self, first: ClientWebSocketSession | None = None) -> None:
        try:
            async with aclosing(self._dialing.sessions(insists=False, first=first)) as sessions:
                async for session in sessions:
                    self._opened(session)
                    await session.close_reason
                    if self._is_stopped or has_ended_for_good(session):
                        break
                    session.pump.life.renew(session.name)
        except Exception as error:  # noqa: BLE001 - the task has nobody else to tell
            self._failed(error)

    def _opened(self, session: ClientWebSocketSession) -> None:
        self.session = session
        self._adopt(session)
        if not self._first.done():
            self._first.set_result(session)

    def _failed(self, error: Exception) -> None:
        if self.session is None:
            self._first.set_exception(error)
        else:
            what = str(error) if isinstance(error, WsNotebookError) else f"{type(error).__name__}: {error}"
            self.session.log.note("error", f"it is not connected again: {what}", self.session.name)
            self.session.pump.life.renew(None)
