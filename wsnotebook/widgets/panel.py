"""Panel: the widget of a session, controls above and the table of frames below.

A tick of 10 Hz refreshes both until the session has ended. Buttons are in controls.py, the table in table.py, the
text for a page without a kernel in static.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ipywidgets

from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.static import html_of, text_of
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import sentence_of

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Panel", "panel_for"]

TICK = 0.1  # seconds: looks live, and bounds the messages on the comm at any rate of frames

_panels: WeakKeyDictionary[ClientWebSocketSession, Panel] = WeakKeyDictionary()


def panel_for(session: ClientWebSocketSession) -> Panel:
    """Return the panel of ``session``: always the same one, so that showing it twice makes two views of one model."""
    panel = _panels.get(session)
    if panel is None:
        panel = _panels[session] = Panel(session)
    return panel


class Panel(ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """Controls and frames of one session.

    Create it in the loop of the kernel, as every cell does: it is refreshed until the session has ended. Showing it
    again makes another view with its own scroll position. ``close()`` frees it.

    Args:
        session: the session to show; it may have ended.
        clock: seconds, never jumping back.
    """

    def __init__(
        self, session: ClientWebSocketSession, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session = session
        self.controls = Controls(session)
        self.table = FrameTable(session.log, connection=(session.name, session.pump.attempt))
        self._clock = clock
        self._ticking: asyncio.Task[None] | None = None
        super().__init__(children=(self.controls, self.table))
        self.add_class("wsn-panel")
        self._refresh()
        if session.state != "closed":
            self._start()

    def __repr__(self) -> str:
        return f"<Panel of {self.controls.name}: {self.controls.state}, {len(self.session.log):,} frames>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        made = super()._repr_mimebundle_(**options)
        bundle, metadata = made if isinstance(made, tuple) else (made, {})
        still = {"text/plain": text_of(self.session), "text/html": html_of(self.session)}
        return {**(bundle or {}), **still}, metadata

    def close(self) -> None:
        """Remove the panel from every page and stop its refresh; the session stays open."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._forget()
        self.controls.close()
        self.table.close()
        super().close()

    def _forget(self) -> None:
        """Remove the panel from the registry, so that the session gets a new one when it is shown again."""
        if _panels.get(self.session) is self:
            del _panels[self.session]

    def _start(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # outside of a loop there is no tick, and the panel keeps its first state
        self._ticking = loop.create_task(self._tick(), name=f"panel of {self.session.name}")
        self._ticking.add_done_callback(self._stopped)

    async def _tick(self) -> None:
        ended = False
        while not ended:
            await asyncio.sleep(TICK)
            ended = self.session.state == "closed"  # read first, so that the last refresh is after the end
            self._refresh()
        self.table.invalidate()  # frames that were still queued are marked unsent now

    def _refresh(self) -> None:
        self.controls.refresh(self._clock())
        self.table.refresh()

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, KeyboardInterrupt):
            self._start()  # the interrupt of the kernel was meant for a cell, and was raised in this task by chance
            return
        self._forget()
        self.controls.problem = (
            f"this panel no longer follows the session: {sentence_of(error)} Show it again."
        )
        context = {"message": "the panel's tick failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
