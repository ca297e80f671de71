"""The options of connect: one row a keyword, with the same flags in a cell and in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from wsnotebook.workbench.arguments import Argument, Form, Surface
from wsnotebook.workbench.certificates import FILES, tls_context
from wsnotebook.workbench.values import (
    read_auth,
    read_cookies,
    read_header,
    read_proxy,
    read_seconds,
    read_size_or_off,
)

__all__ = ["CONNECTION", "connection_options"]


def _row(name: str, help: str, *flags: str, metavar: str | None = None, **fields: Any) -> Argument:
    # Absent where it is not given, so that connect()'s own default holds: None is a value of some keywords.
    form = Form(flags, metavar)
    return Argument(name, help, **{"cell": form, "terminal": form, **fields}, default=argparse.SUPPRESS)


def _switch(name: str, help: str, *flags: str, value: Any, **fields: Any) -> Argument:
    return _row(name, help, *flags, is_switch=True, value=value, **fields)


CONNECTION: tuple[Argument, ...] = (
    _row("name", "name of the new session", "-n", "--name", metavar="NAME"),
    _switch("raw", "deliver every frame as it is received", "--raw", value=True),
    _switch("masking", "send frames unmasked", "--no-mask", value=False),
    _row(
        "headers",
        "a further request header; repeat for more",
        read=read_header,
        count="repeated",
        # Double quotes in %ws, because texts have apostrophes; single ones in a shell, because of $.
        cell=Form(("-H", "--header"), '"NAME: VALUE"', '{!r} has no colon: write it as -H "Name: value"'),
        terminal=Form(("-H", "--header"), "'NAME: VALUE'", "{!r} is not a header: write 'Name: value'"),
    ),
    _row(
        "auth",
        "user and password for Basic, or a Bearer token",
        "--auth",
        metavar="USER:PASS|TOKEN",
        read=read_auth,
    ),
    _row(
        "cookies",
        "cookies, as a=1; b=2; repeat for more",
        "--cookie",
        metavar='"NAME=VALUE"',
        read=read_cookies,
        count="repeated",
    ),
    _row("origin", "value of the Origin header", "--origin", metavar="URL"),
    _row("user_agent", "value of the User-Agent header", "--user-agent", metavar="TEXT"),
    _row(
        "subprotocols",
        "offer one; repeat for more, in order of preference",
        "-s",
        "--subprotocol",
        metavar="NAME",
        count="repeated",
    ),
    _switch("insecure", "accept any certificate of the server", "-k", "--insecure", value=True),
    _row("ca", "PEM file with the certificate authority to trust", "--ca", metavar="FILE"),
    _row("cert", "PEM file with the client's certificate", "--cert", metavar="FILE"),
    _row("key", "PEM file with its key, if it is not in that of --cert", "--key", metavar="FILE"),
    _row(
        "proxy", "http://, https:// or socks5:// address, or off", "--proxy", metavar="URL", read=read_proxy
    ),
    _switch("compression", "do not offer permessage-deflate", "--no-compression", value=None),
    _row(
        "max_frame_size",
        "largest frame to receive (default 64MiB), or off",
        "--max-frame-size",
        metavar="SIZE",
        read=read_size_or_off,
    ),
    _switch("answers_pings", "leave the pings of the peer without answer", "--no-pong", value=False),
    _row(
        "ping_interval",
        "ping every so many seconds; an unanswered one ends the session",
        "--ping",
        metavar="SECONDS",
        read=read_seconds,
    ),
    _row(
        "open_timeout",
        "seconds for DNS, TCP, TLS and HTTP together (default 10)",
        "-t",
        "--timeout",
        metavar="SECONDS",
        read=read_seconds,
    ),
    _row(
        "record",
        "write the frames to a new .pcapng file, or a directory name/; in a terminal also .parquet, .jsonl, .har",
        "--record",
        metavar="FILE",
    ),
    _row(
        "io",
        "thread: go on while a cell computes (default: kernel, at a prompt thread)",
        "--io",
        choices=("kernel", "thread"),
    ),
    _switch(
        "reconnect",
        "dial again, with growing delay, when the session is lost; our own close and a normal one of the peer end it",
        "--reconnect",
        value=True,
    ),
)
"""One row a keyword of ``wsnotebook.connect``; those of certificates.FILES and ``insecure`` make its ``ssl``.

``reconnect`` is no keyword: who dials iterates over connect() in place of awaiting it.
"""


def _merged(values: list[dict[str, str]]) -> dict[str, str]:
    cookies: dict[str, str] = {}
    for each in values:
        for name, value in each.items():
            if name in cookies:
                raise ValueError(f"the cookie {name} is given twice")
            cookies[name] = value
    return cookies


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"cookies": _merged}
"""From the values of a repeated option to that of the keyword."""


def connection_options(arguments: argparse.Namespace, surface: Surface) -> dict[str, Any]:
    """Return the keywords for connect() that a line of this surface has given.

    Raises:
        ValueError: a file of --ca, --cert or --key cannot be used, or a cookie is given twice.
    """
    names = [argument.name for argument in CONNECTION if argument.form(surface) is not None]
    given = {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
    tls = {name: given.pop(name) for name in (*FILES, "insecure") if name in given}
    options = {name: _CONVERSIONS.get(name, lambda value: value)(value) for name, value in given.items()}
    return options | ({"ssl": tls_context(**tls)} if tls else {})
