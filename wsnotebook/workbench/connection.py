"""The options of connect: its keywords that have a flag in a cell or in the terminal."""

from __future__ import annotations

import argparse
from typing import Any

from wsnotebook.workbench.arguments import Argument, Form, Surface
from wsnotebook.workbench.values import read_header, read_seconds

__all__ = ["CONNECTION", "connection_options"]


def _keyword(name: str, help: str, **fields: Any) -> Argument:
    # Absent where it is not given, so that connect()'s own default holds: None is a value of some keywords.
    return Argument(name, help, default=argparse.SUPPRESS, **fields)


CONNECTION: tuple[Argument, ...] = (
    _keyword("name", "name of the new session", cell=Form(("-n", "--name"), "NAME")),
    _keyword(
        "raw", "deliver every frame as it is received", cell=Form(("--raw",)), is_switch=True, value=True
    ),
    _keyword("masking", "send frames unmasked", cell=Form(("--no-mask",)), is_switch=True, value=False),
    _keyword(
        "headers",
        "a further request header; repeat for more",
        # Double quotes in %ws, because texts have apostrophes; single ones in a shell, because of $.
        cell=Form(("-H", "--header"), '"NAME: VALUE"', '{!r} has no colon: write it as -H "Name: value"'),
        terminal=Form(("--header",), "'NAME: VALUE'", "{!r} is not a header: write 'Name: value'"),
        read=read_header,
        count="repeated",
    ),
    _keyword(
        "subprotocols",
        "offer one; repeat for more, in order of preference",
        cell=Form(("-s", "--subprotocol"), "NAME"),
        terminal=Form(("--subprotocol",), "NAME"),
        count="repeated",
    ),
    _keyword("origin", "value of the Origin header", terminal=Form(("--origin",), "URL")),
    _keyword(
        "compression",
        "do not offer permessage-deflate",
        terminal=Form(("--no-compression",)),
        is_switch=True,
    ),
    _keyword(
        "ping_interval",
        "ping every S seconds; an unanswered one ends the session",
        terminal=Form(("--ping",), "S"),
        read=read_seconds,
    ),
    _keyword(
        "open_timeout",
        "seconds for DNS, TCP, TLS and HTTP together (default 10)",
        cell=Form(("-t", "--timeout"), "SECONDS"),
        terminal=Form(("--open-timeout",), "S"),
        read=read_seconds,
    ),
)
"""One row a keyword of ``wsnotebook.connect``."""


def connection_options(arguments: argparse.Namespace, surface: Surface) -> dict[str, Any]:
    """Return the keywords for connect() that a line of this surface has given."""
    # By surface, because another program may use the same name: send --raw of the terminal prints raw.
    names = [argument.name for argument in CONNECTION if argument.form(surface) is not None]
    return {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
