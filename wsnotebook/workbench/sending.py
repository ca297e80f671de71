"""frames_to_send(): the frames of one use of the verb send."""

from __future__ import annotations

import argparse
from pathlib import Path

from wsnotebook.payload import parse_payload
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["frames_to_send"]


def frames_to_send(arguments: argparse.Namespace) -> list[Frame]:
    """Return the frames for ``text`` or ``file``, of the type and in the number of fragments that are asked for.

    Raises:
        ValueError: the text is not of its kind, the file is not text, or the options contradict each other.
        OSError: the file cannot be read.
    """
    frame = (
        _of_file(arguments) if arguments.file is not None else parse_payload(arguments.text, arguments.kind)
    )
    if arguments.opcode is not None:
        if arguments.kind == "json" and arguments.opcode != "binary":
            raise ValueError(f"--json checks a message, and a {arguments.opcode} is none: leave one away.")
        frame = Frame.by_type(Opcode[arguments.opcode.upper()], frame.data)
    if arguments.fragments is None:
        return [frame]
    if arguments.opcode in ("ping", "pong"):
        raise ValueError(f"a {arguments.opcode} has no fragments (RFC 6455 §5.5): leave --fragments away.")
    return _fragments(frame, arguments.fragments)


def _of_file(arguments: argparse.Namespace) -> Frame:
    if arguments.text:
        raise ValueError("there is a text and --file: keep one of them.")
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


def _fragments(frame: Frame, number: int) -> list[Frame]:
    """Return ``number`` frames; the sizes differ by at most one byte, and a short payload makes empty ones."""
    bounds = [len(frame.data) * n // number for n in range(number + 1)]
    pieces = [frame.data[start:stop] for start, stop in zip(bounds, bounds[1:], strict=False)]
    # All of one type: the session sends those after the first as continuations.
    return [frame.copy(data=piece, fin=place == number) for place, piece in enumerate(pieces, start=1)]
