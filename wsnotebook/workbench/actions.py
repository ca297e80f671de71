"""The actions of the verbs, one function each, on the workbench or on a session. Sentences are made in answers.py."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from wsnotebook.errors import PingTimeout
from wsnotebook.matching import Pattern
from wsnotebook.payload import parse_payload, read_json
from wsnotebook.script.parser import parse_script
from wsnotebook.script.report import lines_of
from wsnotebook.script.runner import run_script
from wsnotebook.script.steps import Outcome, Step
from wsnotebook.workbench.connection import connection_options
from wsnotebook.workbench.pending import then, within
from wsnotebook.workbench.verb import Call

__all__ = [
    "close",
    "connect",
    "df",
    "expect",
    "list_sessions",
    "log",
    "mask",
    "panel",
    "ping",
    "receive",
    "script",
    "send",
    "session",
    "terminate",
    "use",
]


def connect(call: Call) -> Any:
    """Open a session; the result is the session."""
    return call.bench.connect(call.arguments.url, **connection_options(call.arguments, "cell"))


def send(call: Call) -> Any:
    """Queue a text, JSON or bytes; the result is the frame."""
    frame = parse_payload(call.arguments.text, call.arguments.kind)
    return then(call.door.send(frame), lambda _: frame)


def receive(call: Call) -> Any:
    """Dequeue the next frame."""

    def late(seconds: float) -> TimeoutError:
        return TimeoutError(
            f"no frame came from {call.session.name} within {seconds:g} s; what came before is in its log."
        )

    return within(call.arguments.timeout, call.session.incoming.receive(), late)


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


def log(call: Call) -> Any:
    """Return the last rows of the log as a DataFrame."""
    return call.session.log.tail(call.arguments.rows)


def df(call: Call) -> Any:
    """Return the DataFrame of all frames."""
    return call.session.df


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
    """Send a close frame and wait for the peer's; the result is the reason of the end."""
    return call.door.close(call.arguments.code, call.arguments.message)


def terminate(call: Call) -> None:
    """Abort the connection; any thread may do that."""
    call.session.terminate()
