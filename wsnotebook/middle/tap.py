"""Tap: an intake that also gives the bytes of each read away as they came, once their frames are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wsnotebook.session.intake import Intake, Receiver

__all__ = ["Tap"]


class Tap(Intake):
    """The way from the socket to the readings of the wire, and past it.

    Args:
        receiver: as of Intake.
        passed: called with the bytes of each read, after the frames that they complete were processed.
    """

    def __init__(self, receiver: Receiver, passed: Callable[[bytes], None]) -> None:
        super().__init__(receiver)
        self._passed = passed

    def bytes_received(self, data: memoryview | bytes) -> None:
        """Process the bytes of one read at once: a row has to be in the log before its bytes go on."""
        copied = bytes(data)
        super().bytes_received(copied)
        self._pass(copied)

    def received_in_place(self, count: int) -> None:
        """Process bytes that are in the memory of ``scanner.room()``."""
        assert self._judge is not None
        room = self._judge.scanner.room()
        assert room is not None
        copied = bytes(room[:count])
        super().received_in_place(count)
        self._pass(copied)

    def _pass(self, data: bytes) -> None:
        if self.rest is not None:  # what would wait for the next turn of the loop
            super().finish()
        self._passed(data)

    def finish(self, last_words: Iterable[bytes] = ()) -> None:
        """Process and give away what asyncio has not read."""
        for data in last_words:
            self.bytes_received(data)
