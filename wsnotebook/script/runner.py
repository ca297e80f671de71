"""run_script(): runs the steps of a script on a session, one after the other, until one fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.errors import ExpectationFailed, SessionClosed, SessionFault, StepFailed
from wsnotebook.matching import Exactly, Message, Pattern, is_regular_expression, shown
from wsnotebook.payload import parse_payload, read_json
from wsnotebook.script.captures import NoValue, fill_json, fill_regex, fill_text, json_pattern
from wsnotebook.script.steps import (
    Close,
    Expect,
    ExpectClose,
    Mask,
    Outcome,
    Ping,
    Send,
    Step,
    Timeout,
    Wait,
)
from wsnotebook.wire.frames import Frame

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["run_script"]

_TIMEOUT = 10.0  # seconds, as session.expect()
_FLUSH = 1.0  # seconds


async def run_script(
    steps: Sequence[Step],
    session: ClientWebSocketSession,
    report: Callable[[Outcome], object] = lambda outcome: None,
) -> pd.DataFrame:
    """Run the steps of ``parse_script(text)``, and return the frames that were recorded meanwhile.

    The session stays open, unless a step has closed it.

    Args:
        steps: run in order.
        session: its messages that nobody has received yet are looked at too.
        report: called with the outcome of each step that was run.

    Raises:
        StepFailed: a step failed; those after it were not run.
    """
    first = session.log.end
    run = _Run(session)
    try:
        for step in steps:
            await run.step(step, report)
    finally:
        # What was sent last has its row then. A peer that does not read is no reason to wait longer.
        with contextlib.suppress(SessionClosed, TimeoutError):
            async with asyncio.timeout(_FLUSH):
                await session.flush()
    oldest = session.log.first  # a window is counted from it
    rows = session.log.window(first - oldest, session.log.end - oldest)
    return rows[rows["connection"] == session.pump.connection]


class _Run:
    """The state of one run: the session, the captured values, the time limit."""

    def __init__(self, session: ClientWebSocketSession) -> None:
        self._session = session
        self._values: dict[str, Any] = {}
        self._timeout = _TIMEOUT

    async def step(self, step: Step, report: Callable[[Outcome], object]) -> None:
        """Run one step, and report it."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        failure: StepFailed | None = None
        note = ""
        try:
            note = await _PLAYS[type(step.action)](self, step.action)
        except ExpectationFailed as error:
            failure = StepFailed(step.line, step.text, str(error), error.differences)
            failure.__cause__ = error
        except NoValue as error:
            problem = f"{{{error.name}}} has no value: its group took no part in the match"
            failure = StepFailed(step.line, step.text, problem)
        except (SessionClosed, SessionFault, ValueError, _Unmet) as error:
            failure = StepFailed(step.line, step.text, str(error))
            failure.__cause__ = error
        report(Outcome(step, loop.time() - begin, note, failure))
        if failure is not None:
            raise failure

    async def send(self, action: Send) -> str:
        await self._session.send(self._frame(action))
        return ""

    def _frame(self, action: Send) -> Frame:
        if action.kind == "text":
            return parse_payload(json.loads(action.body))
        if action.kind == "hex":
            return parse_payload(action.body, "hex")
        if action.kind == "json":
            return parse_payload(fill_json(action.body, self._values), "json")
        return parse_payload(fill_text(action.body, self._values))

    async def expect(self, action: Expect) -> str:
        pattern = self._pattern(action)
        message = await self._session.expect(pattern, timeout=self._timeout)
        self._keep(pattern.compare(message).captures, is_regex=action.kind == "plain")
        return shown(message)

    def _keep(self, captures: dict[str, Any], *, is_regex: bool) -> None:
        self._values |= captures
        for name, value in captures.items():
            if is_regex and value is None:  # the group took no part; a null of JSON is a value
                del self._values[name]

    def _pattern(self, action: Expect) -> Pattern:
        body = action.body
        if action.kind == "json":
            return Pattern(json=json_pattern(read_json(body), self._values))
        if action.kind in ("text", "hex"):
            return Pattern(Exactly(_exact(action)))
        if not body:
            return Pattern()
        if is_regular_expression(body):
            return Pattern(re.compile(fill_regex(body[1:-1], self._values)))
        text = fill_text(body, self._values)
        # A value between slashes would be taken for a regular expression of the peer's.
        return Pattern(re.compile(re.escape(text)) if is_regular_expression(text) else text)

    async def expect_close(self, action: ExpectClose) -> str:
        session = self._session
        try:
            async with asyncio.timeout(self._timeout):
                reason = await session.close_reason
        except TimeoutError:
            raise _Unmet(f"the session was not closed within {self._timeout:g} s") from None
        came = session.close_received or reason
        if action.code not in (None, came.code) or action.reason not in came.message:
            how = (
                "the close frame of the peer has" if session.close_received else "no close frame came, it is"
            )
            raise _Unmet(f"{how} {came}")
        return str(came)

    async def ping(self, action: Ping) -> str:
        seconds = await self._session.ping(timeout=self._timeout)
        return f"pong after {seconds * 1000:.1f} ms"

    async def wait(self, action: Wait) -> str:
        await asyncio.sleep(action.seconds)
        return ""

    async def timeout(self, action: Timeout) -> str:
        self._timeout = action.seconds
        return ""

    async def mask(self, action: Mask) -> str:
        await self._session.flush()  # masking is read when a frame is written: those before keep theirs
        self._session.masking = action.on
        return ""

    async def close(self, action: Close) -> str:
        return str(await self._session.close(action.code, action.reason, timeout=self._timeout))


class _Unmet(Exception):
    """A step did not come true; the sentence says how."""


def _exact(action: Expect) -> Message:
    if action.kind == "hex":
        return parse_payload(action.body, "hex").data
    text: str = json.loads(action.body)
    return text


_PLAYS: dict[type, Callable[[_Run, Any], Awaitable[str]]] = {
    Send: _Run.send,
    Expect: _Run.expect,
    ExpectClose: _Run.expect_close,
    Ping: _Run.ping,
    Wait: _Run.wait,
    Timeout: _Run.timeout,
    Mask: _Run.mask,
    Close: _Run.close,
}
"""What runs each action; it returns a note for the report."""
