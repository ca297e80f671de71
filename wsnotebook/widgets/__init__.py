"""The widgets of a notebook page: the panel of a session, the panel of a lab server, the table of frames.

Here: Python classes with traits, the ``.mjs`` and ``.css`` of each, and the text that a page without a kernel shows.
Not here: the verbs that a click runs (workbench/), questions to a DataFrame (analysis/).
A new line: a trait or button of the panel in controls.py, a column of the table in columns.mjs, a field of one frame in
inspector.py, a view of its payload in payloadviews.py. Names are imported at first use: ipywidgets is slow to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsnotebook.widgets.panel import Panel as Panel
    from wsnotebook.widgets.panel import panel_for as panel_for
    from wsnotebook.widgets.table import FrameTable as FrameTable

__all__ = ["FrameTable", "Panel", "panel_for"]

_MODULES = {"FrameTable": "table", "Panel": "panel", "panel_for": "panel"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
