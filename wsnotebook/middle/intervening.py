"""Intervening: the verbs with which a person changes, holds and adds frames on their way through a proxy."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from wsnotebook.matching import Pattern
from wsnotebook.middle.breakpoint import Breakpoint, Held
from wsnotebook.middle.changes import Callback, Changes, Direction, only
from wsnotebook.middle.conversation import Conversation
from wsnotebook.middle.faults import FAULTS
from wsnotebook.wire.frames import Frame

__all__ = ["Intervening"]


class Intervening:
    """The part of a proxy that changes what passes. The log has what came and what was sent, and says why.

    Args:
        is_possible: whether anything can be changed; a transparent proxy hands bytes on.

    Where it is not, each verb but ``clear`` and ``release`` raises a ValueError.
    """

    def __init__(self, *, is_possible: bool = True) -> None:
        self._is_possible = is_possible
        self.held: list[Held] = []
        """Frames that a breakpoint holds, oldest first."""
        self._changes = Changes()
        self._waiting: list[asyncio.Future[None]] = []  # for a breakpoint

    @property
    def can_change(self) -> bool:
        """Whether anything can be changed; not in a transparent proxy."""
        return self._is_possible

    @property
    def is_held(self) -> bool:
        """Whether nothing passes: since ``hold``, or since a breakpoint has matched."""
        return self._changes.is_held

    def on_frame(self, callback: Callback) -> Callback:
        """Let a callback decide what is sent instead of each frame; a decorator. It may be an ``async def``.

        It is called with the frame, its direction ("out": from the client, "in": to it) and its Conversation, and
        returns the frame, another, several in a list, or None to drop it. Callbacks stand in a row; each gets what the
        one before it returned. Where one raises, the frame goes on unchanged, and ``errors`` and the log have why.
        What came and what was sent are both rows of the log; ``detail`` of the second says what was done. Example::

            @p.on_frame
            def louder(frame, direction, conversation):
                if direction == "in" and frame.opcode == Opcode.TEXT:
                    return Frame.text(frame.read_text().upper())
                return frame
        """
        self._check_possible()
        if not callable(callback):
            raise TypeError(
                f"on_frame takes a function of frame, direction and conversation, not {callback!r}"
            )
        self._changes.add(f"on_frame {getattr(callback, '__name__', callback)}", callback)
        return callback

    def fault(self, name: str, *, direction: Direction | None = None, **options: Any) -> None:
        """Let the network misbehave for all conversations, until ``clear``: ``p.fault("delay", seconds=0.2, jitter=0.1)``.

        Args:
            name: ``delay(seconds, jitter)``; ``throttle(rate)`` in payload bytes a second; ``drop(every)``: each
                ``every``-th data frame; ``corrupt(every)``: one bit of it; ``close(code, reason, after)`` and
                ``reset(after)``: the conversation, after so many data frames.
            direction: "in" or "out"; None is both.
            options: of the fault.

        Raises:
            ValueError: there is no such fault, or an option has a value that it cannot have.
            TypeError: it has no such option.
        """
        self._check_possible()
        make = FAULTS.get(name)
        if make is None:
            raise ValueError(f"there is no fault {name!r}: choose one of {', '.join(FAULTS)}")
        self._changes.add(f"fault {name}", only(direction, make(**options)))

    def clear(self) -> None:
        """Take every callback, fault and breakpoint away, and release what is held.

        Example: ``p.clear()``.
        """
        self._changes.list.clear()
        self.release()

    def hold(self) -> None:
        """Let no frame pass until ``release``; when many wait, reading pauses, so that both peers have to wait.

        Example::

            p.hold()
            await asyncio.sleep(0.1)  # both peers see nothing
            p.release()
        """
        self._check_possible()
        self._changes.hold()

    def release(self) -> None:
        """Let the frames pass that wait, and all others; those in ``held`` as they are now.

        Example: ``p.release()``.
        """
        self.held.clear()  # now, and not when they go on: wait_held() waits for the next one
        self._changes.release()

    def break_on(self, what: Any = ..., *, json: Any = ...) -> None:
        """Hold everything when a data frame matches: it is then in ``held``, where it can be changed before ``release``.

        Each frame is compared by itself, and fragments are not joined: of a message in fragments the one is held that
        matches alone, when those before it have passed. A text that is cut by two, or a JSON in several, holds none.

        Args:
            what: as of ``session.expect``: a text that is contained, ``/a regular expression/``, a type, a function.
            json: a JSON value that it has to contain: ``p.break_on(json={"type": "order"})``.

        Example::

            p.break_on(json={"type": "order"})
            held = await p.wait_held(timeout=10)
            held.frame = Frame.text('{"type": "order", "n": 0}')   # or None, to drop it
            p.release()
        """
        self._check_possible()
        pattern = Pattern(what, json=json)
        self._changes.add(f"break_on {pattern}", Breakpoint(pattern, self._changes, self.held, self._caught))

    def _caught(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_held(self, *, timeout: float | None = None) -> Held:
        """Wait until a breakpoint holds a frame, and return the oldest that is held.

        Example::

            p.break_on("order")
            held = await p.wait_held(timeout=10)
            p.release()

        Args:
            timeout: seconds; None waits for ever.

        Raises:
            TimeoutError: no frame matched in time.
        """
        async with asyncio.timeout(timeout):
            while not self.held:
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(waiter)
                await waiter
        return self.held[0]

    def inject(
        self,
        conversation: Conversation,
        frame: Frame | str | bytes,
        *,
        to: Literal["client", "upstream"] = "client",
    ) -> None:
        """Send a frame of your own, now, ahead of those that wait; the log says that the proxy has injected it.

        Example: ``p.inject(p.sessions[0], "from the proxy")``.

        Args:
            conversation: one of ``sessions``.
            frame: a text, bytes for a binary, or a Frame.
            to: "client" or "upstream".

        Raises:
            ValueError: another word for ``to``; a conversation that is not open; or a new message while another one
                passes in fragments, which it would break.
            TypeError: no conversation, or no frame.
        """
        self._check_possible()
        if to not in ("client", "upstream"):
            raise ValueError(f"to is 'client' or 'upstream', not {to!r}")
        if not isinstance(conversation, Conversation):
            raise TypeError(f"the conversation is one of p.sessions, not {conversation!r}")
        if isinstance(frame, str):
            frame = Frame.text(frame)
        elif isinstance(frame, (bytes, bytearray, memoryview)):
            frame = Frame.binary(frame)
        if not isinstance(frame, Frame):
            raise TypeError(f"a frame is a str, bytes or a Frame, not {frame!r}")
        if not conversation.is_open:
            raise ValueError(
                f"{conversation.name} is {conversation.state}: p.sessions has those that are open"
            )
        conversation.inject(frame, to)

    def _check_possible(self) -> None:
        if not self._is_possible:
            raise ValueError(
                "a transparent proxy hands bytes on as they come: leave transparent=True away to change what passes"
            )
