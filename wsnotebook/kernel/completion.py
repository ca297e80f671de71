"""Completion after %ws: verbs, their options, and the names of the sessions."""

from __future__ import annotations

import re
from collections.abc import Callable

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from wsnotebook.kernel.vocabulary import VERBS
from wsnotebook.workbench import Workbench

__all__ = ["IDENTIFIER", "ws_matcher"]

IDENTIFIER = "wsnotebook.ws"
"""By which the matcher is found again when the extension is unloaded."""

_LINE = re.compile(r"^\s*(?:[^=%]*=\s*)?%%?ws\s+(.*)$")
_NAMED = {"-n", "--name"}


def ws_matcher(bench: Workbench) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return a matcher of IPython's API v2, to be put into ``shell.Completer.custom_matchers``.

    Where it knows what may stand at the cursor it is the only one that is asked; elsewhere it says nothing.
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
        return list(VERBS)
    verb = VERBS.get(before[0])
    if verb is None:
        return []
    if before[-1] in _NAMED or verb.name == "use":
        return list(bench.sessions)
    if verb.name == "mask" and not word.startswith("-"):
        return ["on", "off"]
    return verb.options if word.startswith("-") else []
