"""How a line of %ws is read: the verb, its options, its text; and how the magic teaches itself.

What the verbs do is in verbs.py. A mistake is IPython's UsageError itself, which is shown on one line.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from IPython.core.error import UsageError

__all__ = ["Argument", "Command", "Verb", "argument", "parse", "switch"]

Argument: TypeAlias = tuple[tuple[str, ...], dict[str, Any]]
"""Flags or a positional's name, and the keywords of argparse's add_argument."""

_FLAG = re.compile(r"\s*(-{1,2}[A-Za-z][\w-]*)(=\S*)?(?=\s|$)")
_WORD = re.compile(r"\s*(\S+)")
_END_OF_OPTIONS = re.compile(r"\s*--(?:\s|$)")
_HELP = {"-h", "--help"}
_WIDTH = 100  # columns of the help: a notebook has no terminal to ask


def argument(*flags: str, **keywords: Any) -> Argument:
    """Describe one argument of a verb, in the words of argparse's add_argument."""
    return flags, keywords


def switch(*flags: str, value: Any, dest: str | None = None, default: Any = None, help: str) -> Argument:
    """Describe an option that stands for ``value`` and takes none itself."""
    keywords = {"action": "store_const", "const": value, "default": default, "help": help}
    return flags, keywords if dest is None else {**keywords, "dest": dest}


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """One word that may follow %ws."""

    name: str
    run: Callable[..., Any]
    """Called with the workbench and the parsed arguments; plain, or a coroutine function where it waits."""
    summary: str
    """One line for the list of verbs."""
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    takes_text: bool = False
    """The rest of the line, or the body of the cell, is taken as it stands."""
    more: str = ""
    """What --help says after the arguments."""

    @property
    def options(self) -> list[str]:
        """The flags that may follow the verb."""
        return [flag for flags, _ in self.arguments for flag in flags if flag.startswith("-")] + ["--help"]

    def parser(self) -> argparse.ArgumentParser:
        """Return the parser of what follows the verb."""
        rest = " [--] text…" if self.takes_text else ""
        parser = _Parser(self)
        for flags, keywords in self.arguments:
            parser.add_argument(*flags, **keywords)
        usage = parser.format_usage().removeprefix("usage: ").rstrip() + rest
        parser.usage = usage.replace("%", "%%")  # argparse formats it again
        return parser


@dataclass(frozen=True, slots=True)
class Command:
    """A line that was understood."""

    verb: Verb | None
    """None: the magic was asked to teach."""
    arguments: argparse.Namespace
    help: str = ""
    """What to show instead of running the verb."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, verb: Verb) -> None:
        super().__init__(
            prog=f"%ws {verb.name}",
            description=verb.summary,
            epilog=verb.more or None,
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=_WIDTH),
            add_help=False,
            allow_abbrev=False,
        )
        self.color = False  # Python 3.14 would put escape sequences into the help

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}. Try {self.prog} --help.")


def parse(line: str, cell: str | None, verbs: Mapping[str, Verb], expand: Callable[[str], str]) -> Command:
    """Read what stands after ``%ws``, or after ``%%ws`` with the body of its ``cell``.

    Args:
        line: as it was typed.
        cell: None for the line magic.
        verbs: by name and alias.
        expand: replaces ``{expression}`` and ``$name`` as IPython does.

    Raises:
        UsageError: the sentence says what to write instead.
    """
    word, rest = [*line.split(None, 1), "", ""][:2]
    if word in {"", "help"} | _HELP:
        return Command(None, argparse.Namespace(), help=_teach(verbs))
    verb = verbs.get(word)
    if verb is None:
        raise UsageError(_unknown_verb(word, verbs))
    if cell is not None and not verb.takes_text:
        raise UsageError(f"%%ws {word} takes no cell body: write %ws {word} on a line of its own.")
    if verb.takes_text:
        words, text = _split_text(verb, rest, expand)
    else:
        words, text = _split(expand(rest)), None
    parser = verb.parser()
    if _HELP & set(words):
        return Command(verb, argparse.Namespace(), help=parser.format_help())
    arguments = parser.parse_args(words)
    if verb.takes_text:
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
    """Take the options off the front; what follows is text, which no shell rule may touch."""
    valued = {flag for flags, keywords in verb.arguments for flag in flags if "const" not in keywords}
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
    # IPython would make 'a' of {"a":1}: to it that is the expression "a" with the format 1.
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


def _teach(verbs: Mapping[str, Verb]) -> str:
    known = list(dict.fromkeys(verbs.values()))
    width = max(len(verb.name) for verb in known)
    listed = "\n".join(f"  {verb.name:<{width}}  {verb.summary}" for verb in known)
    return f"""\
%ws VERB [options]: talk to a WebSocket from a cell.

{listed}

  %ws connect ws://127.0.0.1:8765 --name feed
  %ws send {{"op": "subscribe"}}
  message = %ws recv --timeout 5

Verbs speak to the session opened or chosen last, or to --name NAME. %ws VERB --help has the options.
{{expression}} and $name are replaced as in every magic; text that is JSON as it stands is left alone, and in
other JSON braces are doubled: {{{{"price": {{price}}}}}}. %%ws send takes the lines below it exactly as they are."""
