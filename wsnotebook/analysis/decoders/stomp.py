"""STOMP 1.0 to 1.2: frames of a command, headers and a body, several in a message or one in several; an empty line is a heartbeat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wsnotebook.analysis.decoders.decoder import Payload, Record
from wsnotebook.analysis.decoders.rest import Rest

__all__ = ["COMMANDS_OF_CLIENTS", "Stomp", "StompVersion", "looks_like_stomp"]

COMMANDS_OF_CLIENTS = tuple(
    "CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT".split()
)
_COMMANDS = (*COMMANDS_OF_CLIENTS, "CONNECTED", "MESSAGE", "RECEIPT", "ERROR")
_LONGEST = max(map(len, _COMMANDS))
_PLAIN = {"CONNECT", "CONNECTED"}
"""Frames whose headers are not escaped, as those of 1.0."""
_VERSIONS = {"CONNECT": "accept-version", "STOMP": "accept-version", "CONNECTED": "version"}
"""Headers with the versions of the frames after these; 1.0, which has no escapes, has no such header either."""
_LINE_ENDS = re.compile(rb"[\r\n]*")
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\c": ":", "\\\\": "\\"}
_NUL = b"\0"


class _NotWhole(Exception):
    """The frame goes on in the next message."""

    def __init__(self, wanted: int = 0) -> None:
        super().__init__()
        self.wanted = wanted  # its bytes, as far as they are known


class StompVersion:
    """What is known of the version of a connection: the CONNECTED of its server holds for the frames of both sides."""

    has_escapes = True


class Stomp:
    """One direction of a connection; called with each message. Bodies are text where they are UTF-8, else bytes.

    Args:
        version: that of the connection, shared by both directions.
    """

    def __init__(self, version: StompVersion | None = None) -> None:
        self._version = version or StompVersion()
        self._rest = Rest()
        self._span = 0  # messages in which the rest lies

    def __call__(self, payload: Payload) -> Iterator[Record]:
        self._span += 1
        data = self._rest.add(payload.encode() if isinstance(payload, str) else payload)
        if data is None:
            return
        at = _after_lines(data, 0)
        if at == len(data):
            yield Record("heartbeat")
        while at < len(data):
            try:
                record, stop = _frame(data, at, self._version.has_escapes)
            except _NotWhole as found:
                # A frame ends with NUL, so that without one there is nothing to look for.
                self._rest.keep(data[at:], found.wanted, until=_NUL)
                return
            except ValueError as error:
                nul = data.find(_NUL, at)
                record, stop = Record(error=str(error)), len(data) if nul < 0 else nul + 1
            if record.kind in _VERSIONS:
                versions = record.value["headers"].get(_VERSIONS[record.kind], "1.0")
                self._version.has_escapes = versions.strip() != "1.0"
            yield record._replace(span=self._span)
            self._span = 1
            at = _after_lines(data, stop)
        self._span = 0

    def end(self) -> Iterator[Record]:
        """Yield an error for a frame that never became whole."""
        if self._rest.size:
            yield Record(error=f"no NUL ends the last frame: {self._rest.size} bytes", span=self._span)
        self._rest.clear()
        self._span = 0


def _after_lines(data: bytes, at: int) -> int:
    """Return where the next byte stands that ends no line."""
    found = _LINE_ENDS.match(data, at)
    return at if found is None else found.end()


def _frame(data: bytes, at: int, has_escapes: bool) -> tuple[Record, int]:
    """Return the frame that begins at a place, and where it ends.

    Raises:
        ValueError: it is none.
        _NotWhole: the rest of it is to come.
    """
    _check_command(data, at)
    end = _EMPTY_LINE.search(data, at)
    if end is None:
        if _NUL in data[at:]:
            raise ValueError("no empty line ends the headers")
        raise _NotWhole
    command, *lines = re.split(r"\r?\n", data[at : end.start()].decode())
    headers = _headers(command, lines, has_escapes and command not in _PLAIN)
    size = headers.get("content-length")
    if size is not None and int(size) < 0:
        raise ValueError(f"content-length is {size}")
    stop = end.end() + int(size) if size is not None else data.find(_NUL, end.end())
    if stop < 0 or stop >= len(data):
        raise _NotWhole(stop + 1 - at)
    if data[stop] != 0:
        raise ValueError(f"no NUL ends the frame after the {size} bytes of its content-length")
    return Record(command, {"headers": headers, "body": _text(data[end.end() : stop])}), stop + 1


def _check_command(data: bytes, at: int) -> None:
    """Refuse what no frame begins with, also as long as the line is not whole."""
    found, ended = _first_line(data, at)
    if not (found in _COMMANDS if ended else any(each.startswith(found) for each in _COMMANDS)):
        raise ValueError(f"{found!r} is no command")


def _first_line(data: bytes, at: int) -> tuple[str, bool]:
    """Return the line that begins at a place, as far as a command could go, and whether it has ended there."""
    line, ended, _ = data[at : at + _LONGEST + 2].partition(b"\n")
    return line.removesuffix(b"\r").decode("utf-8", "replace"), bool(ended)


def _headers(command: str, lines: list[str], has_escapes: bool) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"the header {line[:40]!r} has no colon")
        if has_escapes:
            name, value = _unescaped(name), _unescaped(value)
        headers.setdefault(name, value)  # the first counts
    if command in ("CONNECT", "STOMP"):
        headers.pop("passcode", None)  # a secret, which a table is no place for
    return headers


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[0] not in _ESCAPES:
            raise ValueError(f"{found[0]!r} is no escape")
        return _ESCAPES[found[0]]

    return re.sub(r"\\.?", plain, text)


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def looks_like_stomp(payload: Payload) -> bool | None:
    """Return whether a message is frames of STOMP, of the last one maybe only the beginning; None for a heartbeat, a line end."""
    if not payload:
        return False
    records = list(Stomp()(payload))
    if records:
        is_right = all(record.error is None for record in records)
        return None if is_right and records[0].kind == "heartbeat" else is_right
    line, ended = _first_line(payload.encode() if isinstance(payload, str) else payload, 0)
    return ended and line in _COMMANDS
