"""ignore: called by the parts of an ended connection in place of the pump and the session, which they let go.

The parts of a pump call it back, and it the session: cycles of references. Where they stay, an ended session is freed by
the collector of cycles only, which then has as much to do for it as opening and closing have.
"""

from __future__ import annotations

__all__ = ["ignore"]


def ignore(*facts: object) -> None:
    """Do nothing."""
