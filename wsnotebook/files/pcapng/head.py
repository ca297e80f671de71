"""Head: a captured head of HTTP, read leniently; what a strict parser would refuse is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from websockets.utils import accept_key

__all__ = ["Head"]

_LARGE = 64 << 10  # bytes; more than most servers accept
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_ABSOLUTE = re.compile(r"(?i)(ws|http)(s?)://([^/?#]*)(.*)", re.DOTALL)


class Head:
    """A request or a response, from its first line to the empty one.

    Args:
        data: its bytes; the end may be missing.
        is_after_empty_line: an empty line stands before it.
    """

    def __init__(self, data: bytes, *, is_after_empty_line: bool = False) -> None:
        self.data = data
        """Its bytes as captured."""
        self._is_after_empty_line = is_after_empty_line
        self._first, *lines = data.split(b"\n") if data else [b""]
        self._first = self._first.rstrip(b"\r")
        self._lines = [line.rstrip(b"\r") for line in lines if line.strip()]

    def values(self, name: str) -> list[str]:
        """Return the values of all lines of a header, in order."""
        return [value for found, value in self._headers() if found == name]

    def value(self, name: str) -> str:
        """Return the joined values of all lines of a header (RFC 9110 §5.3)."""
        return ", ".join(self.values(name))

    def _headers(self) -> Iterator[tuple[str, str]]:
        for line in self._lines:
            name, colon, value = line.partition(b":")
            if colon:
                yield name.strip().lower().decode("latin-1"), value.strip().decode("latin-1")

    @property
    def asks_for_websocket(self) -> bool:
        """Whether it has an Upgrade to WebSocket."""
        return "websocket" in self.value("upgrade").lower()

    @property
    def may_be_of_websocket(self) -> bool:
        """Whether its Upgrade is to no other protocol."""
        return "websocket" in (self.value("upgrade") or "websocket").lower()

    def answers(self, request: Head) -> bool:
        """Tell whether the key of a response belongs to that of a request (RFC 6455 §1.3)."""
        keys = request.values("sec-websocket-key")
        return bool(keys) and accept_key(keys[0]) in self.values("sec-websocket-accept")

    def url(self, server: str, scheme: str = "ws") -> str:
        """Return the URL of a request; ``server`` stands for a Host that it lacks, ``scheme`` for one in its target."""
        parts = self._first.split(b" ")
        target = _decoded(b" ".join(parts[1:-1]) if len(parts) > 2 else b"".join(parts[1:]))
        absolute = _ABSOLUTE.match(target)
        if absolute is not None:
            return f"ws{absolute[2].lower()}://{absolute[3]}{absolute[4]}"
        return f"{scheme}://" + next(iter(self.values("host")), server) + target

    def oddities(self) -> list[str]:
        """Return what a strict parser would refuse, a sentence each."""
        is_request = not self._first.startswith(b"HTTP/")
        names = [line.partition(b":")[0] for line in self._lines]
        hosts = len(self.values("host"))
        folded = [name for name in names if name[:1] in b" \t"]
        spaced = [name for name in names if name not in folded and name != name.rstrip()]
        strange = [name for name in names if name not in folded and not _TOKEN.fullmatch(name.rstrip())]
        found = {
            "an empty line stands before it": self._is_after_empty_line,
            "it is of HTTP/1.0": b"HTTP/1.0" in self._first,
            "its target has bytes that are not ASCII": is_request and not self._first.isascii(),
            "it has no Host": is_request and not hosts,
            f"it has {hosts} lines of Host": hosts > 1,
            f"it has {len(self.data):,} bytes": len(self.data) > _LARGE,
            "its lines end without CR": b"\n" in self.data.replace(b"\r\n", b""),
            f"a line is folded: {_shown(folded)}": bool(folded),
            f"a space stands before a colon: {_shown(spaced)}": bool(spaced),
            f"a header has a wrong name: {_shown(strange)}": bool(strange),
        }
        return [sentence for sentence, is_so in found.items() if is_so]


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _shown(names: list[bytes]) -> str:
    return ascii(names[0][:40].decode("latin-1")) if names else ""
