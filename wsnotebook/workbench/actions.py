"""The actions of the verbs, one function each, on the workbench or on a session. Sentences are made in answers.py."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsnotebook.errors import PingTimeout
from wsnotebook.matching import Pattern
from wsnotebook.payload import read_json
from wsnotebook.script.parser import parse_script
from wsnotebook.script.report import lines_of
from wsnotebook.script.runner import run_script
from wsnotebook.script.steps import Outcome, Step
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench.connection import connection_options
from wsnotebook.workbench.facts import Facts, info_of, stats_of
from wsnotebook.workbench.pending import then, within
from wsnotebook.workbench.receiving import receive_frames
from wsnotebook.workbench.sending import frames_to_send
from wsnotebook.workbench.values import UNCHANGED
from wsnotebook.workbench.verb import Call

if TYPE_CHECKING:
    from wsnotebook.workbench.reconnection import Reconnection

__all__ = [
    "close",
    "connect",
    "decode",
    "df",
    "expect",
    "flush",
    "info",
    "limit",
    "list_sessions",
    "load_log",
    "log",
    "mask",
    "panel",
    "ping",
    "pings",
    "plot",
    "proxy",
    "receive",
    "recover_journals",
    "replay_log",
    "save",
    "script",
    "send",
    "serve",
    "session",
    "stats",
    "terminate",
    "use",
]


def connect(call: Call) -> Any:
    """Open a session; the result is the session."""
    return call.bench.connect(call.arguments.url, **connection_options(call.arguments, "cell"))


def send(call: Call) -> Any:
    """Queue a text, JSON, bytes or a control frame; the result is the list of frames."""
    frames = frames_to_send(call.arguments)
    if len(frames) == 1:
        return then(call.door.send(frames[0]), lambda _: frames)
    return _send_all(call.session, frames)


async def _send_all(session: Any, frames: list[Frame]) -> list[Frame]:
    for frame in frames:
        await session.send(frame)
    return frames


def receive(call: Call) -> Any:
    """Dequeue frames; the result is Taken."""
    amount = 1 if call.arguments.amount is None else call.arguments.amount
    return receive_frames(call.session, amount, call.arguments.timeout)


def expect(call: Call) -> Any:
    """Pass over messages until one matches; the result is the message, a str or bytes."""
    arguments = call.arguments
    text = arguments.text
    pattern = Pattern(json=read_json(text)) if arguments.json else Pattern(text)
    return call.door.expect(pattern, timeout=arguments.timeout)


def ping(call: Call) -> Any:
    """Send a ping and wait for its pong; the result is the latency in seconds."""
    return within(call.arguments.timeout, call.door.ping(), PingTimeout)


def script(call: Call) -> Any:
    """Run a script, and print the outcome of each step; the result is the DataFrame of the exchange."""
    steps = parse_script(call.arguments.text)
    if call.arguments.url is None:
        return run_script(steps, call.bench.get(call.arguments.name), _print_outcome)
    return _script_on(call, steps)


async def _script_on(call: Call, steps: Sequence[Step]) -> Any:
    session = await call.bench.connect(call.arguments.url, name=call.arguments.name)
    async with session:
        return await run_script(steps, session, _print_outcome)


def _print_outcome(outcome: Outcome) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines_of(outcome))


def mask(call: Call) -> bool:
    """Set the masking of sent frames, or toggle it; the result is the new value."""
    on = call.arguments.on
    call.session.masking = not call.session.masking if on is None else on
    return bool(call.session.masking)


def limit(call: Call) -> int | None:
    """Set the largest frame that is received, or leave it; the result is the limit, None for none."""
    if call.arguments.size is not UNCHANGED:
        call.session.outgoing.check()
        call.session.max_frame_size = call.arguments.size
    result: int | None = call.session.max_frame_size
    return result


async def pings(call: Call) -> float | None:
    """Set the seconds between pings, or leave them; the result is the interval, None for none."""
    # Awaited, because the pinger is a task of the session's loop.
    if call.session.pump.raw:
        raise ValueError(
            f"{call.session.name} is a raw session, which has no pinger: start one with "
            "wsnotebook.pinger(session, 20, 15)."
        )
    if call.arguments.interval is not UNCHANGED:
        call.session.outgoing.check()
        call.session.ping_interval = call.arguments.interval
    result: float | None = call.session.ping_interval
    return result


def flush(call: Call) -> Any:
    """Wait until everything sent before was handed to the operating system."""
    return within(call.arguments.timeout, call.door.flush(), _late_flush)


def _late_flush(seconds: float) -> TimeoutError:
    return TimeoutError(
        f"not everything was handed to the operating system within {seconds:g} s; it stays queued."
    )


def info(call: Call) -> Facts:
    """Return what is known of the connection."""
    return info_of(call.session)


def stats(call: Call) -> Facts:
    """Return counts, rates, latency and memory."""
    return stats_of(call.session)


_ROWS = 20


def log(call: Call) -> Any:
    """Return the last rows of the log as a DataFrame, of those that the options select."""
    arguments, rows = call.arguments, call.session.log
    numbers = [each for each in (arguments.rows, arguments.number, _ROWS) if each is not None]
    if len(numbers) == 3:
        raise ValueError(f"N is given twice, {numbers[0]} and -n {numbers[1]}: keep one of them.")
    number = numbers[0]
    selections = [name for name in SELECTIONS if getattr(arguments, name) is not None]
    if not selections and arguments.filter is None:
        return rows.tail(number)
    if arguments.filter is None:
        df = call.session.df
    else:
        from wsnotebook.filtering import filter_log  # as in serve

        df = filter_log(rows, arguments.filter)
    for name in selections:
        df = df[SELECTIONS[name](df, getattr(arguments, name))]
    return df.tail(number)


def _has_text(df: Any, pattern: re.Pattern[str]) -> Any:
    found = [
        df[column].map(lambda text: bool(pattern.search(text)), na_action="ignore") for column in _SEARCHED
    ]
    return found[0].eq(True).fillna(False) | found[1].eq(True).fillna(False)


def _is_since(df: Any, seconds: float) -> Any:
    return df["monotonic"] >= time.monotonic_ns() - seconds * 1e9


_SEARCHED = ("text", "close_reason")
SELECTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "direction": lambda df, direction: df["direction"] == direction,
    "opcode": lambda df, opcode: df["opcode"] == opcode,
    "grep": _has_text,
    "since": _is_since,
}
"""The arguments of log that select rows: each function returns a Series of bool."""


def plot(call: Call) -> Any:
    """Draw the rate or the latency; the result is the Axes."""
    questions, events = call.session.df.ws, call.session.log.events
    if call.arguments.quantity == "latency":
        return questions.plot_latency(events=events)
    return questions.plot_rate(call.arguments.every, of=call.arguments.quantity, events=events)


def save(call: Call) -> Path:
    """Write the log to a file; the result is its path."""
    # A str, because a final slash names a directory.
    return Path(call.session.log.save(os.path.expanduser(call.arguments.path)))


def load_log(call: Call) -> Any:
    """Read a file; the result is the FrameLog."""
    from wsnotebook.files.loading import load  # as in serve

    return load(Path(call.arguments.path).expanduser())


def replay_log(call: Call) -> Any:
    """Send the frames of a recording; the result is their number."""
    from wsnotebook.files.loading import load  # as in serve
    from wsnotebook.replay import replay

    arguments = call.arguments
    return replay(
        load(Path(arguments.path).expanduser()),
        call.session,
        speed=arguments.speed,
        direction=arguments.direction,
        name=arguments.of,
    )


def serve(call: Call) -> Any:
    """Start a server of the lab in this kernel; the result is the server."""
    # At the first use: %load_ext stays quick.
    from wsnotebook.files.loading import load
    from wsnotebook.lab.behaviours import BEHAVIOURS
    from wsnotebook.lab.playback import playback
    from wsnotebook.lab.server import embedded_server

    name = call.arguments.behaviour
    path = os.path.expanduser(name)
    behaviour = playback(load(path)) if name not in BEHAVIOURS and os.path.exists(path) else name
    return _start(embedded_server(behaviour, port=call.arguments.port))


def proxy(call: Call) -> Any:
    """Start a proxy in this kernel; the result is the proxy."""
    from wsnotebook.middle.proxy import proxy  # as in serve

    arguments = call.arguments
    origins = () if arguments.origin is None else (arguments.origin,)
    record = None if arguments.record is None else os.path.expanduser(arguments.record)
    return _start(proxy(arguments.url, port=arguments.port, record=record, origins=origins))


async def _start(server: Any) -> Any:
    return await server


def recover_journals(call: Call) -> Any:
    """Return the journals of kernels that died while recording."""
    from wsnotebook.files.recovery import recover  # as in serve

    return recover()


def df(call: Call) -> Any:
    """Return the DataFrame of all frames."""
    return call.session.df


def decode(call: Call) -> Any:
    """Return the messages of a protocol."""
    return call.session.df.ws.decode(call.arguments.decoder)


def panel(call: Call) -> Any:
    """Return the panel; as the last line of a cell it is shown."""
    return call.session._panel()


def session(call: Call) -> Any:
    """Return the session, for everything that has no verb."""
    return call.session


def list_sessions(call: Call) -> Any:
    """Return the sessions by name."""
    return call.bench.sessions


def use(call: Call) -> None:
    """Make another session the current one."""
    call.bench.select(call.arguments.session)


def close(call: Call) -> Any:
    """Send a close frame and wait for the peer's; the result is the reason of the end. No session follows it."""
    reconnection = _stop_reconnecting(call)
    closing = call.door.close(call.arguments.code, call.arguments.message)
    return closing if reconnection is None else _closed_for_good(closing, reconnection)


async def _closed_for_good(closing: Awaitable[CloseReason], reconnection: Reconnection) -> CloseReason:
    reason = await closing
    await reconnection.wait()
    return reason


def terminate(call: Call) -> None:
    """Abort the connection; any thread may do that. No session follows it."""
    _stop_reconnecting(call)
    call.session.terminate()


def _stop_reconnecting(call: Call) -> Reconnection | None:
    return None if call.bench is None else call.bench.stop_reconnecting(call.session)
