"""Writing of a HAR: the entry of a connection, and its frames joined to messages as Chrome writes them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Flag, is_final, is_whole, opcode_of

__all__ = ["MessageJoiner", "entry_of"]


class MessageJoiner:
    """Join frames to messages, as a browser shows them."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, list[bytes]]] = {}  # by code: opcode, and payloads so far

    def take(self, rows: Rows) -> Iterator[tuple[int, dict[str, Any]]]:
        """Add some rows; yield the messages that they complete, with the number of their connection."""
        place = 0
        for count, time_ns, code in zip(
            rows.counts.tolist(), rows.times.tolist(), rows.codes.tolist(), strict=True
        ):
            for at in range(place, place + count):
                head, flags = int(rows.heads[at]), int(rows.flags[at])
                cut = flags & Flag.HEADER and not is_whole(rows.header_at(at), len(rows.wire_at(at)))
                if flags & Flag.STATUS not in (Flag.UNSENT, Flag.TRUNCATED) and not cut:
                    message = self._add(code, head, flags, rows.payload_at(at))
                    if message is not None:
                        yield connection_of(code), {**_said(code, time_ns), **message}
            place += count

    def _add(self, code: int, head: int, flags: int, payload: bytes) -> dict[str, Any] | None:
        opcode = opcode_of(head)
        if opcode in (1, 2):
            self._open[code] = opcode, [payload]
        elif flags & Flag.CONTINUES and code in self._open:
            self._open[code][1].append(payload)
        else:
            return None
        if not is_final(head):
            return None
        opcode, parts = self._open.pop(code)
        data = b"".join(parts)
        text = data.decode("utf-8", "replace") if opcode == 1 else base64.b64encode(data).decode()
        return {"opcode": opcode, "data": text}


def _said(code: int, time_ns: int) -> dict[str, Any]:
    """Return who has sent a message and when, without a time where it is not known."""
    said = {"type": "send" if is_sent(code) else "receive"}
    return said if time_ns == NO_TIME else {**said, "time": time_ns / 1e9}


def entry_of(connection: Connection, messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the entry of a connection."""
    request, response = _head(connection.request), _head(connection.response)
    status = response[0].split(" ", 2) + ["", "", ""]
    started = datetime.fromtimestamp(connection.opened_ns // 10**9 % (1 << 34), UTC)
    address = connection.remote_address
    entry = {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": 0,
        "request": {
            "method": (request[0].split(" ", 1)[0]) or "GET",
            "url": connection.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": request[1],
            "queryString": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": int(status[1]) if status[1].isdecimal() and len(status[1]) == 3 else 101,
            "statusText": status[2] or "Switching Protocols",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": response[1],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_resourceType": "websocket",
        "_webSocketMessages": messages,
    }
    return {**entry, "serverIPAddress": address[0], "connection": str(address[1])} if address else entry


def _head(head: bytes) -> tuple[str, list[dict[str, str]]]:
    """Return the first line and the headers of a head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines if line]
    return first, [{"name": name, "value": value.strip(" \t")} for name, _, value in pairs]
