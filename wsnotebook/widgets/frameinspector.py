"""Inspector: the widget that shows one frame: its facts, and its payload in views. What they say is in inspector.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.widgets.esm import join_modules, join_styles
from wsnotebook.widgets.frameverbs import FrameVerbs
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import VerbWidget

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Inspector"]


class Inspector(VerbWidget):
    """One frame of a log. Set ``seq`` to show another.

    Example::

        table = FrameTable(session.log)
        inspector = Inspector(table)

    Args:
        source: the log; or a FrameTable, whose first selected row is shown from now on.
    """

    _esm = join_modules(Path(__file__).with_name("frameinspector.mjs"))
    _css = join_styles("base", "table")

    seq = traitlets.Int(None, allow_none=True).tag(sync=True)
    """Number of the frame; None for none. A frame that the log does not have is told in the page."""

    def __init__(self, source: FrameLog | FrameTable) -> None:
        super().__init__()
        log = source.log if isinstance(source, FrameTable) else source
        verbs = FrameVerbs(log, Timeline(log))
        self._verbs.update(
            inspect=lambda content: verbs.inspect(int(content["seq"])),
            part=verbs.part,
            decoded=verbs.decoded,
            payload=verbs.payload,
        )
        if isinstance(source, FrameTable):
            source.observe(self._selected, "selection")
            self._selected({"new": source.selection})

    def __repr__(self) -> str:
        return "<Inspector>" if self.seq is None else f"<Inspector of frame {self.seq}>"

    def _selected(self, change: dict[str, Any]) -> None:
        self.seq = change["new"][0] if change["new"] else None
