"""SessionRecording: the recording of connect(record=…), from before dialling to the end of the session."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wsnotebook.files.framelog import FrameLog

__all__ = ["SessionRecording"]


class SessionRecording:
    """A recording that ends with its session or, for ``async for``, with the last attempt.

    Files are closed on a thread, so that a slow disk does not block the loop.

    Args:
        log: the log to record. If it is already recorded to this path, that recording is not ended here.
        path: see ``log.record_to``.

    Raises:
        ValueError, FileExistsError, OSError: see log.record_to().
    """

    def __init__(self, log: FrameLog, path: str | Path) -> None:
        self._log = log
        self._is_mine = log.recording is None
        self._ended: asyncio.Future[object] | None = None
        log.record_to(path)

    def end(self) -> None:
        """Start ending the recording on a thread. A second call does nothing."""
        if self._is_mine and self._ended is None:
            self._ended = asyncio.get_running_loop().run_in_executor(None, self._log.stop_recording)

    async def finish(self) -> None:
        """End the recording, and wait until the file is closed. Cancelling stops only the wait."""
        self.end()
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def abandon(self) -> None:
        """End the recording now, because no connection was opened; delete a file without a frame."""
        if self._is_mine and self._ended is None:
            self._is_mine = False
            if len(self._log):
                self._log.stop_recording()
            else:
                self._log.discard_recording()
