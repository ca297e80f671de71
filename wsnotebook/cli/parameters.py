"""Parameters of lab behaviours as words of a command line: ``rate=100`` becomes the keyword ``rate`` of ``ticker``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from wsnotebook.cli.outcome import WrongUsage

__all__ = ["described", "parsed"]

_NUMBERS = {"int", "float", "bool", "None"}


def parsed(maker: Callable[..., Any], name: str, words: Iterable[str]) -> dict[str, Any]:
    """Return the keyword arguments that words such as ``rate=100`` mean for a maker of behaviours.

    Args:
        maker: its signature and annotations say what there is.
        name: what the maker is called in a sentence.
        words: numbers, true, false and null are written as in JSON, texts as they are, lists as ``a,b``.

    Raises:
        WrongUsage: no such parameter, or a value that it does not take.
    """
    parameters = _parameters(maker)
    values = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise WrongUsage(f"--set {word}: write NAME=VALUE")
        if key not in parameters:
            known = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
            raise WrongUsage(f"{name} has no parameter {key!r}; {known}")
        values[key] = _value(key, str(parameters[key].annotation), text)
    return values


def described(maker: Callable[..., Any]) -> str:
    """Return the parameters of a maker with their defaults, as they would be written."""
    return " ".join(f"{name}={_written(p.default)}" for name, p in _parameters(maker).items())


def _parameters(maker: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters that have a default: ``playback`` is given its recording otherwise."""
    parameters = inspect.signature(maker).parameters
    return {name: p for name, p in parameters.items() if p.default is not inspect.Parameter.empty}


def _value(name: str, annotation: str, text: str) -> Any:
    """Turn a text into what an annotation asks for; annotations are texts, as every module here postpones them."""
    kinds = set(annotation.split(" | "))
    if annotation.startswith(("Sequence", "Iterable")):
        return [part for part in text.split(",") if part]
    if not kinds <= _NUMBERS:
        return None if text == "null" and kinds != {"str"} else text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, (str, list, dict)) or (value is None and "None" not in kinds):
        raise WrongUsage(f"--set {name}={text}: {name} is {annotation.replace('None', 'null')}")
    return value


def _written(default: Any) -> str:
    if isinstance(default, (tuple, list)):
        return ",".join(default)
    return default if isinstance(default, str) else json.dumps(default)
