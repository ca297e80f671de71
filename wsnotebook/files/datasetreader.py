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
from wsnotebook.files.parts import recordings, replace_parts, scattered
from wsnotebook.files.storage import Storage, StoredFile, storage_at
from wsnotebook.log.attrs import FrameAttrs
from wsnotebook.log.columns import COLUMNS
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event, events_to_dataframe, lateness
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = ["Dataset", "compact", "open_dataset"]


def open_dataset(path: str | Path) -> Dataset:
    """Open a directory that ``log.save("name/")`` or ``record="name/"`` has written, by one kernel or by many.

    Example::

        log.save("feeds/")
        open_dataset("feeds/").df.ws.counts()

    Returns:
        A Dataset: ``.df`` for pandas, ``.to_dask()`` for Dask.

    Raises:
        FileError: the directory has no parts.
    """
    return Dataset(storage_at(path))


def compact(path: str | Path) -> Dataset:
    """Join small parts of a dataset, of each recording and day, and return the dataset. Former layouts become the present.

    Do not call it while a recording is being written into the directory.

    Example::

        log.save("feeds/")
        compact("feeds/")

    Raises:
        FileError: the directory has no parts, or a part is damaged or missing.
    """
    storage = storage_at(path)
    for parts in scattered(storage).values():
        replace_parts(storage, *read_parts(parts), parts)
    return Dataset(storage)


class Dataset:
    """The recordings in a directory.

    Args:
        storage: the directory.
    """

    def __init__(self, storage: Storage) -> None:
        self.path = str(storage)
        """The directory, or its URL."""
        self.recordings = recordings(storage)
        """Parts of each recording, by its name."""
        if not self.recordings:
            raise FileError(
                self.path, "", "no parts of a recording here: log.save('name/') or record='name/' writes them"
            )

    @property
    def parts(self) -> list[StoredFile]:
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

        In several recordings ``seq`` counts from the first row of each, so that the index has duplicates; the column
        ``recording`` tells them apart.
        """
        if len(self.recordings) == 1:
            return self.load().df
        frames = [to_log(*read_parts(parts)).df for parts in self.recordings.values()]
        occurring = {name for frame in frames for name in frame["opcode"].cat.categories}
        opcodes = pd.CategoricalDtype([name for name in OPCODE_NAMES if name in occurring])
        dtypes = self._dtypes() | {"opcode": opcodes}
        whole = pd.concat([_as(dtypes, frame) for frame in frames])
        whole.attrs["wsnotebook"] = self._attrs()
        return whole

    def to_dask(self) -> Any:
        """Return a Dask DataFrame with one partition a part. Parts are read when they are computed; only the first one is
        read before, for its dtypes. The categories of ``opcode`` are all opcodes, so that they are the same in each part.

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
        dtypes = self._dtypes()
        meta = read_part(self.parts[0], dtypes).iloc[:0]
        meta.attrs["wsnotebook"] = self._attrs()
        with dask.config.set({"dataframe.convert-string": False}):  # the columns are Arrow's already
            return dd.from_map(read_part, self.parts, dtypes=dtypes, meta=meta, label="frames")

    def _dtypes(self) -> dict[str, Any]:
        """Return the dtype of each column whose dtype differs from recording to recording."""
        connections = self.connections
        dtypes: dict[str, Any] = {
            "recording": pd.CategoricalDtype(list(dict.fromkeys(each.recording for each in connections))),
            "session": pd.CategoricalDtype(list(dict.fromkeys(each.session for each in connections))),
            "opcode": pd.CategoricalDtype(list(OPCODE_NAMES)),
        }
        if any(each.is_reported for each in connections):
            dtypes |= {column.name: column.kind.if_reported for column in COLUMNS if column.kind.if_reported}
        return dtypes

    def _attrs(self) -> FrameAttrs:
        return FrameAttrs(
            connections=[
                {"connection": number, **each.to_dict()}
                for header in self._lasts
                for number, each in enumerate(header.connections)
            ],
            dropped=sum(header.dropped for header in self._lasts),
            truncated=sum(header.truncated for header in self._lasts),
            late=lateness(self._lasts[0].events) if len(self._lasts) == 1 else (),
        )

    def __repr__(self) -> str:
        counts = f"{_count(self.recordings, 'recording')}, {_count(self.parts, 'part')}"
        return f"<Dataset {self.path}: {counts}; .df, .to_dask()>"


def _count(things: Sized, noun: str) -> str:
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def read_part(part: StoredFile, dtypes: dict[str, Any], columns: list[str] | None = None) -> pd.DataFrame:
    """Return the DataFrame of one part, with the dtypes of the whole dataset.

    Dask names the columns that a question needs, and only they are read.
    """
    return _as(dtypes, read_dataframe(part, columns))


def _as(dtypes: dict[str, Any], df: pd.DataFrame) -> pd.DataFrame:
    return df.astype({column: dtype for column, dtype in dtypes.items() if column in df})
