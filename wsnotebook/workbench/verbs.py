"""VERBS: the declaration of every verb, for magics, panel and terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wsnotebook.payload import KINDS
from wsnotebook.script.parser import NOTATION
from wsnotebook.workbench import actions, answers
from wsnotebook.workbench.arguments import Argument, Form, option, switch
from wsnotebook.workbench.connection import CONNECTION
from wsnotebook.workbench.values import read_close_code, read_count, read_on_or_off, read_seconds
from wsnotebook.workbench.verb import Verb

__all__ = ["VERBS"]


def _session_names(sessions: Iterable[str]) -> Iterable[str]:
    return sessions


def _on_and_off(sessions: Iterable[str]) -> Iterable[str]:
    return ("on", "off")


_NAME = option(
    "name",
    "-n",
    "--name",
    metavar="NAME",
    help="the session meant; without it the current one",
    complete=_session_names,
)
_TIMEOUT = option(
    "timeout",
    "-t",
    "--timeout",
    metavar="SECONDS",
    read=read_seconds,
    help="give up after so many seconds",
)

_ALL = (
    Verb(
        "connect",
        "Open a session and make it the current one.",
        actions.connect,
        answers.connected,
        arguments=(
            Argument(
                "url", "ws://host:port/path or wss://host/path", cell=Form(), terminal=Form(metavar="URL")
            ),
            *CONNECTION,
        ),
        waits=True,
        of_bench=True,
        time_limit="open_timeout",
    ),
    Verb(
        "send",
        "Send the rest of the line, or with %%ws send the lines below.",
        actions.send,
        answers.sent,
        answers.send_note,
        (
            switch(
                "kind", "--json", value="json", default="text", help="send text that is checked to be JSON"
            ),
            switch("kind", "--hex", value="hex", default="text", help="send bytes, written as 48 65 6c"),
            Argument(
                "kind",
                "how messages are written (default text)",
                terminal=Form(("--kind",)),
                choices=KINDS,
                default="text",
            ),
            _NAME,
        ),
        waits=True,
        takes_text=True,
        more='Options stand before the text. The text keeps its quotes, and its {"braces"} where it is JSON.',
    ),
    Verb(
        "recv",
        "Return the next message as str or bytes.",
        actions.receive,
        answers.message,
        arguments=(switch("json", "--json", value=True, help="decode it"), _NAME, _TIMEOUT),
        aliases=("receive",),
        waits=True,
    ),
    Verb(
        "expect",
        "Pass over messages until one matches, and return it.",
        actions.expect,
        arguments=(
            switch(
                "json", "--json", value=True, help="the text is JSON, whose keys and values the message has"
            ),
            _NAME,
            replace(_TIMEOUT, default=10.0, help="give up after so many seconds (default 10)"),
        ),
        waits=True,
        takes_text=True,
        more="The text is a part of the message, or /a regular expression/.",
    ),
    Verb(
        "script",
        "Run the conversation in the lines below, and return its frames.",
        actions.script,
        arguments=(
            option(
                "url",
                "-u",
                "--url",
                metavar="URL",
                help="run it on a new session, which is closed afterwards",
            ),
            _NAME,
        ),
        waits=True,
        of_bench=True,
        takes_text=True,
        more=NOTATION,
    ),
    Verb(
        "ping",
        "Measure the latency.",
        actions.ping,
        answers.pong,
        answers.ping_note,
        (_NAME, _TIMEOUT),
        waits=True,
    ),
    Verb(
        "mask",
        "Turn the masking of sent frames on or off; toggle it without a word.",
        actions.mask,
        answers.masking,
        answers.mask_note,
        (
            option("on", metavar="on|off", read=read_on_or_off, count="optional", complete=_on_and_off),
            _NAME,
        ),
    ),
    Verb(
        "log",
        "Show the last frames for the eye: odd characters escaped, empty columns left out.",
        actions.log,
        answers.tail,
        arguments=(
            option(
                "rows", metavar="N", read=read_count, default=20, count="optional", help="20 if not given"
            ),
            _NAME,
        ),
    ),
    Verb("df", "Return the DataFrame of all frames, exact.", actions.df, arguments=(_NAME,)),
    Verb("panel", "Show the panel: send, close and the live table.", actions.panel, arguments=(_NAME,)),
    Verb("session", "Return the session itself, for Python.", actions.session, arguments=(_NAME,)),
    Verb("list", "List the sessions.", actions.list_sessions, answers.sessions, of_bench=True),
    Verb(
        "use",
        "Choose the session that verbs without --name speak to.",
        actions.use,
        answers.chosen,
        arguments=(option("session", metavar="NAME", complete=_session_names),),
        aliases=("select",),
        of_bench=True,
    ),
    Verb(
        "close",
        "Close with a code and a message, and show how it ended.",
        actions.close,
        answers.closed,
        answers.close_note,
        (
            Argument(
                "code",
                "1000 if not given",
                cell=Form(refusal="invalid int value: {!r}"),
                read=read_close_code,
                default=1000,
                count="optional",
            ),
            option("message", default="", count="words", help="at most 123 bytes"),
            _NAME,
        ),
        waits=True,
    ),
    Verb(
        "terminate",
        "Abort the connection now, without a close frame.",
        actions.terminate,
        answers.aborted,
        answers.abort_note,
        (_NAME,),
    ),
)

VERBS: dict[str, Verb] = {name: verb for verb in _ALL for name in (verb.name, *verb.aliases)}
"""Verbs by name and alias, in the order of the help."""
