"""Controls: the head of the panel, with state and counters of a session, and buttons for verbs of the workbench.

Layout is in controls.mjs and controls.css, the tick that updates the traits in panel.py, the verbs in workbench/.
"""

from __future__ import annotations

import pathlib
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.counters import Counters
from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.verbs import Answer, VerbWidget
from wsnotebook.workbench.pending import then
from wsnotebook.workbench.verb import Call, Verb
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Controls", "ending_of"]

_HERE = pathlib.Path(__file__).parent


class Controls(VerbWidget):
    """State, counters and verbs of one session.

    Args:
        session: the verbs act on it, by way of ``session.threadsafe``: a click may be handled on any thread.
    """

    _esm = join_modules(_HERE / "controls.mjs")
    _css = _HERE / "controls.css"

    name = traitlets.Unicode().tag(sync=True)
    """Name of the session."""
    url = traitlets.Unicode().tag(sync=True)
    """Its address, with secrets redacted."""
    state = traitlets.Unicode().tag(sync=True)
    """connecting, open, closing or closed."""
    ending = traitlets.Unicode().tag(sync=True)
    """Close code, reason and initiator, once they are known."""
    masking = traitlets.Bool(True).tag(sync=True)
    """Whether the next frame is sent masked."""
    latency = traitlets.Float(None, allow_none=True).tag(sync=True)
    """Of the last ping, in seconds."""
    frames_in = traitlets.Int(0).tag(sync=True)
    """Frames received."""
    frames_out = traitlets.Int(0).tag(sync=True)
    """Frames sent."""
    bytes_in = traitlets.Int(0).tag(sync=True)
    """Payload bytes received."""
    bytes_out = traitlets.Int(0).tag(sync=True)
    """Payload bytes sent."""
    rate = traitlets.Float(0.0).tag(sync=True)
    """Frames per second, both directions."""
    dropped = traitlets.Int(0).tag(sync=True)
    """Rows that the log dropped to stay within its retention."""
    truncated = traitlets.Int(0).tag(sync=True)
    """Received bytes that are in no row: bodies of frames over the size limit."""
    problem = traitlets.Unicode().tag(sync=True)
    """Sentence about an error outside of a verb; it stays visible."""

    def __init__(self, session: ClientWebSocketSession) -> None:
        super().__init__()
        self._session = session
        self._counters = Counters(session.log)
        self._verbs.update(
            {name: partial(self._run, verb) for name, verb in VERBS.items() if verb.note is not None}
        )

    def __repr__(self) -> str:
        return f"<Controls of {self.name}: {self.state}>"

    def refresh(self, now: float) -> None:
        """Update every trait, in one message; ``now`` is in seconds on a monotonic clock."""
        session, counters = self._session, self._counters
        counters.update(now)
        ended = session.state == "closed"
        with self.hold_sync():
            self.name = safe_text(session.name)
            self.url = safe_text(session.url)
            self.state = str(session.state)
            self.ending = ending_of(session)
            self.masking = session.masking
            self.latency = session.latency
            self.frames_in, self.frames_out = counters.frames["in"], counters.frames["out"]
            self.bytes_in, self.bytes_out = counters.bytes["in"], counters.bytes["out"]
            self.rate = 0.0 if ended else round(counters.rate, 1)
            self.dropped, self.truncated = session.log.dropped, session.log.truncated

    def _run(self, verb: Verb, content: dict[str, Any]) -> Answer | Future[Answer]:
        """Run a verb of the workbench on this session, whichever session is current there."""
        session = self._session
        call = Call(verb.read(content), session, session.threadsafe)
        result = verb.action(call)

        def answer(result: Any) -> Answer:
            assert verb.note is not None  # or the panel would not offer it
            return {"note": safe_text(verb.note(call, result))}, ()

        if verb.waits:
            future: Future[Answer] = then(result, answer)
            return future
        # At once, not with the next tick: the button shows the new value when the answer is there.
        self.in_owner(self.set_trait, "masking", session.masking)
        return answer(result)


def ending_of(session: ClientWebSocketSession) -> str:
    """Return close code, reason and initiator, escaped; empty while there is no reason."""
    reason = session.close_reason_now
    if reason is None:
        return ""
    by = f", by {session.close_initiator}" if session.close_initiator else ""
    return safe_text(f"{reason}{by}")
