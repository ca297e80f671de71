"""Named messages: what a person sends often, in a small file beside the notebook that can be read, edited and committed.

TOML, a table a message: ``kind`` is text, json, hex or base64, ``text`` is what was typed; ``fills = true`` puts the
values of variables into it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from wsnotebook.payload import KINDS, PayloadKind, parse_payload

__all__ = ["FILE", "NamedMessage", "forget_message", "keep_message", "message_called", "read_messages"]

FILE = "ws-messages.toml"
"""Its name, in the folder of the kernel, which is the notebook's."""

_HEADER = "# Messages of WebSocket sessions: %ws send --named NAME. Comments are lost when one is kept or forgotten.\n"
_FILLS = "fills = true\n"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NOT_LITERAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|'''|'$")  # what a literal string of TOML cannot hold


class NamedMessage(NamedTuple):
    """One message."""

    kind: PayloadKind
    """How its text is read."""
    text: str
    """What was typed."""
    fills: bool = False
    """Its {names} are replaced by variables when it is sent."""


def read_messages(path: Path) -> dict[str, NamedMessage]:
    """Return the messages of a file by name, in its order; none where there is no file.

    Raises:
        ValueError: it is not TOML, or a message of it has another form; the sentence names the place.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}. Correct it, or move it away.") from error
    return {name: _read(path, name, table) for name, table in tables.items()}


def _read(path: Path, name: str, table: Any) -> NamedMessage:
    given = table if isinstance(table, dict) else {}
    kind, text, fills = given.get("kind", "text"), given.get("text"), given.get("fills", False)
    if kind not in KINDS or not isinstance(text, str) or not isinstance(fills, bool):
        raise ValueError(
            f'{path}: [{name}] is no message: it needs text = "…", and may have kind = one of {", ".join(KINDS)}, '
            "and fills = true or false."
        )
    return NamedMessage(cast(PayloadKind, kind), text, fills)


def keep_message(path: Path, name: str, message: NamedMessage) -> None:
    """Write a message into a file under a name, in the place of the one that has it.

    Raises:
        ValueError: it has no name, or it is not of its kind; or the file cannot be read.
    """
    if not name.strip():
        raise ValueError(
            "a message is kept under a name, such as subscribe: %ws keep --message subscribe TEXT."
        )
    if not message.fills:  # what it is of is known when its variables are
        parse_payload(message.text, message.kind)
    _write(path, read_messages(path) | {name: message})


def forget_message(path: Path, name: str) -> None:
    """Remove a message from a file.

    Raises:
        ValueError: it has none of that name; or it cannot be read.
    """
    messages = read_messages(path)
    if messages.pop(name, None) is None:
        raise ValueError(_unknown(path, name, messages))
    _write(path, messages)


def message_called(path: Path, name: str) -> NamedMessage:
    """Return one message of a file.

    Raises:
        ValueError: it has none of that name, which lists those that it has; or it cannot be read.
    """
    messages = read_messages(path)
    if name not in messages:
        raise ValueError(_unknown(path, name, messages))
    return messages[name]


def _unknown(path: Path, name: str, messages: Mapping[str, NamedMessage]) -> str:
    how = f"keep one with %ws keep --message {shlex.quote(name)} TEXT"
    known = f"it has {', '.join(messages)}" if messages else how
    return f"{path} has no message {name!r}: {known}."


def _write(path: Path, messages: Mapping[str, NamedMessage]) -> None:
    """Write all of them at once: a file that is half written would be none."""
    parts = [
        f'\n[{_key(name)}]\nkind = "{message.kind}"\n{_FILLS * message.fills}text = {_string(message.text)}\n'
        for name, message in messages.items()
    ]
    written = path.with_name(f"{path.name}.new")
    written.write_text(_HEADER + "".join(parts), encoding="utf-8", newline="\n")
    os.replace(written, path)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _escaped(name)


def _string(text: str) -> str:
    """Return a string as it was typed, between three quotes; escaped where TOML allows nothing else."""
    return _escaped(text) if _NOT_LITERAL.search(text) else f"'''\n{text}'''"


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON's escapes are TOML's too
