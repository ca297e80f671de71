"""The actions of the verbs, one function each, on the workbench or on a session. Sentences are made in answers.py.

Those that send are in sendactions.py.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wsnotebook.errors import PingTimeout
from wsnotebook.matching import Pattern
from wsnotebook.payload import read_json
from wsnotebook.script.parser import parse_script
from wsnotebook.script.report import lines_of
from wsnotebook.script.runner import run_script
from wsnotebook.script.steps import Outcome, Step
from wsnotebook.wire.frames import CloseReason
from wsnotebook.workbench.connection import connection_options
from wsnotebook.workbench.facts import Facts, info_of, stats_of
from wsnotebook.workbench.pending import within
from wsnotebook.workbench.receiving import receive_frames
from wsnotebook.workbench.settings import change_setting, setting_of
from wsnotebook.workbench.values import UNCHANGED
from wsnotebook.workbench.verb import Call

__all__ = [
    "close",
    "compress",
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
    "pongs",
    "receive",
    "reconnect",
    "recover_journals",
    "replay_log",
    "save",
    "script",
    "session",
    "stats",
    "terminate",
    "use",
]


def connect(call: Call) -> Any:
    """Open a session; the result is the session."""
    return call.bench.connect(call.arguments.url, **connection_options(call.arguments, "cell"))


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


async def reconnect(call: Call) -> Any:
    """Dial an ended session again, at once; the result is the session that follows it."""
    from wsnotebook.session.attempts import attempts_of  # at the first use: %load_ext stays quick

    attempts = attempts_of(call.session)
    if attempts is None:
        raise ValueError(
            f"{call.session.name} is the end of a server: only what connect() opened can be dialled."
        )
    session = await attempts.at_once()
    call.session.pump.life.renew(session.name)
    return session


def script(call: Call) -> Any:
    """Run a script, and print the outcome of each step; the result is the DataFrame of the exchange."""
    steps = parse_script(call.arguments.text)
    if call.arguments.url is None:
        return run_script(steps, call.bench.get(call.arguments.name), _print_outcome)
    return _script_on(call, steps)


async def _script_on(call: Call, steps: Sequence[Step]) -> Any:
    session = await call.bench.open(call.arguments.url, name=call.arguments.name)
    async with session:
        return await run_script(steps, session, _print_outcome)


def _print_outcome(outcome: Outcome) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines_of(outcome))


_WRITTEN = 5.0  # seconds until what was sent before is written: a peer that reads takes it at once


def mask(call: Call) -> Any:
    """Set the masking of sent frames, or toggle it; the result is the new value. What was sent before keeps the old one."""
    return _changed_after_sent(call, "masking")


def compress(call: Call) -> Any:
    """Set whether messages are sent compressed, or toggle it; otherwise as mask()."""
    return _changed_after_sent(call, "compresses")


def pongs(call: Call) -> bool:
    """Set whether the peer's pings are answered, or toggle it; the result is the new value."""
    return _toggled(call, "answers_pings")


def _changed_after_sent(call: Call, name: str) -> Any:
    # Both are read when a frame is written. Mostly nothing waits for that, and a def in a loop may set them.
    outgoing = call.session.pump.outgoing
    return _toggled(call, name) if outgoing.has_handed(outgoing.marks) else _toggled_when_sent(call, name)


async def _toggled_when_sent(call: Call, name: str) -> bool:
    await within(_WRITTEN, call.session.flush(), _late_change)
    return _toggled(call, name)


def _late_change(seconds: float) -> TimeoutError:
    return TimeoutError(
        f"nothing is changed: what was sent before still waits after {seconds:g} s, as the peer does not read. "
        "Try again when it does, or end the session: %ws terminate."
    )


def _toggled(call: Call, name: str) -> bool:
    on = call.arguments.on
    return bool(change_setting(call.session, name, not setting_of(call.session, name) if on is None else on))


def limit(call: Call) -> int | None:
    """Set the largest frame that is received, or leave it; the result is the limit, None for none."""
    if call.arguments.size is not UNCHANGED:
        change_setting(call.session, "max_frame_size", call.arguments.size)
    result: int | None = call.session.max_frame_size
    return result


async def pings(call: Call) -> float | None:
    """Set the seconds between pings, or leave them; the result is the interval, None for none."""
    # Awaited, because the pinger is a task of the session's loop.
    if call.arguments.interval is not UNCHANGED:
        change_setting(call.session, "ping_interval", call.arguments.interval)
    result: float | None = setting_of(call.session, "ping_interval")
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
    """Return counts, rates, stalls, latency and memory."""
    return stats_of(call.session)


_ROWS = 20


def log(call: Call) -> Any:
    """Return the last rows of the log as a DataFrame, of those that the options select."""
    from wsnotebook.analysis.columns import only_occurring_opcodes  # at the first use, as below

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
        from wsnotebook.filtering import filter_log  # at the first use: %load_ext stays quick

        df = filter_log(rows, arguments.filter)
    for name in selections:
        df = df[SELECTIONS[name](df, getattr(arguments, name))]
    return only_occurring_opcodes(df.tail(number))


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
    path = os.path.expanduser(call.arguments.path)
    return Path(call.session.log.save(path, redact=bool(call.arguments.redact)))


def load_log(call: Call) -> Any:
    """Read a file; the result is the FrameLog."""
    from wsnotebook.files.loading import load  # at the first use: %load_ext stays quick

    return load(Path(call.arguments.path).expanduser())


def replay_log(call: Call) -> Any:
    """Send the frames of a recording; the result is what replay() returns."""
    from wsnotebook.files.loading import load  # at the first use: %load_ext stays quick
    from wsnotebook.replaying.replay import replay

    names = ("speed", "wait", "rewrite", "direction", "connection")
    options = {name: getattr(call.arguments, name) for name in names}
    return replay(
        load(Path(call.arguments.path).expanduser()), call.session, name=call.arguments.of, **options
    )


def recover_journals(call: Call) -> Any:
    """Return the journals of kernels that died while recording."""
    from wsnotebook.files.recovery import recover  # at the first use: %load_ext stays quick

    return recover()


def df(call: Call) -> Any:
    """Return the DataFrame of all frames."""
    return call.session.df


def decode(call: Call) -> Any:
    """Return the messages of a protocol."""
    return call.session.df.ws.decode(call.arguments.decoder)


def panel(call: Call) -> Any:
    """Return the panel, or a form that opens a session where there is none; as the last line of a cell it is shown."""
    if call.arguments.name is None and not call.bench.sessions:
        from wsnotebook.widgets.connectform import ConnectPanel  # only for who looks: it loads ipywidgets

        return ConnectPanel(call.bench)
    return call.bench.get(call.arguments.name)._panel()


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
    if _reconnects(call):
        return _close_for_good(call)
    return call.door.close(call.arguments.code, call.arguments.message)


async def _close_for_good(call: Call) -> CloseReason:
    # In the session's loop, where the reconnection is a task.
    reconnection = call.bench.stop_reconnecting(call.session)
    reason: CloseReason = await call.session.close(call.arguments.code, call.arguments.message)
    await reconnection.wait()
    return reason


def terminate(call: Call) -> None:
    """Abort the connection; any thread may do that. No session follows it."""
    if _reconnects(call):
        call.bench.stop_reconnecting(call.session)
    call.session.terminate()


def _reconnects(call: Call) -> bool:
    return call.bench is not None and call.bench.reconnects(call.session)
