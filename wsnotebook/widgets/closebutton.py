"""CloseButton: the widget that closes a session with a code and a reason."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import traitlets

from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.sessionwidget import SessionWidget
from wsnotebook.widgets.verbs import shown

__all__ = ["CloseButton"]


class CloseButton(SessionWidget):
    """Code and reason of a close frame, Close, Terminate, and Reconnect after the end.

    Example: ``CloseButton(session)``.

    Args:
        session: as in SessionWidget.
    """

    _esm = join_modules(Path(__file__).with_name("closebutton.mjs"))

    offered: ClassVar[tuple[str, ...]] = ("close", "terminate", "reconnect")

    ending = shown(traitlets.Unicode())
    """Close code, reason and initiator, once they are known."""
