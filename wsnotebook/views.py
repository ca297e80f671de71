"""What shows and asks the things of lower layers, by name only: the one place where a layer reaches below itself.

A session knows no widget and a log no question; each hands itself to a name here, which is loaded when it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["VIEWS", "register_questions", "view_of"]

VIEWS = {
    "session": "wsnotebook.widgets.panel:show_session",
    "server": "wsnotebook.widgets.serverpanel:server_panel_for",
}
"""Module and function that make the widget of a thing."""


def view_of(kind: str, thing: Any) -> Any:
    """Return the widget that shows a thing of a kind."""
    module, _, function = VIEWS[kind].partition(":")
    return getattr(import_module(module), function)(thing)


def register_questions() -> None:
    """Give DataFrames their ``df.ws``."""
    import_module("wsnotebook.analysis")
