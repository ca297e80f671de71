"""The widgets of a notebook page: the panel of a session, the panel of a lab server, the table of frames, and their parts.

Here: Python classes with traits, the ``.mjs`` and ``.css`` of each, and the text that a page without a kernel shows.
Not here: the verbs that a click runs (workbench/), questions to a DataFrame (analysis/).
A new line: a figure of a session in figures.py, a column of the table in columns.mjs, a field of one frame in
inspector.py, a view of its payload in payloadviews.py. Names are imported at first use: ipywidgets is slow to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsnotebook.widgets.closebutton import CloseButton as CloseButton
    from wsnotebook.widgets.connectform import ConnectForm as ConnectForm
    from wsnotebook.widgets.counters import Counters as Counters
    from wsnotebook.widgets.frameinspector import Inspector as Inspector
    from wsnotebook.widgets.maskingtoggle import MaskingToggle as MaskingToggle
    from wsnotebook.widgets.panel import Panel as Panel
    from wsnotebook.widgets.panel import panel_for as panel_for
    from wsnotebook.widgets.sendbox import SendBox as SendBox
    from wsnotebook.widgets.table import FrameTable as FrameTable

_MODULES = {
    "CloseButton": "closebutton",
    "ConnectForm": "connectform",
    "Counters": "counters",
    "FrameTable": "table",
    "Inspector": "frameinspector",
    "MaskingToggle": "maskingtoggle",
    "Panel": "panel",
    "SendBox": "sendbox",
    "panel_for": "panel",
}

__all__ = [
    "CloseButton",
    "ConnectForm",
    "Counters",
    "FrameTable",
    "Inspector",
    "MaskingToggle",
    "Panel",
    "SendBox",
    "panel_for",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
