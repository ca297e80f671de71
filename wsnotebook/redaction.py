"""Redaction of a handshake before it is shown, recorded or logged: what is not known to be harmless is a secret.

One table holds the names whose values are shown, and the fields of messages whose values are not; ``add`` extends it.
Client, lab, proxy, files, widgets, terminal and logging ask the functions below. Method, host, port, path, the user of a
URL and status stay. Payloads are redacted when it is asked for: payloadsecrets.py.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable, MutableMapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

__all__ = [
    "MARK",
    "RedactingLogger",
    "Rule",
    "add",
    "check_rule",
    "head_of",
    "is_harmless",
    "is_secret_field",
    "key_of",
    "redact_head",
    "redact_header",
    "redact_subprotocol",
    "redact_text",
    "redact_url",
    "redacted",
    "secret_names",
]


class Rule(NamedTuple):
    """Whether the value of one name is shown."""

    where: Literal["header", "query", "subprotocol", "field"]
    """Where the name stands; a subprotocol is its own value, a field is a key of an object in a message."""
    name: str
    """The name; its case does not count."""
    is_shown: bool = True
    """False makes the value of a name a secret that the table shows."""


MARK = re.compile("<redacted:[0-9a-f]{8}>")
"""What ``redacted`` writes in the place of a secret."""

_SHOWN = {
    "header": (
        "accept accept-encoding accept-language accept-ranges access-control-allow-credentials "
        "access-control-allow-headers access-control-allow-methods access-control-allow-origin age allow alt-svc "
        "cache-control connection content-encoding content-language content-length content-type date expires host "
        "keep-alive last-modified origin pragma proxy-authenticate proxy-connection retry-after sec-fetch-dest "
        "sec-fetch-mode sec-fetch-site sec-websocket-accept sec-websocket-extensions sec-websocket-key "
        "sec-websocket-version server strict-transport-security te trailer transfer-encoding upgrade user-agent vary "
        "via www-authenticate x-content-type-options x-frame-options x-powered-by"
    ),
    "query": (
        "channel channels compress compression count currency depth eio encoding feed format from heartbeat "
        "interval lang language level limit locale market markets mode offset order page pair pairs protocol rate "
        "side since size sort speed start step stop stream streams symbol symbols timeframe to topic topics transport "
        "type until v vsn version"
    ),
    # Registered with IANA, and those of common frameworks. Browsers cannot set Authorization on a WebSocket, so some
    # clients send a token as a subprotocol, after a name that says so.
    "subprotocol": (
        "access_token actioncable-unsupported actioncable-v1-json amqp authorization base64 base64.channel.k8s.io bearer "
        "bfcp binary channel.k8s.io chat coap console.default graphql-subscriptions graphql-transport-ws graphql-ws "
        "janus-protocol json jsonrpc jwt mcp mqtt mqttv3.1 mqttv5 msrp ocpp1.2 ocpp1.5 ocpp1.6 ocpp2.0 ocpp2.0.1 ocpp2.1 "
        "sip soap stomp superchat text token v1.kernel.websocket.jupyter.org v10.stomp v11.stomp v12.stomp "
        "v4.channel.k8s.io v5.channel.k8s.io vite-hmr vite-ping vnd.xmpp wamp wamp.2.cbor wamp.2.json wamp.2.msgpack "
        "wamp.2.ubjson webtransport wss x-api-key xmpp"
    ),
}
_SECRET_FIELDS = (
    "accesstoken apikey apisecret appsecret authorization authtoken bearer bearertoken clientsecret cookie credentials "
    "csrftoken idtoken jwt listenkey oauthtoken otp passcode passphrase passwd password privatekey proxyauthorization "
    "pwd refreshtoken secret secretaccesskey secretkey sessiontoken setcookie signature token xapikey xsrftoken"
)
"""Fields of messages, without the marks that names are written with: access_token is accessToken."""
_SECRET_ENDS = ("password", "secret", "accesstoken", "authtoken", "apikey")
_table = {where: dict.fromkeys(names.split(), True) for where, names in _SHOWN.items()}
_table["field"] = dict.fromkeys(_SECRET_FIELDS.split(), False)
_headers = _table["header"]  # looked up for each field of each handshake

_SCHEMES = frozenset(
    ("basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256")
)
_ADDRESSES = frozenset(("location", "content-location", "referer"))  # headers whose value is a URL
_URL_IN_TEXT = re.compile(r"\b[a-z][a-z0-9+]*://[^\s'\"<>]+", re.IGNORECASE)
_PLACE_OF_SECRETS = re.compile("[@?#]")  # of a URL: behind a user, or in front of a query or a fragment
_SEPARATORS = re.compile("([&;])")  # of a query: some servers split at a semicolon too
# New in each process: a mark tells equal secrets equal there, and nothing can be found out by trying values against it.
_KEY = secrets.token_bytes(16)


def add(*rules: Rule) -> None:
    """Show the values of further names, or hide those of names that are shown, from now on and everywhere.

    Example: ``wsnotebook.redaction.add(Rule("query", "region"), Rule("header", "Host", is_shown=False))``. What was
    recorded before does not change.

    Raises:
        ValueError: a rule is for something that has no names.
    """
    for rule in rules:
        check_rule(rule)
    for rule in rules:
        where, name = key_of(rule)
        _table[where][name] = rule.is_shown


def check_rule(rule: Rule) -> None:
    """Check for what a rule is.

    Raises:
        ValueError: it is for something that has no names.
    """
    if rule.where not in (*_SHOWN, "field"):
        raise ValueError(f"a rule is for one of {', '.join(_SHOWN)}, field, not {rule.where!r}")


def key_of(rule: Rule) -> tuple[str, str]:
    """Return what a rule is about, in the form in which names are compared."""
    return rule.where, _plain(rule.name) if rule.where == "field" else rule.name.lower()


def is_secret_field(name: str) -> bool:
    """Tell whether the values of a field of messages are secrets: ``access_token``, ``accessToken``, ``Password``."""
    plain = _plain(name)
    return not _table["field"].get(plain, not plain.endswith(_SECRET_ENDS))


def secret_names() -> tuple[str, ...]:
    """Return what the plain name of a secret field contains: lower case, letters and digits only."""
    return (
        *_SECRET_ENDS,
        *(name for name, is_shown in _table["field"].items() if not is_shown),
    )


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def redacted(value: str) -> str:
    """Return the mark that stands for a secret: equal secrets have equal marks in one process."""
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=4)
    return f"<redacted:{digest.hexdigest()}>"


def is_harmless(where: Literal["header", "query", "subprotocol"], name: str) -> bool:
    """Tell whether the value of a name is known to hold no secret."""
    return _table[where].get(name.lower(), False)


def redact_url(url: str) -> str:
    """Return ``url`` without the password of its user, and without the values of its query but those of harmless names.

    Example: ``redact_url("wss://me:pass@host/?token=abc&limit=1")`` returns
    ``"wss://me:<redacted:…>@host/?token=<redacted:…>&limit=1"``. A user without a password, or with an empty one, may be a
    token, and is redacted too, as is a fragment.
    """
    if not _PLACE_OF_SECRETS.search(url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # an invalid URL appears in the message of InvalidURL, so it is redacted by pattern
        return re.sub(r"//[^/]*@", lambda found: f"//{redacted(found[0])}@", re.split("[?#]", url)[0])
    netloc = parts.netloc
    if "@" in netloc:
        userinfo, _, host = netloc.rpartition("@")
        user, colon, password = userinfo.partition(":")
        netloc = f"{user}:{redacted(password)}@{host}" if password else f"{redacted(user)}{colon}@{host}"
    fragment = redacted(parts.fragment) if parts.fragment else ""
    return urlunsplit((parts.scheme, netloc, parts.path, _redact_query(parts.query), fragment))


def _redact_query(query: str) -> str:
    return "".join(
        part if part in ("", "&", ";") else _redact_pair(part) for part in _SEPARATORS.split(query)
    )


def _redact_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if is_harmless("query", name) or (equals and not value):
        return pair
    return f"{name}={redacted(value)}" if equals else redacted(pair)  # a token may stand alone


def redact_text(text: str) -> str:
    """Return a sentence, such as that of an exception, with every URL in it redacted."""
    return _URL_IN_TEXT.sub(lambda found: redact_url(found[0]), text)


def redact_header(name: str, value: str) -> str:
    """Return the value of a header; one that is not known to be harmless as a mark.

    Authorization keeps its scheme: ``redact_header("Authorization", "Bearer abc")`` is ``"Bearer <redacted:…>"``.
    """
    lower = name.lower()
    if _headers.get(lower):
        return value
    if lower == "sec-websocket-protocol":
        return ", ".join(redact_subprotocol(part.strip()) for part in value.split(","))
    if lower in _ADDRESSES:
        return redact_url(value)
    scheme, space, rest = value.partition(" ")
    if space and lower.endswith("authorization") and scheme.lower() in _SCHEMES:
        return f"{scheme} {redacted(rest)}"
    return redacted(value)


def redact_subprotocol(value: str) -> str:
    """Return a subprotocol; one whose name is not a known one may be a token, and is a mark."""
    return value if is_harmless("subprotocol", value) else redacted(value)


def head_of(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a request or response head as it is, in ISO-8859-1 with the final empty line; see redact_head."""
    lines = [first_line, *map(": ".join, headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def redact_head(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a request or response head with its secrets redacted, in ISO-8859-1 with the final empty line.

    Args:
        first_line: request line or status line, without CR LF.
        headers: (name, value) pairs, in the order to write.
    """
    method, space, rest = first_line.partition(" ")
    if space and not method.startswith("HTTP/"):
        target, gap, version = rest.rpartition(" ") if " " in rest else (rest, "", "")
        first_line = f"{method} {redact_url(target)}{gap}{version}"
    shown = [
        (name, value if _headers.get(name.lower()) else redact_header(name, value)) for name, value in headers
    ]  # mostly of the harmless names
    return head_of(first_line, shown)


class RedactingLogger(logging.LoggerAdapter[logging.Logger]):
    """Redacts the arguments of a record before the record is made, so that no handler sees a secret.

    It is for what websockets says of a handshake at level DEBUG: a header is two arguments, name and value, and a
    request's target is one.

    Args:
        name: of the logger.
    """

    def __init__(self, name: str) -> None:
        super().__init__(logging.getLogger(name), {})

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log as a Logger does."""
        if self.isEnabledFor(level):
            self.logger.log(level, msg, *_redacted(args), **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add nothing."""
        return msg, kwargs


def _redacted(args: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(args) == 2 and all(isinstance(each, str) for each in args):
        return args[0], redact_header(*args)
    return tuple(
        redact_url(each) if isinstance(each, str) and each.startswith("/")
        else redact_text(each) if isinstance(each, str)
        else each
        for each in args
    )  # fmt: skip
