"""Dataset: all recordings of a directory, read with pandas or, where they outgrow one machine, with Dask."""

from __future__ import annotations

from collections.abc import Sized
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from wsnotebook.analysis.partitions import PartitionQuestions
from wsnotebook.errors import FileError
from wsnotebook.files.dataset import read_parts
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import to_log
from wsnotebook.files.parquet import read_dataframe, read_header
from wsnotebook.files.parts import recordings
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event, events_to_dataframe

__all__ = ["Dataset", "open_dataset"]


def open_dataset(path: str | Path) -> Dataset:
    """Open a directory that ``log.save("name/")`` or ``record="name/"`` has written, by one kernel or by many.

    Returns:
        A Dataset: ``.df`` for pandas, ``.to_dask()`` for Dask.

    Raises:
        FileError: the directory has no parts.
    """
    return Dataset(Path(path))


class Dataset:
    """The recordings in a directory.

    Args:
        path: the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recordings = recordings(path)
        """Parts of each recording, by its name."""
        if not self.recordings:
            raise FileError(
                path, "", "no parts of a recording here: log.save('name/') or record='name/' writes them"
            )

    @property
    def parts(self) -> list[Path]:
        """All parts, recording by recording, each in the order of its frames."""
        return [part for parts in self.recordings.values() for part in parts]

    @cached_property
    def _lasts(self) -> list[Any]:
        return [read_header(parts[-1]) for parts in self.recordings.values()]

    @property
    def connections(self) -> list[Connection]:
        """Connections of all recordings."""
        return [connection for header in self._lasts for connection in header.connections]

    @property
    def events(self) -> pd.DataFrame:
        """Events of all recordings, by time."""
        events: list[Event] = [event for header in self._lasts for event in header.events]
        return events_to_dataframe(
            sorted(events, key=lambda event: event.time_ns) if len(self._lasts) > 1 else events
        )

    def load(self, recording: str | None = None) -> FrameLog:
        """Return one recording as a log; without a name, the only recording.

        Raises:
            ValueError: there are several recordings, or none of this name.
        """
        names = list(self.recordings)
        if recording is None and len(names) == 1:
            recording = names[0]
        if recording not in self.recordings:
            raise ValueError(f"say which recording: {', '.join(names)}")
        return to_log(*read_parts(self.recordings[recording]))

    @property
    def df(self) -> pd.DataFrame:
        """The DataFrame of all frames, as to_pandas() returns it."""
        return self.to_pandas()

    def to_pandas(self) -> pd.DataFrame:
        """Return the DataFrame of all frames; of one recording it equals ``log.df``.

        In several recordings ``seq`` counts from the first row of each, so that the index has duplicates.
        """
        if len(self.recordings) == 1:
            return self.load().df
        frames = [to_log(*read_parts(parts)).df for parts in self.recordings.values()]
        names = self._names()
        whole = pd.concat(
            [frame.assign(session=frame["session"].cat.set_categories(names)) for frame in frames]
        )
        whole.attrs["wsnotebook"] = self._attrs()
        return whole

    def to_dask(self) -> Any:
        """Return a Dask DataFrame with one partition a part. Parts are read when they are computed; only the first one is
        read before, for its dtypes.

        Raises:
            ImportError: Dask is not installed.
        """
        try:
            import dask
            import dask.dataframe as dd
            from dask.dataframe.extensions import register_dataframe_accessor
        except ImportError as error:
            raise ImportError("a Dask DataFrame needs Dask: pip install wsnotebook[dask]") from error

        if getattr(dd.DataFrame, "ws", None) is not PartitionQuestions:  # a second registration would warn
            register_dataframe_accessor("ws")(PartitionQuestions)
        names = self._names()
        meta = read_part(self.parts[0], names).iloc[:0]
        with dask.config.set({"dataframe.convert-string": False}):  # the columns are Arrow's already
            return dd.from_map(read_part, self.parts, names=names, meta=meta, label="frames")

    def _names(self) -> list[str]:
        return list(dict.fromkeys(connection.session for connection in self.connections))

    def _attrs(self) -> dict[str, Any]:
        return {
            "connections": [connection.to_dict() for connection in self.connections],
            "dropped": sum(header.dropped for header in self._lasts),
            "truncated": sum(header.truncated for header in self._lasts),
        }

    def __repr__(self) -> str:
        counts = f"{_count(self.recordings, 'recording')}, {_count(self.parts, 'part')}"
        return f"<Dataset {self.path}: {counts}; .df, .to_dask()>"


def _count(things: Sized, noun: str) -> str:
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def read_part(path: Path, names: list[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Return the DataFrame of one part, with the categories of session of the whole dataset.

    Dask names the columns that a question needs, and only they are read.
    """
    df = read_dataframe(path, columns)
    return df.assign(session=df["session"].cat.set_categories(names)) if "session" in df else df
