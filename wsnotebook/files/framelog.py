"""FrameLog: a RowLog that can be saved to a file, and recorded to disk while it grows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from wsnotebook.log.rowlog import RowLog
from wsnotebook.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.files.recorder import Recorder

__all__ = ["FrameLog"]


class FrameLog(RowLog, Shown):
    """Every frame of one or several sessions, in both directions, in columns.

    Example::

        log = FrameLog(retention=256 << 20)  # 256 MiB; the rest is on disk
        session = await connect(url, log=log)

    Args:
        retention: bytes to keep in memory; None for no limit.
        spill: beyond it, move the oldest sealed segments to files on disk without a name, which is the default; False
            drops the oldest rows instead, counted in ``dropped``; a session whose user has not read them raises
            ChannelOverflow once, and goes on behind them.
        include_secrets: record handshakes as they are, and mark files so; otherwise tokens, cookies and passwords are
            redacted when they are recorded.
        clock: wall clock, ns since the epoch.
        monotonic: a clock that never jumps, ns.

    Reading is safe from any thread while frames arrive.
    """

    _recorder: Recorder | None = None

    @classmethod
    def from_frames(
        cls,
        frames: Any,
        *,
        time: str | None = None,
        direction: str | None = None,
        payload: str | None = None,
        opcode: str | None = None,
        session: str | None = None,
        unit: str | None = None,
        encoding: str | None = None,
    ) -> Self:
        """Return a log of frames that another program has recorded; ``df.ws``, the table, replay and save() work on it.

        The rows are sorted by time; those of a DataFrame of ours, or of its CSV or JSONL, keep the order of record. Masks and compression are not in such rows, which an event says. Example::

            FrameLog.from_frames([(1700000000.5, "in", "hello"), (1700000001, "out", b"\\x00\\x01")])
            FrameLog.from_frames(pd.read_json("feed.jsonl.gz", lines=True, dtype=False), direction="in")
            csv = pa.input_stream("feed.csv.zst")
            FrameLog.from_frames(pd.read_csv(csv, dtype=str, keep_default_na=False), time="local_timestamp")
            FrameLog.from_frames(pd.read_parquet("feed.parquet"), session="symbol")
            FrameLog.from_frames((time, "in", text) for time, text in (line.split(" ", 1) for line in gzip.open("feed.gz", "rt")))

        Args:
            frames: a DataFrame, a table of Arrow, Polars or DuckDB, or an iterable of dicts or of
                ``(time, direction, payload)`` or ``(time, direction, payload, opcode)``. Columns are found by their
                usual names: time, timestamp, ts; direction, type; payload, data, message, text, raw; opcode; session;
                recording, connection, connection_id, which tell connections apart too; fin (True and False, or 1 and 0).
                Times are datetimes, ISO 8601, or s, ms, µs or ns since 1970, in UTC where they name no zone.
                A direction is in or out, or a word such as received or sent. A text payload is a text frame, bytes are a
                binary one, a dict or a list is JSON; in a list out of Parquet pandas makes floats of ints beside a missing
                one, pyarrow.parquet.read_table() does not.
            time: name of the column of times, where several could be it.
            direction: name of the column of directions; or "in" or "out" for all rows.
            payload: name of the column of payloads.
            opcode: name of the column of opcodes, names or numbers.
            session: name of the column whose values are sessions, each a connection of its own, or several.
            unit: unit of times that are numbers, "s", "ms", "us" or "ns"; None infers it from their size.
            encoding: how bytes are written as text, "base64", "hex" or "utf-8".

        Raises:
            ValueError: a column is missing, or several could be it; or a value cannot be read; or frames are there twice.
            TypeError: ``frames`` is of another type.
        """
        from wsnotebook.files.foreignrows import read_frames  # it loads pandas

        named = {
            "time": time,
            "direction": direction,
            "payload": payload,
            "opcode": opcode,
            "session": session,
        }
        header, runs = read_frames(frames, named, unit=unit, encoding=encoding)
        return header.to_log(cls, runs)

    def _panel(self) -> Any:
        from wsnotebook.widgets.logtable import log_table_for  # only for who looks: it loads ipywidgets

        return log_table_for(self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the rows as a stream of Arrow, with the columns of ``df`` and ``seq``: so pyarrow, DuckDB and Polars take
        a log as it is, ``pa.table(log)``, ``duckdb.sql("from log")``, ``pl.DataFrame(log)``. Rows on disk stay there.
        """
        from wsnotebook.files.arrowtables import reader_of  # it loads pandas

        return reader_of(self).__arrow_c_stream__(requested_schema)

    def filter(self, text: str) -> pd.DataFrame:
        """Return the rows that a filter matches, such as ``"dir:in -op:ping size>100 $.price>100"``.

        The language is that of the panel and of ``%ws log``; ``print(wsnotebook.filtering.LANGUAGE)`` shows it.

        Example: ``log.filter("dir:in $.type=trade")``.

        Raises:
            ValueError: a term is wrong; the sentence names it, and what was probably meant.
        """
        from wsnotebook.filtering import (
            filter_log,
            parse_filter,
        )  # a session that filters nothing does not load it

        return filter_log(self, parse_filter(text))

    def decode(self, name: Any = None) -> pd.DataFrame:
        """Decode the messages of a protocol: ``df.ws.decode(name)`` of all rows, for instance ``log.decode("mqtt")``.

        Example: ``log.decode("jsonrpc")``.

        Args:
            name: a decoder's name, a chain such as ``"gzip+json"``, a function of one message, or a class of messages of
                Protocol Buffers; None guesses the protocol of each connection.
        """
        from wsnotebook.analysis.decode import decode  # as in save

        return decode(self.df, name)

    @overload
    def save(self, path: Path, *, redact: bool = ...) -> Path: ...
    @overload
    def save(self, path: str, *, redact: bool = ...) -> Any: ...
    def save(self, path: str | Path, *, redact: bool = False) -> Any:
        """Write the whole log to a file, in the format that its suffix names; return the path, as a Path.

        A path that ends with a slash is a dataset, which may also have a URL, "s3://bucket/feeds/", which is returned.

        Examples: ``log.save("feed.pcapng")``, ``log.save("shared.jsonl", redact=True)``.

        Args:
            path: ``.parquet``, ``.jsonl``, ``.har`` or ``.pcapng``; or "name/", a directory of Parquet parts.
            redact: write marks in the places of secrets, also in payloads; ``df.ws.redact(rules)`` finds others, and says
                what was found.

        Raises:
            ValueError: no format has this suffix; the sentence lists the known ones.
        """
        from wsnotebook.files.saving import save  # a session that saves nothing does not load it

        if redact:
            from wsnotebook.analysis.tolog import redacted_log  # as above

            return save(redacted_log(self), path)
        return save(self, path)

    def record_to(self, path: str | Path) -> Path:
        """Write the rows of the log to disk, and from now on each new one soon after its append; return the absolute path.

        Example::

            log.record_to("night.pcapng")
            await session.send("this is on disk soon")
            log.stop_recording()

        Args:
            path: a new ``.pcapng``, of which a dead kernel loses less than 0.1 s; or a directory, "name/", that becomes
                a dataset of Parquet parts, of which it loses the rows since the last part.

        Raises:
            ValueError: another suffix, or the log is being recorded to another path.
            FileExistsError: the file has a recording in it.
            OSError: the file cannot be created.
        """
        return self._record(path, by_session=False).path

    def share_recording(self, path: str | Path) -> Recorder | None:
        """Record to a path until the last session that shares the recording has left it; called by SessionRecording only.

        Returns:
            What to leave; None where record_to() has begun it, and stop_recording() ends it.
        """
        found = self._record(path, by_session=True)
        return found if found.sharers else None

    def leave_recording(self, shared: Recorder) -> bool:
        """Leave what share_recording() returned; return whether it is to be stopped, because nobody else shares it."""
        with self.lock:
            if not shared.sharers:
                return False  # somebody has called record_to() or stop_recording() since
            shared.sharers -= 1
            if shared.sharers or self._recorder is not shared:
                return False
            self._recorder = None
            return True

    def _record(self, path: str | Path, *, by_session: bool) -> Recorder:
        """Return the recorder that writes to a path, begun now if there is none."""
        from wsnotebook.files.recorder import recorder  # as in save

        with self.lock:
            found = self._recorder
            if found is None:
                new = self._recorder = recorder(self, path)
                new.sharers = int(by_session)
            elif found.path != Path(path).absolute():
                raise ValueError(f"the log is recorded to {found.path}: call stop_recording() first")
            elif found.sharers:
                found.sharers = found.sharers + 1 if by_session else 0
        if found is not None:
            return found
        new.start()
        return new

    @property
    def recording(self) -> Path | None:
        """Absolute path that the log is recorded to, or None."""
        recorder = self._recorder
        return None if recorder is None else recorder.path

    def stop_recording(self) -> Path | None:
        """Write the remaining rows and close the file; return its path, or None where nothing was recorded.

        Example::

            log.record_to("night.pcapng")
            path = log.stop_recording()
        """
        with self.lock:
            recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        recorder.stop()
        return recorder.path
