"""The words of the filter language: WORDS says for each how its value is read and which condition it makes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from wsnotebook.filtering.conditions import BeginsMessage, Between, Condition, HasType, OneOf, SessionIs
from wsnotebook.filtering.times import read_times
from wsnotebook.log.code import DIRECTIONS
from wsnotebook.wire.batch import STATUSES
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["WORDS", "Word", "is_word", "nearest", "unknown_word"]


@dataclass(frozen=True)
class Word:
    """A word before ``:``, ``>`` or ``=``."""

    read: Callable[[str, str], Condition]
    """Returns the condition of an operator, ``:`` or a comparison, and a value; a ValueError's sentence names the values."""
    operators: tuple[str, ...]
    """Those that it takes; ``=`` is ``:`` in all."""
    also: tuple[str, ...]
    """Other words that people type for it."""
    help: str
    """One line for the help text."""


_COMPARISONS = (":", ">", ">=", "<", "<=")
_UNITS = {"": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "kib": 1024, "mib": 1024**2}
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d[\d_]*)([a-z]*)", re.IGNORECASE)
_LIKE_THOUSANDS = re.compile(r"(?<!\d)\d{1,3},\d{3}(?!\d)")

_GROUPS = {
    "cont": (Opcode.CONTINUATION,),
    "control": tuple(range(8, 16)),
    "data": tuple(range(8)),
}


def _one_of(word: str, column: str, values: Mapping[str, Iterable[int]], names: Mapping[int, str]) -> Word:
    """Return a word whose values are names, several of them with commas between."""

    def read(operator: str, text: str) -> Condition:
        given = text.lower().split(",")
        for name in given:
            if name not in values:
                raise ValueError(
                    f"{word}: takes {', '.join(values)}; not {name!r}{did_you_mean(name, values)}."
                )
        wanted = {value for name in given for value in values[name]}
        return OneOf(column, tuple(names[value] for value in names if value in wanted), frozenset(wanted))

    help_line = f"{', '.join(name for name in values if not name.startswith('0x'))}"
    return Word(read, (":",), _ALSO.get(word, ()), help_line)


def _between(word: str, column: str, meaning: str) -> Word:
    """Return a word whose values are whole numbers, several of them with commas between."""

    def read(operator: str, text: str) -> Condition:
        if operator == ":" and ".." in text:
            low, _, high = text.partition("..")
            first, last = (_number(word, end) if end else None for end in (low, high))
            if first is not None and last is not None and first > last:
                raise ValueError(f"{word}:{text} is empty: write the smaller number first.")
            return Between(column, first, last)
        if operator == ":" and _is_list(word, text):
            numbers = tuple(dict.fromkeys(_number(word, each) for each in text.split(",")))
            return OneOf(column, numbers, frozenset(numbers))
        number = _number(word, text)
        low_and_high = {
            ":": (number, number), ">": (number + 1, None), ">=": (number, None), "<": (None, number - 1), "<=": (None, number),
        }  # fmt: skip
        return Between(column, *low_and_high[operator])

    return Word(read, _COMPARISONS, _ALSO.get(word, ()), meaning)


def _is_list(word: str, text: str) -> bool:
    """Tell whether commas are between numbers; between thousands they are where the part after one begins with 0."""
    if "," not in text or (_NUMBER.fullmatch(text) and ",0" in text):
        return False
    if _LIKE_THOUSANDS.search(text):
        several = " ".join(f"{word}:{each}" for each in text.split(","))
        raise ValueError(
            f"{word}:{text} may be one number or several: write {word}:{text.replace(',', '')} or {several}."
        )
    return True


def _number(word: str, text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None or found[2].lower() not in _UNITS:
        raise ValueError(
            f"{word} takes a whole number, such as {word}:5000, {word}>100, {word}>64k or {word}:5000..6000; not {text!r}."
        )
    return int(re.sub("[,_]", "", found[1])) * _UNITS[found[2].lower()]


def _read_types(operator: str, text: str) -> Condition:
    names = tuple(name for name in text.split(",") if name)
    if not names:
        raise ValueError("type takes the type of a message, such as type:order or type:PUBLISH,PUBACK.")
    return HasType(names)


def _read_per(operator: str, text: str) -> Condition:
    if text.lower() != "message":
        raise ValueError(f"per: takes message; not {text!r}: without it rows are frames.")
    return BeginsMessage()


_ALSO = {
    "dir": ("direction", "way"),
    "op": ("opcode",),
    "type": ("kind", "event", "method"),
    "status": ("state",),
    "size": ("length", "len", "bytes"),
    "seq": ("number", "no", "id", "frame", "n"),
    "time": ("at", "clock", "when"),
    "session": ("name", "connection"),
}

WORDS: dict[str, Word] = {
    "dir": _one_of(
        "dir", "direction", {name: (sent,) for sent, name in enumerate(DIRECTIONS)}, dict(enumerate(DIRECTIONS))
    ),
    "op": _one_of(
        "op",
        "opcode",
        {**{OPCODE_NAMES[opcode]: (opcode,) for opcode in (*Opcode, *range(16))}, **_GROUPS},
        dict(enumerate(OPCODE_NAMES)),
    ),
    "status": _one_of("status", "status", {name: (value,) for value, name in STATUSES.items()}, STATUSES),
    "size": _between("size", "length", "payload bytes: size>100, size:0,1, size:1k..64k"),
    "seq": _between("seq", "seq", "number of the frame: seq:5000, seq:3,5, seq:5000..6000, seq>=5000"),
    "time": Word(
        read_times, _COMPARISONS, _ALSO["time"],
        "UTC: time:10:00 is that minute, time:10:00..10:05, time>2026-01-31T10:00",
    ),
    "type": Word(
        _read_types, (":",), _ALSO["type"],
        "type of the message that ends here: for the decoder of its connection, or in its JSON",
    ),
    "per": Word(
        _read_per, (":",), (),
        "message: a row a message, its first frame; text, JSON, type and size are of all its frames",
    ),
    "session": Word(lambda operator, text: SessionIs(text), (":",), _ALSO["session"], "name of a session"),
}  # fmt: skip
"""The words. An own one is found by its name; also by case."""


def is_word(text: str) -> bool:
    """Tell whether a text is a word of the language, or what people type for one."""
    word = text.lower()
    return word in WORDS or any(word in each.also for each in WORDS.values())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` probably means, or None."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ": did you mean …?" for a sentence, without its last sign; empty where nothing is near."""
    near = nearest(word, known)
    return f" (did you mean {near}?)" if near else ""


def unknown_word(word: str, term: str) -> ValueError:
    """Return the error of a word that there is not."""
    meant = next((name for name, each in WORDS.items() if word.lower() in each.also), None) or nearest(
        word, WORDS
    )
    hint = f", did you mean {meant}?" if meant else f": the words are {', '.join(WORDS)}."
    return ValueError(
        f'there is no word {word!r}{hint} To search for it as text, put quotes around: "{term}"'
    )
