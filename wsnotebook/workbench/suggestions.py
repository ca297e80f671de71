"""nearest_verb(), nearest_option(): what a person meant who typed a word that there is not.

The words of other tools come first, then the similar ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from wsnotebook.workbench.arguments import Surface
from wsnotebook.workbench.verb import Verb

__all__ = ["OPTION_WORDS", "VERB_WORDS", "nearest_option", "nearest_verb"]

VERB_WORDS: dict[str, str] = {
    **dict.fromkeys(("open", "dial", "start", "attach", "ws", "wss"), "connect"),
    **dict.fromkeys(("write", "emit", "publish", "post", "say", "put", "text", "message", "msg"), "send"),
    **dict.fromkeys(("read", "get", "next", "listen", "pull", "messages"), "recv"),
    **dict.fromkeys(("latency", "rtt", "pong"), "ping"),
    **dict.fromkeys(("masking", "unmask"), "mask"),
    **dict.fromkeys(("frames", "history", "show", "tail", "print", "last"), "log"),
    **dict.fromkeys(("dataframe", "pandas", "data", "table"), "df"),
    **dict.fromkeys(("ui", "gui", "widget", "view"), "panel"),
    **dict.fromkeys(("get_session", "object", "current"), "session"),
    **dict.fromkeys(("sessions", "ls", "connections", "status", "ps"), "list"),
    **dict.fromkeys(("switch", "choose", "activate"), "use"),
    **dict.fromkeys(("disconnect", "quit", "exit", "bye", "end", "hangup", "stop"), "close"),
    **dict.fromkeys(("abort", "kill", "drop", "reset"), "terminate"),
}
"""Words of other tools for our verbs."""

OPTION_WORDS: dict[str, str] = {
    **dict.fromkeys(("--user", "-u", "--token", "--bearer", "--basic-auth", "--authorization"), "--auth"),
    **dict.fromkeys(("--protocol", "--subprotocols", "--proto"), "--subprotocol"),
    **dict.fromkeys(("--no-check", "--no-verify", "--insecure-skip-verify"), "--insecure"),
    **dict.fromkeys(("--cacert", "--ca-file", "--cafile", "--ssl-ca"), "--ca"),
    **dict.fromkeys(("--client-cert", "--ssl-cert", "-E"), "--cert"),
    **dict.fromkeys(("--client-key", "--ssl-key"), "--key"),
    **dict.fromkeys(("--max-size", "--max-payload", "--max-message-size"), "--max-frame-size"),
    **dict.fromkeys(("--no-deflate", "--no-compress"), "--no-compression"),
    **dict.fromkeys(("--connect-timeout", "--max-time", "--wait", "-w", "-m"), "--timeout"),
    **dict.fromkeys(("--unmasked", "--no-masking"), "--no-mask"),
    **dict.fromkeys(("--binary", "--bytes", "-b"), "--hex"),
    **dict.fromkeys(("--session", "--to", "--id"), "--name"),
    **dict.fromkeys(("--socks5", "--socks", "-x"), "--proxy"),
    **dict.fromkeys(("--output", "--save", "--file", "-o"), "--record"),
    **dict.fromkeys(("--ping-interval", "--keepalive", "--heartbeat"), "--ping"),
}
"""Options of wscat, websocat, curl and others for ours."""


def nearest_verb(word: str, verbs: Iterable[str]) -> str | None:
    """Return the verb that ``word`` probably means, or None."""
    return _nearest(word.lower(), list(verbs), VERB_WORDS)


def nearest_option(flag: str, verb: Verb, surface: Surface = "cell") -> str | None:
    """Return the flag of ``verb`` that ``flag`` probably means, or None."""
    forms = [(argument.name, form.flags) for argument, form in verb.on(surface) if form.flags]
    keywords = {f"--{name.replace('_', '-')}": flags[-1] for name, flags in forms}
    return _nearest(flag, [each for _, flags in forms for each in flags], keywords | OPTION_WORDS)


def _nearest(word: str, known: list[str], meant: Mapping[str, str]) -> str | None:
    if meant.get(word) in known:
        return meant[word]
    near = difflib.get_close_matches(word, known, n=1)
    return near[0] if near else None
