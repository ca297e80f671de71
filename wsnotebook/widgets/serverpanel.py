"""ServerPanel: the widget of a lab server, with its address, connected clients, counters, a Stop button and its frames."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ipywidgets

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import sentence_of

if TYPE_CHECKING:
    from wsnotebook.lab.server import EmbeddedServer
    from wsnotebook.middle.proxy import proxy

__all__ = ["ServerPanel", "server_panel_for"]

_TICK = 0.25  # seconds: a server needs fewer updates than a session
_NAMES = 5  # names of connected clients; the other clients are counted

_panels: WeakKeyDictionary[EmbeddedServer | proxy, ServerPanel] = WeakKeyDictionary()


def server_panel_for(server: EmbeddedServer | proxy, *, of_server: bool = True) -> ServerPanel:
    """Return the panel of ``server``: always the same one, so that showing it twice makes two views of one model."""
    panel = _panels.get(server)
    if panel is None:
        panel = _panels[server] = ServerPanel(server, of_server=of_server)
    return panel


class ServerPanel(ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """URL, behaviour, connected sessions, counters and Stop of a lab server or a proxy, and the frames that it saw.

    Args:
        server: a server that has started. Create the panel in the loop of the kernel: it is refreshed until Stop.
        of_server: its log is that of a server, whose received frames are masked.
    """

    def __init__(self, server: EmbeddedServer | proxy, *, of_server: bool = True) -> None:
        self.server = server
        # Label, not HTML: the text of a behaviour or an error must not be markup.
        self.where = ipywidgets.Label(f"{server.url}  {server.name}")
        self.connected = ipywidgets.Label()
        self.counters = ipywidgets.Label()
        self.problem = ipywidgets.Label()
        self.button = ipywidgets.Button(
            description="Stop", tooltip="close every session with 1001 and stop listening"
        )
        self.button.layout.width = "72px"
        self.table = FrameTable(server.log, of_server=of_server)
        head = ipywidgets.HBox([self.where, self.counters, self.button])
        head.layout.justify_content = "space-between"
        head.layout.padding = "4px 10px 0"
        lines = ipywidgets.VBox([self.connected, self.problem])
        lines.layout.padding = "0 10px"
        super().__init__(children=(head, lines, self.table))
        self.add_class("wsn-panel")
        self._loop = asyncio.get_running_loop()
        self._ticking = self._loop.create_task(self._tick(), name=f"panel of {server.url}")
        self._stopping: asyncio.Task[None] | None = None
        self.button.on_click(self._clicked)
        self.refresh()

    def __repr__(self) -> str:
        return f"<ServerPanel of {self.server!r}>"

    def refresh(self) -> None:
        """Update address, clients, counters and frames."""
        server = self.server
        names = [safe_text(session.name) for session in server.sessions]
        more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
        self.connected.value = (
            f"connected: {', '.join(names[:_NAMES])}{more}" if names else "nobody is connected"
        )
        if server.is_stopped:
            self.connected.value = "stopped"
        self.counters.value = (
            f"{server.accepted:,} accepted · {len(server.refusals):,} refused · {len(server.errors):,} errors · "
            f"{len(server.log):,} frames"
        )
        if server.errors:
            self.problem.value = sentence_of(server.errors[-1])
        self.button.disabled = server.is_stopped
        self.table.refresh()

    async def _tick(self) -> None:
        while not self.server.is_stopped:
            await asyncio.sleep(_TICK)
            self.refresh()

    def _clicked(self, button: Any) -> None:
        """Stop the server in its own loop: a click may be handled on another thread."""
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = self._loop.create_task(self.server.stop(), name=f"stop {self.server.url}")
