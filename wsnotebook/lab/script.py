"""A behaviour defined as a list of steps: messages that a lab server expects and sends, and pauses.

``embedded_server([Expect("hello"), Send("world"), Close(1000)])`` runs the steps for each client. A failed step
raises ScriptFailed: the session is closed with 1011, and the exception is in ``server.errors``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from websockets.exceptions import ConnectionClosed

from wsnotebook.lab.connection import LabConnection
from wsnotebook.matching import Pattern, shown

__all__ = [
    "Close",
    "Expect",
    "ExpectClose",
    "Script",
    "ScriptFailed",
    "Send",
    "Step",
    "Wait",
]


class ScriptFailed(AssertionError):
    """The client did not do what the script or the recording expects.

    Example::

        async with embedded_server([Expect("hello")]) as server:
            session = await connect(server.url)
            await session.send("good morning")
            print(await session.close_reason)  # what the script has expected

    Attributes:
        place: the number of the step, such as "step 2 of 5", or of the row of the recording.
        step: the step that failed.
        problem: how the client differed.
    """

    def __init__(self, place: str, step: object, problem: str) -> None:
        super().__init__(place, step, problem)
        self.place = place
        self.step = step
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.place}, {self.step}: {self.problem}"


class _Unmet(Exception):
    """A step failed; the script adds the number of the step and raises ScriptFailed."""


@dataclass(frozen=True)
class Expect:
    """Receive one message and compare it with ``what``, as ``session.expect()`` of a client does.

    It passes over nothing: another message fails the step, because a server answers what it was sent.

    Example: ``server = await embedded_server([Expect({"op": "subscribe"}), Send({"type": "ack"})])``.
    """

    what: Any = ...
    """A text that the message contains, ``"/regular expression/"`` or a compiled one, bytes, a dict or list for JSON
    that has these keys and values, a type (``str`` or ``bytes``), a function of the message, or ``...`` for any."""
    timeout: float | None = 5.0
    """Seconds, None for no limit."""

    def __post_init__(self) -> None:
        Pattern(self.what)  # a wrong one is refused when the script is written, not when a client comes

    def __repr__(self) -> str:
        return f"Expect({'...' if self.what is ... else Pattern(self.what)})"

    async def play(self, session: LabConnection, last: Any) -> Any:
        """Return the received message."""
        try:
            async with asyncio.timeout(self.timeout):
                message = await session.recv()
        except TimeoutError:
            raise _Unmet(f"nothing came within {self.timeout:g} s") from None
        except ConnectionClosed as error:
            raise _Unmet(f"the client was gone ({_ending(error)})") from None
        found = Pattern(self.what).compare(message)
        if not found:
            raise _Unmet(f"got {shown(message)} ({'; '.join(found.differences)})")
        return message


@dataclass(frozen=True)
class ExpectClose:
    """Wait until the client closes. A message before the close fails the step.

    Example: ``server = await embedded_server([Expect(...), ExpectClose(code=1000)])``.
    """

    code: int | None = None
    """The close code, None for any; 1005 is a close without a code, 1006 a lost connection (RFC 6455 §7.4.1)."""
    timeout: float | None = 5.0
    """Seconds, None for no limit."""

    async def play(self, session: LabConnection, last: Any) -> Any:
        try:
            async with asyncio.timeout(self.timeout):
                message = await session.recv()
        except TimeoutError:
            raise _Unmet(f"no close came within {self.timeout:g} s") from None
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            if self.code not in (None, code):
                raise _Unmet(_ending(error)) from None
            return last
        raise _Unmet(f"got the message {shown(message)} instead of a close")


@dataclass(frozen=True)
class Send:
    """Send one message.

    Example: ``server = await embedded_server([Send("welcome"), Send({"type": "ack"}), Send(bytes(4))])``.
    """

    what: Any
    """A str is sent as text, bytes as binary, a dict or list as JSON text; a function is called with the last
    received message (None if there is none) and returns one of these."""

    def __repr__(self) -> str:
        return f"Send({getattr(self.what, '__qualname__', None) or shown(self.what)})"

    async def play(self, session: LabConnection, last: Any) -> Any:
        what = self.what(last) if callable(self.what) else self.what
        try:
            await session.send(
                what if isinstance(what, (str, bytes, bytearray, memoryview)) else json.dumps(what)
            )
        except ConnectionClosed as error:
            raise _Unmet(f"the client was gone ({_ending(error)})") from None
        return last


@dataclass(frozen=True)
class Wait:
    """Wait ``seconds`` before the next step.

    Example: ``server = await embedded_server([Wait(0.5), Send("late")])``.
    """

    seconds: float

    async def play(self, session: LabConnection, last: Any) -> Any:
        await asyncio.sleep(self.seconds)
        return last


@dataclass(frozen=True)
class Close:
    """Close the session and wait for the close frame of the client.

    Example: ``server = await embedded_server([Expect(...), Close(1013, "try later")])``.
    """

    code: int = 1000
    reason: str = ""

    async def play(self, session: LabConnection, last: Any) -> Any:
        await session.close(self.code, self.reason)
        return last


Step: TypeAlias = Expect | ExpectClose | Send | Wait | Close | Callable[[LabConnection], Awaitable[Any]]
"""One step of a script: one of the classes above, or your own ``async def step(session)``."""


class Script:
    """A behaviour that runs steps in order; at the end the server closes the session with 1000.

    Example: ``server = await embedded_server(Script([Expect("hello"), Send("world")]))``.

    Raises:
        TypeError: an element that is not a step.
    """

    name = "script"
    """Its name in the repr of a server."""

    def __init__(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, type) or not (hasattr(step, "play") or callable(step)):
                raise TypeError(
                    f"{step!r} is not a step: use Expect(…), ExpectClose(), Send(…), Wait(…) or Close(…)"
                )
        self.steps = tuple(steps)

    async def __call__(self, session: LabConnection) -> None:
        """Run the steps with one client.

        Raises:
            ScriptFailed: the client did not do what a step expects.
        """
        last: Any = None
        for number, step in enumerate(self.steps, 1):
            try:
                if isinstance(step, (Expect, ExpectClose, Send, Wait, Close)):
                    last = await step.play(session, last)
                else:
                    await step(session)
            except _Unmet as error:
                raise ScriptFailed(f"step {number} of {len(self.steps)}", step, str(error)) from None

    def __repr__(self) -> str:
        return f"Script({list(self.steps)!r})"


def _ending(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return "the connection was lost without a close"
    return f"it closed with {error.rcvd.code} {error.rcvd.reason!r}"
