"""What is suggested for a word that there is not."""

from __future__ import annotations

import pytest

from wsnotebook.workbench.suggestions import OPTION_WORDS, VERB_WORDS, nearest_option, nearest_verb
from wsnotebook.workbench.verbs import VERBS


def test_every_suggestion_exists() -> None:
    """Each word of another tool leads to a verb, or to an option that some verb has."""
    options = {flag for verb in VERBS.values() for flag in verb.options}
    assert set(VERB_WORDS.values()) <= VERBS.keys()
    assert set(OPTION_WORDS.values()) <= options


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("sessions", "list"),
        ("Disconnect", "close"),
        ("conect", "connect"),
        ("recieve", "receive"),
        ("xyzzy", None),
    ],
)
def test_a_verb_is_suggested(word: str, verb: str | None) -> None:
    """The word of another tool first, then the similar one."""
    assert nearest_verb(word, VERBS) == verb


@pytest.mark.parametrize(
    ("verb", "flag", "option"),
    [
        ("connect", "--user", "--auth"),
        ("connect", "--protocol", "--subprotocol"),
        ("connect", "--headers", "--header"),
        ("connect", "--open-timeout", "--timeout"),
        ("ping", "--wait", "--timeout"),
        ("ping", "--user", None),
    ],
)
def test_an_option_is_suggested_if_the_verb_has_it(verb: str, flag: str, option: str | None) -> None:
    """By another tool's word, by the keyword in Python, or by similarity."""
    assert nearest_option(flag, VERBS[verb]) == option
