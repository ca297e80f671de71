"""explain(): the sentence for a coroutine of ours without its await, which IPython shows in place of the coroutine.

A coroutine and not an object of ours with a repr: that would cost each ``await session.send()`` a third of its time.
"""

from __future__ import annotations

import inspect
import re
import reprlib
import sys
from pathlib import Path
from types import CoroutineType
from typing import Any

__all__ = ["explain", "show_in_ipython"]

_PACKAGE = str(Path(__file__).parents[1])
_VARIABLES = {"ReceiveChannel": "session.incoming", "SendChannel": "session.outgoing"}
_WORDS = re.compile(r"[A-Z][a-z]+")
_DONE = {
    "send": "Nothing was sent",
    "receive": "Nothing was received",
    "expect": "Nothing was received",
    "ping": "No ping was sent",
    "close": "Nothing was closed",
    "connect": "Nothing was opened",
}
"""First word of a method → what has not happened."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def explain(coroutine: CoroutineType[Any, Any, Any]) -> str | None:
    """Return what has not happened and the line to write; None where the coroutine is not ours, or was awaited."""
    name = coroutine.cr_code.co_qualname
    is_ours = coroutine.cr_code.co_filename.startswith(_PACKAGE)
    if not is_ours or "<locals>" in name or inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED:
        return None
    owner, _, verb = name.rpartition(".")
    done = _DONE.get(verb.partition("_")[0], "Nothing was done")
    return f"{done}: write await {_variable(owner)}{verb}({_arguments(coroutine, owner, verb)})"


def _variable(owner: str) -> str:
    """Return the usual name of an object of a class, with its dot: session. of ClientWebSocketSession."""
    return f"{_VARIABLES.get(owner, _WORDS.findall(owner)[-1].lower())}." if owner else ""


def _arguments(coroutine: CoroutineType[Any, Any, Any], owner: str, verb: str) -> str:
    """Return the arguments of the call as they would be typed, without those that have their defaults."""
    frame = coroutine.cr_frame
    assert frame is not None  # it has not started
    values, names = frame.f_locals, frame.f_globals
    function = getattr(type(values["self"]), verb) if owner else names[verb]
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    shown: list[str] = []
    for place, parameter in enumerate(parameters):
        value = values[parameter.name]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            shown += [f"{name}={_short.repr(each)}" for name, each in value.items()]
            continue
        if value is parameter.default:
            continue
        is_placed = parameter.kind is not inspect.Parameter.KEYWORD_ONLY and place == len(shown)
        shown.append(("" if is_placed else f"{parameter.name}=") + _short.repr(value))
    return ", ".join(shown)


def show_in_ipython() -> None:
    """Let IPython, where it runs, show a coroutine of ours as its sentence; calling it again changes nothing."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        # Another package's way of showing coroutines is left to it.
        shell.display_formatter.formatters["text/plain"].type_printers.setdefault(CoroutineType, _print)


def _print(coroutine: CoroutineType[Any, Any, Any], printer: Any, cycle: bool) -> None:
    printer.text(explain(coroutine) or repr(coroutine))
