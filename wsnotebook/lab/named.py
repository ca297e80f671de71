"""named: the decorator of a function that makes behaviours. It registers the function and names its behaviours; and
subprotocol_of: what a behaviour agrees to.

The behaviours are in behaviours.py, with BEHAVIOURS, the table from which a server takes one by name.
"""

from __future__ import annotations

import functools
import reprlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeAlias

from wsnotebook.lab.connection import LabConnection

__all__ = ["MAKERS", "Behaviour", "NamedBehaviour", "named", "subprotocol_of"]

P = ParamSpec("P")

Behaviour: TypeAlias = Callable[[LabConnection], Awaitable[None]]
"""``async def behaviour(session)``: the server closes the session with 1000 when it returns, 1011 when it raises."""

MAKERS: dict[str, Callable[..., Behaviour]] = {}
"""The decorated functions that are listed, by name."""

_WRITTEN = (str, bytes, int, float, list, tuple, dict, type(None))
"""Types whose values a repr shows; a DataFrame would take milliseconds and lines."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedBehaviour:
    """A behaviour with the name and the arguments of the function that made it."""

    name: str
    """Name of the function that made it."""
    parameters: str
    """The arguments of that call, as they would be written."""
    run: Behaviour
    """The behaviour."""

    def __call__(self, session: LabConnection) -> Awaitable[None]:
        return self.run(session)

    def select_subprotocol(self, session: LabConnection, offered: Sequence[str]) -> str | None:
        """Return what its behaviour agrees to."""
        return subprotocol_of(self.run, session, offered)

    def __repr__(self) -> str:
        return f"{self.name}({self.parameters})"


def subprotocol_of(behaviour: Behaviour | None, session: LabConnection, offered: Sequence[str]) -> str | None:
    """Return the subprotocol that a behaviour agrees to: what its ``select_subprotocol(session, offered)`` returns, or
    the first offered where it has none of its own."""
    select = getattr(behaviour, "select_subprotocol", None)
    first = offered[0] if offered else None
    chosen: str | None = first if select is None else select(session, offered)
    return chosen


def named(*, listed: bool = True) -> Callable[[Callable[P, Behaviour]], Callable[P, NamedBehaviour]]:
    """Decorate a function that makes behaviours.

    Args:
        listed: register it, so that ``embedded_server("name")`` finds it; all its parameters need defaults then.
    """

    def decorate(maker: Callable[P, Behaviour]) -> Callable[P, NamedBehaviour]:
        name = maker.__name__

        @functools.wraps(maker)
        def make(*args: P.args, **kwargs: P.kwargs) -> NamedBehaviour:
            given = [*map(_written, args), *(f"{key}={_written(value)}" for key, value in kwargs.items())]
            return NamedBehaviour(name, ", ".join(given), maker(*args, **kwargs))

        if listed:
            MAKERS[name] = make
        return make

    return decorate


def _written(value: object) -> str:
    return reprlib.repr(value) if isinstance(value, _WRITTEN) else f"<{type(value).__name__}>"
