"""curl_words(): the options of connect for a line that a browser has copied as cURL, for bash or for cmd; curl_line(): the other way."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from wsnotebook.workbench.values import read_cookies
from wsnotebook.workbench.words import split

__all__ = ["curl_line", "curl_words"]

_OWN_HEADERS = frozenset(
    {
        "connection",
        "upgrade",
        "host",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
    }
)
"""Headers that the handshake sets itself."""

_SCHEMES = {"http": "ws", "https": "wss"}
_VALUED = {
    **dict.fromkeys(("-H", "--header"), "header"),
    **dict.fromkeys(("-b", "--cookie"), "cookie"),
    **dict.fromkeys(("-A", "--user-agent"), "--user-agent"),
    **dict.fromkeys(("-x", "--proxy"), "--proxy"),
    **dict.fromkeys(("-E", "--cert"), "--cert"),
    **dict.fromkeys(("-u", "--user"), "user"),
    **dict.fromkeys(("-X", "--request"), "method"),
    **dict.fromkeys(("-e", "--referer"), "referer"),
    "--oauth2-bearer": "bearer",
    "--cacert": "--ca",
    "--key": "--key",
    "--connect-timeout": "--timeout",
    "--url": "url",
}
"""Options of curl with a value: our option for it, or the name of its conversion in ``_convert``."""

_REPLACED = {
    "cookie": "cookie",
    "--user-agent": "user-agent",
    "referer": "referer",
    "user": "authorization",
    "bearer": "authorization",
}
"""Kinds of options that set a header, which curl leaves out where -H gives that header, also as one not to be sent."""

_AS_TYPED = frozenset({"header", *_REPLACED}) - {"user"}
"""Kinds whose values curl sends as the bytes of a terminal; a user is encoded by the session."""

_INSECURE = frozenset({"-k", "--insecure"})
_HARMLESS = frozenset(
    "-s --silent -S --show-error -i --include -v --verbose -N --no-buffer -L --location -g --globoff -f --fail -# "
    "--progress-bar --compressed --http1.1 --http2 --no-progress-meter -G --get".split()
)
"""Options of curl without a value that mean nothing for a session."""

_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0x100))},
    0x27: "\\'",
    0x5C: "\\\\",
}
"""Of characters in $'…': what is not printable ASCII, the quote and the backslash."""

_CMD = re.compile(r'\^"')
_CMD_NEWLINE = re.compile(r"\^\r?\n(\r?\n)?")
_CMD_ESCAPE = re.compile(r"\^(.)")


def curl_words(text: str) -> list[str]:
    """Return the words of a connect line for the arguments after ``curl``.

    Args:
        text: as copied, for bash (quotes, ``$'…'``, backslash at the line's end) or cmd (``^`` before characters).

    Raises:
        ValueError: an option that has no meaning for a session, or no address.
    """
    words = _in_force(_given(iter(split(_unescape_cmd(text), keeps_bytes=True))))
    urls = [value for kind, value in words if kind == "url"]
    if len(urls) != 1:
        raise ValueError(
            f"a curl line has one address, and this one has {len(urls)}: curl 'wss://host/path' …"
        )
    scheme, separator, rest = urls[0].partition("://")
    converted = [word for kind, value in words if kind != "url" for word in _convert(kind, value)]
    return [f"{_SCHEMES.get(scheme.lower(), scheme)}{separator}{rest}", *converted]


def curl_line(url: str, request: bytes) -> str:
    """Return the line of curl, for bash, that sends the handshake of a connection again.

    Args:
        url: its address.
        request: its request head on the wire; what is redacted in it stays so.
    """
    scheme, separator, rest = url.partition("://")
    headers = [line for line in request.decode("utf-8", "surrogateescape").split("\r\n")[1:] if line]
    words = ["curl", "--include", "--no-buffer", "--http1.1"]
    for header in headers:
        name, _, value = header.partition(":")
        if name.lower() != "host":  # curl has it of the address
            # A header without a value has a form of its own in curl.
            words += ["--header", header if value.strip() else f"{name};"]
    schemes = {ours: theirs for theirs, ours in _SCHEMES.items()}
    return " ".join(map(_quoted, [*words, f"{schemes.get(scheme, scheme)}{separator}{rest}"]))


def _quoted(word: str) -> str:
    """Return a word for bash, with bytes that are no UTF-8 as escapes."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = word.encode("utf-8", "surrogateescape").decode("latin-1").translate(_ESCAPES)
    return f"$'{escaped}'"


def _unescape_cmd(text: str) -> str:
    """Return a line for cmd as one for bash: ^" … ^" become quotes, and ^ before another character is dropped."""
    if not _CMD.search(text):
        return re.sub(
            r"\^\r?\n", "\n", text
        )  # older browsers: the quotes are plain, and ^ in them is a character
    text = _CMD_NEWLINE.sub(lambda match: "\n" if match[1] else " ", text)
    return _CMD_ESCAPE.sub(r"\1", text)


def _given(words: Iterator[str]) -> list[tuple[str, str]]:
    """Return (kind, value) for each option with a value, ``("insecure", "")``, and ``("url", …)``."""
    found: list[tuple[str, str]] = []
    for word in words:
        name, value = _name_and_value(word)
        if not word.startswith("-") or word == "-":
            found.append(("url", word))
        elif name in _VALUED:
            given = next(words, None) if value is None else value
            if given is None:
                raise ValueError(f"the option {name} of curl has no value")
            found.append((_VALUED[name], given))
        elif word in _INSECURE:
            found.append(("insecure", ""))
        elif word not in _HARMLESS:
            raise ValueError(
                f"the option {name} of curl has no meaning for a WebSocket session: leave it out"
            )
    return found


def _in_force(words: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the options that count: of those that set a header the last one, and none where -H gives it. Cookies add up."""
    given = {value.partition(":")[0].rstrip(";").strip().lower() for kind, value in words if kind == "header"}
    last = {kind: place for place, (kind, _) in enumerate(words)}
    return [
        (kind, value)
        for place, (kind, value) in enumerate(words)
        if kind not in _REPLACED
        or (_REPLACED[kind] not in given and (kind == "cookie" or place == last[kind]))
    ]


def _name_and_value(word: str) -> tuple[str, str | None]:
    """Return an option, and the value that is attached to a short one, as in -XGET."""
    return (word[:2], word[2:]) if word[:2] in _VALUED and len(word) > 2 else (word, None)


def _convert(kind: str, value: str) -> list[str]:
    if kind in _AS_TYPED:
        value = value.encode("utf-8", "surrogateescape").decode("latin-1")  # as which a handshake is encoded
    match kind:
        case "header":
            return _header(value)
        case "cookie":
            return _cookie(value)
        case "referer":
            return [f"--header=Referer: {value}"]
        case "bearer":
            return [f"--header=Authorization: Bearer {value}"]
        case "insecure":
            return ["--insecure"]
        case "user" if ":" not in value:
            raise ValueError(f"curl would ask for the password of {value!r}: write {value}:PASSWORD")
        case "user":
            return [f"--auth={value}"]
        case "method" if value != "GET":
            raise ValueError(f"a WebSocket is opened by GET, and the option -X of curl asks for {value}")
        case "method":
            return []
    return [f"{kind}={value}"]


def _header(text: str) -> list[str]:
    name, colon, value = text.partition(":")
    if not colon and text.endswith(";"):  # curl's form of a header without a value
        return [f"--header={text[:-1]}:"]
    name, value = name.strip(), value.strip()
    lower = name.lower()
    if not value or lower in _OWN_HEADERS:  # curl sends no header without a value
        return []
    if lower == "cookie":
        return _cookie(value)
    if lower == "sec-websocket-protocol":
        return [f"--subprotocol={each.strip()}" for each in value.split(",")]
    option = {"origin": "--origin", "user-agent": "--user-agent"}.get(lower)
    return [f"{option}={value}" if option else f"--header={name}: {value}"]


def _cookie(text: str) -> list[str]:
    if "=" not in text:
        raise ValueError(
            f"the option -b of curl names a file, {text!r}: write the cookies themselves, a=1; b=2"
        )
    try:
        read_cookies(text)
    except ValueError:  # a browser may send a name twice, or a cookie without a name: kept as it stands
        return [f"--header=Cookie: {text}"]
    return [f"--cookie={text}"]
