"""SessionState, the word for where a session is, and Lifecycle, which holds the state of its end for all threads."""

from __future__ import annotations

import enum
import threading

from wsnotebook.wire.closing import Action, End, Event, Phase, advance

__all__ = ["Lifecycle", "SessionState"]


class SessionState(enum.StrEnum):
    """Where a session is in its life.

    Example: ``session.state == "open"``.
    """

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    """A close frame was sent or received, or the connection is ending without one."""
    CLOSED = "closed"
    """The connection is gone, and every frame is in the log."""


_CLOSED = Phase.CLOSED
_CHANGING = threading.RLock()
"""One for all sessions: it is held for a look at a table, in which a finalizer may end another one."""
_STATES = {
    Phase.CONNECTING: SessionState.CONNECTING,
    Phase.OPEN: SessionState.OPEN,
    Phase.CLOSED: SessionState.CLOSED,
}


class Lifecycle:
    """Where one connection is, from the handshake to the end: the only place that is asked, and the only one that
    changes.

    Args:
        raw: the connection follows the table of raw sessions.
    """

    def __init__(self, *, raw: bool) -> None:
        self.raw = raw
        """Whether the session is raw."""
        self.end = End()
        """All that is known of the end. Replaced as a whole: read it once to compare several of its fields."""

    def step(self, event: Event) -> tuple[Action, ...]:
        """Apply an event, on any thread; return the actions for the pump's loop."""
        with _CHANGING:  # terminate() and an overflow come from the user's thread
            self.end, actions = advance(self.end, event, raw=self.raw)
        return actions

    def renew(self, name: str | None) -> None:
        """Note that the session, which has ended, is followed by another of that name; None for by no other."""
        with _CHANGING:
            self.end = self.end._replace(renewed_as=name)

    @property
    def is_closed(self) -> bool:
        """Whether the connection is gone, and every frame is in the log."""
        return self.end.phase is _CLOSED

    @property
    def state(self) -> SessionState:
        """The state in the user's words."""
        return _STATES.get(self.end.phase, SessionState.CLOSING)
