"""HeldFrames: the frames that breakpoints of a proxy hold, one of them in an editor: send it edited, or drop it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets

from wsnotebook.safetext import safe_text
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.middle.breakpoint import Held
    from wsnotebook.middle.proxy import proxy
    from wsnotebook.wire.frames import Frame

__all__ = ["HeldFrames"]

_LINE_END = re.compile(r"\r\n|\r|\n")
_PREVIEW = 60  # characters of a payload in the list


class HeldFrames(ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """A list, an editor and two buttons; hidden while nothing is held.

    Args:
        p: the proxy.
        do: runs an action in the proxy's loop, and shows what it raises.
    """

    def __init__(self, p: proxy, do: Callable[[Callable[[], object]], None]) -> None:
        self.list = ipywidgets.Dropdown(description="held")
        self.editor = ipywidgets.Textarea(layout=ipywidgets.Layout(width="100%", height="8em"))
        self.send_button = ipywidgets.Button(
            description="Send", tooltip="send it as it stands here, and let everything pass"
        )
        self.drop_button = ipywidgets.Button(
            description="Drop", tooltip="do not send it, and let everything else pass"
        )
        self._proxy = p
        self._shown: tuple[Held, ...] = ()
        self._edited: Held | None = None
        buttons = ipywidgets.HBox([self.send_button, self.drop_button])
        super().__init__(children=(self.list, self.editor, buttons))
        self.layout.padding = "0 10px"
        self.list.observe(lambda change: self._edit(change["new"]), "value")
        self.send_button.on_click(lambda _: do(self._send))
        self.drop_button.on_click(lambda _: do(self._drop))
        self.refresh()

    def refresh(self) -> None:
        """Show what is held; an edit goes on while its frame is."""
        held = tuple(self._proxy.held)
        if held != self._shown or not held:
            self._shown = held
            chosen = self._edited if self._edited in held else next(iter(held), None)
            self.list.options = [(_label(each), number) for number, each in enumerate(held)]
            if chosen is not None:
                self.list.value = held.index(chosen)
                self._edit(self.list.value)
        self.layout.display = "" if held else "none"

    def _edit(self, number: int | None) -> None:
        held = None if number is None else self._shown[number]
        if held is self._edited:
            return
        self._edited = held
        self.editor.value = "" if held is None or held.frame is None else _text_of(held.frame)

    def _send(self) -> None:
        held = self._chosen()
        assert held.frame is not None
        held.frame = held.frame.copy(data=_data_of(held.frame, self.editor.value))
        self._proxy.release()

    def _drop(self) -> None:
        self._chosen().frame = None
        self._proxy.release()

    def _chosen(self) -> Held:
        held = self._edited
        if held is None or held not in self._proxy.held:
            raise ValueError("this frame is not held any more.")
        return held


def _label(held: Held) -> str:
    way = "to the client" if held.direction == "in" else "to the upstream"
    text = "" if held.frame is None else _text_of(held.frame)
    more = "…" if len(text) > _PREVIEW else ""
    return f"{held.conversation.name}, {way}: {safe_text(text[:_PREVIEW])}{more}"


def _text_of(frame: Frame) -> str:
    """Return a payload for the editor: a text as it is, other bytes in hexadecimal."""
    return frame.data.decode("utf-8", "replace") if _is_text(frame) else frame.data.hex(" ")


def _is_text(frame: Frame) -> bool:
    """Tell whether a payload is shown as a text: also a fragment that can be one, as only the first says what it is."""
    if frame.opcode != Opcode.CONTINUATION:
        return frame.opcode == Opcode.TEXT
    try:
        frame.data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _data_of(frame: Frame, text: str) -> bytes:
    """Return the payload that the editor has.

    Raises:
        ValueError: bytes that are not hexadecimal, or an edited text whose line ends are not known any more.
    """
    if _is_text(frame):
        before = _text_of(frame)
        # A payload that is no UTF-8 stays as it is unless somebody has edited it.
        is_edited = text not in (before, _LINE_END.sub("\n", before))
        return _with_ends_of(before, text).encode() if is_edited else frame.data
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ValueError("bytes are written in hexadecimal, as 48 65 6c.") from error


def _with_ends_of(before: str, text: str) -> str:
    """Return an edited text with the line ends that it had before: in the page all of them have become LF."""
    ends = set(_LINE_END.findall(before))
    if "\r" in text or not ends:
        return text  # of a cell, or without line ends to keep
    if len(ends) > 1:
        raise ValueError(
            "this text has line ends of several kinds, and the editor would make each LF: send it as it was, "
            "or set p.held[0].frame in a cell."
        )
    return text.replace("\n", *ends)
