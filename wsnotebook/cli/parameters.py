"""Parameters of lab behaviours on a command line: ``rate=100`` becomes the keyword ``rate`` of ``ticker``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from wsnotebook.cli.outcome import WrongUsage

__all__ = ["describe_parameters", "parse_parameters"]

_NUMBERS = {"int", "float", "bool", "None"}


def parse_parameters(maker: Callable[..., Any], name: str, words: Iterable[str]) -> dict[str, Any]:
    """Parse words such as ``rate=100`` to keyword arguments for a behaviour's factory.

    Example: ``parse_parameters(ticker, "ticker", ["rate=100", "symbols=ACME,BOLT"])`` returns
    ``{"rate": 100, "symbols": ["ACME", "BOLT"]}``.

    Args:
        maker: the factory; its signature and annotations define the parameters.
        name: name of the factory in an error message.
        words: ``NAME=VALUE``; numbers, true, false and null are written as in JSON, texts without quotes, lists as
            ``a,b``.

    Raises:
        WrongUsage: no such parameter, or a value of the wrong type.
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


def describe_parameters(maker: Callable[..., Any]) -> str:
    """Return the parameters of a factory with their defaults, as written on a command line."""
    return " ".join(f"{name}={_written(p.default)}" for name, p in _parameters(maker).items())


def _parameters(maker: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters that have a default; the recording of ``playback`` has none and is a positional word."""
    parameters = inspect.signature(maker).parameters
    return {name: p for name, p in parameters.items() if p.default is not inspect.Parameter.empty}


def _value(name: str, annotation: str, text: str) -> Any:
    """Convert a text to the type of an annotation, which is a str, as every module postpones its annotations."""
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
