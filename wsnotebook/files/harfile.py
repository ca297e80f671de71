"""HarFile: finds the document of a HAR, in a file, in gzip, in a zip or in a trace of Playwright, within bounds.

Playwright may keep messages in files of their own, beside the HAR or in its zip.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Self, cast

from wsnotebook.errors import FileError
from wsnotebook.files.content import DAMAGED_GZIP, open_plain
from wsnotebook.files.jsontext import parse

__all__ = ["MAX_FILE", "HarFile"]

MAX_FILE = 512 << 20
"""Bytes of a HAR that is read: JSON has to be read as a whole."""
_MAX_RATIO = (
    100  # bytes of JSON that a compressed byte becomes, beyond the next; a feed compresses to 1 : 30 at most
)
_FREE = 64 << 20  # bytes that any compressed file may become
_TRACE = "resource-snapshot"  # type of the lines of a trace that have an entry
_DAMAGED_ZIP = (  # raised by zipfile and its decompressors; bz2 raises OSError
    *(*DAMAGED_GZIP, zipfile.BadZipFile, struct.error, lzma.LZMAError),
    *(NotImplementedError, RuntimeError, ValueError, OSError),
)


class HarFile:
    """Read the document of a HAR when it is entered as a context manager.

    Args:
        path: the file.

    Raises:
        FileError: no HAR is in the file, or one that is too large.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        size = path.stat().st_size
        if size > MAX_FILE:
            raise self._too_large()
        self._room = min(MAX_FILE, _FREE + _MAX_RATIO * size)
        self._zip: zipfile.ZipFile | None = None
        self._names: dict[str, str] = {}
        self.log: dict[str, Any] = {}
        """Value of ``log``."""

    def __enter__(self) -> Self:
        with self.path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        try:
            self.log = self._log_in_zip() if is_zip else self._log_of(self._plain())
        except zipfile.BadZipFile as error:
            self.close()
            raise FileError(self.path, "", "the zip is damaged, cut off or encrypted") from error
        except FileError:
            self.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def attached(self, name: str) -> bytes | None:
        """Return the bytes of a file that an entry names; None where there is none of this name.

        Raises:
            FileError: all of them together are too large.
            BadZipFile, OSError: this one cannot be read.
        """
        if not name or PurePosixPath(name).name != name or "\\" in name or "\0" in name:
            return None  # a file beside the HAR, never one elsewhere
        if self._zip is not None:
            return self._member(self._names[name]) if name in self._names else None
        for path in (self.path.with_name(name), self.path.parent / "resources" / name):
            if path.is_file():
                with path.open("rb") as file:
                    return self._bounded(file)
        return None

    def _plain(self) -> bytes:
        try:
            with open_plain(self.path) as file:
                return self._bounded(file)
        except DAMAGED_GZIP as error:
            raise FileError(self.path, "", "the gzip file is damaged or cut off") from error

    def _member(self, name: str) -> bytes:
        """Return the bytes of a file in the zip."""
        assert self._zip is not None
        if self._zip.getinfo(name).file_size > self._room:
            raise self._too_large()
        try:
            with self._zip.open(name) as file:
                return self._bounded(cast(BinaryIO, file))
        except FileError:
            raise
        except _DAMAGED_ZIP as error:
            raise zipfile.BadZipFile(name) from error

    def _bounded(self, file: BinaryIO) -> bytes:
        """Return the rest of a file, whose size may be declared wrongly."""
        data = file.read(self._room + 1)
        self._room -= len(data)
        if self._room < 0:
            raise self._too_large()
        return data

    def _too_large(self) -> FileError:
        return FileError(
            self.path,
            "",
            f"a HAR of more than {MAX_FILE >> 20} MiB is not read, or one that was compressed to less than 1 % of "
            "its size: JSON has to be read as a whole",
        )

    def _log_of(self, data: bytes) -> dict[str, Any]:
        """Return the log of a document."""
        try:
            document = parse(data)
        except ValueError as error:
            raise FileError(self.path, "", f"no HAR: {error}") from error
        log = document.get("log") if isinstance(document, dict) else None
        if not isinstance(log, dict):
            raise FileError(self.path, "", "no HAR: the JSON has no object named log")
        return log

    def _log_in_zip(self) -> dict[str, Any]:
        """Return the log of the first HAR in the zip, or one of the entries of a trace of Playwright."""
        try:
            self._zip = zipfile.ZipFile(self.path)
        except _DAMAGED_ZIP as error:
            raise zipfile.BadZipFile from error
        names = [name for name in self._zip.namelist() if not PurePosixPath(name).name.startswith("._")]
        self._names = {PurePosixPath(name).name: name for name in reversed(names)}
        hars = [name for name in names if name.lower().endswith(".har")]
        if hars:
            return self._log_of(self._member(hars[0]))
        networks = [name for name in names if name.endswith(".network")]
        if not networks:
            raise FileError(
                self.path, "", "no HAR: the zip has neither a .har nor a trace of Playwright in it"
            )
        entries: list[Any] = []
        for name in networks:
            entries += filter(None, map(_snapshot, self._member(name).splitlines()))
        return {"creator": {"name": "Playwright"}, "entries": entries}


def _snapshot(line: bytes) -> Any:
    """Return the entry in a line of a trace, or None."""
    try:
        value = parse(line)
    except ValueError:
        return None
    return value.get("snapshot") if isinstance(value, dict) and value.get("type") == _TRACE else None
