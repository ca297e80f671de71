"""parse_filter(): the filter that a person typed. Terms stand side by side, and all of them must be true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from wsnotebook.filtering.conditions import Condition
from wsnotebook.filtering.filter import Clause, Filter, PayloadClause, PayloadCondition
from wsnotebook.filtering.hasjson import JSON_OPERATORS, HasJson
from wsnotebook.filtering.payloads import HasMatch, HasText
from wsnotebook.filtering.words import WORDS, is_word, unknown_word
from wsnotebook.jsonvalues import parse_path

__all__ = ["LANGUAGE", "parse_filter", "payload_test", "sessions_of", "with_sessions"]

LANGUAGE = "\n".join(
    [
        "hello world        text in the payload; ASCII letters match in either case",
        '"dir:in"           the same, for text that would be something else',
        "/pri[cs]e/i        regular expression; flags i, m, s",
        "$.trade.price>100  value in JSON: = != > >= < <= ~ (contains); $.a[0], $.a[*], $.a (is there)",
        *(f"{word + ':':<18} {each.help}" for word, each in WORDS.items()),
        "-op:ping           not; before any term",
        "All terms must be true; the same word twice, or op:ping,pong, is either.",
    ]
)
"""The filter language, for a help text."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_SINGLE_QUOTED = r"'[^']*'(?=\s|$)"  # is refused
_TEST = r"[=!<>]=|[=<>~:]"
_OPERATOR = r"[<>=!]=|[:<>=]"
_VALUE = rf"{_STRING}(?=\s|$)|{_SINGLE_QUOTED}|\S*"
_TERM = re.compile(
    rf"""(?P<minus>-(?=\S))?(?:
      (?P<quoted>{_STRING})(?=\s|$)
    | /(?P<regex>(?:[^/\\]|\\.)+)/(?P<flags>[a-z]*)(?=\s|$)
    | (?P<path>\$(?=[.\[])(?:\.\*|\.[^\s.\[\]=!<>~:]+|\[\*\]|\[\d+\]|\[{_STRING}\])*)
      (?:(?P<test>{_TEST})(?P<wanted>{_VALUE}))?(?=\s|$)
    | (?P<word>[A-Za-z_]+)(?P<operator>{_OPERATOR})(?!//)(?P<value>{_VALUE})
    | (?P<bare>(?<=-){_SINGLE_QUOTED}|\S+)
    )""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[\w.#-]+")
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def parse_filter(text: str) -> Filter:
    """Return the filter that a person typed; LANGUAGE shows its terms.

    Raises:
        ValueError: a term is wrong; the sentence names it, and what was probably meant.
    """
    parts = _Parts()
    before = None
    for found in _TERM.finditer(text):
        if before is not None and found["bare"] is not None:
            _refuse_spaces(before, found)
        parts.add(found)
        before = found
    return parts.filter()


def payload_test(term: str) -> Callable[[bytes], bool]:
    """Return a function that tells of a payload whether it meets one term: a text, a regular expression or a JSON path.

    Example: ``df[df["payload"].map(payload_test("$.price>100"))]``.

    Raises:
        ValueError: it is not one such term.
    """
    parsed = parse_filter(term)
    if parsed.columns or len(parsed.payloads) != 1:
        raise ValueError(f"{term!r} is not one term about a payload, such as $.price>100, /regex/ or a text.")
    (clause,) = parsed.payloads
    return lambda payload: clause.condition.is_met(payload) is not clause.is_negated


def sessions_of(text: str) -> tuple[str, ...]:
    """Return the names of a filter's ``session:`` terms; those after a minus are none."""
    return tuple(_unquoted(found["value"]) for found in _session_terms(text))


def with_sessions(text: str, names: Iterable[str]) -> str:
    """Return a filter with ``session:`` terms for these names, in the place of those that it had; all else stays."""
    terms = [f"session:{name if _PLAIN.fullmatch(name) else _quoted(name)}" for name in names]
    old = list(_session_terms(text))
    cuts = [(found.start(), found.end()) for found in old] or [(len(text), len(text))]
    parts, begin = [], 0
    for start, end in cuts:
        parts += [text[begin:start].strip(), *terms]
        begin, terms = end, []
    return " ".join(part for part in (*parts, text[begin:].strip()) if part)


def _session_terms(text: str) -> Iterator[re.Match[str]]:
    for found in _TERM.finditer(text):
        if (found["word"] or "").lower() == "session" and found["operator"] != "!=" and not found["minus"]:
            yield found


class _Parts:
    """The clauses so far."""

    def __init__(self) -> None:
        self._words: dict[
            str, list[Condition]
        ] = {}  # by word, of the terms with a colon: they are alternatives
        self._columns: list[Clause] = []
        self._payloads: list[PayloadClause] = []
        self._phrase: tuple[int, int, str] | None = None  # begin, end and text of bare words side by side

    def add(self, found: re.Match[str]) -> None:
        """Add one term."""
        is_negated = found["minus"] is not None
        if found["bare"] is not None and not is_negated:
            self._add_bare(found)
            return
        self._end_phrase()
        if found["word"] is not None:
            self._add_word(found, is_negated)
        else:
            self._payloads.append(PayloadClause(_payload_condition(found), is_negated))

    def filter(self) -> Filter:
        """Return the filter of all terms."""
        self._end_phrase()
        alternatives = [Clause(tuple(conditions)) for conditions in self._words.values()]
        return Filter((*alternatives, *self._columns), tuple(self._payloads))

    def _add_bare(self, found: re.Match[str]) -> None:
        _refuse_half_typed(found["bare"])
        begin, end = found.span()
        if self._phrase is not None:
            begin = self._phrase[0]
        self._phrase = begin, end, found.string[begin:end]

    def _end_phrase(self) -> None:
        if self._phrase is not None:
            phrase, self._phrase = self._phrase[2], None
            self._payloads.append(PayloadClause(_phrase(phrase)))

    def _add_word(self, found: re.Match[str], is_negated: bool) -> None:
        name, operator, value = found["word"].lower(), found["operator"], found["value"]
        word = WORDS.get(name)
        if word is None:
            raise unknown_word(found["word"], found[0].strip('"'))
        if operator == "!=":
            operator, is_negated = ":", not is_negated
        operator = ":" if operator in ("=", "==") else operator
        if operator not in word.operators:
            raise ValueError(f"{name} takes no {operator}: write {name}:{value}.")
        _refuse_single_quotes(f"{name}{operator}", value)
        condition = word.read(operator, _unquoted(value))
        if operator == ":" and not is_negated:
            self._words.setdefault(name, []).append(condition)
        else:
            self._columns.append(Clause((condition,), is_negated))


def _payload_condition(found: re.Match[str]) -> PayloadCondition:
    if found["quoted"] is not None:
        return _text(_unquoted(found["quoted"]))
    if found["regex"] is not None:
        return HasMatch(_regular_expression(found["regex"], found["flags"]))
    if found["path"] is not None:
        return _json(found)
    _refuse_half_typed(found["bare"])
    return _phrase(found["bare"])


def _phrase(text: str) -> HasText:
    quoted = re.match(_SINGLE_QUOTED, text)
    if quoted or text.endswith("'"):
        _refuse_single_quotes("", quoted[0] if quoted else text)
    return _text(text)


def _text(text: str) -> HasText:
    # A browser's text may contain half a surrogate pair, which no text payload does.
    return HasText(text.encode("utf-8", "surrogatepass").lower())


def _refuse_half_typed(term: str) -> None:
    if term.startswith('"') and '"' not in term[1:]:
        raise ValueError(
            f'the quote before {term[1:] or "the end"!r} is not closed: put another " at its end.'
        )
    if term.startswith("/"):
        raise ValueError(
            f'a regular expression ends with /: {term}/. To search for it as text, put quotes around: "{term}"'
        )
    if term.startswith(("$.", "$[")):
        raise ValueError(f'{term} is no path: write $.key, $.key[0].inner, or $.key>100. As text: "{term}"')


def _refuse_single_quotes(before: str, value: str) -> None:
    """Refuse a value in single quotes, as Python and SQL have texts: searched for with its quotes, it is found nowhere."""
    if len(value) > 1 and value.startswith("'"):
        text = value.strip("'")
        raise ValueError(
            f"quotes are double ones here: {before}{_quoted(text)}. "
            f"For a text that has single quotes: {before}{_quoted(value)}"
        )


def _refuse_spaces(before: re.Match[str], found: re.Match[str]) -> None:
    """Refuse an operator after a space: it would be searched for as text, beside the path or with the word before it."""
    is_path = before["path"] is not None and before["test"] is None
    if found["minus"] or not (is_path or is_word(before["bare"] or "")):
        return
    text, begin = found.string, found.start()
    spaced = re.compile(rf"({_TEST if is_path else _OPERATOR})\s*({_VALUE})").match(text, begin)
    if spaced is not None:
        as_text = text[begin if is_path else before.start() : spaced.end()].removeprefix("-")
        raise ValueError(
            f"a comparison has no spaces: write {before[0]}{spaced[1]}{spaced[2] or '…'}. "
            f"To search for it as text, put quotes around: {_quoted(as_text)}"
        )


def _regular_expression(source: str, letters: str) -> re.Pattern[str]:
    unknown = "".join(letter for letter in letters if letter not in _FLAGS)
    if unknown:
        raise ValueError(
            f'a regular expression takes the flags i, m and s, not {unknown!r}. As text: "/{source}/{letters}"'
        )
    flags = re.NOFLAG
    for letter in letters:
        flags |= _FLAGS[letter]
    try:
        return re.compile(source, flags)
    except re.error as error:
        raise ValueError(
            f"/{source}/ is no regular expression: {error}. Put a backslash before each character that is meant as it stands."
        ) from error


def _json(found: re.Match[str]) -> HasJson:
    test, wanted = found["test"] or "", found["wanted"]
    if test and not wanted:
        raise ValueError(
            f"{found['path']}{test} lacks a value: {found['path']}{test}100, or {found['path']} alone."
        )
    if test and wanted[0] in "<>=!~":
        raise ValueError(
            f"{test}{wanted[0]} is no comparison: they are {' '.join(JSON_OPERATORS)}. "
            f"For a text that begins so put quotes around: {found['path']}{test}{_quoted(wanted)}"
        )
    _refuse_single_quotes(f"{found['path']}{test}", wanted or "")
    source = found[0].removeprefix("-") if found["minus"] else found[0]
    is_quoted = wanted is not None and wanted.startswith('"')
    try:
        path = parse_path(found["path"])
    except ValueError as error:
        raise ValueError(f'{error}. As text: "{source}"') from error
    return HasJson(source, path, test, _value(wanted), is_quoted)


def _value(text: str | None) -> Any:
    """Return the JSON value, or the text as it is where it is none."""
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return text


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value
