"""Command-line arguments that several verbs share: the parser, number types, and the options of a connection.

Options of one verb are in the module of the verb; parameters of lab behaviours (``--set``) in parameters.py.
"""

from __future__ import annotations

import argparse
import contextlib
import textwrap
from collections.abc import Callable
from typing import NoReturn, TypeVar

from wsnotebook.cli.console import write_error
from wsnotebook.cli.outcome import EXIT_CODES, ExitCode
from wsnotebook.workbench.verbs import VERBS

__all__ = ["LEFT_OUT", "Parser", "add_connection_options", "count", "seconds", "speed"]

N = TypeVar("N", int, float)

_WIDTH = 80  # characters of a help line, the width of argparse in a pipe


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

    def error(self, message: str) -> NoReturn:
        """Write one sentence to stderr and exit with code 2.

        Raises:
            SystemExit: always.
        """
        write_error(f"{message.rstrip('.')}; '{self.prog} --help' has examples", self.verb)
        raise SystemExit(ExitCode.WRONG_USAGE)


def seconds(text: str) -> float:
    """Parse a number of seconds, at least 0; an argparse type."""
    return _number(float, text, 0, "a number of seconds from 0 on")


def count(text: str) -> int:
    """Parse a whole number, at least 1; an argparse type."""
    return _number(int, text, 1, "a whole number from 1 on")


def speed(text: str) -> float | None:
    """Parse a factor over 0, or ``max``, which is None; an argparse type."""
    return None if text == "max" else _number(float, text, 1e-9, "a factor over 0, nor max")


def _number(kind: Callable[[str], N], text: str, least: float, what: str) -> N:
    with contextlib.suppress(ValueError):
        value = kind(text)
        if value >= least:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not {what}")


LEFT_OUT: dict[str, dict[str, str]] = {
    "record": {"record": "FILE, the word after URL, is what it writes"},
}
"""Options of connect that a verb does not have, and what to write instead."""


def add_connection_options(parser: Parser) -> None:
    """Add the address and the options of the verb connect, as the workbench declares them, but those of LEFT_OUT."""
    group = parser.add_argument_group("connection")
    for argument, form in VERBS["connect"].on("terminal"):
        if argument.name not in LEFT_OUT.get(parser.verb, ()):
            argument.add_to(group if form.flags else parser, form)
