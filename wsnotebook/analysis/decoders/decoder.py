"""What a decoder is: a name, a function that begins a stream, and how the protocol is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

__all__ = ["Decode", "Decoder", "Payload", "Record", "missing_library", "never"]

Payload: TypeAlias = str | bytes
"""A text message as str, a binary one as bytes."""
Decode: TypeAlias = Callable[[Any], Any]
"""Decodes one message of a stream: returns a value, a Record, or an iterator of either, one for each protocol message."""


class Record(NamedTuple):
    """One protocol message."""

    kind: str | None = None
    """Type of the protocol message."""
    value: Any = None
    """What was decoded."""
    error: str | None = None
    """Why it could not be decoded."""
    span: int = 1
    """Number of messages that it lay in; the present one is the last."""


def never(payload: Payload) -> bool:
    """Recognise nothing: the decoder is used only when it is named."""
    return False


@dataclass(frozen=True, slots=True)
class Decoder:
    """One decoder."""

    name: str
    start: Callable[..., Decode]
    """Begins a stream, one direction of one connection. What it returns may have ``end()``, asked after the last message, and where
    a message is missing or not whole: it tells what is open and forgets it, so that nothing is joined across the hole."""
    looks: Callable[[Payload], bool | None] = never
    """Whether a message looks like one of the protocol; None where it may be one, as those of others too. It never raises."""
    by_first: bool = False
    """A direction is recognised by its first message: the others may be of any form."""
    is_packing: bool = False
    """What it decodes are payloads again, which another decoder reads."""
    subprotocols: tuple[str, ...] = ()
    """Subprotocols of the handshake that mean this protocol."""
    shared: Callable[[str], Any] | None = None
    """Makes what both directions of a connection know, an argument of ``start`` then, from its URL, which is empty if not known."""

    def start_of_connection(self, url: str = "") -> Callable[[], Decode]:
        """Return the ``start`` of the directions of one connection, which learn from each other."""
        return self.start if self.shared is None else partial(self.start, self.shared(url))


def missing_library(name: str, library: str) -> ModuleNotFoundError:
    """Return the error for a decoder whose library is not installed; the extra has the name of the library."""
    return ModuleNotFoundError(
        f"decode({name!r}) needs the library {library}: pip install 'wsnotebook[{library}]'", name=library
    )
