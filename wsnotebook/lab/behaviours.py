"""The named behaviours of a lab server, and the conversion of other values into a behaviour.

Each name is a factory with keyword parameters: ``embedded_server("slow")`` uses the defaults,
``embedded_server(slow(delay=0.2))`` sets them. ``ticker`` and ``rude`` have modules of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed, ProtocolError
from websockets.frames import Close

import wsnotebook.lab.rude
import wsnotebook.lab.ticker  # noqa: F401 - both are imported so that their makers register themselves
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import MAKERS, Behaviour, named
from wsnotebook.lab.playback import playback
from wsnotebook.lab.recordedrows import looks_recorded
from wsnotebook.lab.script import Script

__all__ = [
    "BEHAVIOURS",
    "behaviour_from",
    "chat",
    "closer",
    "echo",
    "fragments",
    "name_of",
    "pings",
    "silent",
    "slow",
]


@named()
def echo() -> Behaviour:
    """Make a behaviour that sends every message back unchanged: text as text, binary as binary.

    Example: ``server = await embedded_server(echo())``.
    """

    async def run(session: LabConnection) -> None:
        async for message in session:
            await session.send(message)

    return run


@named()
def chat(*, announce: bool = True) -> Behaviour:
    """Make a chat room: each message of a client is broadcast to all connected clients, the sender included.

    Example: ``embedded_server(chat(announce=False))``.

    The room names its clients ``guest-1``, ``guest-2`` … It sends a text as ``{"type": "message",
    "from": "guest-1", "text": "hello"}``, and relays a binary message unchanged.

    Args:
        announce: also broadcast ``{"type": "joined", "name": …, "members": […]}`` when a client connects, and the
            same with ``"left"`` when it disconnects.
    """
    numbers = itertools.count(1)
    members: dict[LabConnection, str] = {}

    def notify_members(kind: str, name: str) -> None:
        if announce:
            broadcast(members, json.dumps({"type": kind, "name": name, "members": list(members.values())}))

    async def run(session: LabConnection) -> None:
        name = members[session] = f"guest-{next(numbers)}"
        notify_members("joined", name)
        try:
            async for message in session:
                if isinstance(message, str):
                    message = json.dumps({"type": "message", "from": name, "text": message})
                broadcast(members, message)
        finally:
            del members[session]
            notify_members("left", name)

    return run


@named()
def slow(*, delay: float = 1.0) -> Behaviour:
    """Make an echo that waits ``delay`` seconds before each answer, and handles one message at a time.

    A client that sends faster fills the buffers of both sides, and then its ``send`` suspends (backpressure).

    Example: ``server = await embedded_server(slow(delay=0.2))``.

    Args:
        delay: seconds between reading a message and sending it back.
    """

    async def run(session: LabConnection) -> None:
        async for message in session:
            await asyncio.sleep(delay)
            await session.send(message)

    return run


@named()
def fragments(*, size: int = 3, ping_between: bool = False, delay: float = 0.0) -> Behaviour:
    """Make an echo that splits every message into frames of ``size`` bytes, also inside a UTF-8 character.

    Example: ``embedded_server(fragments(size=1, ping_between=True))``.

    Args:
        size: payload bytes of each frame; the last may have fewer.
        ping_between: send a ping between two fragments (RFC 6455 §5.4 allows it), payloads ``ping 1``, ``ping 2`` …
        delay: seconds between two fragments.

    Raises:
        ValueError: ``size`` is not positive.
    """
    if size < 1:
        raise ValueError(f"size is the payload bytes of a fragment, at least 1, not {size}")

    async def run(session: LabConnection) -> None:
        pings_sent = itertools.count(1)
        async for message in session:
            text = isinstance(message, str)
            data = message.encode() if isinstance(message, str) else message
            starts = range(0, max(len(data), 1), size)
            for start in starts:
                if start and delay:
                    await asyncio.sleep(delay)
                if start and ping_between:
                    await session.ping(f"ping {next(pings_sent)}")
                part, fin = data[start : start + size], start == starts[-1]
                await session.send_part(part, text=text, first=start == 0, fin=fin)

    return run


@named()
def pings(*, interval: float = 1.0, count: int | None = None) -> Behaviour:
    """Make an echo that also pings the client, with the payloads ``1``, ``2``, ``3`` …

    Example: ``server = await embedded_server(pings(interval=0.1, count=3))``.

    Args:
        interval: seconds between two pings; the first is sent immediately.
        count: number of pings; None continues until the session ends.
    """

    async def ping(session: LabConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for number in itertools.count(1) if count is None else range(1, count + 1):
                await session.ping(str(number))
                await asyncio.sleep(interval)

    async def run(session: LabConnection) -> None:
        pinging = asyncio.create_task(ping(session), name="pings")
        try:
            await echo()(session)
        finally:
            pinging.cancel()
            await asyncio.gather(pinging, return_exceptions=True)

    return run


@named()
def silent(*, reading: bool = True) -> Behaviour:
    """Make a behaviour that never sends a message. The server still answers pings and the close.

    Example: ``server = await embedded_server(silent(reading=False))``.

    Args:
        reading: False also stops reading from the socket, so that pings and the close stay unanswered, as with a
            peer that hangs.
    """

    async def run(session: LabConnection) -> None:
        if not reading:
            session.transport.pause_reading()
            await session.wait_closed()
        async for _ in session:
            pass

    return run


@named()
def closer(code: int | None = 1000, reason: str = "", *, after: int = 0) -> Behaviour:
    """Make a behaviour that closes the session.

    Example: ``embedded_server(closer(1013, "try later", after=3))``.

    Args:
        code: close code; None sends a close frame without a code, which the client reports as 1005.
        reason: at most 123 bytes of UTF-8.
        after: number of messages to echo before the close; 0 closes immediately.

    Raises:
        ValueError: RFC 6455 §7.4 does not allow the code in a close frame, or the reason is too long.
    """
    if code is not None:
        try:
            Close(code, reason).check()
        except ProtocolError as error:
            raise ValueError(
                f"{code} may not be sent in a close; rude(['close-reserved-code']) does it"
            ) from error
    if len(reason.encode()) > 123:
        raise ValueError("a close reason has at most 123 bytes of UTF-8: shorten it")

    async def run(session: LabConnection) -> None:
        for _ in range(after):
            await session.send(await session.recv())
        if code is None:
            await session.close_empty()
        else:
            await session.close(code, reason)

    return run


BEHAVIOURS: dict[str, Callable[..., Behaviour]] = dict(sorted(MAKERS.items()))
"""Named behaviours: each value makes one, and documents its parameters."""


def behaviour_from(value: Any) -> Behaviour:
    """Return the behaviour that ``value`` stands for.

    Args:
        value: a name of BEHAVIOURS; a maker such as ``ticker``, or what it made; an ``async def
            behaviour(session)`` of one's own; a list of the steps of script.py; a recording (see playback).

    Raises:
        ValueError: an unknown name; the sentence lists the known ones.
        TypeError: something that is none of these.
    """
    if isinstance(value, str):
        if value not in BEHAVIOURS:
            raise ValueError(f"there is no behaviour {value!r}: choose one of {', '.join(BEHAVIOURS)}")
        return BEHAVIOURS[value]()
    if isinstance(value, (list, tuple)):
        return Script(value)
    if looks_recorded(value):
        return playback(value)
    if callable(value):
        made: Behaviour = value() if any(value is maker for maker in BEHAVIOURS.values()) else value
        return made
    raise TypeError(
        f"a behaviour is a name ({', '.join(BEHAVIOURS)}), an async def behaviour(session), a list of steps "
        f"or a recording, not {type(value).__name__}"
    )


def name_of(behaviour: Behaviour | None) -> str:
    """Return the name of a behaviour in the repr of its server; None is a server of routes only."""
    if behaviour is None:
        return "routes"
    own = getattr(behaviour, "name", None) or getattr(behaviour, "__name__", None)
    return str(own or type(behaviour).__name__)
