"""Controls: the head of the panel. What a session is and counts, and the verbs that a click asks for.

How it looks is in controls.mjs and controls.css; when it is told of changes is in panel.py.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.counters import Counters
from wsnotebook.widgets.verbs import Answer, VerbWidget
from wsnotebook.wire.frames import Opcode
from wsnotebook.workbench import parse_payload

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Controls", "ending_of"]

_HERE = pathlib.Path(__file__).parent


class Controls(VerbWidget):
    """State, counters and verbs of one session.

    Args:
        session: whom the verbs are handed to, by ``session.threadsafe``: a click may come on any thread.
    """

    _esm = _HERE / "controls.mjs"
    _css = _HERE / "controls.css"

    name = traitlets.Unicode().tag(sync=True)
    """Name of the session."""
    url = traitlets.Unicode().tag(sync=True)
    """Where it is connected to; secrets redacted."""
    state = traitlets.Unicode().tag(sync=True)
    """connecting, open, closing or closed."""
    ending = traitlets.Unicode().tag(sync=True)
    """Close code, reason and who began, once they are known."""
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
    """Rows that the log let go to stay within its retention."""
    truncated = traitlets.Int(0).tag(sync=True)
    """Bytes that came and belong to no row: bodies of frames over the size limit."""
    problem = traitlets.Unicode().tag(sync=True)
    """What went wrong outside of a verb, in a sentence; it stays."""

    def __init__(self, session: ClientWebSocketSession) -> None:
        super().__init__()
        self._session = session
        self._counters = Counters(session.log)
        self._verbs.update(
            send=self._verb_send,
            ping=self._verb_ping,
            mask=self._verb_mask,
            close=self._verb_close,
            terminate=self._verb_terminate,
        )

    def __repr__(self) -> str:
        return f"<Controls of {self.name}: {self.state}>"

    def tell(self, now: float) -> None:
        """Bring every trait up to date, in one message; ``now`` is in seconds on a clock that never jumps."""
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

    def _verb_send(self, content: dict[str, Any]) -> Future[Answer]:
        frame = parse_payload(str(content["text"]), content["kind"])
        kind, size = Opcode(frame.opcode).name.lower(), len(frame.data)
        return _then(self._session.threadsafe.send(frame), lambda _: f"sent {kind}, {size:,} bytes")

    def _verb_ping(self, content: dict[str, Any]) -> Future[Answer]:
        return _then(self._session.threadsafe.ping(), lambda seconds: f"pong after {seconds * 1000:.1f} ms")

    def _verb_mask(self, content: dict[str, Any]) -> Answer:
        on = bool(content["on"])
        self._session.masking = on
        self.in_owner(self.set_trait, "masking", on)
        note = "frames are sent masked" if on else "frames are sent unmasked: a correct server answers 1002"
        return {"note": note}, ()

    def _verb_close(self, content: dict[str, Any]) -> Future[Answer]:
        code = str(content["code"]).strip()
        if not (code.isascii() and code.isdecimal()):
            raise ValueError(
                f"close code {code!r} is not a number: write 1000, or 3000 to 4999 for your own."
            )
        closing = self._session.threadsafe.close(int(code), str(content["message"]))
        return _then(closing, lambda reason: f"closed: {reason}")

    def _verb_terminate(self, content: dict[str, Any]) -> Answer:
        self._session.terminate()
        return {"note": "connection aborted, no close frame sent"}, ()


def ending_of(session: ClientWebSocketSession) -> str:
    """Return close code, reason and initiator as they are to be shown; empty while there is no reason."""
    reason = session.close_reason_now
    if reason is None:
        return ""
    by = f", by {session.close_initiator}" if session.close_initiator else ""
    return safe_text(f"{reason}{by}")


def _then(future: Future[Any], note: Callable[[Any], str]) -> Future[Answer]:
    """Return a future of the answer that tells how ``future`` went."""
    answer: Future[Answer] = Future()

    def settle(done: Future[Any]) -> None:
        if done.cancelled():
            answer.cancel()
            answer.set_running_or_notify_cancel()
        elif (error := done.exception()) is not None:
            answer.set_exception(error)
        else:
            answer.set_result(({"note": safe_text(note(done.result()))}, ()))

    future.add_done_callback(settle)
    return answer
