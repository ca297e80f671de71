"""What each verb of %ws does with the workbench, and the one line or value with which it answers.

How a verb is written, with its options and help, is in vocabulary.py.
No answer has a peer's text in it as it came: str and bytes are shown by their repr, the rest by safe_text().
"""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from wsnotebook.errors import PingTimeout
from wsnotebook.safetext import safe_text
from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.workbench import Workbench

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Answer",
    "Latency",
    "close",
    "connect",
    "df",
    "list_sessions",
    "log",
    "mask",
    "panel",
    "ping",
    "receive",
    "send",
    "session",
    "terminate",
    "use",
]

_WORDS = ["text", "close_reason", "detail"]  # columns that may hold a peer's words
_LOOKED_AT = [
    "time",
    "direction",
    "opcode",
    "fin",
    "masked",
    "length",
    "payload",
    "close_code",
    "status",
    *_WORDS,
]


class Answer(str):
    """A sentence that a cell shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return safe_text(self, keep="\n")


class Latency(float):
    """Seconds from a ping to its pong, shown in milliseconds."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"pong after {self * 1000:.3g} ms"


async def connect(bench: Workbench, args: Namespace) -> Answer:
    """Open a session; an option that was not given is left to connect()'s own default."""
    given = {
        "raw": args.raw,
        "masking": args.masking,
        "headers": args.header,
        "subprotocols": args.subprotocol,
        "open_timeout": args.timeout,
    }
    options = {name: value for name, value in given.items() if value is not None}
    session = await bench.connect(args.url, name=args.name, **options)
    subprotocol = f", subprotocol {session.subprotocol}" if session.subprotocol else ""
    return Answer(f"{session.name} is {session.state}: {session.url}{subprotocol}")


async def send(bench: Workbench, args: Namespace) -> Answer:
    """Send a text, JSON or bytes, and say what went out to whom."""
    name = bench.get(
        args.name
    ).name  # now: by the time the frame is out another session may be the current one
    frame = await bench.send(args.text, kind=args.kind, name=name)
    kind = Opcode(frame.opcode).name.lower()
    return Answer(f"sent {kind}, {len(frame.data):,} bytes, to {name}")


async def receive(bench: Workbench, args: Namespace) -> Any:
    """Return the next message."""
    frame = await bench.receive(name=args.name, timeout=args.timeout)
    message = _message_of(frame)
    return _decoded(message) if args.json else message


def _decoded(message: str | bytes | Frame) -> Any:
    if isinstance(message, Frame):
        raise ValueError(f"{message!r} is no whole message, so it has no JSON: leave --json away.")
    try:
        return json.loads(message)
    except ValueError as error:
        raise ValueError(
            f"the message is not JSON: {error}. It is the last one that came in: see %ws log."
        ) from error


def _message_of(frame: Frame) -> str | bytes | Frame:
    """Return the str or bytes of a whole message; what only a raw session hands over stays a Frame."""
    if not frame.fin or frame.opcode not in (Opcode.TEXT, Opcode.BINARY):
        return frame
    if frame.opcode == Opcode.BINARY:
        return frame.read_bytes()
    try:
        return frame.read_text()
    except UnicodeDecodeError:
        return frame


async def ping(bench: Workbench, args: Namespace) -> Latency:
    """Return the latency."""
    limit = asyncio.timeout(args.timeout)
    try:
        async with limit:
            return Latency(await bench.ping(name=args.name))
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise PingTimeout(args.timeout) from error


def mask(bench: Workbench, args: Namespace) -> Answer:
    """Set or toggle the masking, and say what it is now."""
    on = bench.mask(args.on, name=args.name)
    name = bench.get(args.name).name
    return Answer(
        f"masking is on for {name}" if on else f"masking is off for {name}: a correct server answers 1002"
    )


def log(bench: Workbench, args: Namespace) -> pandas.DataFrame:
    """Return the last rows for the eye: a peer's words escaped, the payload where it is no text, nothing empty."""
    tail: pandas.DataFrame = bench.get(args.name).log.tail(args.rows)[_LOOKED_AT]
    words = {column: tail[column].map(safe_text, na_action="ignore") for column in _WORDS}
    shown = tail.assign(payload=tail["payload"].where(tail["text"].isna()), **words)
    return shown.dropna(axis="columns", how="all") if len(shown) else shown


def df(bench: Workbench, args: Namespace) -> pandas.DataFrame:
    """Return session.df as it is: for computing."""
    frames: pandas.DataFrame = bench.get(args.name).df
    return frames


def panel(bench: Workbench, args: Namespace) -> Any:
    """Return the panel; as the last line of a cell it is shown."""
    # Imported when asked for: terminal IPython has no use for ipywidgets.
    from wsnotebook.widgets.panel import panel_for

    return panel_for(bench.get(args.name))


def session(bench: Workbench, args: Namespace) -> Any:
    """Return the session, for what the magics have no verb for."""
    return bench.get(args.name)


def list_sessions(bench: Workbench, args: Namespace) -> pandas.DataFrame | Answer:
    """Return a table of the sessions, in order of opening."""
    if not bench.sessions:
        return Answer("no session yet: %ws connect ws://host:port/path")
    import pandas

    rows = {
        safe_text(name): {
            "current": "*" if name == bench.current else "",
            "state": str(session.state),
            "url": safe_text(session.url),
            "frames": len(session.log),
            "masking": session.masking,
        }
        for name, session in bench.sessions.items()
    }
    return pandas.DataFrame.from_dict(rows, orient="index").rename_axis("session")


def use(bench: Workbench, args: Namespace) -> Answer:
    """Choose the current session."""
    bench.select(args.session)
    return Answer(f"verbs without --name speak to {bench.current}")


async def close(bench: Workbench, args: Namespace) -> Answer:
    """Close, and say how the session ended."""
    session = bench.get(args.name)
    reason = await bench.close(args.code, " ".join(args.message), name=session.name)
    return Answer(f"{session.name} closed by {session.close_initiator}: {reason}")


def terminate(bench: Workbench, args: Namespace) -> Answer:
    """Abort the connection."""
    bench.terminate(name=args.name)
    return Answer(f"{bench.get(args.name).name} aborted without a close frame")
