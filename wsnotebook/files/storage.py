"""Storage: files of a dataset in a directory, or under the URL of any filesystem that fsspec knows, such as s3://."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import fs

from wsnotebook.files.paths import is_url
from wsnotebook.files.privatefile import make_private

__all__ = ["Storage", "StoredFile", "storage_at", "stored_file"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, which may not exist yet. It can be sent to another process."""

    filesystem: Any
    """A FileSystem of pyarrow."""
    path: str
    """Path in it."""

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            OSError: the file does not exist.
        """
        with self.open() as file:
            return int(file.size())

    def open(self) -> Any:
        """Open the file to read it, as a binary file and as one of Arrow.

        Raises:
            OSError: it does not exist, or cannot be read.
        """
        return self.filesystem.open_input_file(self.path)

    def create(self) -> Any:
        """Open a new file to write it; on this machine only its owner may read it.

        Raises:
            OSError: it cannot be written.
        """
        if self.filesystem.type_name == "local":
            make_private(Path(self.path))
        return self.filesystem.open_output_stream(self.path)

    def move_to(self, other: StoredFile) -> None:
        """Give the file another name; a file that has it is replaced."""
        self.filesystem.move(self.path, other.path)

    def remove(self) -> None:
        """Remove the file, if it exists."""
        with contextlib.suppress(FileNotFoundError):
            self.filesystem.delete_file(self.path)


@dataclass(frozen=True, slots=True)
class Storage:
    """A directory, or a prefix of an object store."""

    filesystem: Any
    """A FileSystem of pyarrow."""
    root: str
    """Path in it; on this machine absolute, so that it means the same after os.chdir()."""
    shown: str
    """As its user wrote it."""

    def __str__(self) -> str:
        return self.shown

    def file(self, name: str) -> StoredFile:
        """Return the file of a path below the root."""
        return StoredFile(self.filesystem, f"{self.root}/{name}")

    def names(self) -> list[str]:
        """Return the paths of all files below the root, sorted; none where it does not exist."""
        selector = fs.FileSelector(self.root, recursive=True, allow_not_found=True)
        found = self.filesystem.get_file_info(selector)
        start = len(self.root) + 1
        return sorted(info.path[start:] for info in found if info.type == fs.FileType.File)

    def make(self, name: str = "") -> None:
        """Make the directory of a path below the root, if it is missing.

        Raises:
            OSError: it cannot be made.
        """
        self.filesystem.create_dir(f"{self.root}/{name}".rpartition("/")[0], recursive=True)

    def remove_empty(self) -> None:
        """Remove directories without a file, and the root too."""
        with contextlib.suppress(OSError):
            self._remove_empty(self.root)

    def _remove_empty(self, directory: str) -> bool:
        found = self.filesystem.get_file_info(fs.FileSelector(directory))
        left = [
            info for info in found if info.type != fs.FileType.Directory or not self._remove_empty(info.path)
        ]
        if not left:
            self.filesystem.delete_dir(directory)
        return not left


def storage_at(path: str | Path) -> Storage:
    """Return the storage of a directory or of a URL; nothing is read.

    Raises:
        ImportError: a URL needs a package that is not installed; the sentence names it.
    """
    if not is_url(path):
        return Storage(fs.LocalFileSystem(), str(Path(path).absolute()), str(Path(path)))
    try:
        import fsspec
    except ImportError as error:
        raise ImportError("a URL needs fsspec: pip install wsnotebook[remote]") from error
    filesystem, root = fsspec.core.url_to_fs(str(path))
    return Storage(fs.PyFileSystem(fs.FSSpecHandler(filesystem)), root.rstrip("/"), str(path))


def stored_file(path: Path | StoredFile) -> StoredFile:
    """Return a file on this machine as one of a storage."""
    return path if isinstance(path, StoredFile) else StoredFile(fs.LocalFileSystem(), str(path))
