"""Joiner: joins frames to whole messages, as str or bytes."""

from __future__ import annotations

from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Joiner"]

_BINARY = int(Opcode.BINARY)  # an int: a member of an enum costs a look-up for each message


class Joiner:
    """What ``session.receive()`` needs on a raw session, whose ``incoming`` yields fragments and control frames."""

    def __init__(self) -> None:
        self._parts: list[Frame] = []

    def join(self, frame: Frame) -> str | bytes | None:
        """Return the message that a frame completes, if any; control frames complete none.

        Raises:
            UnicodeDecodeError: a text that is not UTF-8.
        """
        if frame.opcode > _BINARY or not (frame.opcode or self._parts):  # a continuation of nothing
            return None
        self._parts.append(frame)
        if not frame.fin:
            return None
        parts, self._parts = self._parts, []
        data = parts[0].data if len(parts) == 1 else b"".join(part.data for part in parts)
        return data if parts[0].opcode == _BINARY else str(data, "utf-8")

    def forget(self) -> None:
        """Forget the message that is open: frames after its first were lost."""
        self._parts.clear()
