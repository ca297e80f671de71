"""SessionRecording: what connect(record=…) writes to disk, from before it dials to the end of the session."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wsnotebook.files.framelog import FrameLog

__all__ = ["SessionRecording"]


class SessionRecording:
    """A recording that ends with the session, or with the loop over all its attempts, for which it was begun.

    Files are closed on a thread: a slow disk is not to hold up the loop.

    Args:
        log: what is recorded. Where it is being recorded to this path already, that is somebody else's to end.
        path: as for ``log.record_to``.

    Raises:
        ValueError, FileExistsError, OSError: as log.record_to().
    """

    def __init__(self, log: FrameLog, path: str | Path) -> None:
        self._log = log
        self._is_mine = log.recording is None
        self._ended: asyncio.Future[object] | None = None
        log.record_to(path)

    def end(self) -> None:
        """End it soon; twice is once."""
        if self._is_mine and self._ended is None:
            self._ended = asyncio.get_running_loop().run_in_executor(None, self._log.stop_recording)

    async def finish(self) -> None:
        """End it, and wait until the file is closed."""
        self.end()
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def give_up(self) -> None:
        """No connection was opened: end it now, and leave no file behind in which there is not one frame."""
        if self._is_mine and self._ended is None:
            self._is_mine = False
            if len(self._log):
                self._log.stop_recording()
            else:
                self._log.discard_recording()
