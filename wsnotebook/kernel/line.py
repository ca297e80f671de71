"""parse(): splits a line of %ws into the verb, its options and its text; and the help that %ws shows.

The verbs are declared in workbench/. A mistake raises IPython's UsageError itself, which is shown on one line.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from IPython.core.error import UsageError

from wsnotebook.workbench.verb import Verb

__all__ = ["Command", "parse"]

_FLAG = re.compile(r"\s*(-{1,2}[A-Za-z][\w-]*)(=\S*)?(?=\s|$)")
_WORD = re.compile(r"\s*(\S+)")
_END_OF_OPTIONS = re.compile(r"\s*--(?:\s|$)")
_HELP = {"-h", "--help"}
_WIDTH = 100  # columns of the help: a notebook has no terminal width


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed line."""

    verb: Verb | None
    """None where the line asks for the list of verbs."""
    arguments: argparse.Namespace
    help: str = ""
    """Text to show instead of running the verb."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, verb: Verb) -> None:
        super().__init__(
            prog=f"%ws {verb.name}",
            description=verb.summary,
            epilog=_epilog(verb),
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=_WIDTH),
            add_help=False,
            allow_abbrev=False,
        )
        self.color = False  # Python 3.14 would put escape sequences into the help
        for argument, form in verb.on("cell"):
            argument.add_to(self, form)
        text = " [--] text…" if verb.takes_text else ""
        usage = self.format_usage().removeprefix("usage: ").rstrip() + text
        self.usage = usage.replace("%", "%%")  # argparse formats it again

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}. Try {self.prog} --help.")


def _epilog(verb: Verb) -> str:
    return "\n".join(filter(None, (verb.more, f"Example: %ws {verb.example}")))


def parse(line: str, cell: str | None, verbs: Mapping[str, Verb], expand: Callable[[str], str]) -> Command:
    """Parse the line after ``%ws``, or after ``%%ws`` with the body of its ``cell``.

    Args:
        line: the text after the magic's name, as typed.
        cell: body of the cell; None for the line magic.
        verbs: by name and alias.
        expand: replaces ``{expression}`` and ``$name`` as IPython does.

    Raises:
        UsageError: the sentence says what to write instead.
    """
    word, rest = [*line.split(None, 1), "", ""][:2]
    if word == "help" and rest.strip() in verbs:
        word, rest, cell = rest.strip(), "--help", None
    if word in {"", "help"} | _HELP:
        return Command(None, argparse.Namespace(), help=_overview(verbs))
    verb = verbs.get(word)
    if verb is None:
        raise UsageError(_unknown_verb(word, verbs))
    if cell is not None and not verb.takes_text:
        raise UsageError(f"%%ws {word} takes no cell body: write %ws {word} on a line of its own.")
    if verb.takes_text:
        words, text = _split_text(verb, rest, expand)
    else:
        words, text = _split(expand(rest)), None
    parser = _Parser(verb)
    if _HELP & set(words):
        return Command(verb, argparse.Namespace(), help=parser.format_help())
    arguments = parser.parse_args(words)
    if verb.takes_text:
        if text is None and cell is None and any(vars(arguments)[name] for name in verb.text_instead):
            text = ""
        arguments.text = _only_text(verb, text, cell)
    return Command(verb, arguments)


def _split(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise UsageError(
            f"{str(error).lower()}: put a value with blanks or apostrophes between double quotes."
        ) from error


def _split_text(verb: Verb, rest: str, expand: Callable[[str], str]) -> tuple[list[str], str | None]:
    """Split the options off the front; the rest is text, to which no shell rule applies."""
    valued = verb.valued
    words: list[str] = []
    while match := _FLAG.match(rest):
        flag, value = match.groups()
        if flag not in verb.options and flag not in _HELP:
            raise UsageError(
                f"%ws {verb.name} has no option {flag}: it has {', '.join(verb.options)}. "
                f"Put -- before a text that begins with a dash."
            )
        words.append(expand(match[0].strip()))
        rest = rest[match.end() :]
        if flag in valued and value is None and (word := _WORD.match(rest)):
            words.append(expand(word[1]))
            rest = rest[word.end() :]
    if end := _END_OF_OPTIONS.match(rest):
        return words, _expand_text(rest[end.end() :], expand)
    return words, _expand_text(rest.strip(), expand) or None


def _expand_text(text: str, expand: Callable[[str], str]) -> str:
    # IPython would turn {"a":1} into a: it reads the expression "a" with the format 1.
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return expand(text)
    return text


def _only_text(verb: Verb, text: str | None, cell: str | None) -> str:
    if cell is None and text is None:
        raise UsageError(
            f"nothing to {verb.name}: write %ws {verb.name} TEXT, or %%ws {verb.name} with the text in the lines below; "
            f"%ws {verb.name} -- is the empty text."
        )
    if cell is not None and text:
        raise UsageError(
            f"there is text on the line of %%ws {verb.name} and in the lines below: keep one of them."
        )
    return cell.removesuffix("\n") if cell is not None else text or ""


def _unknown_verb(word: str, verbs: Mapping[str, Verb]) -> str:
    near = difflib.get_close_matches(word, verbs, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    names = ", ".join(dict.fromkeys(verb.name for verb in verbs.values()))
    return f"%ws has no verb {word!r}: {hint}The verbs are {names}; %ws alone explains them."


def _overview(verbs: Mapping[str, Verb]) -> str:
    known = list(dict.fromkeys(verbs.values()))
    width = max(len(verb.name) for verb in known)
    listed = "\n".join(f"  {verb.name:<{width}}  {verb.summary}" for verb in known)
    return f"""\
%ws VERB [options]: use a WebSocket from a cell.

{listed}

  %ws connect ws://127.0.0.1:8765 --name feed
  %ws send {{"op": "subscribe"}}
  message = %ws recv --timeout 5

Verbs act on the session opened or chosen last, or to --name NAME. %ws help VERB, or %ws VERB?, has the options.
{{expression}} and $name are replaced as in every magic; text that is JSON as it stands is left alone, and in
other JSON braces are doubled: {{{{"price": {{price}}}}}}. %%ws send takes the lines below it exactly as they are."""
