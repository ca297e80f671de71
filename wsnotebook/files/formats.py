"""The map of formats: which module reads a file, by its content, and writes one, by the suffix of its path.

Modules are imported when they are first used: a session loads none, and a pcapng needs neither pandas nor pyarrow.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from wsnotebook.files.content import kind_of
from wsnotebook.files.header import Header
from wsnotebook.files.paths import is_directory, is_url
from wsnotebook.log.rows import Rows

__all__ = [
    "LOADABLE",
    "SAVABLE",
    "CaptureReader",
    "Reader",
    "Writer",
    "capture_reader_for",
    "reader_for",
    "writer_for",
]


class Reader(Protocol):
    """A module that reads a format."""

    def read(self, path: Path, /) -> tuple[Header, Iterator[Rows]]:
        """Return the header of a file and its rows in order, each run read when it is asked for.

        Raises:
            FileError: the file is damaged or not of the format; from the iterator too.
        """


class Writer(Reader, Protocol):
    """A module that reads and writes a format."""

    def write(self, header: Header, runs: Iterable[Rows], path: Path, /) -> None:
        """Write a header and its rows, in order, to a file.

        Raises:
            ValueError: the format cannot hold them.
        """


class CaptureReader(Reader, Protocol):
    """A module that reads a format of captures."""

    def read(
        self, path: Path, /, *, port: int | None = None, keylog: Path | None = None, strict: bool = False
    ) -> tuple[Header, Iterator[Rows]]:
        """As Reader.read(); see capture.read for the keywords."""


def _dataset() -> Writer:
    from wsnotebook.files import dataset

    return dataset


def _parquet() -> Writer:
    from wsnotebook.files import parquet

    return parquet


def _jsonl() -> Writer:
    from wsnotebook.files import jsonl

    return jsonl


def _har() -> Writer:
    from wsnotebook.files import har

    return har


class _Pcapng(CaptureReader, Writer, Protocol): ...


def _pcapng() -> _Pcapng:
    from wsnotebook.files.pcapng import format as pcapng

    return pcapng


def _capture() -> CaptureReader:
    from wsnotebook.files.pcapng import capture

    return capture


_WRITERS: dict[str, Callable[[], Writer]] = {
    ".parquet": _parquet,
    ".jsonl": _jsonl,
    ".har": _har,
    ".pcapng": _pcapng,
}
_CAPTURES: dict[str, Callable[[], CaptureReader]] = {".pcapng": _pcapng, ".pcap": _capture}
_READERS: dict[str, Callable[[], Reader]] = {**_WRITERS, **_CAPTURES}  # a pcap cannot hold all of a log

_PACKED = (".gz", ".zip")  # suffixes around the one of the format
_FORMER = {".cap": ".pcap"}  # other suffixes, and what they stand for
_TABLES = {
    ".csv": "read_csv(path, dtype=str, keep_default_na=False)",
    ".tsv": "read_csv(path, sep='\\t', dtype=str, keep_default_na=False)",
    ".json": "read_json(path, dtype=False)",
    ".ndjson": "read_json(path, lines=True, dtype=False)",
    ".feather": "read_feather(path)",
    ".arrow": "read_feather(path)",
}
"""Calls of pandas that read a table of another program, by its suffix."""
_FLOWS = (".mitm", ".flow", ".flows")  # usual suffixes of what mitmproxy saves

SAVABLE = tuple(_WRITERS)
"""Suffixes that save() knows."""
LOADABLE = tuple(_READERS)
"""Suffixes that load() knows."""


def writer_for(path: str | Path) -> Writer:
    """Return the module that writes to a path; "name/" and a directory that exists mean a dataset.

    Raises:
        ValueError: no format has this suffix.
    """
    if is_directory(path):
        return _dataset()
    _check_no_url(path)
    _check_suffix(Path(path), "save", SAVABLE)
    return _WRITERS[Path(path).suffix.lower()]()


def reader_for(path: str | Path) -> Reader:
    """Return the module that reads a path: the first bytes decide, and the suffix where they show no format.

    Raises:
        ValueError: no format has these first bytes or this suffix.
        OSError: the file cannot be read.
    """
    return _dataset() if is_directory(path) else _READERS[_kind_of(path)]()


def capture_reader_for(path: str | Path) -> CaptureReader | None:
    """Return the module that reads a capture, or None where reader_for() has another one.

    Raises:
        ValueError, OSError: as reader_for().
    """
    kind = "" if is_directory(path) else _kind_of(path)
    return _CAPTURES[kind]() if kind in _CAPTURES else None


def _kind_of(path: str | Path) -> str:
    """Return the suffix of the format that the content of a file shows; where it shows none, its own."""
    _check_no_url(path)
    kind = kind_of(Path(path))
    if kind is not None:
        return kind
    path = Path(path)
    inner = path.with_suffix("") if path.suffix.lower() in _PACKED else path
    suffix = inner.suffix.lower()
    if suffix in _FORMER:
        return _FORMER[suffix]
    _check_suffix(inner, "load", LOADABLE, _other_way(inner.name, suffix))
    return suffix


def _other_way(name: str, suffix: str) -> str:
    """Return what else makes a log of a file that load() does not know, as the end of a sentence."""
    if suffix in _TABLES:
        call = f"FrameLog.from_frames(pandas.{_TABLES[suffix]})"
        return f"; {call} makes a log of a table of times, directions and payloads that you trust"
    if suffix in _FLOWS:
        return f"; mitmdump -nr {shlex.quote(name)} --set hardump=flows.har makes a HAR of flows of mitmproxy"
    return ""


def _check_no_url(path: str | Path) -> None:
    if is_url(path):
        raise ValueError(f"{path}: only a dataset has a URL; end it with a slash")


def _check_suffix(path: Path, verb: str, known: Sequence[str], other_way: str = "") -> None:
    if path.suffix.lower() not in known:
        raise ValueError(
            f"{path.name!r}: cannot {verb} {path.suffix or 'without a suffix'}; use {', '.join(known)}, or 'name/' "
            f"for a directory of parts{other_way}"
        )
