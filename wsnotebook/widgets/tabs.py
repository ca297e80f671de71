"""Tabs: a strip of tabs, one a session, of which a person chooses one. What is shown of it is its owner's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import traitlets

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.esm import join_modules, join_styles
from wsnotebook.widgets.verbs import Answer, VerbWidget, shown

__all__ = ["ALL", "Tab", "Tabs"]

ALL = ""
"""Name of the tab of all sessions together."""
MOST = 300  # tabs in the strip: of more, nobody finds one by looking, and each costs some 30 bytes an update


class Tab(NamedTuple):
    """One session."""

    name: str
    """Its name; ALL for all of them."""
    state: str
    """connecting, open, held, closing, closed or refused; empty for ALL."""
    frames: int
    """Frames that it has."""


class Tabs(VerbWidget):
    """A strip of tabs with state and number of frames of each; arrows, Home and End choose too.

    Set ``chosen``, or observe it; ``show`` brings the tabs up to date.

    Args:
        label: the strip's name for a screen reader: what the tabs are of.
        all_label: title of the tab of all sessions, which is the first one; without it there is none.
    """

    _esm = join_modules(Path(__file__).with_name("tabs.mjs"))
    _css = join_styles("base", "tabs")

    label = shown(traitlets.Unicode())
    """What the tabs are of."""
    tabs = shown(traitlets.List())
    """The tabs in order: name, title, state and frames of each."""
    unlisted = shown(traitlets.Int(0))
    """Sessions without a tab: the oldest of those that have ended, if there are too many."""
    still = shown(traitlets.Unicode())
    """Class of the element with the text for pages without a kernel, which is hidden while the tabs are there."""
    chosen = traitlets.Unicode(ALL).tag(sync=True)
    """Name of the session that was chosen, which need not have a tab; ALL for all."""

    def __init__(self, label: str, all_label: str = "") -> None:
        super().__init__()
        self.set_trait("label", label)
        self._all_label = all_label
        self._verbs["choose"] = self._verb_choose
        self.show(())

    def __repr__(self) -> str:
        return f"<Tabs of {self.label}: {len(self.tabs)}, {self.chosen or 'all'} chosen>"

    def show(self, tabs: Iterable[Tab], total: int = 0) -> None:
        """Bring the tabs up to date.

        Args:
            tabs: one for each session, oldest first.
            total: frames of all of them.
        """
        every = list(tabs)
        listed = _listed(every, self.chosen)
        first = [Tab(ALL, "", total)] if self._all_label else []
        rows = [
            [tab.name, safe_text(tab.name) or self._all_label, tab.state, tab.frames]
            for tab in (*first, *listed)
        ]
        with self.hold_sync():
            self.set_trait("tabs", rows)
            self.set_trait("unlisted", len(every) - len(listed))

    def _verb_choose(self, content: dict[str, Any]) -> Answer:
        """Choose the session ``name``."""
        self.in_owner(self.set_trait, "chosen", str(content["name"]))
        return {}, ()


def _listed(tabs: list[Tab], chosen: str) -> list[Tab]:
    """Return the tabs that have room: the one that was chosen, those that go on, and the newest of the others."""
    if len(tabs) <= MOST:
        return tabs
    newest = sorted(range(len(tabs)), key=lambda n: (tabs[n].name == chosen, not _has_ended(tabs[n]), n))
    return [tabs[n] for n in sorted(newest[-MOST:])]


def _has_ended(tab: Tab) -> bool:
    return tab.state in ("closed", "refused")
