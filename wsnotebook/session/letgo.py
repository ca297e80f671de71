"""GONE: what the parts of an ended connection call in place of the pump and the session, which they let go.

The parts of a pump call it back, and it the session: cycles of references. Where they stay, an ended session is freed by
the collector of cycles only, which then has as much to do for it as opening and closing have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["GONE", "ignore"]


def ignore(*facts: object) -> None:
    """Do nothing."""


class _Gone:
    """Has every method, and each does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return ignore


GONE: Any = _Gone()
"""The owner of a part that has been let go."""
