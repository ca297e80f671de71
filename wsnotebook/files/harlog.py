"""HarLog: the log of a HAR, read member by member: entries go to a reader, and of our own part all but the frames is kept."""

from __future__ import annotations

from collections.abc import Iterator

from wsnotebook.errors import FileError
from wsnotebook.files.harfile import HarFile, damage_of
from wsnotebook.files.harforeign import ForeignReader
from wsnotebook.files.jsonstream import BrokenJson, JsonStream

__all__ = ["CREATOR", "FRAMES", "MAX_BLOB", "OWN", "HarLog", "members_of_log"]

CREATOR = "wsnotebook"
"""Name in the ``creator`` of our files."""
OWN = "_wsnotebook"
"""Key of our own part, which has all of a log."""
FRAMES = "frames"
"""Key of the frames in it."""
MAX_BLOB = 512 << 20
"""Characters of a value in it."""
_MAX_CREATOR = 4 << 10  # characters


class HarLog:
    """Read the log of an open HAR.

    Args:
        file: the files of the HAR.
        reader: reads the entries, also those of a file of ours whose own part was removed.

    Raises:
        FileError: no log is in it, or one of ours is damaged.
    """

    def __init__(self, file: HarFile, reader: ForeignReader) -> None:
        self.own: object = None
        """Our own part but its frames; None where it has none."""
        self._path = file.path
        self._reader = reader
        self._is_ours = False  # by its creator
        self._skips_entries = True  # of a file of ours: its own part has more
        self._read(file)
        if self._is_ours and self.own is None:
            self._skips_entries = False
            self._read(file)

    def _read(self, file: HarFile) -> None:
        problem, is_there = "", False
        with file.document() as document:
            stream = JsonStream(document)
            try:
                for name in members_of_log(stream):
                    is_there = True
                    self._read_member(name, stream)
                if is_there:
                    stream.check_end()
            except BrokenJson as error:
                problem = str(error)
            problem = damage_of(document) or problem
        if not is_there:
            raise FileError(self._path, "", problem or "no HAR: the JSON has no object named log")
        if problem and (self._is_ours or self.own is not None):
            raise FileError(self._path, "", problem)
        if problem:
            self._reader.stop(problem)

    def _read_member(self, name: str, stream: JsonStream) -> None:
        if name == "creator":
            self._reader.creator = creator = stream.value(_MAX_CREATOR)
            self._is_ours = isinstance(creator, dict) and creator.get("name") == CREATOR
        elif name == "entries" and not (self._is_ours and self._skips_entries):
            self._reader.read_entries(stream)
        elif name == OWN:
            self.own = _read_own(stream)


def members_of_log(stream: JsonStream) -> Iterator[str]:
    """Yield an empty text where the log begins, and then each of its keys, whose values come next in the stream.

    Raises:
        BrokenJson: the document is cut off or damaged.
    """
    for key in stream.members() if stream.peek() == "{" else ():
        if key == "log" and stream.peek() == "{":
            yield ""
            yield from stream.members()


def _read_own(stream: JsonStream) -> object:
    """Return our own part, which comes next, but its frames."""
    if stream.peek() != "{":
        return stream.value(MAX_BLOB)
    return {key: stream.value(MAX_BLOB) for key in stream.members() if key != FRAMES}
