"""Ending: what is known of the end of a connection, and the one deadline that it may wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsnotebook.errors import FrameTooBig, SessionFault
from wsnotebook.session.state import Initiator
from wsnotebook.wire.frames import CloseReason

__all__ = ["Ending", "close_message"]


class Ending:
    """Both sides' close frames, who began, and what failed the connection."""

    def __init__(self) -> None:
        self.reason: CloseReason | None = None
        """Why it ended; the first reason stays."""
        self.sent: CloseReason | None = None
        """What we said in our close frame."""
        self.received: CloseReason | None = None
        """What the peer said in its close frame; 1005 where that was empty."""
        self.initiator: Initiator | None = None
        """Who began."""
        self.fault: SessionFault | None = None
        """What failed the connection, where it was failed."""
        self._deadline: asyncio.TimerHandle | None = None

    def settle(self, reason: CloseReason, initiator: Initiator) -> None:
        """Fix the reason, if it is the first."""
        if self.reason is None:
            self.reason = reason
            self.initiator = initiator

    @property
    def has_deadline(self) -> bool:
        """Whether something is waited for."""
        return self._deadline is not None

    def set_deadline(self, delay: float, missed: Callable[[], None]) -> None:
        """Call ``missed`` after ``delay`` seconds; whatever was waited for before is not any more."""
        self.clear_deadline()
        self._deadline = asyncio.get_running_loop().call_later(delay, missed)

    def clear_deadline(self) -> None:
        """Wait for nothing."""
        if self._deadline is not None:
            self._deadline.cancel()


def close_message(fault: SessionFault) -> str:
    """Return what the peer is told of a fault."""
    if isinstance(fault, FrameTooBig):
        return f"frame of {fault.frame_size} bytes, limit {fault.limit}"
    return str(getattr(fault, "rule", type(fault).__name__))
