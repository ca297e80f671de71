"""frames_to_send(): the frames of one use of the verb send."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from wsnotebook.payload import parse_payload
from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.workbench.namedmessages import FILE, NamedMessage, message_called
from wsnotebook.workbench.variables import fill_variables

__all__ = ["frames_to_send"]

_Source: TypeAlias = Callable[[argparse.Namespace, Any, Mapping[str, Any]], Frame]
_NO_VARIABLES: Mapping[str, Any] = MappingProxyType({})


def frames_to_send(
    arguments: argparse.Namespace, session: Any, variables: Mapping[str, Any] = _NO_VARIABLES
) -> list[Frame]:
    """Return the frames for a text, file, named message or row, of the type and in the number of fragments asked for.

    Args:
        arguments: of the verb send.
        session: the log of its rows.
        variables: what {names} stand for, where they are replaced.

    Raises:
        ValueError: the text is not of its kind, the file is not text, there is no such message, row or variable, or the
            options contradict each other.
        OSError: the file cannot be read.
    """
    frame = _source(arguments)(arguments, session, variables)
    if arguments.opcode is not None:
        if arguments.kind == "json" and arguments.opcode not in ("binary", "text"):
            raise ValueError(f"--json checks a message, and a {arguments.opcode} is none: leave one away.")
        frame = Frame.by_type(Opcode[arguments.opcode.upper()], frame.data)
    if arguments.fragments is None:
        return [frame]
    if frame.opcode in (Opcode.PING, Opcode.PONG):
        name = Opcode(frame.opcode).name.lower()
        raise ValueError(f"a {name} has no fragments (RFC 6455 §5.5): leave --fragments away.")
    return _fragments(frame, arguments.fragments)


def _source(arguments: argparse.Namespace) -> _Source:
    """Return the function for what is given; a text is one of the things of which only one may be."""
    given = [name for name in _SOURCES if getattr(arguments, name) is not None]
    if arguments.text and given or len(given) > 1:
        names = (["a text"] if arguments.text else []) + [f"--{name}" for name in given]
        raise ValueError(f"there is {' and '.join(names)}: keep one of them.")
    if given and given[0] in ("named", "again") and arguments.kind != "text":
        raise ValueError(f"what --{given[0]} sends has its own type: leave --{arguments.kind} away.")
    return _SOURCES[given[0]] if given else _of_text


def _of_text(arguments: argparse.Namespace, session: Any, variables: Mapping[str, Any]) -> Frame:
    fills = getattr(arguments, "fills", False)  # given by a page only
    return _of_message(NamedMessage(arguments.kind, arguments.text, fills), variables)


def _of_named(arguments: argparse.Namespace, session: Any, variables: Mapping[str, Any]) -> Frame:
    return _of_message(message_called(Path(FILE), arguments.named), variables)


def _of_message(message: NamedMessage, variables: Mapping[str, Any]) -> Frame:
    text = fill_variables(message.text, message.kind, variables) if message.fills else message.text
    return parse_payload(text, message.kind)


def _of_row(arguments: argparse.Namespace, session: Any, variables: Mapping[str, Any]) -> Frame:
    try:
        frame = session.log.frame(arguments.again)
    except IndexError as error:
        raise ValueError(f"{error}; %ws log shows the last ones.") from error
    if frame.opcode not in _WHOLE or not frame.fin:
        raise ValueError(
            f"frame {arguments.again} is no whole message, ping or pong: send its text, or close with %ws close."
        )
    return Frame.by_type(Opcode(frame.opcode), frame.data)  # without the bits of an extension


def _of_file(arguments: argparse.Namespace, session: Any, variables: Mapping[str, Any]) -> Frame:
    path = Path(arguments.file).expanduser()
    data = path.read_bytes()
    if arguments.opcode in ("binary", "ping", "pong") and arguments.kind == "text":
        return Frame.binary(data)
    try:
        return parse_payload(data.decode(), arguments.kind)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 text (byte {error.start}): write --binary to send its bytes as they are."
        ) from error


_SOURCES = {"file": _of_file, "named": _of_named, "again": _of_row}
"""Functions that make the frame of an argument, in the place of a typed text."""
_WHOLE = {Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG}


def _fragments(frame: Frame, number: int) -> list[Frame]:
    """Return ``number`` frames; the sizes differ by at most one byte, and a short payload makes empty ones."""
    bounds = [len(frame.data) * n // number for n in range(number + 1)]
    pieces = [frame.data[start:stop] for start, stop in zip(bounds, bounds[1:], strict=False)]
    # All of one type: the session sends those after the first as continuations.
    return [frame.copy(data=piece, fin=place == number) for place, piece in enumerate(pieces, start=1)]
