"""FrameVerbs: what a page can request of one frame of a log: its facts and views, a further part, its message decoded, the whole payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsnotebook.widgets.decodedview import decoded
from wsnotebook.widgets.inspector import describe, part_of, row_at
from wsnotebook.widgets.messagefragments import FAR, Fragments, fragments_of
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import Answer

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["FrameVerbs"]


class FrameVerbs:
    """The verbs of the inspector, for the table and for a widget of its own.

    Args:
        log: the log with the frames.
        timeline: the places of its events.
    """

    def __init__(self, log: FrameLog, timeline: Timeline) -> None:
        self._log = log
        self._timeline = timeline

    def inspect(self, seq: int) -> Answer:
        """Return the facts and views of a frame."""
        self._timeline.update()
        return describe(self._log, seq, before=self._timeline.texts_before(seq)), ()

    def part(self, content: dict[str, Any]) -> Answer:
        """Return a view of the frame ``seq`` from a byte of its payload on."""
        view = part_of(self._log, int(content["seq"]), str(content["view"]), int(content["start"]))
        return {"view": view.to_dict()}, ()

    def decoded(self, content: dict[str, Any]) -> Answer:
        """Return the message of the frame ``seq`` as the decoder ``name`` reads it; without a name it is guessed."""
        return decoded(self._log, int(content["seq"]), str(content.get("name") or "") or None), ()

    def payload(self, content: dict[str, Any]) -> Answer:
        """Return the payload of the frame ``seq``, to be saved as a file: with ``whole``, that of its message.

        ``first`` is the number of the first frame that it has; ``is_cut`` tells that some of it was not received or kept, or
        is not here.
        """
        row, _ = row_at(self._log, int(content["seq"]))
        found = fragments_of(self._log, row, FAR) if content.get("whole") else None
        found = found or Fragments([row], has_begin=True, has_end=True)
        return {"first": found.rows[0].seq, "is_cut": found.is_cut}, [found.payload]
