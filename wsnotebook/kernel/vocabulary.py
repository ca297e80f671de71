"""The words of %ws: each verb with its options, its help, and what its values must look like."""

from __future__ import annotations

from argparse import ArgumentTypeError

from wsnotebook.kernel import verbs
from wsnotebook.kernel.arguments import Verb, argument, switch

__all__ = ["VERBS"]


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise ArgumentTypeError(f'{text!r} has no colon: write it as -H "Name: value"')
    return name.strip(), value.strip()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no number of rows, 0 or more")
    return int(text)


def _on_or_off(text: str) -> bool:
    value = {"on": True, "off": False}.get(text.lower())
    if value is None:
        raise ArgumentTypeError(f"{text!r} is neither on nor off")
    return value


_NAME = argument("-n", "--name", metavar="NAME", help="the session meant; without it the current one")
_NEW_NAME = argument("-n", "--name", metavar="NAME", help="what to call the session")
_HEADER = argument(
    "-H", "--header", metavar='"NAME: VALUE"', action="append", type=_header, help="may be repeated"
)
_TIMEOUT = argument("-t", "--timeout", metavar="SECONDS", type=_seconds, help="give up after so many seconds")

_ALL = (
    Verb(
        "connect",
        verbs.connect,
        "Open a session and make it the current one.",
        (
            argument("url", help="ws://host:port/path or wss://…"),
            _NEW_NAME,
            switch("--raw", value=True, help="hand over every frame as it comes"),
            switch("--no-mask", dest="masking", value=False, help="send frames unmasked"),
            _HEADER,
            argument("-s", "--subprotocol", metavar="NAME", action="append", help="in order of preference"),
            _TIMEOUT,
        ),
    ),
    Verb(
        "send",
        verbs.send,
        "Send the rest of the line, or with %%ws send the lines below.",
        (
            switch(
                "--json",
                dest="kind",
                value="json",
                default="text",
                help="send text that is checked to be JSON",
            ),
            switch("--hex", dest="kind", value="hex", default="text", help="send bytes, written as 48 65 6c"),
            _NAME,
        ),
        takes_text=True,
        more='Options stand before the text. The text keeps its quotes, and its {"braces"} where it is JSON.',
    ),
    Verb(
        "recv",
        verbs.receive,
        "Return the next message as str or bytes.",
        (switch("--json", value=True, help="decode it"), _NAME, _TIMEOUT),
        aliases=("receive",),
    ),
    Verb("ping", verbs.ping, "Measure the latency.", (_NAME, _TIMEOUT)),
    Verb(
        "mask",
        verbs.mask,
        "Turn the masking of what is sent on or off; toggle it without a word.",
        (argument("on", nargs="?", metavar="on|off", type=_on_or_off), _NAME),
    ),
    Verb(
        "log",
        verbs.log,
        "Show the last frames for the eye: odd characters escaped, empty columns left out.",
        (argument("rows", nargs="?", metavar="N", type=_count, default=20, help="20 if not given"), _NAME),
    ),
    Verb("df", verbs.df, "Return the DataFrame of all frames, exact.", (_NAME,)),
    Verb("panel", verbs.panel, "Show the panel: send, close and the live table.", (_NAME,)),
    Verb("session", verbs.session, "Return the session itself, for Python.", (_NAME,)),
    Verb("list", verbs.list_sessions, "List the sessions."),
    Verb(
        "use",
        verbs.use,
        "Choose the session that verbs without --name speak to.",
        (argument("session", metavar="NAME"),),
        aliases=("select",),
    ),
    Verb(
        "close",
        verbs.close,
        "Close with a code and a message, and tell how it ended.",
        (
            argument("code", nargs="?", type=int, default=1000, help="1000 if not given"),
            argument("message", nargs="*", help="at most 123 bytes"),
            _NAME,
        ),
    ),
    Verb("terminate", verbs.terminate, "Abort the connection now, without a close frame.", (_NAME,)),
)

VERBS: dict[str, Verb] = {name: verb for verb in _ALL for name in (verb.name, *verb.aliases)}
"""Verbs by name and alias, in the order in which they are taught."""
