"""Repetition: frames that a session sends again and again, until somebody stops it or the session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from wsnotebook.errors import SessionClosed, WsNotebookError

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Repetition", "repeat", "repetition_of"]

_repetitions: WeakKeyDictionary[ClientWebSocketSession, Repetition] = WeakKeyDictionary()


class Repetition:
    """A task in the session's loop.

    Args:
        session: the session that sends.
        send: sends once.
        seconds: from one sending to the next; one that is late is followed by no burst.
        earlier: the one in whose place it stands.
    """

    def __init__(
        self,
        session: ClientWebSocketSession,
        send: Callable[[], Awaitable[Any]],
        seconds: float,
        earlier: Repetition | None = None,
    ) -> None:
        self.count = 1
        """How often it was sent, the first time included."""
        self.seconds = seconds
        """From one sending to the next."""
        self.replaced = None if earlier is None else (earlier.count, earlier.seconds)
        """How often, and every how many seconds, the earlier one was sent; None without one."""
        self._session, self._send = session, send
        self._task = asyncio.create_task(self._run(), name=f"{session.name}: send every {seconds:g} s")

    @property
    def is_over(self) -> bool:
        """Whether nothing more is sent."""
        return self._task.done() or self._task.cancelling() > 0

    def stop(self) -> None:
        """Send no more; call it in the session's loop."""
        self._task.cancel()

    async def wait(self) -> None:
        """Wait until nothing more is sent."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        ended = asyncio.ensure_future(self._session.close_reason)
        due = monotonic() + self.seconds
        try:
            while not (await asyncio.wait({ended}, timeout=max(0.0, due - monotonic())))[0]:
                await self._send()
                self.count += 1
                due = max(due + self.seconds, monotonic())
        except SessionClosed:
            return  # it ended between the look and the send
        except WsNotebookError as error:
            self._session.log.note(
                "error", f"no longer sent every {self.seconds:g} s: {error}", self._session.name
            )
        finally:
            ended.cancel()


def repeat(session: ClientWebSocketSession, send: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """Send every so many seconds from now on, in the place of what the session has repeated so far."""
    if (earlier := repetition_of(session)) is not None:
        earlier.stop()
    _repetitions[session] = Repetition(session, send, seconds, earlier)


def repetition_of(session: ClientWebSocketSession) -> Repetition | None:
    """Return what a session repeats; None for nothing."""
    found = _repetitions.get(session)
    return None if found is None or found.is_over else found
