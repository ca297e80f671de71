"""What is seen: the panel of a session, its table of frames and the inspector of one frame.

Names are resolved at first use, so that ``safe_text`` costs no import of ipywidgets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsnotebook.widgets.escape import safe_text as safe_text
    from wsnotebook.widgets.panel import Panel as Panel
    from wsnotebook.widgets.panel import panel_for as panel_for
    from wsnotebook.widgets.table import FrameTable as FrameTable

__all__ = ["FrameTable", "Panel", "panel_for", "safe_text"]

_MODULES = {"FrameTable": "table", "Panel": "panel", "panel_for": "panel", "safe_text": "escape"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
