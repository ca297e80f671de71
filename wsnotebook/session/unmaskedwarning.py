"""The warning about the first unmasked frame of a session."""

from __future__ import annotations

import sys
import warnings

__all__ = ["UnmaskedWarning", "warn_unmasked"]

_PACKAGE = __name__.partition(".")[0] + "."


class UnmaskedWarning(UserWarning):
    """A client sends unmasked frames, which RFC 6455 §5.1 forbids."""


def warn_unmasked(session: str) -> None:
    """Warn that a session sends unmasked frames; the warning points at the user's line of code."""
    warnings.warn(
        f"session {session} sends unmasked frames from now on: a correct server closes with 1002 "
        "(RFC 6455 §5.1); session.masking = True masks again",
        UnmaskedWarning,
        stacklevel=_users_level(),
    )


def _users_level() -> int:
    """Return the stacklevel of the first caller outside this package, counted from our caller."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level
