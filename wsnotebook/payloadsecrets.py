"""PayloadRules: the secrets in the text of a message, found by rules, and marks in their places.

In JSON by field and path, in any text by patterns: tokens, credentials, headers and queries. The fields that are
secrets are in the table of redaction.py; a mark is that of ``redacted``, so equal secrets stay equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias

from wsnotebook.jsonvalues import (
    JsonPath,
    JsonPattern,
    JsonValue,
    fits,
    json_text,
    json_values,
    parse_path,
    replace_spans,
    written_path,
)
from wsnotebook.redaction import MARK, Rule, check_rule, is_secret_field, key_of, redacted, secret_names

__all__ = ["PayloadRule", "PayloadRules", "PayloadSecret"]

PayloadRule: TypeAlias = str | re.Pattern[str] | Rule
"""A path in JSON (``"$.user.email"``), a regular expression (its groups are the secrets, or all of it), or a Rule."""

_KNOWN = 10_000  # names that are remembered; a peer can send new ones without end
_NESTED = 4  # JSON in a string of JSON, and so on: more is not sent by anybody


class PayloadSecret(NamedTuple):
    """One secret that was found."""

    where: str
    """Path in JSON; empty in another text."""
    rule: str
    """What found it: ``field``, a path, or a pattern."""
    mark: str
    """What stands in its place."""


class _Named(NamedTuple):
    """A pattern that is always looked for."""

    name: str
    pattern: re.Pattern[str]
    """The group ``value`` is the secret; the group ``name``, if it has one, is a field."""


# Each begins where no match of its first part can go on before, so that a hostile text is read once, not from every place.
_ALWAYS = (
    _Named(
        "JWT", re.compile(r"(?P<value>(?<![\w-])eyJ[\w-]{6,}\.[\w-]{4,}\.[\w-]*)")
    ),  # eyJ is the base64 of '{"' (RFC 7519 §3.1)
    _Named("credentials", re.compile(r"(?i)\b(?:bearer|basic)\s+(?P<value>[\w.~+/-]{8,}=*)")),
    _Named("query", re.compile(r"""[?&;](?P<name>[\w-]{1,40})=(?P<value>[^\s&;"'<>#\\]+)""")),
    _Named(
        "user of a URL",
        re.compile(r"""(?<![a-z0-9+])[a-z][a-z0-9+]{0,30}://[^\s/@:"']+:(?P<value>[^\s/@"']+)@"""),
    ),
)
_IN_TEXT = (
    _Named("header", re.compile(r"(?m)^(?P<name>[\w-]{1,40}):[ \t]*(?P<value>[^\r\n\0]+)")),
    _Named("form", re.compile(r"""(?:^|(?<=[\s]))(?P<name>[\w-]{1,40})=(?P<value>[^\s&;"']+)""")),
)
"""What is looked for in a text that is not JSON."""
_FIELD = re.compile(
    r""""(?P<name>[\w-]{1,40})(?P<quote>\\{0,15}")\s*:\s*(?:(?P=quote)|(?P<number>-?\d[\d.eE+-]*))"""
)
"""The beginning of a field in a text that is not JSON: in a string of JSON its quotes are behind backslashes."""


class PayloadRules:
    """Rules for the texts of messages: those of redaction.py, and more.

    Args:
        rules: further ones; a Rule with a field that is shown takes it out.

    Raises:
        ValueError: a str is no path, or a rule is for something that has no names.
        TypeError: a rule is none of these.
    """

    def __init__(self, rules: Iterable[PayloadRule] = ()) -> None:
        self._paths: list[tuple[str, JsonPattern]] = []
        self._patterns: list[re.Pattern[str]] = []
        self._fields: dict[tuple[str, str], bool] = {}
        self._known: dict[str, bool] = {}  # whether a field is a secret, by its name as it was written
        for rule in rules:
            if isinstance(rule, str):
                self._paths.append((rule, parse_path(rule)))
            elif isinstance(rule, Rule):
                check_rule(rule)
                self._fields[key_of(rule)] = rule.is_shown
            elif isinstance(rule, re.Pattern) and isinstance(rule.pattern, str):
                self._patterns.append(rule)
            else:
                raise TypeError(
                    f"a rule is a path ('$.user.email'), re.compile(…) of a str, or a Rule, not {rule!r}"
                )

        # The last key of each path: a text without it, and without an escape, has nothing there.
        steps = [[step for step in path if isinstance(step, str)] for _, path in self._paths]
        self._keys = [(["", *keys])[-1].encode("utf-8", "surrogatepass") for keys in steps]
        hidden = (name for (_, name), is_shown in self._fields.items() if not is_shown)
        self._signs = _shortest(name.encode() for name in (*secret_names(), *hidden, *_SIGNS))

    def redact(self, text: str) -> tuple[str, list[PayloadSecret]]:
        """Return a text with marks in the places of its secrets, and what was found; every other character stays."""
        found: list[PayloadSecret] = []
        return self._redact(text, "", 0, found), found

    def may_have(self, data: bytes) -> bool:
        """Return False where no rule finds anything in texts that stand in ``data`` as UTF-8, one or many of them.

        Most texts have no secret, and this costs a tenth of reading them; of many at once, a hundredth.
        """
        return self._may_have_by_name(data) or any(key in data for key in self._keys)

    def _may_have_by_name(self, data: bytes) -> bool:
        """Return False where the rules for any text find nothing: only those of paths may."""
        if self._patterns or b"\\" in data or (b"@" in data and b"://" in data):
            return True
        if any(letter in data for letter in _OTHER_LETTERS):
            return True
        plain = data.lower().translate(None, _NOT_PLAIN)
        for sign in self._signs:
            if sign in plain:
                return True
        return False

    def _redact(self, text: str, where: str, depth: int, found: list[PayloadSecret]) -> str:
        data = text.encode("utf-8", "surrogatepass")
        by_name = self._may_have_by_name(data)
        if not by_name and not self.may_have(data):
            return text
        try:
            values = (
                json_values(text, partial(self._enters, text, by_name))
                if text[:1].strip() in _JSON_STARTS
                else []
            )
        except ValueError:
            values = []
        if not values:
            return self._redact_text(
                self._redact_fields(text, where, found), where, found, (*_ALWAYS, *_IN_TEXT)
            )
        changes: list[tuple[int, int, str]] = []
        done = 0  # values before are within one that was replaced
        for each in values:
            if each.start < done:
                continue
            if each.key is not None and self._patterns:
                key = str(each.path[-1])
                new = self._redact_text(key, where, found, ())
                if new != key:
                    changes.append((*each.key, json_text(new)))
            rule = self._rule_of(each.path, by_name)
            if rule is None and not by_name:
                continue
            written = self._redact_value(text, each, rule, where, depth, found)
            if written is not None:
                changes.append((each.start, each.end, written))
                done = each.end
        return replace_spans(text, changes)

    def _enters(self, text: str, by_name: bool, path: JsonPath, start: int, end: int) -> bool:
        """Return whether a secret may be in an object or array: by a path into it, or by any other rule."""
        size = len(path)
        for _, pattern in self._paths:
            if len(pattern) > size and fits(path, pattern[:size]):
                return True
        return by_name and self._may_have_by_name(text[start:end].encode("utf-8", "surrogatepass"))

    def _redact_value(
        self,
        text: str,
        value: JsonValue,
        rule: str | None,
        where: str,
        depth: int,
        found: list[PayloadSecret],
    ) -> str | None:
        """Return the JSON to write in the place of a value; None where it stays."""
        is_text, is_container = isinstance(value.value, str), value.value is None and value.is_container(text)
        if rule is not None and not (is_container or _can_be_secret(value.value)):
            rule = None
        if rule is None and (is_container or not (self._patterns or (is_text and _HINT.search(value.value)))):
            return None
        before = value.value if is_text else text[value.start : value.end]
        place = (where or "$") + written_path(value.path)[1:]
        if rule is not None:
            return json_text(_mark(before, place, rule, found))
        if is_text and before[:1] in ("{", "[") and depth < _NESTED:
            after = self._redact(before, place, depth + 1, found)
        else:
            after = self._redact_text(before, place, found, _ALWAYS)
        return None if after == before else json_text(after)

    def _rule_of(self, path: JsonPath, by_name: bool) -> str | None:
        """Return the rule by which all that is at a path is a secret."""
        name = path[-1] if path else None
        if by_name and isinstance(name, str) and self._is_secret(name):
            return "field"
        for text, pattern in self._paths:
            if len(pattern) == len(path) and fits(path, pattern):
                return text
        return None

    def _is_secret(self, name: str) -> bool:
        known = self._known.get(name)
        if known is None:
            is_shown = self._fields.get(key_of(Rule("field", name)))
            known = is_secret_field(name) if is_shown is None else not is_shown
            if len(self._known) < _KNOWN:
                self._known[name] = known
        return known

    def _redact_fields(self, text: str, where: str, found: list[PayloadSecret]) -> str:
        """Return a text that is not JSON with marks in the place of fields, also of one that was cut off in the value."""
        changes: list[tuple[int, int, str]] = []
        done = 0
        for match in _FIELD.finditer(text):
            if match.start() < done or not self._is_secret(match["name"]):
                continue
            start, end = match.span("number")
            if start < 0:
                start = match.end()
                inside = re.compile(rf'(?:(?!{re.escape(match["quote"])})\\.|[^"\\])*', re.DOTALL).match(
                    text, start
                )
                end = inside.end() if inside else start
            if start < end and not MARK.search(text, start, end):
                changes.append((start, end, _mark(text[start:end], where, "field", found)))
                done = end
        return replace_spans(text, changes)

    def _redact_text(self, text: str, where: str, found: list[PayloadSecret], named: Iterable[_Named]) -> str:
        for name, pattern in named:

            def cover(match: re.Match[str], name: str = name) -> str:
                groups = match.groupdict()
                if "name" in groups and not self._is_secret(groups["name"]):
                    return match[0]
                return _covered(match, ["value"], lambda secret: _mark(secret, where, name, found))

            text = pattern.sub(cover, text)
        for pattern in self._patterns:
            names = range(1, pattern.groups + 1) if pattern.groups else [0]

            def cover_own(
                match: re.Match[str], names: Iterable[int] = names, name: str = pattern.pattern
            ) -> str:
                return _covered(match, names, lambda secret: _mark(secret, where, name, found))

            text = pattern.sub(cover_own, text)
        return text


_SIGNS = ("eyj", "bearer", "basic")
"""What a text has that has a token or credentials, in its letters and digits."""
_NOT_PLAIN = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_OTHER_LETTERS = ("\u0130".encode(), "\u212a".encode())
"""The characters beyond ASCII whose small letters are in ASCII: names are compared in small letters."""
_HINT = re.compile(r"eyJ|[?&;]|://|(?i:bearer|basic)\s|^[{\[]")
"""What a string in JSON has where a pattern of _ALWAYS finds something in it, or where it is JSON itself."""
_MARK_LENGTH = len(redacted(""))
_JSON_STARTS = frozenset(("", *'{["-0123456789tfn'))


def _shortest(names: Iterable[bytes]) -> list[bytes]:
    """Return the names in which no other one is: a text that has one of all has one of these."""
    kept: list[bytes] = []
    for name in sorted(set(names), key=len):
        if not any(other in name for other in kept):
            kept.append(name)
    return kept


def _can_be_secret(value: object) -> bool:
    """Return whether a scalar can hold a secret; true, false, null, an empty text and a mark are none."""
    return not isinstance(value, bool) and value not in (None, "") and not _is_mark(value)


def _is_mark(value: object) -> bool:
    return isinstance(value, str) and MARK.fullmatch(value) is not None


def _mark(secret: str, where: str, rule: str, found: list[PayloadSecret]) -> str:
    mark = redacted(secret)
    found.append(PayloadSecret(where, rule, mark))
    return mark


def _covered(match: re.Match[str], groups: Iterable[int | str], mark: Callable[[str], str]) -> str:
    """Return what a pattern matched, with marks in the place of its groups; a mark that is there already stays."""
    low, high = max(match.start() - _MARK_LENGTH, 0), match.end() + _MARK_LENGTH
    marks = [found.span() for found in MARK.finditer(match.string, low, high)]
    changes = []
    done = match.start()
    for start, end in sorted(match.span(group) for group in groups):
        is_free = all(end <= low or high <= start for low, high in marks)
        if start >= done and end > start and is_free:
            changes.append((start - match.start(), end - match.start(), mark(match.string[start:end])))
            done = end
    return replace_spans(match[0], changes)
