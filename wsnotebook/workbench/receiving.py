"""receive_frames(): some, all or the newest of the frames that a session has received and nobody has dequeued."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

from wsnotebook.errors import SessionClosed, SessionFault
from wsnotebook.safetext import safe_text
from wsnotebook.wire.frames import Frame

__all__ = ["AMOUNTS", "Amount", "Taken", "read_amount", "receive_frames"]

Amount: TypeAlias = int | Literal["all", "newest"]

AMOUNTS = ("all", "newest")
"""The amounts that are words."""

_SHOWN = 3  # frames in the sentence of a timeout, which is one line
_WIDTH = 40  # characters of each


@dataclass(slots=True)
class Taken:
    """Frames that were dequeued."""

    frames: list[Frame] = field(default_factory=list)
    passed_over: int = 0
    """Older frames that were dequeued before and are only in the log."""


def read_amount(text: str) -> Amount:
    """Return a number of messages over 0, ``all`` or ``newest``."""
    if text in AMOUNTS:
        return cast("Amount", text)
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{text!r} is no number of messages over 0, and neither all nor newest")
    return int(text)


async def receive_frames(session: Any, amount: Amount, timeout: float | None) -> Taken:
    """Dequeue frames of ``session.incoming``.

    Args:
        session: the session.
        amount: so many; ``"all"`` that are there, and with a timeout what comes within it; ``"newest"``, waiting for one
            where none is there.
        timeout: seconds; None waits as long as it takes.

    Raises:
        TimeoutError: fewer were received in time; the sentence says which. They are dequeued.
        SessionClosed, SessionFault: the session has ended, and none (of a number: fewer) was there.
    """
    taken = Taken()
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            await _RECEIVERS.get(amount, _take)(session, amount, timeout, taken)
    except TimeoutError:
        if not limit.expired():
            raise  # one of the session's own, with a sentence of its own
        if amount != "all":
            raise TimeoutError(_late(session, amount, timeout, taken)) from None
    return taken


async def _take(session: Any, amount: Any, timeout: float | None, taken: Taken) -> None:
    while len(taken.frames) < amount:
        taken.frames.append(await session.incoming.receive())


async def _take_all(session: Any, amount: Amount, timeout: float | None, taken: Taken) -> None:
    # Only those that are there now: a fast feed would never let it end.
    try:
        if not _take_waiting(session, taken.frames) and timeout is None and session.incoming.is_closed:
            await session.incoming.receive()  # raises why it ended
        while timeout is not None:
            taken.frames.append(await session.incoming.receive())
    except (SessionClosed, SessionFault):
        if not taken.frames:
            raise


async def _take_newest(session: Any, amount: Amount, timeout: float | None, taken: Taken) -> None:
    there: list[Frame] = []
    newest = there[-1] if _take_waiting(session, there) else await session.incoming.receive()
    taken.frames.append(newest)
    taken.passed_over = max(0, len(there) - 1)


def _take_waiting(session: Any, frames: list[Frame]) -> int:
    for _ in range(session.pump.incoming.waiting):
        frame = session.incoming.try_receive()
        if frame is None:
            break
        frames.append(frame)
    return len(frames)


_RECEIVERS: dict[Any, Any] = {"all": _take_all, "newest": _take_newest}


def _late(session: Any, amount: Amount, timeout: float | None, taken: Taken) -> str:
    wanted = "a message" if amount in (1, "newest") else f"{amount} messages"
    if not taken.frames:
        return f"no message came from {session.name} within {timeout:g} s; what came before is in its log: see %ws log."
    shown = ", ".join(map(_shown, taken.frames[-_SHOWN:]))
    return (
        f"{len(taken.frames)} of {wanted} came from {session.name} within {timeout:g} s, the last ones: {shown}. "
        "They are dequeued, and in its log: see %ws log."
    )


def _shown(frame: Frame) -> str:
    text = safe_text(frame.data[:_WIDTH].decode("utf-8", "replace"))
    return repr(text) if len(frame.data) <= _WIDTH else f"{text!r}…"
