"""HarEntry: one entry of a HAR of any program, as a connection and where its messages stand."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from wsnotebook.files.harcreator import SWITCHING_PROTOCOLS
from wsnotebook.files.harmessage import EARLIEST_NS, iso_time, number_of, shown, text_of
from wsnotebook.files.haroddities import Oddities
from wsnotebook.files.jsonstream import JsonStream
from wsnotebook.log.connections import Connection

__all__ = ["MESSAGES", "HarEntry", "read_part"]

MESSAGES = "_webSocketMessages"
"""Key of the messages, as Chrome names it."""

_Parts: TypeAlias = dict[str, "_Parts"]
_MAX_PART = 4 << 20  # characters, such as of all headers of a request
_PARTS: _Parts = {
    MESSAGES: {},
    "startedDateTime": {},
    "_resourceType": {},
    "request": {"method": {}, "url": {}, "headers": {}},
    "response": {"status": {}, "statusText": {}, "headers": {}, "content": {"_file": {}, "_sha1": {}}},
}
"""Parts of an entry that are read; of an object with parts, only these."""

_TARGET = re.compile(r"[/?][^#]*")
_SCHEMES = {"http": "ws", "https": "wss"}
_WEBSOCKETS = {"ws", "wss"}


def read_part(stream: JsonStream, key: str, values: dict[str, Any], parts: _Parts = _PARTS) -> None:
    """Read the value of a key that comes next into a dict, if it is one that an entry needs."""
    if key not in parts:
        return
    if parts[key] and stream.peek() == "{":
        inner = values[key] = {}
        for name in stream.members():
            read_part(stream, name, inner, parts[key])
    else:
        values[key] = stream.value(_MAX_PART)


class HarEntry:
    """Read one entry.

    Args:
        number: its place in the file.
        values: the entry.
        odd: collects the values that cannot be read.
    """

    def __init__(self, number: int, values: dict[str, Any], odd: Oddities) -> None:
        self.number = number
        self.values = values
        self._odd = odd
        scheme, colon, rest = text_of(self._part(values, "request").get("url")).partition("://")
        self._scheme = scheme.lower()
        self.url = _SCHEMES.get(self._scheme, scheme) + colon + rest
        """URL with the scheme of a WebSocket."""
        started_ns = iso_time(values.get("startedDateTime"))
        self._has_date = started_ns is not None  # Chrome dates a connection that failed to 1969
        self.started_ns = started_ns if started_ns is not None and started_ns >= EARLIEST_NS else None
        """ns since the epoch, or None."""

    @property
    def is_opened(self) -> bool:
        """Whether its response opens a WebSocket."""
        status = number_of(self._part(self.values, "response").get("status"))
        return status == SWITCHING_PROTOCOLS

    @property
    def is_websocket(self) -> bool:
        """Whether it opens a WebSocket, or should have done."""
        return (
            self.values.get("_resourceType") == "websocket" or self.is_opened or self._scheme in _WEBSOCKETS
        )

    @property
    def attachment(self) -> str:
        """Name of the file that has the messages; empty where the entry names none."""
        content = self._part(self._part(self.values, "response"), "content")
        names = (text_of(content.get(key)) for key in ("_file", "_sha1"))  # a HAR, a trace
        name = next((name for name in names if name.endswith(".jsonl")), "")
        return name if self.is_websocket else ""

    def connection(self, name: str, opened_ns: int) -> Connection:
        """Return the connection."""
        request, response = self._part(self.values, "request"), self._part(self.values, "response")
        status = number_of(response.get("status")) or 0.0
        first = f"{text_of(request.get('method')) or 'GET'} {self._target()} HTTP/1.1"
        answer = f"HTTP/1.1 {status:.0f} {text_of(response.get('statusText'))}"
        return Connection(
            session=name,
            url=self.url,
            request=self._head(first, request),
            response=self._head(answer, response) if 100 <= status < 1000 else b"",  # 0, -1: it failed
            opened_ns=opened_ns,
            has_secrets=True,
            is_reported=True,
        )

    def check(self) -> None:
        """Add the values that cannot be read to the oddities."""
        if not self.url:
            self._odd.add(self.number, "the request has no url")
        if not self._has_date:
            self._odd.add(
                self.number, f"startedDateTime is {shown(self.values.get('startedDateTime'))}, no time"
            )
        for key in ("request", "response"):
            part = self.values.get(key)
            if not isinstance(part, dict):
                self._odd.add(self.number, f"{key} is {shown(part)}")
            elif not isinstance(part.get("headers", []), list):
                self._odd.add(self.number, f"headers of the {key} are {shown(part.get('headers'))}")

    def _target(self) -> str:
        """Return path and query of the address, the target of its request (RFC 9112 section 3.2.1)."""
        found = _TARGET.search(self.url.partition("://")[2])
        target = found[0] if found else ""
        return target if target.startswith("/") else f"/{target}"

    def _part(self, values: dict[str, Any], key: str) -> dict[str, Any]:
        part = values.get(key)
        return part if isinstance(part, dict) else {}

    def _head(self, first: str, values: dict[str, Any]) -> bytes:
        """Return the head of a request or response."""
        headers = values.get("headers")
        lines = [first]
        for header in headers if isinstance(headers, list) else ():
            name = text_of(header.get("name")) if isinstance(header, dict) else ""
            if name:
                lines.append(f"{name}: {text_of(header.get('value'))}")
            else:
                self._odd.add(self.number, f"a header is {shown(header)}")
        text = "".join(" ".join(line.splitlines()) + "\r\n" for line in lines) + "\r\n"
        return text.encode("latin-1", "replace")
