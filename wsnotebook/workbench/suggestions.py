"""nearest_verb(), nearest_option(): what a person meant who typed a word that there is not.

The words of other tools come first, then the similar ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from wsnotebook.workbench.verb import Verb

__all__ = ["OPTION_WORDS", "VERB_WORDS", "nearest_flag", "nearest_option", "nearest_verb", "nearest_word"]

VERB_WORDS: dict[str, str] = {
    **dict.fromkeys(("open", "dial", "start", "attach", "ws", "wss"), "connect"),
    **dict.fromkeys(("write", "emit", "publish", "post", "say", "put", "text", "message", "msg"), "send"),
    **dict.fromkeys(("read", "get", "next", "listen", "pull", "messages"), "recv"),
    **dict.fromkeys(("latency", "rtt", "pong"), "ping"),
    **dict.fromkeys(("masking", "unmask"), "mask"),
    **dict.fromkeys(("compression", "deflate"), "compress"),
    **dict.fromkeys(("redial", "retry"), "reconnect"),
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
    **dict.fromkeys(("--no-pongs", "--no-autoping"), "--no-pong"),
    **dict.fromkeys(("--unmasked", "--no-masking"), "--no-mask"),
    **dict.fromkeys(("--binary", "--bytes", "-b"), "--hex"),
    **dict.fromkeys(("--session", "--to", "--id"), "--name"),
    **dict.fromkeys(("--socks5", "--socks", "-x"), "--proxy"),
    **dict.fromkeys(("--output", "--save", "--file", "-o"), "--record"),
    **dict.fromkeys(("--ping-interval", "--keepalive", "--heartbeat"), "--ping"),
}
"""Options of wscat, websocat, curl and others for ours."""

_MOST = 4  # words in a suggestion; more would be a list, which the help has


def nearest_verb(word: str, verbs: Iterable[str], mark: str = "") -> str | None:
    """Return the verb that ``word`` probably means, with ``mark`` before it, or None; see nearest_word."""
    return nearest_word(word.lower(), verbs, VERB_WORDS, mark)


def nearest_option(flag: str, verb: Verb) -> str | None:
    """Return the flag of ``verb`` in a cell that ``flag`` probably means, or None; see nearest_word."""
    return nearest_flag(flag, [(argument.name, form.flags) for argument, form in verb.on("cell")])


def nearest_flag(flag: str, options: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """Return what ``flag`` probably means, or None; see nearest_word.

    Args:
        flag: as it was typed.
        options: name and flags of each; a name is the keyword in Python, which is suggested for too.
    """
    keywords = {f"--{name.replace('_', '-')}": flags[-1] for name, flags in options if flags}
    return nearest_word(flag, [each for _, flags in options for each in flags], keywords | OPTION_WORDS)


def nearest_word(
    word: str, known: Iterable[str], meant: Mapping[str, str] | None = None, mark: str = ""
) -> str | None:
    """Return what a word probably means: one of ``known``, or where it is the beginning of several "a, b or c"; or None.

    Args:
        word: as it was typed.
        known: the words that there are.
        meant: words of other tools, and the known one for each.
        mark: put before each word of the result.
    """
    known = list(known)
    if meant and meant.get(word) in known:
        near = [meant[word]]
    else:
        near = [each for each in known if each.startswith(word)]
        if not 0 < len(near) <= _MOST:
            near = difflib.get_close_matches(word, known, n=1)
    *first, last = [mark + each for each in near] or [""]
    return f"{', '.join(first)} or {last}" if first else last or None
