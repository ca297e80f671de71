"""How a connection ends: every pair of phase and event, and whole conversations, without a loop or a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.errors import ProtocolViolation
from wsnotebook.wire.closing import DEFAULT, RAW, Action, Do, End, Event, Kind, Phase, advance
from wsnotebook.wire.frames import CloseReason

FAULT = ProtocolViolation("a rule", 1002)
NORMAL, VIOLATION, ABNORMAL = CloseReason(1000, "bye"), CloseReason(1002, "a rule"), CloseReason(1006)

EVENTS = {
    Kind.OPENED: Event(Kind.OPENED),
    Kind.PEER_CLOSE: Event(Kind.PEER_CLOSE, NORMAL, NORMAL.to_payload()),
    Kind.BROKEN_CLOSE: Event(Kind.BROKEN_CLOSE, CloseReason(999), b"\x03\xe7"),
    Kind.GIVE_UP: Event(Kind.GIVE_UP, CloseReason(1011), b"\x03\xf3"),
    Kind.CLOSE_WRITTEN: Event(Kind.CLOSE_WRITTEN, NORMAL),
    Kind.FAIL: Event(Kind.FAIL, VIOLATION, VIOLATION.to_payload(), FAULT),
    Kind.FAIL_NOW: Event(Kind.FAIL_NOW, VIOLATION, VIOLATION.to_payload(), FAULT, "timeout"),
    Kind.EOF: Event(Kind.EOF),
    Kind.HALF_EOF: Event(Kind.HALF_EOF),
    Kind.DEADLINE: Event(Kind.DEADLINE, words="10"),
    Kind.TERMINATE: Event(Kind.TERMINATE),
    Kind.BROKE: Event(Kind.BROKE),
    Kind.LOST: Event(Kind.LOST),
    Kind.FINISHED: Event(Kind.FINISHED, words="; reset"),
}

# The next phase of every pair, as the RFC and Ktor's sessions have it; a dash where the event changes nothing.
COLUMNS = (
    "OPENED PEER_CLOSE GIVE_UP CLOSE_WRITTEN FAIL FAIL_NOW EOF HALF_EOF DEADLINE TERMINATE LOST FINISHED "
    "BROKEN_CLOSE BROKE"
).split()
COMMON = """
CONNECTING   OPEN -           -            -           -       -          -          -          -          ABORTED LOST -  - -
CLOSE_QUEUED -    ANSWERING   -            CLOSE_SENT  FAILING HANGING_UP HANGING_UP HANGING_UP ABORTED    ABORTED LOST -  - LAST_WORDS
CLOSE_SENT   -    BOTH_CLOSED -            -           FAILED  HANGING_UP HANGING_UP HANGING_UP ABORTED    ABORTED LOST -  - LAST_WORDS
ANSWERING    -    -           -            BOTH_CLOSED -       -          HANGING_UP HANGING_UP ABORTED    ABORTED LOST -  - ABORTED
BOTH_CLOSED  -    -           -            -           -       -          HANGING_UP HANGING_UP HANGING_UP ABORTED LOST -  - ABORTED
FAILING      -    ANSWERING   -            FAILED      -       -          HANGING_UP HANGING_UP ABORTED    ABORTED LOST -  - ABORTED
FAILED       -    BOTH_CLOSED -            -           -       -          HANGING_UP HANGING_UP ABORTED    ABORTED LOST -  - ABORTED
HANGING_UP   -    HANGING_UP  -            HANGING_UP  -       -          -          -          ABORTED    ABORTED LOST -  - ABORTED
ABORTED      -    ABORTED     -            -           -       -          -          -          -          -       LOST -  - -
LAST_WORDS   -    ABORTED     -            -           ABORTED ABORTED    -          -          -          ABORTED    LOST -  - -
LOST         -    -           -            -           -       -          -          -          -          -       -    CLOSED  - -
CLOSED       -    -           -            -           -       -          -          -          -          -       -    -  - -
"""
ONLY_DEFAULT = """
OPEN         -    ANSWERING   CLOSE_QUEUED CLOSE_SENT  FAILING HANGING_UP HANGING_UP -          -          ABORTED LOST -  - LAST_WORDS
"""
ONLY_RAW = """
OPEN         -    PEER_CLOSED CLOSE_QUEUED CLOSE_SENT  FAILING   HANGING_UP HANGING_UP HALF_CLOSED -       ABORTED LOST -  - LAST_WORDS
PEER_CLOSED  -    -           ANSWERING    BOTH_CLOSED ANSWERING HANGING_UP HANGING_UP HALF_CLOSED -       ABORTED LOST -  - ABORTED
BROKEN_CLOSE -    PEER_CLOSED ANSWERING    BOTH_CLOSED ANSWERING HANGING_UP HANGING_UP HALF_CLOSED -       ABORTED LOST -  - LAST_WORDS
HALF_CLOSED  -    -           HANGING_UP   HANGING_UP  HANGING_UP HANGING_UP -         -           -       ABORTED LOST -  - ABORTED
"""


BROKEN_CLOSES = {
    Phase.OPEN: Phase.BROKEN_CLOSE,
    Phase.CLOSE_QUEUED: Phase.ANSWERING,
    Phase.CLOSE_SENT: Phase.BOTH_CLOSED,
    Phase.LAST_WORDS: Phase.LAST_WORDS,
}
"""Where a close frame that breaks a rule leads on a raw session; everywhere else it changes nothing."""


def pairs(table: str, *, raw: bool) -> list[tuple[bool, Phase, Kind, Phase | None]]:
    """Return the pairs of a table: raw, phase, kind, and the next phase or None."""
    found = []
    for line in table.split("\n")[1:-1]:
        name, *cells = line.split()
        for column, cell in zip(COLUMNS, cells, strict=True):
            after = None if cell == "-" else Phase[cell]
            if column == "BROKEN_CLOSE" and raw:
                after = BROKEN_CLOSES.get(Phase[name])
            # A default session does not go on after the peer's end of stream, nor after a broken close.
            if raw or column not in ("HALF_EOF", "BROKEN_CLOSE"):
                found.append((raw, Phase[name], Kind[column], after))
    return found


PAIRS = [
    *pairs(COMMON, raw=False),
    *pairs(ONLY_DEFAULT, raw=False),
    *pairs(COMMON, raw=True),
    *pairs(ONLY_RAW, raw=True),
]


def test_every_pair_is_in_this_file() -> None:
    """No phase and no kind of event is left out: a new one has to be written down above."""
    raw = {(phase, kind) for is_raw, phase, kind, _ in PAIRS if is_raw}
    assert raw == {(phase, kind) for phase in Phase for kind in Kind}
    only_raw = {Phase.BROKEN_CLOSE, Phase.PEER_CLOSED, Phase.HALF_CLOSED}
    default = {(phase, kind) for is_raw, phase, kind, _ in PAIRS if not is_raw}
    assert default == {
        (p, k) for p in set(Phase) - only_raw for k in set(Kind) - {Kind.HALF_EOF, Kind.BROKEN_CLOSE}
    }


@pytest.mark.parametrize(
    ("raw", "phase", "kind", "after"),
    PAIRS,
    ids=[f"{'raw' if raw else 'default'}-{phase.name}-{kind.name}" for raw, phase, kind, _ in PAIRS],
)
def test_a_pair_leads_to_the_next_phase(raw: bool, phase: Phase, kind: Kind, after: Phase | None) -> None:
    """Also: an end is never taken back, facts stay, and a pair that changes nothing asks for nothing."""
    before = End(phase, incoming_ended=_is_over(phase)[0], outgoing_ended=_is_over(phase)[1])
    end, actions = advance(before, EVENTS[kind], raw=raw)
    if after is None:
        assert end is before and actions == ()
        return
    assert end.phase is after
    assert (end.incoming_ended, end.outgoing_ended) == _is_over(after)
    assert end.incoming_ended >= before.incoming_ended and end.outgoing_ended >= before.outgoing_ended
    assert [action.do for action in actions].count(Do.WRITE_CLOSE) <= 1
    verbs = [action.do for action in actions]
    if Do.WRITE_CLOSE in verbs:  # it may lead to the next event, whose deadline counts
        assert verbs[verbs.index(Do.WRITE_CLOSE) :] in ([Do.WRITE_CLOSE], [Do.WRITE_CLOSE, Do.HANG_UP])
        assert end.outgoing_ended and Do.DROP in verbs


def _is_over(phase: Phase) -> tuple[bool, bool]:
    """Return whether incoming and outgoing have ended in a phase."""
    receiving = {
        Phase.CONNECTING,
        Phase.OPEN,
        Phase.BROKEN_CLOSE,
        Phase.CLOSE_QUEUED,
        Phase.CLOSE_SENT,
        Phase.LAST_WORDS,
    }
    sending = {Phase.CONNECTING, Phase.OPEN, Phase.BROKEN_CLOSE, Phase.PEER_CLOSED, Phase.HALF_CLOSED}
    return phase not in receiving, phase not in sending


def play(*kinds: Kind, raw: bool = False) -> tuple[End, list[list[Do]]]:
    """Let events happen to an open connection; return its end and what each asked for."""
    end, asked = End(Phase.OPEN), []
    for kind in kinds:
        end, actions = advance(end, EVENTS[kind], raw=raw)
        asked.append([action.do for action in actions])
    return end, asked


def test_the_user_closes_and_the_peer_answers() -> None:
    """RFC 6455 §7.1.2: the reason is our own, both sides are kept, and the server is given time to end TCP."""
    end, asked = play(Kind.CLOSE_WRITTEN, Kind.PEER_CLOSE, Kind.EOF, Kind.LOST, Kind.FINISHED)
    assert end == End(
        Phase.CLOSED, NORMAL, "local", NORMAL, NORMAL, None, incoming_ended=True, outgoing_ended=True
    )
    assert asked == [
        [Do.DROP, Do.NOTE_CLOSING, Do.AWAIT_ANSWER],
        [Do.NOTE_CLOSING, Do.AWAIT_EOF],
        [Do.CLOSE_TCP],
        [Do.DROP],
        [Do.NOTE_CLOSED],
    ]


def test_the_peer_closes_and_a_default_session_echoes_its_payload() -> None:
    """RFC 6455 §5.5.1; pongs to pings before the close go first, data is dropped."""
    end, actions = advance(End(Phase.OPEN), EVENTS[Kind.PEER_CLOSE], raw=False)
    assert actions == (
        Action(Do.WRITE_PONGS),
        Action(Do.DROP, "the peer had closed"),
        Action(Do.NOTE_CLOSING, "by the peer: 1000 NORMAL: 'bye'"),
        Action(Do.AWAIT_ANSWER),
        Action(Do.WRITE_CLOSE, payload=NORMAL.to_payload()),
    )
    assert (end.reason, end.initiator, end.received, end.sent) == (NORMAL, "peer", NORMAL, None)


def test_a_raw_session_leaves_the_answer_to_its_user() -> None:
    """It may send data before it, as RFC 6455 §5.5.1 allows."""
    end, asked = play(Kind.PEER_CLOSE, raw=True)
    assert asked == [[Do.NOTE_CLOSING]] and end.incoming_ended and not end.outgoing_ended


def test_a_failed_connection_says_why_and_keeps_its_fault() -> None:
    """RFC 6455 §7.1.7: a second fault, and the end of the stream, change neither reason nor fault."""
    end, asked = play(Kind.FAIL, Kind.CLOSE_WRITTEN, Kind.FAIL_NOW, Kind.EOF, Kind.LOST, Kind.FINISHED)
    assert asked[0] == [Do.DROP, Do.AWAIT_ANSWER, Do.WRITE_CLOSE] and asked[2] == []
    assert (end.reason, end.initiator, end.fault) == (VIOLATION, "local", FAULT)


def test_last_words_give_the_reason_and_nothing_is_answered() -> None:
    """A close frame that came before the connection broke is why it ended; without one it is 1006."""
    end, asked = play(Kind.BROKE, Kind.PEER_CLOSE, Kind.LOST, Kind.FINISHED)
    assert (end.reason, end.initiator, end.received, end.sent) == (NORMAL, "peer", NORMAL, None)
    assert asked == [[Do.DROP], [Do.NOTE_CLOSING], [Do.DROP], [Do.NOTE_CLOSED]]
    end, _ = play(Kind.BROKE)
    assert (end.incoming_ended, end.outgoing_ended, end.reason) == (False, True, None)
    end, _ = play(Kind.BROKE, Kind.LOST)
    assert (end.reason, end.initiator) == (ABNORMAL, "network")


def test_a_peer_that_answers_nothing_is_aborted() -> None:
    """The sentence says how long it was waited for."""
    end, _ = play(Kind.CLOSE_WRITTEN)
    _, actions = advance(end, EVENTS[Kind.DEADLINE], raw=False)
    assert actions == (
        Action(Do.NOTE_CLOSED, "the peer did not answer our close within 10 s"),
        Action(Do.ABORT),
    )


@given(st.lists(st.sampled_from(list(Kind))), st.booleans())
def test_whatever_happens_facts_stay_and_a_reason_comes_with_the_end(kinds: list[Kind], raw: bool) -> None:
    """In any order of events: what is known of an end is never taken back, and both channels end with a reason."""
    end = End(renewed_as="feed")
    for kind in kinds:
        before = end
        end, _ = advance(end, EVENTS[kind], raw=raw)
        for name in ("reason", "initiator", "sent", "received", "fault", "renewed_as"):
            assert getattr(before, name) in (None, getattr(end, name)), name
        assert (end.incoming_ended, end.outgoing_ended) >= (before.incoming_ended, before.outgoing_ended)
        if end.incoming_ended:
            assert end.reason is not None and end.initiator is not None
    end, _ = advance(end, EVENTS[Kind.LOST], raw=raw)
    end, _ = advance(end, EVENTS[Kind.FINISHED], raw=raw)
    assert end.phase is Phase.CLOSED


def test_the_tables_have_only_what_can_be() -> None:
    """Every row and cell is of a phase and a kind, and raw differs only where its docstring says so."""
    for table in (DEFAULT, RAW):
        assert set(table) == set(Phase)
    different = {phase for phase in Phase if _without_half(RAW[phase]) != DEFAULT[phase]}
    assert different == {Phase.OPEN, Phase.BROKEN_CLOSE, Phase.PEER_CLOSED, Phase.HALF_CLOSED}


def _without_half(row: dict[Kind, object]) -> dict[Kind, object]:
    return {kind: step for kind, step in row.items() if kind not in (Kind.HALF_EOF, Kind.BROKEN_CLOSE)}
