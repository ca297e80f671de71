"""ServerPanel: the widget of a lab server, with its address, counters, a Stop button, and its frames by client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ipywidgets

from wsnotebook.widgets.sessiontable import SessionTable
from wsnotebook.widgets.static import page_of_log
from wsnotebook.widgets.still import STILL_SECONDS, Still, StillView
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import sentence_of

if TYPE_CHECKING:
    from wsnotebook.lab.server import EmbeddedServer
    from wsnotebook.middle.proxy import proxy

__all__ = ["ServerPanel", "server_panel_for", "tell"]

_TICK = 0.25  # seconds: a server needs fewer updates than a session

_panels: WeakKeyDictionary[EmbeddedServer | proxy, ServerPanel] = WeakKeyDictionary()


def server_panel_for(server: EmbeddedServer) -> ServerPanel:
    """Return the panel of ``server``: always the same one, so that showing it twice makes two views of one model."""
    panel = _panels.get(server)
    if panel is None:
        panel = _panels[server] = ServerPanel(server)
    return panel


class ServerPanel(StillView, ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """URL, behaviour, counters and Stop of a lab server or a proxy, and the frames that it saw, with a tab a client.

    Args:
        server: a server that has started. Create the panel in the loop of the kernel: it is refreshed until Stop.
        frames: their table and tabs; None makes those of a lab server.
        between: what stands above the frames.
    """

    def __init__(
        self,
        server: EmbeddedServer | proxy,
        frames: SessionTable | None = None,
        between: Sequence[ipywidgets.Widget] = (),
    ) -> None:
        self.server = server
        # Label, not HTML: the text of a behaviour or an error must not be markup.
        self.where = ipywidgets.Label(f"{server.url}  {server.name}")
        self.counters = ipywidgets.Label()
        self.problem = ipywidgets.Label(layout=ipywidgets.Layout(padding="0 10px"))
        self.button = ipywidgets.Button(
            description="Stop", tooltip="close every session with 1001 and stop listening"
        )
        self.button.layout.width = "72px"
        self.frames = frames or SessionTable(
            FrameTable(server.log, of_server=True, follows=False), "clients", self._clients
        )
        self.table = self.frames.table
        self.table.placeholder = f"No frames yet: let a program connect to {server.url}"
        head = ipywidgets.HBox([self.where, self.counters, self.button])
        head.layout = ipywidgets.Layout(
            justify_content="space-between", flex_flow="row wrap", padding="4px 10px 0"
        )
        super().__init__(children=(head, self.problem, *between, self.frames))
        self.add_class("wsn-panel")
        self._still = Still(lambda: page_of_log(server.log, f"{self}: ", self.table.strip.svg()))
        self.table.set_trait("still", self._still.name)
        self._loop = asyncio.get_running_loop()
        self._ticking = self._loop.create_task(self._tick(), name=f"panel of {server.url}")
        self._stopping: asyncio.Task[None] | None = None
        self.button.on_click(self._clicked)
        self.refresh()

    def __repr__(self) -> str:
        return f"<ServerPanel of {self.server!r}>"

    def _display_(self) -> Any:
        """Return what marimo shows, which asks for this first: tabs and frames are live there, boxes and labels are not."""
        import marimo  # who calls this has it

        # No counters, which would stand still, and no Stop: await server.stop() is left.
        return marimo.vstack([marimo.plain_text(self.where.value), *self.frames.children])

    def refresh(self) -> None:
        """Update counters, tabs and frames."""
        server = self.server
        connected = "stopped" if server.is_stopped else f"{len(server.sessions):,} connected"
        self.counters.value = (
            f"{connected} · {server.accepted:,} accepted · {len(server.refusals):,} refused · "
            f"{len(server.errors):,} errors · {len(server.log):,} frames"
        )
        tell(self.problem, sentence_of(server.errors[-1]) if server.errors else "")
        self.button.disabled = server.is_stopped
        self.frames.refresh()

    def _clients(self) -> Iterable[tuple[str, str]]:
        """Return name and state of each client so far."""
        names = {session.name for session in self.server.sessions}
        for connection in self.server.log.connections:
            yield connection.session, "open" if connection.session in names else "closed"

    async def _tick(self) -> None:
        due = 0.0
        while not self.server.is_stopped:
            await asyncio.sleep(_TICK)
            self.refresh()
            if self.server.is_stopped or self._loop.time() >= due:
                due = self._loop.time() + STILL_SECONDS
                self._still.update()

    def _clicked(self, button: Any) -> None:
        """Stop the server in its own loop: a click may be handled on another thread."""
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = self._loop.create_task(self.server.stop(), name=f"stop {self.server.url}")


def tell(label: ipywidgets.Label, words: str) -> None:
    """Show words in a label, which takes no room while there are none."""
    label.value = words
    label.layout.display = "" if words else "none"
