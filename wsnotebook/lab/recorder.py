"""Recorder: the bytes of both directions of one connection of a lab server become rows of a FrameLog.

It changes no byte; the wire's judge marks the frames that break a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from websockets.extensions.permessage_deflate import PerMessageDeflate

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import RSV1
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits
from wsnotebook.wire.reading import Reading

__all__ = ["LAB_LIMITS", "Recorder"]

LAB_LIMITS = Limits(inflated=2**28)
"""A message that inflates to more stays compressed in the log."""


class Recorder:
    """The rows of one connection, from ``open`` on: the bytes before it are the handshake.

    Args:
        log: where the rows go; several connections may share it.
        session: name of the connection in the log.
        limits: what is kept and inflated; see Limits.
    """

    def __init__(self, log: FrameLog, session: str, limits: Limits = LAB_LIMITS) -> None:
        self.session = session
        self._log = log
        self._number: int | None = None
        self._in = Judge("client", limits=limits)
        self._out = Judge("server", limits=limits)

    def open(self, connection: Connection, deflate: PerMessageDeflate | None) -> None:
        """Begin: the handshake is done, and has said whether messages are compressed."""
        if deflate is not None:
            bits, forgets = deflate.remote_max_window_bits, deflate.remote_no_context_takeover
            self._in.negotiate(RSV1, (DeflateDecoder(bits, context_takeover=not forgets),))
            bits, forgets = deflate.local_max_window_bits, deflate.local_no_context_takeover
            self._out.negotiate(RSV1, (DeflateDecoder(bits, context_takeover=not forgets),))
        self._number = self._log.register(connection)
        self._log.note("open", connection.url, self.session)

    def received(self, data: bytes) -> None:
        """Record the bytes of one read."""
        self._append(self._in.receive(data), "in")

    def sent(self, data: bytes) -> None:
        """Record the bytes of one write."""
        self._append(self._out.receive(data), "out")

    def close(self, detail: str) -> None:
        """End: record the frames that the end of the connection cut off."""
        if self._number is not None:
            self._append((self._in.receive_end(),), "in")
            self._append((self._out.receive_end(),), "out")
            self._log.note("closed", detail, self.session)

    def _append(self, readings: Iterable[Reading | None], direction: Literal["in", "out"]) -> None:
        if self._number is None:
            return
        now, monotonic = self._log.clock(), self._log.monotonic()
        for reading in readings:
            if reading is not None:
                self._log.append(reading.batch, self._number, direction, now, monotonic)
