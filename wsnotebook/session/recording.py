"""SessionRecording: the recording of connect(record=…), from before dialling to the end of the session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from wsnotebook.files.framelog import FrameLog

if TYPE_CHECKING:
    from wsnotebook.files.recorder import Recorder

__all__ = ["SessionRecording"]


class SessionRecording:
    """A recording that ends with its session or, for ``async for``, with the last attempt.

    Sessions of one log may share one: it ends with the last of them. Files are closed on a thread, so that a slow disk does
    not block the loop.

    Args:
        log: the log to record. If log.record_to() has begun to record it to this path, that recording is not ended here.
        path: see ``log.record_to``.

    Raises:
        ValueError, FileExistsError, OSError: see log.record_to().
    """

    def __init__(self, log: FrameLog, path: str | Path) -> None:
        self._log = log
        self._shared = log.share_recording(path)
        self._ended: asyncio.Future[object] | None = None

    def end(self) -> None:
        """Start ending the recording on a thread. A second call does nothing."""
        recorder = self._leave()
        if recorder is not None:
            self._ended = asyncio.get_running_loop().run_in_executor(None, recorder.stop)

    async def finish(self) -> None:
        """End the recording, and wait until the file is closed. Cancelling stops only the wait."""
        self.end()
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def abandon(self) -> None:
        """End the recording now, because no connection was opened; delete a file without a frame."""
        recorder = self._leave()
        if recorder is not None:
            recorder.stop()
            if not len(self._log):
                recorder.remove()

    def _leave(self) -> Recorder | None:
        """Return the recorder if it ends with this session; a second call returns None."""
        shared, self._shared = self._shared, None
        return shared if shared is not None and self._log.leave_recording(shared) else None
