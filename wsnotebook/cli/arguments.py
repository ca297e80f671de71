"""Command-line arguments that several verbs share: number types, and the options of a connection.

Options of one verb are in the module of the verb; parameters of lab behaviours (``--set``) in parameters.py.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from typing import TypeVar

from wsnotebook.cli.parser import Parser
from wsnotebook.workbench.verbs import VERBS

__all__ = ["LEFT_OUT", "add_connection_options", "count", "seconds", "speed"]

N = TypeVar("N", int, float)


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
    left_out = LEFT_OUT.get(parser.verb, {})
    group = parser.add_argument_group("connection")
    for argument, form in VERBS["connect"].on("terminal"):
        if argument.name not in left_out:
            argument.add_to(group if form.flags else parser, form)
        else:
            parser.reasons |= dict.fromkeys(form.flags, left_out[argument.name])
