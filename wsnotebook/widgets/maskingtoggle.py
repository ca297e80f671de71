"""MaskingToggle: the widget that shows and changes whether a session masks its frames."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import traitlets

from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.sessionwidget import SessionWidget

__all__ = ["MaskingToggle"]


class MaskingToggle(SessionWidget):
    """A button that shows whether the frames of a session are sent masked, and changes it.

    Set ``masking``, or link it to a trait of another widget: that acts on the session.

    Example::

        toggle = MaskingToggle(session)
        toggle.masking = True

    Args:
        session: as in SessionWidget.
    """

    _esm = join_modules(Path(__file__).with_name("maskingtoggle.mjs"))

    offered: ClassVar[tuple[str, ...]] = ("mask",)

    masking = traitlets.Bool(True).tag(sync=True)
    """Whether the next frame is sent masked; may be set."""
