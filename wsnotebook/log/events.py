"""Events: what is not a frame and would explain the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVENT_KINDS", "Event", "events_to_dataframe"]

EVENT_KINDS = {
    "connecting": "a connection is being opened",
    "handshake": "the server's HTTP answer came",
    "open": "the WebSocket is open",
    "closing": "a close frame was sent or came",
    "closed": "the session has ended",
    "reconnect": "the session is being connected again",
    "kernel stall": "the notebook's event loop was held up by a blocking cell",
    "backpressure on": "reading was paused, or the peer does not take what we send",
    "backpressure off": "and goes on",
    "spill": "a part of the log moved to disk",
    "dropped": "rows were dropped to stay within the retention",
    "truncated": "bytes that came belong to no row",
    "disk full": "the journal could not be written; recording goes on in memory",
    "journal on": "recording to a file began",
    "journal off": "and ended",
    "error": "a task, timer or callback of the session failed",
}
"""Kinds of events and what they mean."""


class Event(NamedTuple):
    """One thing that happened and is not a frame."""

    time_ns: int
    """Wall clock, ns since the epoch."""
    monotonic_ns: int
    """Monotonic clock, ns."""
    session: str
    """Session name; empty for what concerns the whole log."""
    kind: str
    """One of EVENT_KINDS."""
    detail: str
    """What a person should know."""


def events_to_dataframe(events: list[Event]) -> pd.DataFrame:
    """Return events as a DataFrame: time, monotonic, session, kind, detail."""
    import pandas as pd  # here, so that a session can log an event without loading pandas

    return pd.DataFrame(
        {
            "time": pd.to_datetime([event.time_ns for event in events], utc=True, unit="ns").as_unit("ns"),
            "monotonic": pd.Series([event.monotonic_ns for event in events], dtype="int64"),
            "session": pd.Categorical([event.session for event in events]),
            "kind": pd.Categorical([event.kind for event in events], categories=list(EVENT_KINDS)),
            "detail": pd.Series([event.detail for event in events], dtype="str"),
        }
    )
