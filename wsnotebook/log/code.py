"""Code: the connection and the direction of a batch, packed into the one int that its rows share in the log.

Each function works on one int and on an array of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONNECTION", "DIRECTIONS", "connection_of", "is_sent", "pack_code"]

DIRECTIONS = ("in", "out")
"""Name of each direction, by ``is_sent``."""

CONNECTION = ~1
"""Bits of a code that both directions of a connection have in common: for who compares codes for each frame."""

_Ints = TypeVar("_Ints", int, "NDArray[Any]")


def pack_code(connection: _Ints, sent: _Ints) -> _Ints:
    """Return the code of a connection's number and a direction: ``sent`` is 1 for outgoing frames, 0 for incoming."""
    code: _Ints = 2 * connection + sent
    return code


def connection_of(code: _Ints) -> _Ints:
    """Return the number of the connection in a code."""
    return code >> 1


@overload
def is_sent(code: int) -> bool: ...
@overload
def is_sent(code: NDArray[Any]) -> NDArray[Any]: ...
def is_sent(code: Any) -> Any:
    """Tell whether a code is of outgoing frames."""
    return code & 1 == 1
