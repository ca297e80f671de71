"""The words that Tab offers for the value of an argument, from the names of the sessions and the word at the cursor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from wsnotebook.wire.frames import CloseCode
from wsnotebook.workbench.namedmessages import FILE, read_messages

__all__ = ["Complete", "close_codes", "message_names", "one_of", "paths", "session_names"]

Complete: TypeAlias = Callable[[Iterable[str], str], Iterable[str]]

_NOT_SENT = frozenset((1005, 1006, 1015))  # RFC 6455 §7.4.1: no close frame has them


def session_names(sessions: Iterable[str], word: str) -> Iterable[str]:
    """Return the names of the sessions."""
    return sessions


def message_names(sessions: Iterable[str], word: str) -> Iterable[str]:
    """Return the names of the kept messages; none where their file cannot be read."""
    try:
        return list(read_messages(Path(FILE)))
    except ValueError:
        return []


def one_of(*words: str) -> Complete:
    """Return a function that offers fixed words."""

    def complete(sessions: Iterable[str], word: str) -> Iterable[str]:
        return words

    return complete


def close_codes(sessions: Iterable[str], word: str) -> Iterable[str]:
    """Return the registered close codes that may be sent."""
    return [str(int(code)) for code in CloseCode if code not in _NOT_SENT]


def paths(sessions: Iterable[str], word: str) -> Iterable[str]:
    """Return the files and folders whose path begins with ``word``; a folder ends in a slash.

    A hidden one only where its dot is typed, and none with a blank, which would need quotes.
    """
    folder, start = word[: word.rfind("/") + 1], word[word.rfind("/") + 1 :]
    try:
        entries = sorted(os.scandir(Path(folder).expanduser()), key=lambda entry: entry.name)
    except OSError:
        return []
    return [
        f"{folder}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if entry.name.startswith(start)
        and " " not in entry.name
        and (start[:1] == "." or entry.name[0] != ".")
    ]
