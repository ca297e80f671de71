"""Events: what happens beside the frames and explains them, such as a reconnection or a full disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVENT_KINDS", "Event", "events_to_dataframe"]

EVENT_KINDS = {
    "connecting": "a connection is being opened",
    "handshake": "the HTTP response of the server was received",
    "redirect": "the server sends the handshake to another address",
    "open": "the WebSocket is open",
    "changed": "a proxy handed something on in another form",
    "closing": "a close frame was sent or received",
    "closed": "the session has ended",
    "reconnect": "the session is being connected again",
    "kernel stall": "a blocking cell stopped the event loop of the notebook",
    "clock jump": "the wall clock was set, or the machine slept",
    "backpressure on": "reading was paused, or the peer does not read what is sent",
    "backpressure off": "reading or sending goes on",
    "spill": "rows moved to disk",
    "dropped": "rows were dropped to stay within the retention",
    "truncated": "bytes were received that belong to no row, or a file has values that cannot be read",
    "disk full": "rows could not be written to disk; they stay in memory",
    "too many open files": "rows could not be moved to disk for want of a descriptor; they stay in memory",
    "journal on": "recording to a file began",
    "journal off": "recording to a file ended",
    "error": "a task, timer or callback of the session failed, or a browser reports an error",
}
"""Kinds of events that are noted here, and their meaning; note() takes any other kind too."""


class Event(NamedTuple):
    """One event."""

    time_ns: int
    """Wall clock, ns since the epoch."""
    monotonic_ns: int
    """Monotonic clock, ns."""
    session: str
    """Session name; empty for an event of the whole log."""
    kind: str
    """One of EVENT_KINDS, or a word of the user."""
    detail: str
    """One sentence with the facts, for a person."""


def events_to_dataframe(events: list[Event]) -> pd.DataFrame:
    """Return events as a DataFrame: time, monotonic, session, kind, detail.

    The categories of ``kind`` are EVENT_KINDS, and after them other kinds in the order of their first events.
    """
    # here, so that a session can log an event without loading pandas
    import pandas as pd

    from wsnotebook.analysis.display import mark_frames, register_display

    register_display()
    kinds = list(dict.fromkeys([*EVENT_KINDS, *(event.kind for event in events)]))
    events_frame: pd.DataFrame = mark_frames(
        pd.DataFrame(
            {
                "time": pd.to_datetime([event.time_ns for event in events], utc=True, unit="ns").as_unit(
                    "ns"
                ),
                "monotonic": pd.Series([event.monotonic_ns for event in events], dtype="int64"),
                "session": pd.Categorical([event.session for event in events]),
                "kind": pd.Categorical([event.kind for event in events], categories=kinds),
                "detail": pd.Series([event.detail for event in events], dtype="str"),
            }
        )
    )
    return events_frame
