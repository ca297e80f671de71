"""Command-line arguments that several verbs share: number types, and the options of a connection.

Options of one verb are in the module of the verb; parameters of lab behaviours (``--set``) in parameters.py.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable
from typing import TypeVar

from wsnotebook.cli.parser import Parser
from wsnotebook.matching import Pattern
from wsnotebook.workbench.verbs import VERBS

__all__ = ["LEFT_OUT", "add_connection_options", "count", "pattern", "seconds", "speed"]

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


def pattern(text: str) -> Pattern:
    """Parse what a message is compared with, as by session.expect(); an argparse type.

    A text between slashes is a regular expression, a JSON object or list is a subset of the message, and any other text
    is a part of it.
    """
    if text.isdecimal():
        # Elsewhere in a terminal a number after such an option is a number of messages.
        raise argparse.ArgumentTypeError(
            f"{text} is a number: --count and --frames take one; for a message that contains it write /{text}/"
        )
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, (dict, list)):
            return Pattern(json=value)
    try:
        return Pattern(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(kind: Callable[[str], N], text: str, least: float, what: str) -> N:
    with contextlib.suppress(ValueError):
        value = kind(text)
        if value >= least:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not {what}")


_ONE_SESSION = "nobody would know which messages were answered; connect and record have it"
LEFT_OUT: dict[str, dict[str, str]] = {
    "record": {"record": "FILE, the word after URL, is what it writes"},
    "send": {"reconnect": _ONE_SESSION},
    "replay": {"reconnect": _ONE_SESSION},
    "script": {"reconnect": _ONE_SESSION},
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
