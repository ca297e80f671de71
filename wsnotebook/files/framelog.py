"""FrameLog: a RowLog that can be saved to a file, and recorded to disk while it grows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsnotebook.log.rowlog import RowLog

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.files.recorder import Recorder

__all__ = ["FrameLog"]


class FrameLog(RowLog):
    """Every frame of one or several sessions, in both directions, in columns.

    Args:
        retention: bytes to keep in memory; None for no limit.
        spill: beyond it, move the oldest sealed segments to files on disk without a name, which is the default; False
            drops the oldest rows instead, counted in ``dropped``.
        include_secrets: record handshakes as they are, and mark files so; otherwise tokens, cookies and passwords are
            redacted when they are recorded.
        clock: wall clock, ns since the epoch.
        monotonic: a clock that never jumps, ns.

    Reading is safe from any thread while frames arrive.
    """

    _recorder: Recorder | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from wsnotebook.widgets.logtable import log_table_for  # only for who looks: it loads ipywidgets

        return log_table_for(self)._repr_mimebundle_(include=include, exclude=exclude)

    def filter(self, text: str) -> pd.DataFrame:
        """Return the rows that a filter matches, such as ``"dir:in -op:ping size>100 $.price>100"``.

        The language is that of the panel and of ``%ws log``; ``print(wsnotebook.filtering.LANGUAGE)`` shows it.

        Raises:
            ValueError: a term is wrong; the sentence names it, and what was probably meant.
        """
        from wsnotebook.filtering import (
            filter_log,
            parse_filter,
        )  # a session that filters nothing does not load it

        return filter_log(self, parse_filter(text))

    def save(self, path: str | Path) -> Path:
        """Write the whole log to a file, in the format that its suffix names; return the path.

        Raises:
            ValueError: no format has this suffix; the sentence lists the known ones.
        """
        from wsnotebook.files.saving import save  # a session that saves nothing does not load it

        return save(self, path)

    def record_to(self, path: str | Path) -> Path:
        """Write the rows of the log to disk, and from now on each new one soon after its append; return the path.

        Args:
            path: a new ``.pcapng``, of which a dead kernel loses less than 0.1 s; or a directory, "name/", that becomes
                a dataset of Parquet parts, of which it loses the rows since the last part.

        Raises:
            ValueError: another suffix, or the log is being recorded to another path.
            FileExistsError: the file has a recording in it.
            OSError: the file cannot be created.
        """
        from wsnotebook.files.recorder import recorder  # as in save

        with self.lock:
            if self._recorder is not None:
                if self._recorder.path == Path(path):
                    return Path(path)
                raise ValueError(f"the log is recorded to {self._recorder.path}: call stop_recording() first")
            self._recorder = recorder(self, path)
        self._recorder.start()
        return self._recorder.path

    @property
    def recording(self) -> Path | None:
        """Path that the log is recorded to, or None."""
        recorder = self._recorder
        return None if recorder is None else recorder.path

    def stop_recording(self) -> Path | None:
        """Write the remaining rows and close the file; return its path, or None where nothing was recorded."""
        recorder = self._end_recording()
        return None if recorder is None else recorder.path

    def discard_recording(self) -> None:
        """Stop the recording as stop_recording() does, and remove its files."""
        recorder = self._end_recording()
        if recorder is not None:
            recorder.remove()

    def _end_recording(self) -> Recorder | None:
        with self.lock:
            recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.stop()
        return recorder
