"""LogThread: a thread that follows a log and runs a step soon after each append; recorders write to disk on it.

The log itself is the queue: a recorder keeps the ``seq`` of the next row, so that rows wait in the log for a full disk.
"""

from __future__ import annotations

import atexit
import os
import threading
import warnings
from collections.abc import Callable

from wsnotebook.log.rowlog import RowLog

__all__ = ["LogThread"]

_IDLE = 0.5  # seconds between steps without appends: an event does not wake the thread


class LogThread:
    """Run ``step`` on a thread of its own.

    Args:
        log: the log to follow.
        step: called soon after each append, and at least twice a second; returns the seconds until the next call may
            follow.
        finish: called once, on the thread that stops, or when the interpreter ends.
        name: of the thread.

    In a forked child there is no such thread, and ``stop`` does nothing: what it would finish is the parent's.
    """

    def __init__(self, log: RowLog, step: Callable[[], float], finish: Callable[[], None], name: str) -> None:
        self._process = os.getpid()
        self._log = log
        self._step = step
        self._finish = finish
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._log.add_tap(self._tap)
        atexit.register(self.stop)
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and call ``finish``; a second call does nothing."""
        if os.getpid() != self._process or self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        atexit.unregister(self.stop)
        self._log.remove_tap(self._tap)
        self._finish()

    def _tap(self) -> None:
        if not self._wake.is_set():  # is_set() costs a fifth of set()
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(_IDLE)
            self._wake.clear()
            try:
                pause = self._step()
            except Exception as error:  # noqa: BLE001  # the thread must not end without a visible reason
                self.warn("error", f"recording has stopped: {error!r}")
                return
            self._stopping.wait(pause)

    def warn(self, kind: str, detail: str) -> None:
        """Report a fault to the user: as an event in the log, and as a warning."""
        self._log.note(kind, detail)
        try:
            warnings.warn(detail, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:
            pass  # a filter that turns warnings into errors would end the thread; the event remains
