"""Converters: between Python values and frames, for send_serialized and receive_deserialized."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from wsnotebook.errors import ConversionError
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Converter", "JsonConverter"]


class Converter(Protocol):
    """What ``connect(converter=…)`` takes."""

    def serialize(self, value: Any) -> Frame:
        """Return the frame of a value."""

    def deserialize(self, frame: Frame, kind: Any) -> Any:
        """Return the value of a frame.

        Raises:
            ConversionError: it is not one.
        """


class JsonConverter:
    """JSON in text frames.

    Args:
        encoder: called with a value, returns JSON.
        decoder: called with text, returns a value.
    """

    def __init__(
        self,
        *,
        encoder: Callable[[Any], str] = json.dumps,
        decoder: Callable[[str], Any] = json.loads,
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder

    def serialize(self, value: Any) -> Frame:
        """Return a text frame of the value's JSON; None is ``null``."""
        return Frame.text(self._encoder(value))

    def deserialize(self, frame: Frame, kind: Any = object) -> Any:
        """Return the value of a text frame.

        Args:
            kind: a class that the value must be an instance of, or a callable that makes the wanted value of it, such
                as a dataclass taking keywords for a JSON object. ``object`` and None take anything.

        Raises:
            ConversionError: not a text frame, not JSON, or not of that kind; the frame is on it.
        """
        if frame.opcode != Opcode.TEXT:
            raise ConversionError(frame, f"JSON comes in text frames, this one is {frame.opcode!r}")
        try:
            value = self._decoder(frame.read_text())
        except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are both
            raise ConversionError(frame, f"not JSON: {error}") from error
        return _of_kind(frame, value, kind)


def _of_kind(frame: Frame, value: Any, kind: Any) -> Any:
    if kind is None or kind is object or kind is Any:
        return value
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    if isinstance(kind, type) and kind in (dict, list, str, int, float, bool):
        raise ConversionError(frame, f"it is JSON of a {type(value).__name__}, not of a {kind.__name__}")
    try:
        return kind(**value) if isinstance(value, dict) else kind(value)
    except (TypeError, ValueError) as error:
        raise ConversionError(
            frame, f"it does not make a {getattr(kind, '__name__', kind)}: {error}"
        ) from error
