"""parse(): splits a line of %ws into the verb, its options and its text; and the help that %ws shows.

The verbs are declared in workbench/. A mistake raises IPython's UsageError itself, which is shown on one line.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from IPython.core.error import UsageError

from wsnotebook.kernel.template import MARK, RULE, Template
from wsnotebook.workbench.suggestions import nearest_option, nearest_verb
from wsnotebook.workbench.verb import Verb
from wsnotebook.workbench.words import (
    join_values,
    late_option,
    leading_options,
    split,
    statement,
    text_after_dashes,
)

__all__ = ["Command", "parse"]

Namespace: TypeAlias = Mapping[str, Any]

_FLAG_OF_WORD = re.compile(r"(-{1,2}[A-Za-z][\w-]*)(?:=.*)?", re.DOTALL)
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
    variables: Namespace = field(default_factory=dict)
    """Those that its fields were replaced by."""


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
        raise UsageError(f"{message}. Try {self.prog} --help.")


def _epilog(verb: Verb) -> str:
    rule = RULE if verb.takes_text and verb.is_template else ""
    return "\n".join(filter(None, (verb.more, rule, f"Example: %ws {verb.example}")))


def parse(line: str, cell: str | None, verbs: Mapping[str, Verb], namespace: Namespace) -> Command:
    """Parse the line after ``%ws``, or after ``%%ws`` with the body of its ``cell``.

    Args:
        line: the text after the magic's name, as typed.
        cell: body of the cell; None for the line magic.
        verbs: by name and alias.
        namespace: the variables that ``{fields}`` are replaced by.

    Raises:
        UsageError: the sentence names the verb and says what to write instead.
    """
    word, rest = [*line.split(None, 1), "", ""][:2]
    word = word.removesuffix(";")
    if word == "help" and rest.strip():
        word, rest, cell = rest.strip(), "--help", None
    if word in {"", "help"} | _HELP or word.startswith("#"):
        if cell is not None and cell.strip():
            raise UsageError("there are lines below %%ws and no verb: write %%ws send to send them.")
        return Command(None, argparse.Namespace(), help=_overview(verbs))
    verb = verbs.get(word)
    if verb is None:
        raise UsageError(_unknown_verb(word, verbs))
    try:
        return _parse_verb(verb, rest, cell, namespace)
    except (UsageError, ValueError) as error:
        raise UsageError(f"%ws {verb.name}: {error}") from error.__cause__


def _parse_verb(verb: Verb, rest: str, cell: str | None, namespace: Namespace) -> Command:
    if cell is not None and not verb.takes_text and not verb.pasted:
        raise UsageError(f"it takes no cell body: write %ws {verb.name} on a line of its own.")
    text = None
    pasted = _pasted_words(verb, rest, cell, namespace)
    if verb.takes_text:
        words, text = _split_text(verb, rest, namespace)
    elif pasted is not None:
        words = pasted
    else:
        words = _words(statement(rest)[0], namespace)
    words = join_values(words, verb.valued, {*verb.options, *_HELP})
    parser = _Parser(verb)
    if _HELP & set(words):
        return Command(verb, argparse.Namespace(), help=parser.format_help())
    _refuse_unknown_options(verb, words)
    arguments = parser.parse_args(words)
    if verb.takes_text:
        if text is None and cell is None and verb.has_text_instead(arguments):
            text = ""
        arguments.text = _only_text(verb, text, _body(verb, cell, namespace))
    return Command(verb, arguments, variables=namespace)


def _pasted_words(verb: Verb, rest: str, cell: str | None, namespace: Namespace) -> list[str] | None:
    """Return the words of a command that was pasted after the options or below them, or None without one."""
    if not verb.pasted:
        return None
    options, after = _leading_options(verb, rest)
    tool, command = [*(cell or after).split(None, 1), "", ""][:2]
    if cell is not None and (after.strip() or tool not in verb.pasted):
        raise UsageError(
            f"only options may stand on the line of %%ws {verb.name}, and below it a command copied from a browser: "
            f"{next(iter(verb.pasted))} …"
        )
    if tool not in verb.pasted:
        return None
    # Words first: the escapes of a shell hide what is JSON.
    words = verb.pasted[tool](command if cell is not None else statement(command)[0])
    return _words(options, namespace) + [Template(word).fill(namespace) for word in words]


def _words(text: str, namespace: Namespace) -> list[str]:
    """Return the words of ``text``; the value of a field is never split."""
    marked, values = Template(text).mark(namespace)
    remaining = iter(values)
    return [re.sub(MARK, lambda _: next(remaining), word) for word in split(marked)]


def _split_text(verb: Verb, rest: str, namespace: Namespace) -> tuple[list[str], str | None]:
    """Split the options off the front; the rest is text, to which no shell rule applies."""
    options, rest = _leading_options(verb, rest)
    words = _words(options, namespace)
    if (after := text_after_dashes(rest)) is not None:
        return words, _fill(verb, after, namespace)
    text = rest.strip()
    if late := late_option(Template(text).typed if verb.is_template else text):
        raise UsageError(
            f"the option {late} stands after the text: write it first, as %ws {verb.name} {late} … TEXT, "
            f"or -- before the text if it is a part of it."
        )
    return words, _fill(verb, text, namespace) or None


def _leading_options(verb: Verb, rest: str) -> tuple[str, str]:
    """Return the options at the front with their values, and the text after them, both as typed."""
    flags, end = leading_options(rest, verb.valued)
    _refuse_unknown_options(verb, flags)
    return rest[:end], rest[end:]


def _fill(verb: Verb, text: str, namespace: Namespace) -> str:
    return Template(text).fill(namespace) if verb.is_template else text


def _body(verb: Verb, cell: str | None, namespace: Namespace) -> str | None:
    return None if not cell else _fill(verb, cell.removesuffix("\n"), namespace)


def _only_text(verb: Verb, text: str | None, body: str | None) -> str:
    if body is None and text is None:
        raise UsageError(
            f"nothing to {verb.name}: write %ws {verb.start} TEXT, or %%ws {verb.start} with the text in the lines below; "
            f"%ws {verb.start} -- is the empty text."
        )
    if body is not None and text:
        raise UsageError(
            f"there is text on the line of %%ws {verb.name} and in the lines below: keep one of them."
        )
    return body if body is not None else text or ""


def _refuse_unknown_options(verb: Verb, words: list[str]) -> None:
    known = {*verb.options, *_HELP}
    before = words[: words.index("--")] if "--" in words else words
    for word in before:
        flag = _FLAG_OF_WORD.fullmatch(word)
        if flag and flag[1] not in known:
            near = nearest_option(flag[1], verb)
            hint = f"did you mean {near}? " if near else ""
            dash = " Put -- before a text that begins with a dash." if verb.takes_text else ""
            raise UsageError(
                f"there is no option {flag[1]}: {hint}The options are {', '.join(verb.options)}.{dash}"
            )


def _unknown_verb(word: str, verbs: Mapping[str, Verb]) -> str:
    near = nearest_verb(word, verbs)
    hint = f"did you mean {near}? " if near else ""
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

Verbs act on the session opened or chosen last, or on the one called NAME with --name NAME.
%ws help VERB, or %ws VERB?, has the options.
{RULE}
In a line without text a comment may follow, and a semicolon at its end shows no result."""
