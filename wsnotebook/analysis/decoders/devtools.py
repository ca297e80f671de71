"""The DevTools protocol of Chromium: commands, their results and errors, and events, as JSON objects."""

from __future__ import annotations

import re
from typing import Any

from wsnotebook.analysis.decoders.decoder import Record

__all__ = ["devtools", "is_devtools"]

_KEYS = frozenset("id method params result error sessionId".split())
_METHOD = re.compile(r"[A-Z][A-Za-z]*\.[A-Za-z]+")


def devtools(item: dict[str, Any]) -> Record:
    """Return the message in an object; its kind is command, event, result or error."""
    method, id_ = item.get("method"), item.get("id")
    if "jsonrpc" not in item and isinstance(method, str) and _METHOD.fullmatch(method):
        return Record("command" if isinstance(id_, int) else "event", item)
    answers = [name for name in ("result", "error") if isinstance(item.get(name), dict)]
    has_id = isinstance(id_, int) or (id_ is None and answers == ["error"])  # of what was no command
    if "jsonrpc" not in item and method is None and has_id and len(answers) == 1:
        return Record(answers[0], item)
    return Record(
        error="neither a method such as Page.navigate, nor a number as id with a result or an error"
    )


def is_devtools(item: dict[str, Any]) -> bool | None:
    """Return whether an object is a command or an event, which have the domain before the method; None for what answers one."""
    if devtools(item).error is not None or not item.keys() <= _KEYS:
        return False
    return True if "method" in item else None
