"""Verb: one declaration of something that people do with sessions, and Call: one use of it.

How the line of a verb is parsed is in kernel/; which verbs there are is in verbs.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wsnotebook.workbench.arguments import Argument, Form, Surface

__all__ = ["Bench", "Call", "Verb"]


class Bench(Protocol):
    """A workbench, as far as a declaration knows it."""

    def get(self, name: str | None = None) -> Any:
        """Return the session called ``name``, or the current one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a verb."""

    arguments: argparse.Namespace
    """Values by the names of the verb's arguments, and ``text`` where it takes one."""
    session: Any = None
    """The session that it acts on; None for a verb of the bench."""
    door: Any = None
    """Where what waits is called: the session itself in its loop, ``session.threadsafe`` in another thread."""
    bench: Any = None
    """The workbench; None for the panel, whose session need not be in one."""


def _result(call: Call, result: Any) -> Any:
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """One verb: its words, what it does, and what it answers."""

    name: str
    summary: str
    """One line for the list of verbs."""
    action: Callable[[Call], Any]
    """Does it, and returns the result; where it waits an awaitable, or a Future if the door is ``threadsafe``."""
    answer: Callable[[Call, Any], Any] = _result
    """Makes from the result what a cell shows; without it the result itself."""
    note: Callable[[Call, Any], str] | None = None
    """Makes from the result the line that the panel shows; None keeps the verb out of the panel."""
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    waits: bool = False
    """The action takes time."""
    of_bench: bool = False
    """It acts on the bench, not on one session."""
    takes_text: bool = False
    """The rest of the line, or the body of the cell, is its argument ``text``, unchanged."""
    more: str = ""
    """Text of --help after the arguments."""
    time_limit: str = "timeout"
    """Name of the argument that limits its time, where it has one."""

    def on(self, surface: Surface) -> Iterator[tuple[Argument, Form]]:
        """Yield the arguments that a surface has, with their form there."""
        for argument in self.arguments:
            form = argument.form(surface)
            if form is not None:
                yield argument, form

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

    def read(self, fields: Mapping[str, Any]) -> argparse.Namespace:
        """Return arguments from values by name, as a page or Python code gives them.

        Texts are read as in a line; other values are kept; where one is not given its default holds.

        Raises:
            ValueError: a text that cannot be read.
            KeyError: the verb takes a text and none is given.
        """
        values = {"text": str(fields["text"])} if self.takes_text else {}
        for argument in self.arguments:
            value = fields.get(argument.name, argument.default)
            if isinstance(value, str) and argument.name in fields:
                value = argument.read(value)
            if value is not argparse.SUPPRESS:
                values[argument.name] = value
        return argparse.Namespace(**values)

    def run(self, bench: Bench, arguments: argparse.Namespace) -> Any:
        """Return what a cell shows, or a coroutine that returns it where the verb waits.

        Raises:
            WorkbenchError: there is no such session.
        """
        # Chosen now: before the verb is done another session may be the current one.
        session = None if self.of_bench else bench.get(arguments.name)
        call = Call(arguments, session, session, bench)
        return self._wait(call) if self.waits else self.answer(call, self.action(call))

    async def _wait(self, call: Call) -> Any:
        return self.answer(call, await self.action(call))

    def complete(self, sessions: Iterable[str], before: Sequence[str], word: str) -> list[str]:
        """Return the words that may stand at the cursor.

        Args:
            sessions: their names.
            before: the words between the verb and the cursor.
            word: what is typed of the word at the cursor.
        """
        valued = self.valued
        if before and before[-1] in valued:
            return list(valued[before[-1]].complete(sessions))
        if word.startswith("-"):
            return self.options
        given = sum(
            not text.startswith("-") and previous not in valued
            for previous, text in zip(("", *before), before, strict=False)
        )
        positionals = [argument for argument, form in self.on("cell") if not form.flags]
        return list(positionals[given].complete(sessions)) if given < len(positionals) else []
