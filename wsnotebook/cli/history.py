"""History: the lines that were typed, in a file that only the user reads, without those that look like a secret."""

from __future__ import annotations

import os
import re

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from wsnotebook.files.paths import state_path

__all__ = ["history", "may_be_kept"]

_SECRET = re.compile(
    r"token|secret|passw|pwd|passphrase|credential|cookie|bearer|auth|api[-_ ]?key|signature|session[-_]?id"
    r"|eyJ[\w-]{8}|-----BEGIN|://[^/\s]*@",  # a JWT, a key, a user in an address
    re.IGNORECASE,
)
_LONGEST = 10_000  # characters: a pasted file is no line that somebody looks for again


def history() -> History:
    """Return the history of the user, in ``$XDG_STATE_HOME/wsnotebook/history``; in memory where that cannot be written."""
    try:
        path = state_path("history")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return _CarefulHistory(str(path))


def may_be_kept(line: str) -> bool:
    """Return whether a line may stand in the file: it names no secret, and is not a pasted file."""
    return len(line) <= _LONGEST and not _SECRET.search(line)


class _CarefulHistory(FileHistory):
    """Keeps the other lines for this run only."""

    def store_string(self, string: str) -> None:
        """Write a line to the file, if it may be kept."""
        if may_be_kept(string):
            super().store_string(string)
