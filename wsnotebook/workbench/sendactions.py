"""The actions of the verbs that send: once, again and again, and the messages that are kept for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.namedmessages import (
    FILE,
    NamedMessage,
    forget_message,
    keep_message,
    read_messages,
)
from wsnotebook.workbench.pending import then
from wsnotebook.workbench.repeating import Repetition, repeat, repetition_of
from wsnotebook.workbench.sending import frames_to_send
from wsnotebook.workbench.verb import Call

__all__ = ["forget", "keep", "list_messages", "send", "stop"]


def send(call: Call) -> Any:
    """Queue a text, JSON, bytes or a control frame, once or again and again; the result is the list of frames."""
    frames = frames_to_send(call.arguments, call.session, call.variables)
    if call.arguments.every is not None:
        return _send_repeatedly(call.session, frames, call.arguments.every)
    if len(frames) == 1:
        return then(call.door.send(frames[0]), lambda _: frames)
    return _send_all(call.session, frames)


async def _send_all(session: Any, frames: list[Frame]) -> list[Frame]:
    for frame in frames:
        await session.send(frame)
    return frames


async def _send_repeatedly(session: Any, frames: list[Frame], seconds: float) -> list[Frame]:
    await _send_all(session, frames)
    repeat(session, lambda: _send_all(session, frames), seconds)
    return frames


async def stop(call: Call) -> Repetition:
    """End what is sent again and again; the result is the Repetition."""
    # Awaited, because it is a task of the session's loop.
    repetition = repetition_of(call.session)
    if repetition is None:
        raise ValueError(f"{call.session.name} repeats nothing: %ws send --every 5 hello does.")
    repetition.stop()
    return repetition


def keep(call: Call) -> str:
    """Keep a text under a name, in a file beside the notebook; the result is the name."""
    arguments = call.arguments
    keep_message(Path(FILE), arguments.message, NamedMessage(arguments.kind, arguments.text, arguments.fills))
    return str(arguments.message)


def forget(call: Call) -> str:
    """Remove a named message; the result is the name."""
    forget_message(Path(FILE), call.arguments.message)
    return str(call.arguments.message)


def list_messages(call: Call) -> dict[str, NamedMessage]:
    """Return the named messages."""
    return read_messages(Path(FILE))
