"""How a connection ends, as a table: (phase, kind of event) → (next phase, actions). No I/O, clock or thread.

The pump turns what happens on the socket into events, looks each up with ``advance``, and performs the actions.
An endpoint that shall react differently to an end needs another row here, and nothing else.
"""

from __future__ import annotations

import enum
import functools
from typing import Literal, NamedTuple, TypeAlias

from wsnotebook.errors import SessionClosed, SessionFault
from wsnotebook.wire.frames import CloseCode, CloseReason

__all__ = [
    "DEFAULT",
    "RAW",
    "Action",
    "Do",
    "End",
    "Event",
    "Initiator",
    "Kind",
    "Phase",
    "Step",
    "Table",
    "advance",
]

Initiator: TypeAlias = Literal["local", "peer", "network", "timeout"]
"""Who ended a connection."""


class Phase(enum.Enum):
    """Where a connection is in its life."""

    __hash__ = object.__hash__  # that of Enum is a Python function, and called for each step

    CONNECTING = "the handshake is not done"
    OPEN = "frames go both ways; a close frame of the user may be queued behind data"
    CLOSE_QUEUED = "our close frame is the next one to be written, ahead of all data"
    CLOSE_SENT = "our close frame was written, the peer's is awaited"
    BROKEN_CLOSE = "a close frame that breaks a rule was received; on a raw session frames still go both ways"
    PEER_CLOSED = "the peer's close frame was received; on a raw session the answer is the user's"
    ANSWERING = "the peer's close frame was received, ours is the next one to be written"
    BOTH_CLOSED = "both close frames were exchanged; the server ends TCP first (RFC 6455 §7.1.1)"
    FAILING = "the connection is failed (RFC 6455 §7.1.7); our close frame is the next one to be written"
    FAILED = "the connection is failed and our close frame was written; the peer's is awaited"
    HALF_CLOSED = "the peer's stream has ended; on a raw session frames may still be sent"
    HANGING_UP = "our end of TCP is being closed"
    ABORTED = "TCP was aborted; its loss is not reported yet"
    LAST_WORDS = "TCP is gone; what the peer had said before is being read"
    LOST = "TCP is gone; the log does not have the last rows yet"
    CLOSED = "TCP is gone, and every frame is in the log"


class Kind(enum.Enum):
    """Kinds of events."""

    __hash__ = object.__hash__  # as above

    OPENED = "the handshake is done"
    PEER_CLOSE = "a close frame was received that breaks no rule"
    BROKEN_CLOSE = "a close frame that breaks a rule was received on a raw session"
    GIVE_UP = "sending has failed on our side: the connection ends with a close frame of our own accord"
    CLOSE_WRITTEN = "a close frame was written, the user's or our own"
    FAIL = "the connection has to be failed; the peer gets time to answer"
    FAIL_NOW = "the connection has to be failed, and the peer is not expected to answer"
    EOF = "the peer's stream has ended, and with it ours"
    HALF_EOF = "the peer's stream has ended; ours may go on"
    DEADLINE = "the last deadline has passed"
    TERMINATE = "the user aborts"
    BROKE = "the transport reports that TCP is gone; what the peer had said before may not be read yet"
    LOST = "TCP is gone, and all that the peer had said is read"
    FINISHED = "every frame is in the log"


class Do(enum.Enum):
    """Verbs of actions."""

    __hash__ = object.__hash__  # as above

    WRITE_PONGS = (
        "write the control frames that are queued: pongs to pings before the peer's close (RFC 6455 §5.5.2)"
    )
    WRITE_CLOSE = "write a close frame with the event's payload ahead of all data"
    DROP = "drop the queued frames: record them as unsent, with the words as the reason"
    NOTE_CLOSING = "append an event ``closing`` to the log"
    NOTE_CLOSED = "append an event ``closed`` to the log"
    AWAIT_ANSWER = "let DEADLINE happen after the time that the peer has to answer our close frame"
    AWAIT_EOF = "let DEADLINE happen after the time that the peer has to end TCP"
    CLOSE_TCP = "close the transport, which first writes what it has buffered"
    HANG_UP = "close the transport, and let DEADLINE happen when that takes long"
    ABORT = "abort the transport"


class Action(NamedTuple):
    """One thing for the pump to do."""

    do: Do
    """The verb."""
    words: str = ""
    """Why frames are dropped, or the detail of an event of the log."""
    payload: bytes = b""
    """Of the close frame to write."""


class Event(NamedTuple):
    """Something that happened, with the facts that it brings."""

    kind: Kind
    """What happened."""
    reason: CloseReason | None = None
    """Of PEER_CLOSE, BROKEN_CLOSE, CLOSE_WRITTEN, GIVE_UP, FAIL and FAIL_NOW: what the close frame says."""
    payload: bytes = b""
    """Of the close frame; of PEER_CLOSE, GIVE_UP, FAIL and FAIL_NOW that of ours: the peer's is echoed unchanged."""
    fault: SessionFault | None = None
    """Of FAIL and FAIL_NOW: the exception for the readers of ``incoming``."""
    initiator: Initiator = "local"
    """Of FAIL and FAIL_NOW: who ended the connection."""
    words: str = ""
    """Of DEADLINE: seconds that have passed; of LOST: the error of the transport. For the log."""


class End(NamedTuple):
    """All that is known of the end of a connection at one moment; replaced as a whole, so that no reader, on whatever
    thread, sees one part of it new and another old."""

    phase: Phase = Phase.CONNECTING
    """Where the connection is."""
    reason: CloseReason | None = None
    """Why it ended; the first reason stays."""
    initiator: Initiator | None = None
    """Who ended it."""
    sent: CloseReason | None = None
    """What our close frame said."""
    received: CloseReason | None = None
    """What the peer's close frame said; 1005 where it was empty."""
    fault: SessionFault | None = None
    """What failed the connection, where it was failed."""
    incoming_ended: bool = False
    """Whether nothing that is received from now on reaches the application; follows from the phase."""
    outgoing_ended: bool = False
    """Whether no frame of the user is sent any more; follows from the phase, and is a field as it is read per frame."""
    renewed_as: str | None = None
    """Name of the session that follows this one, where it is connected anew."""
    lost_by: str = ""
    """Why the network, or TLS, ended it; empty where it just ended."""

    def closed(self) -> SessionClosed:
        """Return the exception for a user who comes after the end."""
        return SessionClosed(
            self.reason, self.renewed_as, self.lost_by if self.initiator == "network" else ""
        )


_RECEIVING = frozenset(
    (Phase.CONNECTING, Phase.OPEN, Phase.BROKEN_CLOSE, Phase.CLOSE_QUEUED, Phase.CLOSE_SENT, Phase.LAST_WORDS)
)
_SENDING = frozenset((Phase.CONNECTING, Phase.OPEN, Phase.BROKEN_CLOSE, Phase.PEER_CLOSED, Phase.HALF_CLOSED))


class Step(NamedTuple):
    """A cell of the table."""

    phase: Phase
    """The next phase."""
    actions: tuple[Action, ...] = ()
    """In the order in which they are performed. A write stands last but for HANG_UP: it may lead to the next event, whose
    deadline then replaces the one set before it."""
    has_gaps: bool = False
    """Whether facts of the event belong into an action; most are performed as they stand."""
    incoming_ended: bool = False
    """Of the next phase, as in End."""
    outgoing_ended: bool = False
    """The same."""


_BY_US = Action(Do.NOTE_CLOSING, "by us: {reason}")
_BY_PEER = Action(Do.NOTE_CLOSING, "by the peer: {reason}")
_UNANSWERED = Action(Do.NOTE_CLOSED, "the peer did not answer our close within {words} s")
_DROP_BEHIND = Action(Do.DROP, "a close frame was sent before it")
_DROP_AT_PEERS = Action(Do.DROP, "the peer had closed")
_DROP_AT_FAULT = Action(Do.DROP, "the session was failed: {fault}")
_DROP_AT_GIVE_UP = Action(Do.DROP, "an extension failed before it")
_DROP_AT_LOSS = Action(Do.DROP, "the connection was lost")
_PONGS, _CLOSE = Action(Do.WRITE_PONGS), Action(Do.WRITE_CLOSE)
_AWAIT_ANSWER, _AWAIT_EOF = Action(Do.AWAIT_ANSWER), Action(Do.AWAIT_EOF)
_CLOSE_TCP, _HANG_UP, _ABORT = Action(Do.CLOSE_TCP), Action(Do.HANG_UP), Action(Do.ABORT)


def _step(phase: Phase, *actions: Action) -> Step:
    has_gaps = any(action is _CLOSE or "{" in action.words for action in actions)
    return Step(phase, actions, has_gaps, phase not in _RECEIVING, phase not in _SENDING)


_ANSWER_PEER = _step(Phase.ANSWERING, _PONGS, _DROP_AT_PEERS, _BY_PEER, _AWAIT_ANSWER, _CLOSE)
_WE_CLOSE = _step(Phase.CLOSE_SENT, _DROP_BEHIND, _BY_US, _AWAIT_ANSWER)
_BOTH = _step(Phase.BOTH_CLOSED, _DROP_BEHIND, _AWAIT_EOF)
_BOTH_BY_PEER = _step(Phase.BOTH_CLOSED, _BY_PEER, _AWAIT_EOF)
_LAST_CLOSE = _step(Phase.HANGING_UP, _DROP_BEHIND, _BY_US, _HANG_UP)
_FAIL = _step(Phase.FAILING, _DROP_AT_FAULT, _AWAIT_ANSWER, _CLOSE)
_FAIL_ANSWERED = _step(Phase.ANSWERING, _DROP_AT_FAULT, _AWAIT_ANSWER, _CLOSE)
_FAIL_NOW = _step(Phase.HANGING_UP, _DROP_AT_FAULT, _CLOSE, _HANG_UP)
_END = _step(Phase.HANGING_UP, _CLOSE_TCP)
_HANG_UP_NOW = _step(Phase.HANGING_UP, _HANG_UP)
_ABORT_UNANSWERED = _step(Phase.ABORTED, _UNANSWERED, _ABORT)
_ABORT_NOW = _step(Phase.ABORTED, _ABORT)
_READ_LAST = _step(Phase.LAST_WORDS, _DROP_AT_LOSS)
_DROP_LAST = _step(Phase.ABORTED, _DROP_AT_LOSS)
_LOSE = _step(Phase.LOST, _DROP_AT_LOSS)
_FINISH = _step(Phase.CLOSED, Action(Do.NOTE_CLOSED, "{reason}, by {initiator}{words}"))

_OPENED, _PEER_CLOSE, _BROKEN_CLOSE = Kind.OPENED, Kind.PEER_CLOSE, Kind.BROKEN_CLOSE
_GIVE_UP, _CLOSE_WRITTEN = Kind.GIVE_UP, Kind.CLOSE_WRITTEN
_EOF, _HALF_EOF, _DEADLINE, _LOST = Kind.EOF, Kind.HALF_EOF, Kind.DEADLINE, Kind.LOST

Table: TypeAlias = dict[Phase, dict[Kind, Step]]

DEFAULT: Table = {
    Phase.CONNECTING: {_OPENED: _step(Phase.OPEN)},
    Phase.OPEN: {
        _PEER_CLOSE: _ANSWER_PEER,
        _GIVE_UP: _step(Phase.CLOSE_QUEUED, _DROP_AT_GIVE_UP, _AWAIT_ANSWER, _CLOSE),
        _CLOSE_WRITTEN: _WE_CLOSE,
        Kind.FAIL: _FAIL,
        Kind.FAIL_NOW: _FAIL_NOW,
        _EOF: _END,
    },
    Phase.CLOSE_QUEUED: {
        _PEER_CLOSE: _step(Phase.ANSWERING, _BY_PEER),
        _CLOSE_WRITTEN: _WE_CLOSE,
        Kind.FAIL: _step(Phase.FAILING),
        Kind.FAIL_NOW: _HANG_UP_NOW,
        _EOF: _END,
        _DEADLINE: _ABORT_UNANSWERED,
    },
    Phase.CLOSE_SENT: {
        _PEER_CLOSE: _BOTH_BY_PEER,
        Kind.FAIL: _step(Phase.FAILED),
        Kind.FAIL_NOW: _HANG_UP_NOW,
        _EOF: _END,
        _DEADLINE: _ABORT_UNANSWERED,
    },
    Phase.BROKEN_CLOSE: {},
    Phase.PEER_CLOSED: {},
    Phase.ANSWERING: {
        _CLOSE_WRITTEN: _BOTH,
        _EOF: _END,
        _DEADLINE: _ABORT_UNANSWERED,
    },
    Phase.BOTH_CLOSED: {_EOF: _END, _DEADLINE: _HANG_UP_NOW},
    Phase.FAILING: {
        _PEER_CLOSE: _step(Phase.ANSWERING, _BY_PEER),
        _CLOSE_WRITTEN: _step(Phase.FAILED, _DROP_BEHIND, _BY_US),
        _EOF: _END,
        _DEADLINE: _ABORT_UNANSWERED,
    },
    Phase.FAILED: {
        _PEER_CLOSE: _BOTH_BY_PEER,
        _EOF: _END,
        _DEADLINE: _ABORT_UNANSWERED,
    },
    Phase.HALF_CLOSED: {},
    Phase.HANGING_UP: {
        _PEER_CLOSE: _step(Phase.HANGING_UP, _BY_PEER),
        _CLOSE_WRITTEN: _step(Phase.HANGING_UP, _DROP_BEHIND, _BY_US),
        _DEADLINE: _ABORT_NOW,
    },
    Phase.ABORTED: {_PEER_CLOSE: _step(Phase.ABORTED, _BY_PEER)},
    Phase.LAST_WORDS: {
        _PEER_CLOSE: _step(Phase.ABORTED, _BY_PEER),
        Kind.FAIL: _step(Phase.ABORTED),
        Kind.FAIL_NOW: _step(Phase.ABORTED),
    },
    Phase.LOST: {Kind.FINISHED: _FINISH},
    Phase.CLOSED: {},
}
"""What a default session does. A pair that is missing changes nothing: the end is decided already, or the event cannot
be. LOST leads to LOST, and TERMINATE to ABORTED, from every phase before these; BROKE to LAST_WORDS from those that receive,
to ABORTED from others."""

for _phase, _row in DEFAULT.items():
    if _phase not in (Phase.LOST, Phase.CLOSED):
        _row[Kind.LOST] = _LOSE
    if _phase not in (Phase.ABORTED, Phase.LOST, Phase.CLOSED):
        _row[Kind.TERMINATE] = _ABORT_NOW
    if _phase not in (Phase.CONNECTING, Phase.ABORTED, Phase.LAST_WORDS, Phase.LOST, Phase.CLOSED):
        _row[Kind.BROKE] = _READ_LAST if _phase in _RECEIVING else _DROP_LAST

_RAW_HALF_OPEN = _step(Phase.HALF_CLOSED)
_RAW_PEER_CLOSED = _step(Phase.PEER_CLOSED, _BY_PEER)
_RAW_CLOSED_BY_PEER = {
    _GIVE_UP: _step(Phase.ANSWERING, _DROP_AT_GIVE_UP, _AWAIT_ANSWER, _CLOSE),
    _CLOSE_WRITTEN: _BOTH,
    Kind.FAIL: _FAIL_ANSWERED,
    Kind.FAIL_NOW: _FAIL_NOW,
    _EOF: _END,
    _HALF_EOF: _RAW_HALF_OPEN,
}

RAW: Table = {phase: dict(row) for phase, row in DEFAULT.items()} | {
    Phase.OPEN: DEFAULT[Phase.OPEN]
    | {
        _PEER_CLOSE: _RAW_PEER_CLOSED,
        Kind.BROKEN_CLOSE: _step(Phase.BROKEN_CLOSE, _BY_PEER),
        _HALF_EOF: _RAW_HALF_OPEN,
    },
    Phase.BROKEN_CLOSE: DEFAULT[Phase.BROKEN_CLOSE] | _RAW_CLOSED_BY_PEER | {_PEER_CLOSE: _RAW_PEER_CLOSED},
    Phase.CLOSE_QUEUED: DEFAULT[Phase.CLOSE_QUEUED]
    | {Kind.BROKEN_CLOSE: DEFAULT[Phase.CLOSE_QUEUED][_PEER_CLOSE]},
    Phase.CLOSE_SENT: DEFAULT[Phase.CLOSE_SENT] | {Kind.BROKEN_CLOSE: DEFAULT[Phase.CLOSE_SENT][_PEER_CLOSE]},
    Phase.LAST_WORDS: DEFAULT[Phase.LAST_WORDS] | {Kind.BROKEN_CLOSE: _step(Phase.LAST_WORDS, _BY_PEER)},
    Phase.PEER_CLOSED: DEFAULT[Phase.PEER_CLOSED] | _RAW_CLOSED_BY_PEER,
    Phase.HALF_CLOSED: DEFAULT[Phase.HALF_CLOSED]
    | {
        _GIVE_UP: _step(Phase.HANGING_UP, _DROP_AT_GIVE_UP, _CLOSE, _HANG_UP),
        _CLOSE_WRITTEN: _LAST_CLOSE,
        Kind.FAIL: _FAIL_NOW,
        Kind.FAIL_NOW: _FAIL_NOW,
    },
}
"""What a raw session does: the peer's close is the user's to answer, one that breaks a rule ends nothing but is a reason,
and after the peer's end of stream, on plain TCP, the user may still send."""

for _row in RAW.values():
    if _EOF in _row:
        _row.setdefault(_HALF_EOF, _row[_EOF])  # nothing is left to be sent

_ABNORMAL = CloseReason(CloseCode.ABNORMAL_CLOSURE)
_REASONS: dict[Kind, tuple[CloseReason | None, Initiator | None]] = {
    Kind.PEER_CLOSE: (None, "peer"),
    Kind.BROKEN_CLOSE: (None, "peer"),
    Kind.GIVE_UP: (None, "local"),
    Kind.CLOSE_WRITTEN: (None, "local"),
    Kind.FAIL: (None, None),
    Kind.FAIL_NOW: (None, None),
    Kind.EOF: (_ABNORMAL, "network"),
    Kind.HALF_EOF: (_ABNORMAL, "network"),
    Kind.LOST: (_ABNORMAL, "network"),
    Kind.TERMINATE: (_ABNORMAL, "local"),
}
"""Events that give a connection its reason, if it has none yet: reason and initiator; None stands for the event's own."""


def advance(end: End, event: Event, *, raw: bool) -> tuple[End, tuple[Action, ...]]:
    """Return what is known of the end after an event, and what has to be done about it, in order."""
    kind, reason, payload, fault, initiator, words = event
    step = (RAW if raw else DEFAULT)[end.phase].get(kind)
    if step is None:
        return end, ()
    phase, actions, has_gaps, incoming_ended, outgoing_ended = step
    _, known, ended_by, sent, received, known_fault, _, _, renewed_as, lost_by = end
    if known is None and kind in _REASONS:
        its_reason, its_initiator = _REASONS[kind]
        known, ended_by = its_reason or reason, its_initiator or initiator
    if kind is _CLOSE_WRITTEN:
        sent = reason if sent is None else sent
    elif kind is _PEER_CLOSE or kind is _BROKEN_CLOSE:
        received = reason if received is None else received
    elif kind is _LOST:
        lost_by = words
    after = End(
        phase,
        known,
        ended_by,
        sent,
        received,
        fault if known_fault is None else known_fault,
        incoming_ended,
        outgoing_ended,
        renewed_as,
        lost_by,
    )
    if has_gaps:
        actions = _filled(actions, payload, reason or known, ended_by, type(fault).__name__, words)
    return after, actions


@functools.lru_cache(maxsize=64)  # most sessions end in the same words, and each says so three times
def _filled(
    actions: tuple[Action, ...],
    payload: bytes,
    reason: CloseReason | None,
    initiator: Initiator | None,
    fault: str,
    words: str,
) -> tuple[Action, ...]:
    """Return the actions of a cell with the facts of an event."""
    filled = []
    for action in actions:
        if action is _CLOSE:
            action = Action(Do.WRITE_CLOSE, "", payload)
        elif "{" in action.words:
            text = action.words.format(reason=reason, initiator=initiator, fault=fault, words=words)
            action = Action(action.do, text)
        filled.append(action)
    return tuple(filled)
