"""Arguments of verbs: flags in a cell and in the terminal, conversion, help and completion of each.

argparse parses on both surfaces. Values from a click or from Python code are converted by the same functions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Argument", "Form", "Surface", "no_words", "option", "switch"]

Surface: TypeAlias = Literal["cell", "terminal"]
"""Where a verb is typed: in a %ws line, or after ``wsnotebook``."""


def no_words(sessions: Iterable[str], word: str) -> Iterable[str]:
    """Return no completion: the value is free."""
    return ()


@dataclass(frozen=True, slots=True)
class Form:
    """How an argument is written on one surface."""

    flags: tuple[str, ...] = ()
    """Its flags; without any it is positional."""
    metavar: str | None = None
    """Name of the value in the help."""
    refusal: str = ""
    """Sentence for a value that cannot be converted, with ``{!r}`` for the value; empty for that of ``read``."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a verb."""

    name: str
    """Attribute of the parsed arguments; for an option of connect its keyword."""
    help: str | None = None
    """One line of --help; None for none."""
    cell: Form | None = None
    """Its form in %ws; None where %ws does not have it."""
    terminal: Form | None = None
    """Its form in the terminal; None where the terminal does not have it."""
    read: Callable[[str], Any] = str
    """Converts a text to the value; raises ValueError with a sentence."""
    default: Any = None
    """Value where it is not given; ``argparse.SUPPRESS`` leaves the name out of the parsed arguments."""
    is_switch: bool = False
    """The flag has no value of its own and sets ``value``."""
    value: Any = None
    """Value of a switch."""
    count: Literal["one", "optional", "words", "repeated"] = "one"
    """One value; one or none; words, joined by blanks; or a list, with the flag before each."""
    choices: tuple[str, ...] | None = None
    """The allowed values; None for any."""
    complete: Callable[[Iterable[str], str], Iterable[str]] = no_words
    """Returns the words that Tab offers for its value, from the names of the sessions and the word at the cursor."""

    def form(self, surface: Surface) -> Form | None:
        """Return its form on a surface; None where the surface does not have it."""
        return self.cell if surface == "cell" else self.terminal

    def add_to(self, parser: argparse._ActionsContainer, form: Form) -> None:
        """Add it to a parser, or to a group of one, in this form."""
        keywords: dict[str, Any] = {"help": self.help, "default": self.default}
        if self.is_switch:
            keywords |= {"action": _Switch, "const": self.value}
        else:
            keywords |= {"type": self._reader(form), "metavar": form.metavar, "choices": self.choices}
            keywords |= _COUNTS[self.count]
        if form.flags:
            parser.add_argument(*form.flags, dest=self.name, **keywords)
        else:
            parser.add_argument(self.name, **keywords)

    def _reader(self, form: Form) -> Callable[[str], Any]:
        def read(text: str) -> Any:
            try:
                return self.read(text)
            except ValueError as error:
                raise argparse.ArgumentTypeError(
                    form.refusal.format(text) if form.refusal else str(error)
                ) from error

        return read


class _Switch(argparse.Action):
    """Sets a value; refuses a second switch that would set another one."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords, nargs=0)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given = getattr(namespace, self.dest, self.default)
        if given not in (self.default, self.const):
            others = [each for each in parser._actions if each.dest == self.dest and each.const == given]
            other = others[0].option_strings[-1] if others else given
            raise argparse.ArgumentError(self, f"it excludes {other}: keep one of them")
        setattr(namespace, self.dest, self.const)


class _Joined(argparse.Action):
    """Joins words by blanks, so that a message needs no quotes."""

    def __call__(
        self, parser: object, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        setattr(namespace, self.dest, " ".join(values))


_COUNTS: dict[str, dict[str, Any]] = {
    "one": {},
    "optional": {"nargs": "?"},
    "words": {"nargs": "*", "action": _Joined},
    "repeated": {"action": "append"},
}
"""Keywords of argparse's add_argument for each ``Argument.count``."""


def option(name: str, *flags: str, metavar: str | None = None, **fields: Any) -> Argument:
    """Return an argument of %ws; without flags it is positional. The fields are those of Argument."""
    return Argument(name, cell=Form(flags, metavar), **fields)


def switch(name: str, flag: str, *, value: Any, **fields: Any) -> Argument:
    """Return an option of %ws without a value of its own, which sets ``value``."""
    return Argument(name, cell=Form((flag,)), is_switch=True, value=value, **fields)
