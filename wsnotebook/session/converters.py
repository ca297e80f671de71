"""Converters between Python values and frames, for send_serialized and receive_deserialized."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from wsnotebook.errors import ConversionError
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Converter", "JsonConverter"]


class Converter(Protocol):
    """The type of ``connect(converter=…)``: implement both methods for another serialisation."""

    def serialize(self, value: Any) -> Frame:
        """Return a text or binary frame that contains ``value``."""

    def deserialize(self, frame: Frame, kind: Any) -> Any:
        """Return the value in a frame, as an instance of ``kind``.

        Raises:
            ConversionError: the frame contains no such value.
        """


class JsonConverter:
    """Converts to and from JSON in text frames.

    Example, with exact numbers::

        from decimal import Decimal
        from functools import partial

        exact = JsonConverter(decoder=partial(json.loads, parse_float=Decimal))
        session = await connect(url, converter=exact)

    Args:
        encoder: called with a value, returns JSON text.
        decoder: called with JSON text, returns a value; raises ValueError if the text is not JSON.
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
        """Return a text frame with the JSON of ``value``; None becomes ``null``.

        Raises:
            TypeError: the encoder cannot serialise ``value``.
        """
        return Frame.text(self._encoder(value))

    def deserialize(self, frame: Frame, kind: Any = object) -> Any:
        """Return the value of a text frame.

        Args:
            frame: the received frame.
            kind: a class that the value must be an instance of, or a callable that converts it. A JSON object is
                passed as keywords, so that a dataclass works; other values as the only argument. ``object`` and None
                accept any value.

        Raises:
            ConversionError: not a text frame, not JSON, or not of that kind; its ``frame`` is the frame.
        """
        if frame.opcode != Opcode.TEXT:
            raise ConversionError(frame, f"JSON comes in text frames, this one is {frame.opcode!r}")
        try:
            value = self._decoder(frame.read_text())
        except ValueError as error:  # the base class of JSONDecodeError and UnicodeDecodeError
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
