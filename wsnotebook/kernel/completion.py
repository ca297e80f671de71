"""Completion after %ws: the verbs, then what the declaration of a verb offers."""

from __future__ import annotations

import re
from collections.abc import Callable

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from wsnotebook.workbench import Workbench
from wsnotebook.workbench.verbs import VERBS

__all__ = ["IDENTIFIER", "ws_matcher"]

IDENTIFIER = "wsnotebook.ws"
"""Identifies the matcher when the extension is unloaded."""

_LINE = re.compile(r"^\s*(?:[^=%]*=\s*)?%%?ws\s+(.*)$")


def ws_matcher(bench: Workbench) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return a matcher of IPython's API v2, to be put into ``shell.Completer.custom_matchers``.

    On a line of %ws it suppresses all other matchers; on any other line it offers nothing.
    """

    @context_matcher(identifier=IDENTIFIER)  # type: ignore[untyped-decorator]  # IPython's is a partial
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        line = _LINE.match(context.text_until_cursor)
        if line is None:
            return {"completions": []}
        *before, word = line[1].split(" ")
        found = [text for text in _candidates(bench, [*filter(None, before)], word) if text.startswith(word)]
        completions = [SimpleCompletion(text, type="magic") for text in found]
        return {"completions": completions, "matched_fragment": word, "suppress": True, "ordered": True}

    return matcher  # type: ignore[no-any-return]  # as above


def _candidates(bench: Workbench, before: list[str], word: str) -> list[str]:
    if not before:
        return [*VERBS, "help"]
    if before == ["help"]:
        return list(VERBS)
    verb = VERBS.get(before[0])
    return [] if verb is None else verb.complete(bench.sessions, before[1:], word)
