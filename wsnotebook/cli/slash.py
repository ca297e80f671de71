"""Slash: the verbs of %ws behind a slash, for the prompt of the terminal: /ping, /close 1000 done.

The verbs are declared in workbench/; here is how a line of the prompt becomes one. Options stand first, -- ends them, and
the rest is text as it was typed: nothing is replaced in it.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from wsnotebook.errors import WsNotebookError
from wsnotebook.safetext import safe_text
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.suggestions import nearest_option, nearest_verb
from wsnotebook.workbench.verb import Verb
from wsnotebook.workbench.verbs import VERBS
from wsnotebook.workbench.words import join_values, late_option, leading_options, split, text_after_dashes

__all__ = ["Slash", "Wrong", "sentence_of"]

_SHORT = {"hex": "send --hex", "json": "send --json", "quit": "close", "exit": "close"}
"""Words of other clients, and what they stand for."""
_OF_NOTEBOOK = {"panel", "session", "df", "decode", "plot", "script"}
"""Verbs whose result only a notebook shows, or only Python uses."""
TYPED = {name: verb for name, verb in VERBS.items() if name not in _OF_NOTEBOOK}
"""The verbs of the prompt."""

_HELP = {"-h", "--help"}
_WIDTH = 79  # columns of a help: a line of 80 would be followed by an empty one on some terminals


class Wrong(Exception):
    """A line is no verb, or its verb failed; the message is the sentence to show."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, verb: Verb) -> None:
        super().__init__(
            prog=f"/{verb.name}",
            description=verb.summary,
            formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_WIDTH),
            add_help=False,
            allow_abbrev=False,
        )
        self.color = False  # Python 3.14 would put escape sequences into the help
        for argument, form in verb.on("cell"):
            argument.add_to(self, form)
        if verb.takes_text:
            usage = self.format_usage().removeprefix("usage: ").rstrip()
            self.usage = f"{usage} [--] text".replace("%", "%%")  # argparse formats it again

    def error(self, message: str) -> NoReturn:
        raise Wrong(f"{self.prog}: {message}. Try {self.prog} --help.")


class Slash:
    """Runs and completes lines that begin with a slash.

    Args:
        bench: the sessions that the verbs act on.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def run(self, line: str) -> str:
        """Run a line, without its slash, and return what to show; empty for nothing.

        Raises:
            Wrong: the line is no verb, or the verb failed.
        """
        word, _, rest = line.partition(" ")
        word, _, option = _SHORT.get(word, word).partition(" ")
        if word == "help":
            return _help(rest.strip().removeprefix("/"))
        verb = _verb(word)
        words, text = _split(verb, f"{option} {rest}")
        if _HELP & set(words):
            return _help(word)
        arguments = _Parser(verb).parse_args(words)
        if verb.takes_text:
            arguments.text = _only_text(verb, arguments, text)
        try:
            result = verb.run(self._bench, arguments, mark="/")
            return _shown(await result if inspect.iscoroutine(result) else result)
        except (WsNotebookError, ValueError, OSError, ImportError) as error:  # TimeoutError is an OSError
            raise Wrong(sentence_of(error)) from error

    def complete(self, text: str) -> Iterator[str]:
        """Yield the words that may replace the last one of ``text``, which begins with a slash."""
        first, *before = text.split(" ")
        if not before:
            yield from (f"/{name}" for name in (*TYPED, *_SHORT, "help") if f"/{name}".startswith(first))
            return
        verb = TYPED.get(_SHORT.get(first[1:], first[1:]).partition(" ")[0])
        if verb is not None:
            *before, word = before
            found = verb.complete(self._bench.sessions, [*filter(None, before)], word)
            yield from (offer for offer in found if offer.startswith(word))


def sentence_of(error: Exception) -> str:
    """Return what an exception says, with the verbs that it names as they are typed here."""
    return str(error).replace("%ws ", "/") or type(error).__name__


def _verb(word: str) -> Verb:
    if word in _OF_NOTEBOOK:
        raise Wrong(f"/{word} is for a notebook: /save FILE or --record FILE keeps the frames for one.")
    if word not in TYPED:
        near = nearest_verb(word, [*TYPED, *_SHORT], mark="/")
        hint = f"did you mean {near}? " if near else ""
        raise Wrong(f"there is no verb /{word}: {hint}/help lists them, and //{word} sends the text /{word}.")
    return TYPED[word]


def _split(verb: Verb, rest: str) -> tuple[list[str], str | None]:
    """Split the words of a line, for a verb with a text only the options before it; return them and the text, None for none."""
    if not verb.takes_text:
        return _words(verb, rest), None
    flags, end = leading_options(rest, verb.valued)
    for flag in flags:
        if flag not in {*verb.options, *_HELP}:
            near = nearest_option(flag, verb)
            hint = f"did you mean {near}? " if near else ""
            raise Wrong(
                f"/{verb.name} has no option {flag}: {hint}Put -- before a text that begins with a dash."
            )
    words = _words(verb, rest[:end])
    if (after := text_after_dashes(rest[end:])) is not None:
        return words, after
    text = rest[end:].strip()
    late = late_option(text)
    if late and not _is_json(text):
        raise Wrong(
            f"the option {late} stands after the text: write it first, as /{verb.name} {late} … TEXT, or -- before "
            "the text if it is a part of it."
        )
    return words, text or None


def _words(verb: Verb, text: str) -> list[str]:
    try:
        return join_values(split(text), verb.valued, {*verb.options, *_HELP})
    except ValueError as error:
        raise Wrong(f"/{verb.name}: {error}") from error


def _only_text(verb: Verb, arguments: argparse.Namespace, text: str | None) -> str:
    """Return the text of a line; one without it sends what an option names, and nothing by mistake."""
    if text is None and not verb.has_text_instead(arguments):
        raise Wrong(
            f"/{verb.name}: nothing to {verb.name}: write /{verb.start} TEXT; /{verb.start} -- is the empty text."
        )
    return text or ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _help(word: str) -> str:
    if word:
        return _Parser(_verb(word)).format_help().rstrip()
    listed = [f"  /{verb.name:<10}{verb.summary}" for verb in dict.fromkeys(TYPED.values())]
    short = [f"  /{short:<10}/{meaning}" for short, meaning in _SHORT.items()]
    return "\n".join(
        [*listed, *short, "/help VERB has the options. //TEXT sends /TEXT, anything without a slash is sent."]
    )


def _shown(value: Any) -> str:
    # The verbs escape what a peer says, but the repr of a DataFrame does not.
    return "" if value is None else safe_text(repr(value), keep="\n")
