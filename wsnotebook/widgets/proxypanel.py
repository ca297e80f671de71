"""ProxyPanel: the widget of a proxy: a server's panel with a tab a conversation, and what is held on its way.

Everything that acts on the proxy runs in the loop that made the panel: a click may be handled on another thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import ipywidgets

from wsnotebook.widgets.heldframes import HeldFrames
from wsnotebook.widgets.serverpanel import ServerPanel, tell
from wsnotebook.widgets.sessiontable import SessionTable
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import sentence_of

if TYPE_CHECKING:
    from wsnotebook.middle.proxy import proxy

__all__ = ["ProxyPanel", "proxy_panel_for"]

_panels: WeakKeyDictionary[proxy, ProxyPanel] = WeakKeyDictionary()


def proxy_panel_for(p: proxy) -> ProxyPanel:
    """Return the panel of ``p``: always the same one, so that showing it twice makes two views of one model."""
    panel = _panels.get(p)
    if panel is None:
        panel = _panels[p] = ProxyPanel(p)
    return panel


class ProxyPanel(ServerPanel):
    """A server's panel with a tab a conversation, and breakpoints, with the frames that they hold.

    Args:
        p: a proxy that has started. Create the panel in the loop of the kernel: it is refreshed until Stop.
    """

    def __init__(self, p: proxy) -> None:
        self._proxy = p
        self.pattern = ipywidgets.Text(placeholder="a text, or /a regular expression/")
        self.break_button = _button("Break on", "hold everything when a frame matches")
        self.hold_button = _button("Hold", "let no frame pass")
        self.clear_button = _button("Clear", "take breakpoints, callbacks and faults away, and release")
        self.both = ipywidgets.ToggleButton(
            description="Both sides", tooltip="show with a conversation also the connection to its upstream"
        )
        self.both.layout.width = "auto"
        self.held = HeldFrames(p, self._do)
        self.refused = ipywidgets.Label(layout=ipywidgets.Layout(padding="0 10px"))
        """Why the last click did nothing."""
        tell(self.refused, "")
        changing = (
            [self.pattern, self.break_button, self.hold_button, self.clear_button] if p.can_change else []
        )
        buttons = ipywidgets.HBox([*changing, self.both])
        buttons.layout = ipywidgets.Layout(flex_flow="row wrap", padding="0 10px")
        frames = SessionTable(
            FrameTable(p.log, of_server=False, follows=False), "conversations", self._listed, self._names_of
        )
        between = (buttons, self.held, self.refused) if p.can_change else (buttons,)
        super().__init__(p, frames, between)
        self.both.observe(lambda _: self.frames.apply(), "value")
        self.break_button.on_click(lambda _: self._do(self._break))
        self.hold_button.on_click(lambda _: self._do(p.hold))
        self.clear_button.on_click(lambda _: self._do(p.clear))

    def __repr__(self) -> str:
        return f"<ProxyPanel of {self._proxy!r}>"

    def refresh(self) -> None:
        """Update counters, tabs, frames and what is held."""
        super().refresh()
        self.hold_button.disabled = self._proxy.is_held
        self.held.refresh()

    def _listed(self) -> Iterable[tuple[str, str]]:
        """Return name and state of each conversation."""
        held = {each.conversation.name for each in self._proxy.held}
        for conversation in self._proxy.conversations:
            yield conversation.name, "held" if conversation.name in held else conversation.state

    def _names_of(self, name: str) -> tuple[str, ...]:
        """Return the sessions that a conversation's tab shows: the client's, or both."""
        upstreams = {each.name: each.upstream_name for each in self._proxy.conversations}
        return (name, upstreams[name]) if self.both.value and name in upstreams else (name,)

    def _break(self) -> None:
        if not self.pattern.value:
            raise ValueError("type a text first, or /a regular expression/.")
        self._proxy.break_on(self.pattern.value)
        self.pattern.value = ""

    def _do(self, action: Callable[[], object]) -> None:
        """Run an action in the loop of the proxy; what it raises is shown."""
        self._loop.call_soon_threadsafe(self._try, action)

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - any error is shown to the person who clicked
            tell(self.refused, sentence_of(error))
        else:
            tell(self.refused, "")
        self.refresh()


def _button(label: str, title: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=label, tooltip=title, layout=ipywidgets.Layout(width="auto"))
