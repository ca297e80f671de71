"""How a benchmark is launched: the options that all of them have, and a title that says how figures were made."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from table import print_table

__all__ = ["Groups", "launch", "options_of"]

Groups: TypeAlias = Callable[[Namespace], Iterable[Sequence[Sequence[str]]]]
"""Gives the rows of a table, group by group as they are measured, for the options of the command line."""


def options_of(description: str | None, *, quick: str, rounds: int | None = 3) -> ArgumentParser:
    """Return a parser that knows ``--quick`` and, unless None, ``--rounds``; a benchmark adds its own options."""
    parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=quick)
    if rounds is not None:
        many = f"medians of so many rounds (default {rounds})"
        parser.add_argument("--rounds", type=int, default=rounds, help=many)
    return parser


def launch(
    parser: ArgumentParser,
    arguments: Sequence[str] | None,
    subject: str,
    columns: Sequence[str],
    groups: Groups,
    goals: str = "",
) -> None:
    """Parse the command line, measure, print medians of the rounds under a title, and the goals where there are some."""
    options = parser.parse_args(arguments)
    title = f"{subject}: medians of {options.rounds} rounds, each run in a fresh process"
    print_table(f"{title}\n{goals}" if goals else title, columns, groups(options))
