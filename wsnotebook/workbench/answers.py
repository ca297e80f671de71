"""Conversion of a verb's result to the sentence, table or value that a cell shows, and to the note of the panel.

No answer contains a peer's text unescaped: str and bytes are shown by their repr, everything else by safe_text().
The panel escapes its notes itself.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.matching import shown
from wsnotebook.redaction import redact_subprotocol
from wsnotebook.safetext import safe_text
from wsnotebook.wire.frames import CloseReason, Frame, Opcode
from wsnotebook.workbench.facts import Facts
from wsnotebook.workbench.namedmessages import FILE, NamedMessage
from wsnotebook.workbench.receiving import Taken
from wsnotebook.workbench.repeating import Repetition, repetition_of
from wsnotebook.workbench.verb import Call

if TYPE_CHECKING:
    import pandas

    from wsnotebook.replaying.replayed import Replayed

__all__ = [
    "Journals",
    "Latency",
    "Sentence",
    "abort_note",
    "aborted",
    "chosen",
    "close_note",
    "closed",
    "compress_note",
    "connected",
    "decoded",
    "flushed",
    "forget_note",
    "forgotten",
    "journals",
    "keep_note",
    "kept",
    "limit_note",
    "limited",
    "mask_note",
    "masking",
    "messages",
    "named",
    "of_session",
    "ping_note",
    "pinging",
    "pings_note",
    "pong",
    "pongs_note",
    "reconnect_note",
    "reconnected",
    "replayed",
    "saved",
    "send_note",
    "sent",
    "sessions",
    "stop_note",
    "stopped",
    "tail",
]

_TEXTS = ["text", "close_reason", "detail"]  # columns that may hold a peer's text
_SHOWN = [
    "time",
    "direction",
    "opcode",
    "fin",
    "masked",
    "length",
    "payload",
    "close_code",
    "status",
    *_TEXTS,
]


class Sentence(str):
    """A sentence that a cell shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return safe_text(self, keep="\n")


class Latency(float):
    """Seconds from a ping to its pong, shown in milliseconds."""

    origin = ""
    """Name of the session, where there are several."""

    def __repr__(self) -> str:
        return f"pong after {self * 1000:.3g} ms" + (f" from {safe_text(self.origin)}" if self.origin else "")


class Journals(list[Any]):
    """Journals of dead kernels, shown one a line."""

    def __repr__(self) -> str:
        if not self:
            return "no kernel died while it was recording"
        return "\n".join(f"[{number}] {safe_text(repr(each))}" for number, each in enumerate(self))


def _has_several(call: Call) -> bool:
    return call.bench is not None and len(call.bench.sessions) > 1


def connected(call: Call, session: Any) -> Sentence:
    """Return name, state, address and subprotocol of a new session."""
    subprotocol = f", subprotocol {redact_subprotocol(session.subprotocol)}" if session.subprotocol else ""
    return Sentence(f"{session.name} is {session.state}: {session.url}{subprotocol}")


def reconnected(call: Call, session: Any) -> Sentence:
    """Return the same, and what is not as before."""
    return Sentence(reconnect_note(call, session))


def reconnect_note(call: Call, session: Any) -> str:
    """Return the same, and what is not as before."""
    was_recorded = any(event.kind == "journal off" for event in session.log.events_since(0))
    is_not = was_recorded and session.log.recording is None
    lost = (
        "; it is not recorded any more: session.log.record_to(path) records to a new file" if is_not else ""
    )
    return f"{connected(call, session)}{lost}"


def sent(call: Call, frames: list[Frame]) -> Sentence:
    """Return type, size and session of sent frames, so that a wrong --name is seen."""
    return Sentence(f"{send_note(call, frames)}, to {call.session.name}")


def send_note(call: Call, frames: list[Frame]) -> str:
    """Return type and size of sent frames."""
    size = sum(len(frame.data) for frame in frames)
    fragments = f" in {len(frames)} fragments" if len(frames) > 1 else ""
    again = "" if call.arguments.every is None else f", and again {_repeated(call)}"
    return f"sent {Opcode(frames[0].opcode).name.lower()}, {size:,} bytes{fragments}{again}"


def _repeated(call: Call) -> str:
    every = f"every {call.arguments.every:g} s"
    repetition = repetition_of(call.session)
    if repetition is None or repetition.replaced is None:  # None: it has ended already
        return every
    count, seconds = repetition.replaced
    return f"{every} in place of what was sent {count:,} times, every {seconds:g} s"


def stopped(call: Call, repetition: Repetition) -> Sentence:
    """Return what is sent no more, and the session."""
    return Sentence(f"{call.session.name}: {stop_note(call, repetition)}")


def stop_note(call: Call, repetition: Repetition) -> str:
    """Return what is sent no more."""
    return f"stopped after {repetition.count:,} times, every {repetition.seconds:g} s"


def kept(call: Call, name: str) -> Sentence:
    """Return where a message is kept, and how it is sent."""
    return Sentence(keep_note(call, name))


def keep_note(call: Call, name: str) -> str:
    """Return where a message is kept, and how it is sent."""
    return f"kept in {FILE}: {call.mark}send --named {shlex.quote(name)}"


def forgotten(call: Call, name: str) -> Sentence:
    """Return which message is gone."""
    return Sentence(forget_note(call, name))


def forget_note(call: Call, name: str) -> str:
    """Return which message is gone."""
    return f"{name} is no longer in {FILE}"


def named(call: Call, messages: Mapping[str, NamedMessage]) -> Facts:
    """Return the named messages as a table."""
    return Facts({name: f"{message.kind}: {message.text}" for name, message in messages.items()})


def messages(call: Call, taken: Taken) -> Any:
    """Return received messages as str or bytes, or decoded from JSON: a list where a number or all was asked for."""
    received = [_message_of(frame) for frame in taken.frames]
    if call.arguments.json:
        received = [_decoded(call, place, received) for place in range(len(received))]
    if taken.passed_over:
        note = f"passed over {taken.passed_over:,} older messages of {safe_text(call.session.name)}: see {call.mark}log"
        print(note)  # noqa: T201 - it is seen also where the message is assigned
    return received[0] if call.arguments.amount in (None, "newest") else received


def _decoded(call: Call, place: int, received: Sequence[str | bytes | Frame]) -> Any:
    message, count = received[place], len(received)
    if isinstance(message, Frame):
        raise ValueError(f"{message!r} is no whole message, so it has no JSON: leave --json away.")
    try:
        return json.loads(message)
    except ValueError as error:
        which, them = (
            ("the message", "It is") if count == 1 else (f"message {place + 1} of {count}", "All are")
        )
        raise ValueError(
            f"{which} is not JSON: {error}, in {shown(message)}. {them} dequeued, and in the log of {call.session.name}: "
            f"see {call.mark}log."
        ) from error


def _message_of(frame: Frame) -> str | bytes | Frame:
    """Return the str or bytes of a whole message; fragments and control frames, of raw sessions, stay frames."""
    if not frame.fin or frame.opcode not in (Opcode.TEXT, Opcode.BINARY):
        return frame
    if frame.opcode == Opcode.BINARY:
        return frame.read_bytes()
    try:
        return frame.read_text()
    except UnicodeDecodeError:
        return frame


def pong(call: Call, seconds: float) -> Latency:
    """Return the latency as a number that reads well."""
    latency = Latency(seconds)
    latency.origin = call.session.name if _has_several(call) else ""
    return latency


def ping_note(call: Call, seconds: float) -> str:
    """Return the latency in milliseconds."""
    return f"pong after {seconds * 1000:.1f} ms"


def masking(call: Call, on: bool) -> Sentence:
    """Return the new masking; for unmasked frames also the answer of a correct server."""
    name = call.session.name
    return Sentence(
        f"masking is on for {name}" if on else f"masking is off for {name}: a correct server answers 1002"
    )


def mask_note(call: Call, on: bool) -> str:
    """Return the new masking."""
    return "frames are sent masked" if on else "frames are sent unmasked: a correct server answers 1002"


def compress_note(call: Call, on: bool) -> str:
    """Return whether messages are sent compressed."""
    return (
        "messages are sent compressed"
        if on
        else "messages are sent as they are, those of the peer may be compressed"
    )


def of_session(note: Callable[[Call, bool], str]) -> Callable[[Call, bool], Sentence]:
    """Return a function that puts the name of the session in front of a note."""
    return lambda call, on: Sentence(f"{call.session.name}: {note(call, on)}")


def pongs_note(call: Call, on: bool) -> str:
    """Return whether pings of the peer are answered."""
    return (
        "pings are answered" if on else "pings are not answered: a peer that waits for pongs ends the session"
    )


def limited(call: Call, size: int | None) -> Sentence:
    """Return the limit of received frames."""
    return Sentence(f"{call.session.name} {limit_note(call, size)}")


def limit_note(call: Call, size: int | None) -> str:
    """Return the limit alone."""
    return f"receives frames of {'any size' if size is None else f'at most {size:,} bytes'}"


def pinging(call: Call, interval: float | None) -> Sentence:
    """Return how often a session pings."""
    return Sentence(f"{call.session.name} {pings_note(call, interval)}")


def pings_note(call: Call, interval: float | None) -> str:
    """Return the interval alone."""
    return "sends no pings by itself" if interval is None else f"pings every {interval:g} s"


def flushed(call: Call, result: None) -> Sentence:
    """Say what a flush means."""
    return Sentence(
        f"everything sent before to {call.session.name} was handed to the operating system; "
        f"only {call.mark}ping proves delivery"
    )


def decoded(call: Call, rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return the rows as they are, and print which protocol was guessed for each connection, and why."""
    if call.arguments.decoder is None:
        for each in rows.attrs["decoder"]:
            found = f"decoded as {each['decoder']}" if each["decoder"] else "not decoded"
            print(f"{safe_text(each['session'])}: {found}: {safe_text(each['reason'])}")  # noqa: T201 - as in messages
    return rows


def saved(call: Call, path: Any) -> Sentence:
    """Return the number of frames and the file."""
    return Sentence(f"saved {len(call.session.log):,} frames of {call.session.name} to {path}")


def replayed(call: Call, done: Replayed) -> Sentence:
    """Return how many frames were sent to whom, and which recorded replies did not come."""
    return Sentence(f"{call.session.name}: {done}. {call.mark}log shows the answers")


def journals(call: Call, found: list[Any]) -> Journals:
    """Return journals, for example to ``load()`` one."""
    return Journals(found)


def tail(call: Call, rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return rows for reading: texts escaped, the payload only where it is no text, empty columns left out."""
    rows = rows[["session", *_SHOWN] if _has_several(call) else _SHOWN]
    texts = {column: rows[column].map(safe_text, na_action="ignore") for column in _TEXTS}
    readable = rows.assign(payload=rows["payload"].where(rows["text"].isna()), **texts)
    return readable.dropna(axis="columns", how="all") if len(readable) else readable


def sessions(call: Call, named: dict[str, Any]) -> pandas.DataFrame | Sentence:
    """Return a table of the sessions, in order of opening."""
    if not named:
        return Sentence(f"no session yet: {call.mark}connect ws://host:port/path")
    import pandas

    from wsnotebook.analysis.display import mark_frames, register_display

    register_display()
    rows = {
        safe_text(name): {
            "current": "*" if name == call.bench.current else "",
            "state": call.bench.status_of(name),
            "url": safe_text(session.url),
            "frames": len(session.log),
            "masking": session.masking,
        }
        for name, session in named.items()
    }
    table = pandas.DataFrame.from_dict(rows, orient="index").rename_axis("session")
    marked: pandas.DataFrame = mark_frames(table)  # names and addresses are no mathematics
    return marked


def chosen(call: Call, result: None) -> Sentence:
    """Return the name of the current session."""
    return Sentence(f"verbs without --name speak to {call.bench.current}")


def closed(call: Call, reason: CloseReason) -> Sentence:
    """Return who closed a session, and why."""
    return Sentence(
        f"{call.session.name} closed by {call.session.close_initiator}: {reason}{_for_good(call)}"
    )


def close_note(call: Call, reason: CloseReason) -> str:
    """Return the reason of the end."""
    return f"closed: {reason}{_for_good(call)}"


def aborted(call: Call, result: None) -> Sentence:
    """Say which connection was aborted."""
    return Sentence(f"{call.session.name} aborted without a close frame{_for_good(call)}")


def _for_good(call: Call) -> str:
    return "; it is not connected again" if call.bench.reconnects(call.session) else ""


def abort_note(call: Call, result: None) -> str:
    """Say that the connection was aborted."""
    return f"connection aborted, no close frame sent{_for_good(call)}"
