"""The warning that goes with the first unmasked frame of a session."""

from __future__ import annotations

import warnings

__all__ = ["UnmaskedWarning", "warn_unmasked"]

_warned: set[str] = set()


class UnmaskedWarning(UserWarning):
    """A client sends unmasked frames, which RFC 6455 §5.1 forbids."""


def warn_unmasked(session: str) -> None:
    """Warn once a session that a correct server answers unmasked frames with 1002."""
    if session not in _warned:
        _warned.add(session)
        warnings.warn(
            f"session {session} sends unmasked frames from now on: a correct server closes with 1002 "
            "(RFC 6455 §5.1); session.masking = True masks again",
            UnmaskedWarning,
            stacklevel=4,
        )
