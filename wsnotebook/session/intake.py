"""Intake: the pump's end of ``incoming``: bytes of the socket become readings of the wire, a few ms at a time.

Reading from the socket pauses while the user has not dequeued enough.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from wsnotebook.session.letgo import GONE
from wsnotebook.wire.batch import Single
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.wire import Wire

__all__ = ["Intake", "Receiver"]

_TURN = 0.005  # seconds for which received frames may hold the loop before the others get their turn
_GIVE_WAY = 0.000_05  # seconds: long enough for another thread to wake and take the interpreter's lock


class Receiver(Protocol):
    """What is received for: the pump of a session, or a leg of a proxy."""

    @property
    def is_held(self) -> bool:
        """Whether reading pauses."""

    def process(self, reading: Reading, /) -> None:
        """Some frames were read."""

    def process_single(self, single: Single, /) -> None:
        """A frame was read alone."""


class Intake:
    """The way from the socket to the readings of the wire; on the pump's loop.

    Args:
        receiver: is told what was read, and may hold reading up.
        gives_way: the loop has a thread to itself, and the user's thread needs turns of the interpreter's lock.
    """

    def __init__(self, receiver: Receiver, *, gives_way: bool = False) -> None:
        self._receiver = receiver
        self._gives_way = gives_way
        self._busy = 0.0  # seconds since this thread last gave way
        self.rest: Iterator[Reading | None] | None = None
        """What is left of the last read for the next turn of the loop, or None."""
        self._done: Callable[[], None] | None = None
        self._judge: Judge | None = None
        self._transport: asyncio.Transport | None = None

    def open(self, transport: asyncio.Transport, wire: Wire) -> None:
        """Begin to read: the handshake is done."""
        self._transport = transport
        self._judge = wire.judge

    def bytes_received(self, data: memoryview | bytes) -> None:
        """Process the bytes of one read; they may change afterwards."""
        assert self._judge is not None
        began = time.monotonic() if self._gives_way else 0.0
        single = self._judge.receive_single(data)
        if single is None:
            self.rest = self._judge.receive(data)
            self._read_on()
            return
        self._receiver.process_single(single)
        if self._gives_way:
            self._let_others(time.monotonic() - began)

    def received_in_place(self, count: int) -> None:
        """Process the bytes of one read that are in the memory of ``scanner.room()`` already."""
        assert self._judge is not None
        self.rest = self._judge.receive_in_place(count)
        self._read_on()

    def _read_on(self) -> None:
        """Process the readings of the last read; after some ms the loop gets a turn, and the rest follows."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for reading in self.rest or ():
            if reading is not None:
                self._receiver.process(reading)
            if reading is None or loop.time() - began > _TURN:
                self.pause()
                loop.call_soon(self._read_on)
                break
        else:
            self.rest = None
            self.resume()
            done, self._done = self._done, None
            if done is not None:
                done()
        if self._gives_way:
            self._let_others(loop.time() - began)

    def _let_others(self, busy: float) -> None:
        """Sleep a moment after some ms of work.

        A thread that releases the interpreter's lock for each system call and acquires it again at once starves another
        one, which was measured to wait for 400 ms.
        """
        self._busy += busy
        if self._busy > _TURN:
            self._busy = 0.0
            time.sleep(_GIVE_WAY)

    def read_last(self, last_words: Iterable[bytes], done: Callable[[], None]) -> None:
        """Process the rest of the last read, then bytes that asyncio has not read; the loop gets its turns.

        Args:
            last_words: the bytes.
            done: called when all are processed, at once where that is a matter of some ms.
        """
        self.rest = itertools.chain(self.rest or (), self._readings(last_words))
        self._done = done
        self._read_on()

    def _readings(self, pieces: Iterable[bytes]) -> Iterator[Reading | None]:
        assert self._judge is not None
        for data in pieces:
            yield from self._judge.receive(data)

    def finish(self, last_words: Iterable[bytes] = ()) -> None:
        """As read_last(), all at once, where there is no other turn."""
        self._process_all()
        if last_words:
            self.rest = self._readings(last_words)
            self._process_all()

    def _process_all(self) -> None:
        readings, self.rest = self.rest, None
        for reading in readings or ():
            if reading is not None:
                self._receiver.process(reading)

    @property
    def has_unread(self) -> bool:
        """Whether bytes of the peer are here that were not processed: in the rest of a read, or in the operating system."""
        if self.rest is not None:
            return True
        if self._transport is None or self._transport.is_closing():
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._transport.get_extra_info("socket"), selectors.EVENT_READ)
            return bool(selector.select(0))

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self._receiver = GONE

    def pause(self) -> None:
        """Read nothing for now."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on, unless the receiver holds reading up, or the last read is not processed."""
        transport = self._transport
        if transport is None or self._receiver.is_held or self.rest is not None:
            return
        if not transport.is_closing() and not transport.is_reading():
            transport.resume_reading()
