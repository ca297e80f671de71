"""LogThread: a thread that does something soon after anything has come into a log; for what is written to disk.

The log itself is the queue: who follows it remembers a ``seq``, and what cannot be written yet is lost nowhere.
"""

from __future__ import annotations

import atexit
import threading
import warnings
from collections.abc import Callable

from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.batch import Batch

__all__ = ["LogThread"]

_IDLE = 0.5  # seconds after which events are looked for, which wake nobody


class LogThread:
    """Runs ``step`` on a thread of its own.

    Args:
        log: the log to follow.
        step: called soon after frames have come, and at least twice a second; returns the seconds to rest until the
            next call.
        finish: called once, on the thread that stops, or when the interpreter ends.
        name: of the thread.
    """

    def __init__(self, log: RowLog, step: Callable[[], float], finish: Callable[[], None], name: str) -> None:
        self._log = log
        self._step = step
        self._finish = finish
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._log.add_tap(self._tap)
        atexit.register(self.stop)
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """Stop to follow, then ``finish``. Only the first call does something."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        atexit.unregister(self.stop)
        self._log.remove_tap(self._tap)
        self._finish()

    def _tap(self, log: RowLog, batch: Batch, code: int, time_ns: int) -> None:
        if not self._wake.is_set():  # asking costs a fifth of setting
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(_IDLE)
            self._wake.clear()
            try:
                pause = self._step()
            except Exception as error:  # noqa: BLE001  # a fault of ours must be seen, and must not end in silence
                self.warn("error", f"recording has stopped: {error!r}")
                return
            self._stopping.wait(pause)

    def warn(self, kind: str, detail: str) -> None:
        """Tell a person: an event in the log, and a warning."""
        self._log.note(kind, detail)
        try:
            warnings.warn(detail, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:
            pass  # a filter that makes errors of warnings would end the thread; the event tells it
