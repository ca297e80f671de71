"""SessionState and Initiator: the words for where a session is, and who ended it."""

from __future__ import annotations

import enum
from typing import Literal, TypeAlias

__all__ = ["Initiator", "SessionState"]


class SessionState(enum.StrEnum):
    """Where a session is in its life."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    """A close frame was sent or came."""
    CLOSED = "closed"
    """The connection is gone."""


Initiator: TypeAlias = Literal["local", "peer", "network", "timeout"]
"""Who ended a session."""
