"""Completion after %ws: the verbs, then what the declaration of a verb offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from IPython.core import completer as completion

from wsnotebook.workbench import Workbench
from wsnotebook.workbench.verbs import VERBS

__all__ = ["register", "unregister"]

_LINE = re.compile(r"^\s*(?:[^=%]*=\s*)?%%?ws\s+(.*)$")
_IDENTIFIER = "wsnotebook.ws"
"""Identifies our matcher when the extension is unloaded."""


class _Offer(NamedTuple):
    """What Tab offers on a line of %ws."""

    word: str
    """The word before the cursor."""
    words: list[str]
    """What may stand in its place."""


def register(completer: completion.IPCompleter, bench: Workbench) -> None:
    """Let the completer of a shell know %ws."""
    if hasattr(completion, "context_matcher"):
        completer.custom_matchers.append(_matcher(bench))
    else:
        completer.magic_arg_matchers.insert(0, _argument_matcher(completer, bench))


def unregister(completer: completion.IPCompleter) -> None:
    """Remove it."""
    for matchers in (completer.custom_matchers, getattr(completer, "magic_arg_matchers", [])):
        matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", None) != _IDENTIFIER]


def _matcher(bench: Workbench) -> Callable[[completion.CompletionContext], completion.SimpleMatcherResult]:
    """Return a matcher of IPython's API v2.

    On a line of %ws it suppresses all other matchers; on any other line it offers nothing.
    """

    @completion.context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator]  # IPython's is a partial
    def matcher(context: completion.CompletionContext) -> completion.SimpleMatcherResult:
        offer = _offer(bench, context.text_until_cursor)
        if offer is None:
            return {"completions": []}
        completions = [completion.SimpleCompletion(text, type="magic") for text in offer.words]
        return {"completions": completions, "matched_fragment": offer.word, "suppress": True, "ordered": True}

    return matcher  # type: ignore[no-any-return]  # as above


def _argument_matcher(completer: completion.IPCompleter, bench: Workbench) -> Callable[[str], list[str]]:
    """Return a matcher for IPython before 8.6, which asks those of a magic's arguments first.

    Where it offers nothing, IPython goes on to files and names of Python.
    """

    def matcher(line: str) -> list[str]:
        offer = _offer(bench, completer.text_until_cursor)
        if offer is None:
            return []
        # Of the word only the part behind the last of :, = and other delimiters is replaced.
        kept = len(offer.word) - len(completer.splitter.split_line(completer.text_until_cursor))
        return [text[kept:] for text in offer.words]

    matcher.matcher_identifier = _IDENTIFIER  # type: ignore[attr-defined]  # as IPython's decorator sets it
    return matcher


def _offer(bench: Workbench, line: str) -> _Offer | None:
    """Return what may stand at the end of a line, or None where the line is not of %ws."""
    typed = _LINE.match(line)
    if typed is None:
        return None
    *before, word = typed[1].split(" ")
    found = _candidates(bench, [*filter(None, before)], word)
    return _Offer(word, [text for text in found if text.startswith(word)])


def _candidates(bench: Workbench, before: list[str], word: str) -> list[str]:
    if not before:
        return [*VERBS, "help"]
    if before == ["help"]:
        return list(VERBS)
    verb = VERBS.get(before[0])
    return [] if verb is None else verb.complete(bench.sessions, before[1:], word)
