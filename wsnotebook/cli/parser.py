"""Parser: argparse with help that teaches, and a sentence with the right line for each slip."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import NoReturn

from wsnotebook.cli.console import write_error
from wsnotebook.cli.othertools import OTHER_TOOLS
from wsnotebook.cli.outcome import EXIT_CODES, ExitCode
from wsnotebook.workbench.suggestions import nearest_flag, nearest_word

__all__ = ["Parser"]

_WIDTH = 80  # characters of a help line, the width of argparse in a pipe
_NUMBER = re.compile(r"-\d+|-\d*\.\d+")  # argparse takes it for a value, though it begins with a dash
_HELP = {"-h", "--help"}


class Parser(argparse.ArgumentParser):
    """A parser whose help keeps the line breaks of examples, and whose error is one sentence on stderr.

    Args:
        verb: the word after the program's name; empty for the program itself.
        description: one or two sentences about the verb.
        examples: pairs ``(arguments after the verb, explanation)``.
        more: further text at the end of the help.
    """

    def __init__(self, verb: str, description: str, examples: list[tuple[str, str]], more: str = "") -> None:
        lines = "".join(f"  # {why}\n  %(prog)s {line}\n" for line, why in examples)
        super().__init__(
            prog=f"wsnotebook {verb}".strip(),
            description=textwrap.fill(description, _WIDTH),
            epilog="\n".join(part for part in (f"examples:\n{lines}", more, EXIT_CODES) if part),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,  # an abbreviation in a script could become ambiguous when an option is added
        )
        self.verb = verb
        self.reasons: dict[str, str] = {}
        """Flags that the verb does not have, and what to write instead."""

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the verb; options may stand before, between and after the others.

        Raises:
            SystemExit: after ``--help``, or a sentence for what is wrong.
        """
        if not _HELP & set(words):
            self._refuse_unknown_options(words)
        arguments, extra = self.parse_known_intermixed_args(words)
        if extra:
            count = "is one word too many" if len(extra) == 1 else "are words too many"
            self.error(f"{' '.join(extra)} {count}: the line is {self._line()}")
        return arguments

    def error(self, message: str) -> NoReturn:
        """Write one sentence to stderr and exit with code 2.

        Args:
            message: a sentence, or what argparse says.

        Raises:
            SystemExit: always.
        """
        for pattern, sentence in _SENTENCES:
            if found := pattern.match(message):
                message = sentence(self, found)
        write_error(f"{message.rstrip('.')}; '{self.prog} --help' has examples", self.verb)
        raise SystemExit(ExitCode.WRONG_USAGE)

    def _refuse_unknown_options(self, words: Sequence[str]) -> None:
        # Before argparse looks: it would first complain of a word that is missing because of the slip.
        before = ""
        for word in words:
            if word == "--":
                return
            if word.startswith("-") and word != "-" and " " not in word and not _NUMBER.fullmatch(word):
                flag = word.partition("=")[0]
                known = self._option_string_actions
                if flag not in known and (flag.startswith("--") or flag[:2] not in known):
                    self.error(f"there is no option {flag}{self._hint(word, flag, before)}")
            before = word

    def _hint(self, word: str, flag: str, before: str) -> str:
        action = self._option_string_actions.get(before)
        if action is not None and action.nargs != 0:
            return f": as a value of {before} write {before}={word}"
        if reason := self.reasons.get(flag) or OTHER_TOOLS.get(flag):
            return f": {reason}"
        options = [(each.dest, each.option_strings) for each in self._actions]
        options += [(name, [name]) for name in self.reasons]
        if near := nearest_flag(flag, options):
            return f": {self.reasons[near]}" if near in self.reasons else f": did you mean {near}?"
        if any(each.nargs == "*" for each in self._words()):
            return ": put -- before a message that begins with a dash"
        return ""

    def _words(self) -> list[argparse.Action]:
        return [action for action in self._actions if not action.option_strings]

    def _line(self) -> str:
        """Return the verb and its words without a flag, as they are typed."""
        names = [
            f"[{each.metavar} ...]" if each.nargs == "*" else str(each.metavar) for each in self._words()
        ]
        return " ".join([self.prog, *names])

    def _named(self, name: str) -> argparse.Action | None:
        """Return the option that argparse calls ``name`` in a message: its flags, with slashes between them."""
        return next((each for each in self._actions if "/".join(each.option_strings) == name), None)

    def _missing(self, found: re.Match[str]) -> str:
        *first, last = found[1].split(", ")
        names = f"{', '.join(first)} and {last} are" if first else f"{last} is"
        return f"{names} missing: the line is {self._line()}"

    def _no_value(self, found: re.Match[str]) -> str:
        action = self._named(found[1])
        if action is None:
            return found.string
        flag = action.option_strings[-1]
        return f"{flag} needs a value: write {flag} {action.metavar or '|'.join(action.choices or ())}"

    def _wrong_choice(self, found: re.Match[str]) -> str:
        action = self._named(found[1])
        if action is None or action.choices is None:
            return found.string
        choices = list(map(str, action.choices))
        near = nearest_word(found[2], choices)
        remedy = f"did you mean {near}?" if near else f"write {' or '.join(choices)}"
        return f"{found[2]!r} is no value of {action.option_strings[-1]}: {remedy}"

    def _takes_none(self, found: re.Match[str]) -> str:
        return f"{found[1].rpartition('/')[2]} takes no value: leave {found[2]} away"


_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[Parser, re.Match[str]], str]], ...] = (
    (re.compile("the following arguments are required: (.+)"), Parser._missing),
    (re.compile(r"argument (\S+): expected one argument"), Parser._no_value),
    (re.compile(r"argument (\S+): invalid choice: '(.*)' \(choose from "), Parser._wrong_choice),
    (re.compile(r"argument (\S+): ignored explicit argument (.+)"), Parser._takes_none),
)
"""Messages of argparse, and what makes a sentence with a remedy of each; another message stands as it is."""
