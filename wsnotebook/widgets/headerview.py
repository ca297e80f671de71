"""header_view(): the header of a frame bit by bit, as RFC 6455 §5.2 draws it."""

from __future__ import annotations

from wsnotebook.wire.batch import opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = ["header_view"]

_EXTENDED = {126: 2, 127: 8}  # bytes of the length that follow, by the seven bits: RFC 6455 §5.2


def header_view(header: bytes) -> str:
    """Return a line for each field: its bits or bytes, and their meaning."""
    if len(header) < 2:
        return f"{header.hex(' ') or 'no byte'}: the stream ended inside of the header"
    head, second = header[0], header[1]
    seven, is_masked = second & 0x7F, second >= 0x80
    lines = [
        _bit(head, 7, "FIN", "last frame of its message", "more frames of the message follow"),
        _bit(head, 6, "RSV1", "set by an extension: the message is compressed", "not compressed"),
        _bit(head, 5, "RSV2", "set, and no standard says what for", "must be 0"),
        _bit(head, 4, "RSV3", "set, and no standard says what for", "must be 0"),
        _line(
            "byte 0",
            f"....{opcode_of(head):04b}",
            "opcode",
            f"0x{opcode_of(head):x}: {OPCODE_NAMES[opcode_of(head)]}",
        ),
        _line(
            "byte 1",
            f"{int(is_masked)}.......",
            "MASK",
            "masked: a key follows" if is_masked else "not masked",
        ),
    ]
    extended = _EXTENDED.get(seven, 0)
    meaning = f"the next {extended} bytes are the length" if extended else f"{seven} bytes of payload"
    lines.append(_line("byte 1", f".{seven:07b}", "length", meaning))
    if extended:
        length = header[2 : 2 + extended]
        lines.append(
            _line(
                _bytes(2, extended),
                length.hex(" "),
                "length",
                f"{int.from_bytes(length, 'big'):,} bytes of payload",
            )
        )
    if is_masked:
        lines.append(
            _line(
                _bytes(2 + extended, 4),
                header[-4:].hex(" "),
                "key",
                "each payload byte was XORed with one of them",
            )
        )
    return "\n".join(lines)


def _bit(head: int, place: int, name: str, is_set: str, is_clear: str) -> str:
    on = head >> place & 1
    return _line("byte 0", "." * (7 - place) + str(on) + "." * place, name, is_set if on else is_clear)


def _bytes(first: int, count: int) -> str:
    return f"bytes {first}–{first + count - 1}"


def _line(place: str, bits: str, name: str, meaning: str) -> str:
    return f"{place:<11} {bits:<24} {name:<7} {meaning}"
