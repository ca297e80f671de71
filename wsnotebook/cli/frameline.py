"""frame_lines(): one frame or message as lines for a person; and drawn(): the lines of one tick.

Pure: nothing is written here. A peer's text is escaped by safe_text(); JSON is broken into lines, its tokens unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from wsnotebook.cli.feed import Seen
from wsnotebook.cli.style import Style, paint
from wsnotebook.safetext import safe_text
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["MOST_LINES", "drawn", "frame_lines", "indented"]

MOST_LINES = 20
"""Lines of one tick during a feed: ten ticks a second are more than a person reads, and cost a terminal little."""
_MOST_ALONE = 200  # lines of a message that came alone
_MOST_CHARACTERS = 2_000  # of one line: 25 rows of a terminal of 80 columns
_MOST_JSON = 256 << 10  # characters of a JSON text that is broken into lines
_MOST_BYTES = 64  # of a binary message: the length says how many there are

_ARROWS = {"in": "<", "out": ">"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_EMPTY = {"{": "}", "[": "]"}


def drawn(seen: Sequence[Seen], more: int, width: int, *, names: bool = False) -> list[str]:
    """Return the lines of one tick: the first frames, and the number of those for which there was no room.

    Args:
        seen: the frames to draw.
        more: number of further frames that are not in ``seen``.
        width: columns of the terminal; JSON that fits stays on one line.
        names: name the session of each frame.
    """
    most = _MOST_ALONE if len(seen) == 1 and not more else MOST_LINES
    lines: list[str] = []
    for number, frame in enumerate(seen):
        block = frame_lines(frame, width, most, names=names)
        if lines and len(lines) + len(block) > most:
            more += len(seen) - number
            break
        lines += block
    if more:
        lines.append(paint("note", f"… {more:,} more frame{'s' * (more != 1)}, in the log"))
    return lines


def frame_lines(seen: Seen, width: int, most: int = _MOST_ALONE, *, names: bool = False) -> list[str]:
    """Return a frame as lines: an arrow for its direction, then its text, its bytes in hex, or its kind.

    Args:
        seen: the frame.
        width: columns of the terminal.
        most: number of lines, at least 2.
        names: put the name of the session before the arrow.
    """
    prefix = f"{safe_text(seen.session)} " * names + _ARROWS[seen.direction]
    texts = _body(seen, width - len(prefix) - 1).split("\n")
    if len(texts) > most:
        texts[most - 1 :] = [f"… {len(texts) - most + 1:,} more lines, in the log"]
    style: Style = (
        "fault" if seen.detail else "control" if seen.frame.opcode >= Opcode.CLOSE else seen.direction
    )
    if seen.detail:
        texts.append(f"({seen.status}: {seen.detail})")
    indent = " " * len(prefix)
    return [
        paint(style, f"{indent if number else prefix} {_cut(safe_text(text))}")
        for number, text in enumerate(texts)
    ]


def indented(text: str) -> str:
    """Return a JSON text with a line for each member and element; strings and numbers stand as they came.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep for Python") from error
    out: list[str] = []
    depth = 0
    tokens = _TOKEN.findall(text)
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token in _EMPTY:
            depth += 1
            out.append(token if following == _EMPTY[token] else _line(token, depth))
        elif token in _EMPTY.values():
            depth -= 1
            out.append(token if out[-1] in _EMPTY else _line("", depth) + token)
        else:
            out.append(_line(token, depth) if token == "," else ": " if token == ":" else token)
    return "".join(out)


def _line(token: str, depth: int) -> str:
    return f"{token}\n{'  ' * depth}"


def _body(seen: Seen, room: int) -> str:
    frame = seen.frame
    kind = OPCODE_NAMES[frame.opcode]
    if frame.opcode == Opcode.CLOSE:
        return f"close {frame.read_reason() or 'without a code'}"
    if frame.opcode == Opcode.TEXT and frame.fin and not seen.detail:
        return _text(frame.data.decode("utf-8", "backslashreplace"), room)
    if frame.opcode == Opcode.TEXT:
        return f"{kind}{'' if frame.fin else ', not final'}: {frame.data.decode('utf-8', 'backslashreplace')}"
    size = f"{len(frame.data):,} byte{'s' * (len(frame.data) != 1)}"
    dots = " …" if len(frame.data) > _MOST_BYTES else ""
    final = "" if frame.fin else ", not final"
    return f"{kind}{final}, {size}: {frame.data[:_MOST_BYTES].hex(' ')}{dots}".removesuffix(": ")


def _text(text: str, room: int) -> str:
    if text.lstrip()[:1] not in _EMPTY or not text.strip() or len(text) > _MOST_JSON:
        return _one_line(text)
    if len(text) <= room and "\n" not in text:
        return text
    try:
        return indented(text)
    except ValueError:
        return _one_line(text)


def _one_line(text: str) -> str:
    # A line break of the peer is shown as an escape, so that a message cannot look like two.
    return text.replace("\n", "\\n")


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[:_MOST_CHARACTERS]}… ({len(text):,} characters)"
