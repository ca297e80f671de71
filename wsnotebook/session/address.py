"""Checks of the user's input to a handshake: URL, headers, cookies, subprotocols.

The library websockets checks header values only, so a CR LF in a name, a URL or a subprotocol could inject headers.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

from wsnotebook.errors import InvalidURL
from wsnotebook.redaction import redact_url

__all__ = [
    "Address",
    "HeadersLike",
    "check_cookies",
    "check_headers",
    "check_subprotocols",
    "check_url",
    "check_value",
]

HeadersLike: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_FORBIDDEN_IN_URL = re.compile(r"[\x00-\x20\x7f]")
_FORBIDDEN_IN_HOST = re.compile(
    r"[\"%<>\\^`{|}]"
)  # RFC 3986 §3.2.2, without percent codes, which no resolver knows
_ZONE = re.compile(r"(?<=%)25(?=[^\]]+\])")  # of an IPv6 address, as RFC 6874 §2 writes it: [fe80::1%25eth0]
_KEPT_BY_IDNA = re.compile(
    "[\xdf\u03c2\u200c\u200d]"
)  # IDNA 2008 has a name of its own for each; Python's is of 2003
_FORBIDDEN_IN_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")  # RFC 9110 §5.5
_OWN_HEADERS = frozenset(
    ("upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions")
)
_GIVEN_BY = {
    "authorization": "headers, auth= or a user in the URL",
    "cookie": "headers or cookies=",
    "host": "headers",
    "origin": "headers or origin=",
    "user-agent": "headers or user_agent=",
}
"""Headers that a request has once, and the arguments that give them."""
_WRONG_SCHEMES = {"http": "ws", "https": "wss"}


class Address(NamedTuple):
    """A checked address."""

    url: str
    """ws:// or wss:// URL, as passed to websockets."""
    unix_path: str | None
    """Path of the unix socket, for ws+unix:///path/to.sock:/resource."""
    hosts: tuple[str, ...] | None = None
    """IP addresses to connect to, those of the host in the URL; None to look them up."""

    def __repr__(self) -> str:
        """Show no secret: a traceback may show the variables of its functions."""
        return f"Address({redact_url(self.url)})"


def check_url(url: str) -> Address:
    """Return the checked address of ``url``, its host in ASCII; white space around it is cut.

    Raises:
        InvalidURL: it is not a WebSocket URL (RFC 6455 §3); the message has the reason and the syntax.
        TypeError: ``url`` is not a str.
    """
    if not isinstance(url, str):
        raise TypeError(f"url is a str such as 'ws://127.0.0.1:8765/', not {type(url).__name__}")
    return _checked(url.strip())


@functools.lru_cache(maxsize=64)  # many sessions have one address, and urlsplit() keeps addresses as well
def _checked(url: str) -> Address:
    if _FORBIDDEN_IN_URL.search(url):
        raise InvalidURL(url, "it has a space or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidURL(url, str(error)) from error
    if parts.scheme in _WRONG_SCHEMES:
        raise InvalidURL(
            url, f"the scheme is {parts.scheme}, a WebSocket's is {_WRONG_SCHEMES[parts.scheme]}"
        )
    if parts.scheme == "ws+unix":
        path, _, resource = parts.path.partition(":")
        if not path.startswith("/"):
            raise InvalidURL(
                url, "ws+unix has an absolute path of a socket: ws+unix:///path/to.sock:/resource"
            )
        ws_url = urlunsplit(("ws", "localhost", resource or "/", parts.query, parts.fragment))
        return _checked(ws_url)._replace(unix_path=path)
    if parts.scheme not in ("ws", "wss"):
        raise InvalidURL(url, f"the scheme is {parts.scheme!r}" if parts.scheme else "it has no scheme")
    if not parts.hostname:
        raise InvalidURL(url, "it names no host")
    if port == 0:
        raise InvalidURL(url, "port 0 cannot be connected to")
    if parts.fragment or url.endswith("#"):
        raise InvalidURL(url, "a WebSocket URL has no fragment (RFC 6455 §3): write # as %23")
    netloc = _userinfo(url, parts.netloc) + _ascii_host(url, parts.netloc.rpartition("@")[2])
    return Address(urlunsplit(parts._replace(netloc=netloc)), None)


def _userinfo(url: str, netloc: str) -> str:
    """Return user and password as websockets takes them, with both or neither: a user alone has an empty password."""
    userinfo, at, _ = netloc.rpartition("@")
    if not userinfo:
        return ""
    try:
        unquote(userinfo, errors="strict")
    except UnicodeDecodeError:
        raise InvalidURL(url, "its user or password has percent codes that are not UTF-8") from None
    return userinfo + ("" if ":" in userinfo else ":") + at


def _ascii_host(url: str, place: str) -> str:
    """Return host and port with a name in ASCII (RFC 5891 §4) and an IPv6 zone as the system takes it."""
    if place.startswith("["):
        return _ZONE.sub("", place)
    host, colon, port = place.partition(":")
    if _FORBIDDEN_IN_HOST.search(host):
        raise InvalidURL(url, "its host has a character that no host has")
    try:
        if not host.isascii():
            host = ".".join(map(_ascii_label, re.split("[.\u3002\uff0e\uff61]", host)))
        host.encode("idna")  # a label has from 1 to 63 characters; only the last one may be empty
    except UnicodeError as error:
        raise InvalidURL(url, f"its host is no host name: {error}") from None
    return host + colon + port


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    if not _KEPT_BY_IDNA.search(label):
        return label.encode("idna").decode()
    return "xn--" + unicodedata.normalize("NFKC", label.lower()).encode("punycode").decode()


def check_headers(headers: HeadersLike | None, besides: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return the user's headers as (name, value) pairs.

    Args:
        headers: given by the user.
        besides: names, in lower case, of those that other arguments give.

    Raises:
        TypeError: a value that is not a str.
        ValueError: a name that is not a token (RFC 9110 §5.6.2), a value with a forbidden character, a header that
            the handshake sets itself, or one that is given twice where a request has one.
    """
    pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers or ())
    given = set(besides)
    for name, value in pairs:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a header: it is letters, digits and - only")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"{name} is set by the handshake itself; leave it out")
        if name.lower() == "sec-websocket-protocol":
            raise ValueError(
                "a header cannot offer subprotocols, as the answer to it would be refused: subprotocols=[…] does"
            )
        if name.lower() in _GIVEN_BY and name.lower() in given:
            raise ValueError(
                f"{name} is given twice, and a request has one: give it once, by {_GIVEN_BY[name.lower()]}"
            )
        given.add(name.lower())
        check_value(name, value)
    return pairs


def check_value(name: str, value: str) -> str:
    """Return the value of a header field after checking its characters.

    Raises:
        TypeError: ``value`` is not a str.
        ValueError: it has a control character, or a character outside ISO-8859-1 (RFC 9110 §5.5).
    """
    if not isinstance(value, str):
        raise TypeError(f"the value of {name} is a str, not {type(value).__name__}")
    found = _FORBIDDEN_IN_VALUE.search(value)
    if found:
        raise ValueError(
            f"the value of {name} has {found[0]!r}: a header holds no line break, no other control character "
            "and nothing outside Latin-1"
        )
    return value


def check_cookies(cookies: Mapping[str, str]) -> str:
    """Return the value of the Cookie field (RFC 6265 §4.2.1).

    Raises:
        ValueError: a name that is not a token, or a value with a semicolon, which would begin another cookie.
    """
    for name, value in cookies.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a cookie: it is letters, digits and - only")
        if ";" in value:
            raise ValueError(f"the value of the cookie {name} has a semicolon: write it as %3B")
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def check_subprotocols(subprotocols: Iterable[str]) -> tuple[str, ...]:
    """Return the subprotocols.

    Raises:
        TypeError: ``subprotocols`` is one str instead of a list.
        ValueError: a name that is not a token, or a repeated name (RFC 6455 §4.1).
    """
    if isinstance(subprotocols, str):
        raise TypeError(f"subprotocols is a list of names: write [{subprotocols!r}]")
    names = tuple(subprotocols)
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be a subprotocol: it is a token without spaces or commas (RFC 6455 §4.1)"
            )
    if len(set(names)) != len(names):
        raise ValueError("a subprotocol is offered twice")
    return names
