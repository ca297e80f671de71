"""HarFile: opens what a HAR lies in: a file, gzip, a zip, a trace of Playwright, and the files of messages beside it.

Playwright may keep messages in files of their own, beside the HAR or in its zip. What stands in the documents is not
known here.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Self

from wsnotebook.errors import FileError
from wsnotebook.files.content import DAMAGED_GZIP, TRACE_START, is_har, open_plain
from wsnotebook.safetext import safe_text

__all__ = ["HarFile", "damage_of"]

_MAX_RATIO = 100  # bytes that a compressed byte becomes, beyond the next; a feed compresses to 1 : 30 at most
_FREE = 64 << 20  # bytes that any compressed file may become
_HEAD = 4096  # bytes that show a HAR
_MOST_LOOKED_AT = 1000  # files in a zip that has none with the suffix of a HAR
_MOST_NAMED = 5  # HARs that are not loaded
_LONGEST_LINE = 256 << 20  # bytes; what a line has beyond them counts as the next
_RESOURCES = "resources"  # folder of a trace
_DAMAGED_ZIP = "the zip is damaged, cut off or encrypted"
_DAMAGED_GZIP = "the gzip file is damaged or cut off"
_DAMAGED = (  # raised by gzip, zipfile and their decompressors; bz2 raises OSError
    *(*DAMAGED_GZIP, zipfile.BadZipFile, struct.error, lzma.LZMAError),
    *(NotImplementedError, RuntimeError, ValueError, OSError),
)


class HarFile:
    """Open the files of a HAR, while it is entered as a context manager.

    Args:
        path: the file.

    Raises:
        FileError: the zip is damaged, or has no HAR; from every read, where a small compressed file becomes a large one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trace: list[str] = []
        """Names of the files that have the entries of a trace; none for a HAR."""
        self.left_out = ""
        """What else the zip has that could be loaded, for a person; empty where there is nothing."""
        self._har = ""
        self._open = ExitStack()
        self._zip: zipfile.ZipFile | None = None
        self._names: dict[str, str] = {}
        self._room = _FREE + _MAX_RATIO * path.stat().st_size

    def __enter__(self) -> Self:
        with self._file(self.path) as file:
            head = file.read(len(TRACE_START))
        if head.startswith(b"PK"):
            with self._open:
                self._enter_zip()
                self._open = self._open.pop_all()
        elif head.startswith(TRACE_START):
            self.trace = [""]
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def document(self) -> io.BufferedReader:
        """Open the HAR, from its begin each time."""
        return self._member(self._har) if self._har else self._file(self.path)

    def trace_lines(self) -> Iterator[bytes]:
        """Yield the lines of the files that have the entries of a trace.

        Raises:
            OSError: the rest cannot be read.
        """
        for name in self.trace:
            yield from _lines(self._member(name) if name else self._file(self.path))

    def attached(self, name: str) -> Iterator[bytes] | None:
        """Return the lines of a file that an entry names; None where there is none of this name.

        Raises:
            OSError: from the iterator: the rest cannot be read.
        """
        *folders, name = name.split("/")
        if folders not in ([], [_RESOURCES]) or name in ("", "..") or "\\" in name or "\0" in name:
            return None  # a file beside the HAR, never one elsewhere
        if self._zip is not None:
            return _lines(self._member(self._names[name])) if name in self._names else None
        for path in (self.path.with_name(name), self.path.parent / _RESOURCES / name):
            if path.is_file():
                return _lines(self._file(path))
        return None

    def _enter_zip(self) -> None:
        """Find the first HAR in the zip, or the files of a trace."""
        try:
            file = self._open.enter_context(open_plain(self.path))
            self._zip = self._open.enter_context(zipfile.ZipFile(file))
        except _DAMAGED as error:
            raise FileError(self.path, "", _DAMAGED_ZIP) from error
        names = [name for name in self._zip.namelist() if not PurePosixPath(name).name.startswith("._")]
        self._names = {PurePosixPath(name).name: name for name in reversed(names)}
        hars = [name for name in names if name.lower().endswith(".har")]
        if not hars:
            self.trace = [name for name in names if name.endswith(".network")]
        if not hars and not self.trace:
            hars = list(filter(self._is_har, names[:_MOST_LOOKED_AT]))
        if not hars and not self.trace:
            raise FileError(
                self.path, "", "no HAR: the zip has neither a HAR nor a trace of Playwright in it"
            )
        self._har, *others = hars or [""]
        if others:
            listed = safe_text(", ".join(others[:_MOST_NAMED]) + (", …" if others[_MOST_NAMED:] else ""))
            self.left_out = f"the zip has more than one HAR: {safe_text(self._har)} is loaded, but not {listed}: unpack them"

    def _is_har(self, name: str) -> bool:
        with self._member(name) as file:
            return is_har(file.read(_HEAD))

    def _member(self, name: str) -> io.BufferedReader:
        """Open a file in the zip."""
        assert self._zip is not None
        return io.BufferedReader(_Packed(partial(self._zip.open, name), _DAMAGED_ZIP, self._take))

    def _file(self, path: Path) -> io.BufferedReader:
        """Open a file that may be compressed with gzip."""
        file = open_plain(path)
        if isinstance(file, io.BufferedReader):
            return file
        return io.BufferedReader(_Packed(lambda: file, _DAMAGED_GZIP, self._take))

    def _take(self, size: int) -> None:
        """Count bytes that came of compressed ones."""
        self._room -= size
        if self._room < 0:
            raise FileError(
                self.path,
                "",
                "it was compressed to less than 1 % of its size, and could fill the memory: decompress it first",
            )


def damage_of(file: io.BufferedReader) -> str:
    """Return why a file could not be read to its end; empty where it could."""
    return file.raw.damage if isinstance(file.raw, _Packed) else ""


class _Packed(io.RawIOBase):
    """The bytes in a compressed file; they end where damage begins.

    Args:
        opening: opens the file.
        sentence: its damage, for a person.
        take: called with the number of bytes of each read.
    """

    def __init__(self, opening: Callable[[], Any], sentence: str, take: Callable[[int], None]) -> None:
        self.damage = ""
        """Why it could not be read to its end; empty where it could."""
        self._sentence = sentence
        self._take = take
        self._file = self._tried(opening)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b"" if self.damage else self._tried(partial(self._file.read1, len(buffer))) or b""
        self._take(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def _tried(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns; None, and the damage is noted, where it cannot."""
        try:
            return call()
        except _DAMAGED:
            self.damage = self._sentence
            return None


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines of a file, and close it.

    Raises:
        OSError: it is damaged behind the last.
    """
    with file:
        yield from iter(partial(file.readline, _LONGEST_LINE), b"")
        if damage_of(file):
            raise OSError(damage_of(file))
