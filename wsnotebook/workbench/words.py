"""split(): the words of a command line, nearly as in bash; statement(): a line without comment and semicolon.

The others part the options of a verb from the text that is sent, which is no command line.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

__all__ = ["join_values", "late_option", "leading_options", "split", "statement", "text_after_dashes"]

_PIECE = re.compile(
    r"""(?P<blank>\s+)
    | (?P<joint>\\\r?\n)
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | \\(?P<escaped>[\s'"\\$#;])
    | (?P<plain>(?:[^\s'"\\$]|\$(?!')|\\[^\s'"\\$#;])+)""",
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(r'\\([\\"$`\n])')  # before other characters the backslash stays
_IN_ANSI = re.compile(
    r"\\(?:u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL
)
_OPTION = r"(-{1,2}[A-Za-z][\w-]*)(?=[=\s]|$)"
_FLAG = re.compile(rf"\s*{_OPTION}")
_LATE = re.compile(rf"(?<=\s){_OPTION}")
_DASHES = re.compile(r"\s*--(?:\s|$)")
_BLANK = re.compile(r"\s+")
_NOT_BLANK = re.compile(r"\S+")
_BYTE = 0xDC00  # and a byte from 0x80 on: how Python writes one that is no UTF-8
_LATIN_1 = {_BYTE + code: code for code in range(0x80, 0x100)}
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


def split(text: str, *, keeps_bytes: bool = False) -> list[str]:
    r"""Return the words of ``text``; quotes and backslashes join blanks into a word, ``$'…'`` has escapes as \n.

    Unlike in bash a backslash stays before a character that needs none: ``\d+`` is a regular expression, ``C:\x`` a path.

    Args:
        text: the line.
        keeps_bytes: bytes in ``$'…'`` that are no UTF-8, as \xe9, become those of Python's surrogateescape; without it the
            characters of Latin-1, as which a person has meant them.

    Raises:
        ValueError: a quote has no partner.
    """
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ValueError(
                f"no closing quotation for {text[at : at + 12]!r}: put a value with blanks or apostrophes between "
                "double quotes."
            )
        at = piece.end()
        if piece.lastgroup == "joint":  # a line that goes on in the next one
            continue
        if piece.lastgroup != "blank":
            word = (word or "") + _read(piece, keeps_bytes)
        elif word is not None:
            words.append(word)
            word = None
    return words if word is None else [*words, word]


def _read(piece: re.Match[str], keeps_bytes: bool) -> str:
    kind, text = str(piece.lastgroup), piece[str(piece.lastgroup)]
    if kind == "double":
        return _IN_DOUBLE.sub(lambda match: match[1].strip("\n"), text)
    if kind == "ansi":
        return _decoded(_IN_ANSI.sub(_ansi, text), keeps_bytes)
    return text


def _decoded(text: str, keeps_bytes: bool) -> str:
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return text if keeps_bytes else text.translate(_LATIN_1)


def _ansi(match: re.Match[str]) -> str:
    short, long, byte, octal, letter = match.groups()
    if letter is not None:
        return _LETTERS.get(letter, letter)
    if byte is None and octal is None:
        return chr(int(short or long, 16))
    code = int(octal, 8) & 0xFF if byte is None else int(byte, 16)
    return chr(code if code < 0x80 else _BYTE + code)


def statement(text: str) -> tuple[str, bool]:
    """Return ``text`` without its comment and its last semicolon, and whether it had the semicolon.

    A comment begins with a # after a blank. Neither is looked for between quotes.
    """
    at, end, last = 0, 0, "blank"
    while at < len(text) and (piece := _PIECE.match(text, at)):
        kind = str(piece.lastgroup)
        if kind == "plain" and last == "blank" and text[at] == "#":
            break
        at, last = piece.end(), kind
        if kind != "blank":
            end, is_quiet = at, kind == "plain" and text[at - 1] == ";"
    else:
        if at < len(text):  # a quote without partner, which split() refuses
            return text, False
    if not end:
        return "", False
    return (text[: end - 1].rstrip(), True) if is_quiet else (text[:end], False)


def leading_options(text: str, valued: Container[str]) -> tuple[list[str], int]:
    """Return the flags with which ``text`` begins, and the place after the last one and its value.

    Args:
        text: as typed; what stands before the place is for split(), what follows it is not.
        valued: the flags that are followed by a value, where it is not joined with an equals sign.
    """
    flags: list[str] = []
    at = 0
    while flag := _FLAG.match(text, at):
        flags.append(flag[1])
        at = _end_of_word(text, flag.end())
        if at == flag.end() and flag[1] in valued and (blank := _BLANK.match(text, at)):
            at = _end_of_word(text, blank.end())
    return flags, at


def _end_of_word(text: str, at: int) -> int:
    """Return the end of the word at a place; with a quote without partner, which split() refuses, the next blank."""
    while (piece := _PIECE.match(text, at)) and piece.lastgroup != "blank":
        at = piece.end()
    rest = _NOT_BLANK.match(text, at)
    return rest.end() if rest else at


def join_values(words: Iterable[str], valued: Container[str], flags: Container[str]) -> list[str]:
    """Return words with a value that begins with a dash joined to its flag, as argparse would take it for a flag itself.

    Args:
        words: as split() returns them.
        valued: the flags that are followed by a value.
        flags: all flags; behind one without its value another one stays what it is.
    """
    joined: list[str] = []
    for word in words:
        is_value = word.startswith("-") and word != "--" and word not in flags
        if is_value and joined and joined[-1] in valued:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def text_after_dashes(text: str) -> str | None:
    """Return what follows a -- at the front, which ends the options; None without it."""
    dashes = _DASHES.match(text)
    return None if dashes is None else text[dashes.end() :]


def late_option(text: str) -> str | None:
    """Return the first flag that stands after a blank, or None."""
    late = _LATE.search(text)
    return None if late is None else late[1]
