"""parse_script(): the lines of a script to steps; a line that cannot be read is named before anything is run.

The notation is the docstring of parse_script(), which ``%ws script --help`` and ``wsnotebook script --help`` show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from wsnotebook.errors import ScriptError
from wsnotebook.matching import is_regular_expression
from wsnotebook.payload import parse_payload, read_json
from wsnotebook.script.captures import NoValue, captures_in, fill_json, fill_regex, fill_text, json_pattern
from wsnotebook.script.steps import (
    Action,
    Close,
    Expect,
    ExpectClose,
    Kind,
    Mask,
    Ping,
    Send,
    Step,
    Timeout,
    Wait,
)

__all__ = ["NOTATION", "parse_script"]

NOTATION = """\
a script has one step a line; empty lines and those that begin with # are passed over:
  > hello                      send a text
  >json {"op": "login"}        send JSON, checked and then sent as written
  >text "two\\nlines"           send a text with escapes, written as a JSON string
  >hex 00 ff                   send bytes
  < welcome                    pass over messages until a text contains this
  < /id=(?P<id>\\d+)/           … until this regular expression is found
  <json {"type": "ack"}        … until JSON has these keys and values, nested
  <text "two\\nlines"           … until a text is exactly this
  <hex 00 ff                   … until a binary message is exactly this
  <close 1000 bye              wait until the session is closed: code, part of the reason
  ping                         send a ping and wait for its pong
  wait 0.5                     wait so many seconds
  timeout 5                    time limit of the steps that follow (10 at the beginning)
  mask off                     send frames unmasked from here on
  close 1000 bye               close: code and reason
{name} in a later line stands for what (?P<name>…) or "{name}", a whole value in <json, has matched; in <json a name
that has a value is compared with it, and "{_}" matches any value. In >text and <text braces stand for themselves.
"""
"""The notation, for --help."""

_LINE = re.compile(r"(?P<sign>[<>]?)(?P<word>[A-Za-z]*)(?:[ \t](?P<rest>.*))?", re.DOTALL)
_DIGITS = re.compile(r"[0-9]+")


def parse_script(text: str) -> tuple[Step, ...]:
    """Read a script.

    Args:
        text: one step a line, as NOTATION of this module lists them.

    Raises:
        ScriptError: a line cannot be read, or there is no step; the sentence says what to write.
    """
    known: set[str] = set()  # names that lines before capture
    steps: list[Step] = []
    for number, line in enumerate(
        text.split("\n"), 1
    ):  # not splitlines(): a text may have other line ends in it
        line = line.removesuffix("\r")
        stripped = line.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            action = _action(stripped)
            known |= _captured(action, known)
        except ValueError as error:
            raise ScriptError(number, stripped, str(error)) from error
        except NoValue as error:
            name = error.name
            raise ScriptError(
                number,
                stripped,
                f"no line before captures {{{name}}}: capture it with (?P<{name}>…) or, in <json, with a value "
                f'"{{{name}}}"; braces that stand for themselves are written in >text "…" or <text "…".',
            ) from error
        steps.append(Step(number, stripped, action))
    if not steps:
        raise ScriptError(1, "", "the script has no step: write > TEXT to send and < TEXT to expect.")
    return tuple(steps)


def _action(line: str) -> Action:
    match = _LINE.fullmatch(line)
    word = f"{match['sign']}{match['word']}" if match else ""
    make = _ACTIONS.get(word)
    if match is None or make is None:
        hint = " A blank follows the sign: > TEXT, < TEXT." if line[0] in "<>" else ""
        raise ValueError(
            f"this is no step.{hint} The steps begin with {', '.join(_ACTIONS)}, or # for a comment."
        )
    return make(match["rest"] or "")


def _send(kind: Kind) -> Callable[[str], Action]:
    return lambda body: Send(kind, body)


def _expect(kind: Kind) -> Callable[[str], Action]:
    return lambda body: Expect(kind, body)


def _expect_close(rest: str) -> Action:
    code, _, reason = rest.strip().partition(" ")
    return ExpectClose(_code(code) if code else None, reason.strip())


def _close(rest: str) -> Action:
    code, _, reason = rest.strip().partition(" ")
    return Close(_code(code) if code else 1000, reason.strip())


def _code(word: str) -> int:
    if not _DIGITS.fullmatch(word) or len(word) != 4:
        raise ValueError(f"{word!r} is no close code: write 1000, or 3000 to 4999 for your own.")
    return int(word)


def _seconds(rest: str) -> float:
    try:
        seconds = float(rest)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{rest!r} is no number of seconds: write 0.5 or 10.")
    return seconds


def _mask(rest: str) -> Action:
    if rest.strip() not in ("on", "off"):
        raise ValueError("write mask on, or mask off.")
    return Mask(rest.strip() == "on")


def _ping(rest: str) -> Action:
    if rest.strip():
        raise ValueError("a ping of a script has no text: write ping.")
    return Ping()


_ACTIONS: dict[str, Callable[[str], Action]] = {
    ">": _send("plain"),
    ">json": _send("json"),
    ">text": _send("text"),
    ">hex": _send("hex"),
    "<": _expect("plain"),
    "<json": _expect("json"),
    "<text": _expect("text"),
    "<hex": _expect("hex"),
    "<close": _expect_close,
    "ping": _ping,
    "wait": lambda rest: Wait(_seconds(rest)),
    "timeout": lambda rest: Timeout(_seconds(rest)),
    "mask": _mask,
    "close": _close,
}
"""What makes the action of a line, by the word that it begins with."""


def _captured(action: Action, known: set[str]) -> set[str]:
    """Check the body of a message, and return the names that it captures.

    Raises:
        ValueError: it is not written as its kind is.
        NoValue: it has a name that is not known.
    """
    if not isinstance(action, (Send, Expect)):
        return set()
    is_expect = isinstance(action, Expect)
    values = dict.fromkeys(known, "x")  # only whether they can be filled in counts here
    if action.kind == "hex":
        parse_payload(action.body, "hex")
    elif action.kind == "text":
        _check_string(action.body)
    elif action.kind == "json" and is_expect:
        return set(captures_in(json_pattern(read_json(action.body), values)))
    elif action.kind == "json":
        parse_payload(fill_json(action.body, values), "json")
    elif is_expect and is_regular_expression(action.body):
        return _groups(fill_regex(action.body[1:-1], values))
    else:
        fill_text(action.body, values)
    return set()


def _check_string(body: str) -> None:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise ValueError(
            'this is no JSON string: write it in double quotes, with escapes, as in "two\\nlines".'
        )
    parse_payload(value)  # half of a surrogate pair has no UTF-8 form


def _groups(regex: str) -> set[str]:
    try:
        return set(re.compile(regex).groupindex)
    except re.error as error:
        raise ValueError(f"this is no regular expression: {error}.") from error
