"""Events: what happens beside the frames and explains them, such as a reconnection or a full disk."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVENT_KINDS", "Event", "event_values", "events_to_dataframe", "lateness", "new_event"]

EVENT_KINDS = {
    "connecting": "a connection is being opened",
    "handshake": "the HTTP response of the server was received",
    "redirect": "the server sends the handshake to another address",
    "open": "the WebSocket is open",
    "changed": "a proxy handed something on in another form",
    "tunnel": "an HTTP proxy hands bytes on that it does not look at",
    "closing": "a close frame was sent or received",
    "closed": "the session has ended",
    "reconnect": "the session is being connected again",
    "kernel stall": "a blocking cell stopped the event loop of the notebook",
    "loop watched": "from here on each delay of the event loop of the session is an event",
    "loop late": "the event loop of the session came 50 ms late or more, as ``seconds`` says",
    "clock jump": "the wall clock was set, or the machine slept",
    "backpressure on": "reading was paused, or the peer does not read what is sent",
    "backpressure off": "reading or sending goes on",
    "spill": "rows moved to disk",
    "dropped": "rows were dropped to stay within the retention",
    "truncated": "bytes were received that belong to no row, or a file has values that cannot be read",
    "imported": "rows of another program were taken into the log",
    "disk full": "rows could not be written to disk; they stay in memory",
    "too many open files": "rows could not be moved to disk for want of a descriptor; they stay in memory",
    "journal on": "recording to a file began",
    "journal off": "recording to a file ended",
    "journal lost": "the file of a recording was deleted, replaced or cut by another program",
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
    seconds: float | None = None
    """Seconds that the session could not receive, of a stall or a late loop."""

    @property
    def is_stall(self) -> bool:
        """Whether a session could not receive because its own loop was busy: ``df.ws.stalls()`` lists these, and every
        number of stalls counts them.

        A ``kernel stall`` of a session whose I/O has a thread is none, where that went on.
        """
        return bool(self.seconds)


new_event = partial(tuple.__new__, Event)
"""Makes an Event of its six values in C: opening and closing a session are seven events."""


def event_values(session: Any, kind: Any, detail: Any, seconds: Any) -> tuple[str, str, str, float | None]:
    """Return session, kind, detail and seconds as every file can keep them; lone surrogates escaped, as a peer's may be.

    Raises:
        TypeError: no text, but a number as detail is written out; or no number of seconds, nor a timedelta.
        ValueError: seconds below 0, infinite, or not a number.
    """
    texts = {"session": session, "kind": kind, "detail": str(detail) if isinstance(detail, Real) else detail}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(
                f"{name} of note(kind, detail, session, seconds) is a text, not {text!r}; str() makes one"
            )
        texts[name] = text.encode("utf-8", "backslashreplace").decode()
    return (*texts.values(), None if seconds is None else _length(seconds))


def _length(seconds: Any) -> float:
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if not isinstance(seconds, Real):
        raise TypeError(f"seconds of note() are a number or a timedelta, not {seconds!r}")
    length = float(seconds)
    if not 0 <= length < math.inf:
        raise ValueError(f"seconds of note() are a finite number from 0 on, not {seconds!r}; None has none")
    return length


def lateness(events: Iterable[Event]) -> list[tuple[str, int, int, float]]:
    """Return how late the loop of each session came: session, end on the wall and the monotonic clock in ns, seconds.

    The first of a session has 0 seconds: what was before it is not known.
    """
    return [
        (event.session, event.time_ns, event.monotonic_ns, event.seconds or 0.0)
        for event in events
        if event.is_stall or event.kind == "loop watched"
    ]


def events_to_dataframe(events: list[Event]) -> pd.DataFrame:
    """Return events as a DataFrame: time, monotonic, session, kind, detail, seconds.

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
                "seconds": pd.Series([event.seconds for event in events], dtype="float64"),
            }
        )
    )
    return events_frame
