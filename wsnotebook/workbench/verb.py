"""Verb: the declaration of one verb, and Call: one use of it.

The declarations are in verbs.py; a line of %ws is parsed in kernel/line.py.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from wsnotebook.workbench.arguments import Argument, Form, Surface
from wsnotebook.workbench.pending import then

__all__ = ["Bench", "Call", "Verb"]


class Bench(Protocol):
    """A workbench, as far as a declaration knows it."""

    def get(self, name: str | None = None) -> Any:
        """Return the session called ``name``, or the current one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a verb."""

    arguments: argparse.Namespace
    """Values by the names of the verb's arguments, and ``text`` for a verb with a text."""
    session: Any = None
    """The session that it acts on; None for a verb of the bench."""
    door: Any = None
    """Object whose waiting methods are called: the session in its own loop, ``session.threadsafe`` in another thread."""
    bench: Any = None
    """The workbench; the session need not be in it."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Those of the notebook, by name."""
    mark: str = "%ws "
    """What a person types before a verb, where this one was typed: an answer that names another has it too."""


def _result(call: Call, result: Any) -> Any:
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """One verb: its names and arguments, its action, and its answers."""

    name: str
    summary: str
    """One line for the list of verbs."""
    action: Callable[[Call], Any]
    """Returns the result; for a verb that waits an awaitable of it, or a Future if the door is ``threadsafe``."""
    answer: Callable[[Call, Any], Any] = _result
    """Converts the result to the value that a cell shows; the default returns it unchanged."""
    note: Callable[[Call, Any], str] | None = None
    """Converts the result to the line that the panel shows; None keeps the verb out of the panel."""
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    waits: bool = False
    """The result is always awaited; that of another verb where its action returns a coroutine."""
    of_bench: bool = False
    """It acts on the bench, not on one session."""
    takes_text: bool = False
    """The rest of the line, or the body of the cell, is its argument ``text``, unchanged."""
    always: str = ""
    """The options that a line of it needs, for what is said of one without a text."""
    text_instead: tuple[str, ...] = ()
    """Names of arguments; where one is given, the text may be missing."""
    example: str = ""
    """A line of use, for the help and the table of verbs."""
    is_template: bool = True
    """The {fields} of its text are replaced by variables of the notebook."""
    pasted: Mapping[str, Callable[[str], list[str]]] = field(default_factory=dict)
    """Commands of other tools that may stand after its options or in the body of its cell: each is converted to words."""
    more: str = ""
    """Text of --help after the arguments."""
    time_limit: str = "timeout"
    """Name of the argument that limits its time, where it has one."""

    def on(self, surface: Surface) -> Iterator[tuple[Argument, Form]]:
        """Yield the arguments of a surface, each with its form there."""
        for argument in self.arguments:
            form = argument.form(surface)
            if form is not None:
                yield argument, form

    @property
    def start(self) -> str:
        """Its name and the options that a line of it needs."""
        return f"{self.name} {self.always}".rstrip()

    @property
    def options(self) -> list[str]:
        """The flags that may follow the verb in a cell."""
        return [flag for _, form in self.on("cell") for flag in form.flags] + ["--help"]

    @property
    def valued(self) -> dict[str, Argument]:
        """The flags of ``options`` that are followed by a value."""
        return {
            flag: argument
            for argument, form in self.on("cell")
            if not argument.is_switch
            for flag in form.flags
        }

    def has_text_instead(self, arguments: argparse.Namespace) -> bool:
        """Return whether an argument is given in whose presence the text may be missing."""
        return any(getattr(arguments, name) is not None for name in self.text_instead)

    def read(self, fields: Mapping[str, Any]) -> argparse.Namespace:
        """Return the arguments for values that a page or Python code gives by name.

        Texts are converted as in a line, other values are kept, and missing ones get their defaults.

        Raises:
            ValueError: a text cannot be converted.
            KeyError: the verb needs a text and none is given.
        """
        values = {"text": str(fields["text"])} if self.takes_text else {}
        for argument in self.arguments:
            value = fields.get(argument.name, argument.default)
            if isinstance(value, str) and argument.name in fields:
                value = argument.read(value)
            if value is not argparse.SUPPRESS:
                values[argument.name] = value
        return argparse.Namespace(**values)

    def run(
        self,
        bench: Bench,
        arguments: argparse.Namespace,
        variables: Mapping[str, Any] | None = None,
        mark: str = "%ws ",
    ) -> Any:
        """Return the value that a cell shows, or a coroutine that returns it for a verb that waits.

        Args:
            bench: the sessions.
            arguments: as parsed.
            variables: those of the notebook; None for none.
            mark: what is typed before a verb.

        Raises:
            WorkbenchError: there is no such session.
        """
        # Selected now: another session may be the current one before the verb is done.
        session = None if self.of_bench else bench.get(arguments.name)
        call = Call(arguments, session, session, bench, variables or {}, mark)
        if self.waits:
            return self._wait(call)
        result = self.action(call)
        return (
            then(result, partial(self.answer, call))
            if inspect.iscoroutine(result)
            else self.answer(call, result)
        )

    async def _wait(self, call: Call) -> Any:
        return self.answer(call, await self.action(call))

    def complete(self, sessions: Iterable[str], before: Sequence[str], word: str) -> list[str]:
        """Return the words that may stand at the cursor.

        Args:
            sessions: their names.
            before: the words between the verb and the cursor.
            word: the part of a word at the cursor; the caller keeps the offers that begin with it.
        """
        valued = self.valued
        if before and before[-1] in valued:
            return list(valued[before[-1]].complete(sessions, word))
        if word.startswith("-"):
            return self.options
        given = sum(
            not text.startswith("-") and previous not in valued
            for previous, text in zip(("", *before), before, strict=False)
        )
        positionals = [argument for argument, form in self.on("cell") if not form.flags]
        return list(positionals[given].complete(sessions, word)) if given < len(positionals) else []
