"""Connection: the name, attempt and handshake of one connection in a log, secrets already redacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["UNKNOWN_KEY", "Connection", "last_number"]

UNKNOWN_KEY = bytes(4)
"""Stands in a row for the mask key of a masked frame of a reported connection; the DataFrame has NA."""


class Connection(NamedTuple):
    """One connection whose frames are in a log."""

    session: str
    """Name of the session."""
    attempt: int = 0
    """0 for the first connection of the session, 1 for its first reconnection, …"""
    url: str = ""
    """URL of the request, redacted."""
    request: bytes = b""
    """Request head on the wire, redacted."""
    response: bytes = b""
    """Response head on the wire, redacted."""
    opened_ns: int = 0
    """Wall clock at the end of the handshake, ns since the epoch."""
    local_address: tuple[str, int] | None = None
    """IP address and port of this side; None for a socket without one."""
    remote_address: tuple[str, int] | None = None
    """IP address and port of the peer."""
    has_secrets: bool = False
    """True where it was recorded with include_secrets=True: nothing is redacted."""
    recording: str = ""
    """Identity of the recording in which it was opened, kept by every file; RowLog.register fills it in where it is another."""
    is_reported: bool = False
    """True where a browser has told its messages: keys and lengths on the wire are not known, nor are control frames."""

    def in_recording(self, recording: str) -> Connection:
        """Return it as one of a recording; itself where it is, as a copy costs as much as all else of registering it."""
        return self if self.recording == recording else self._replace(recording=recording)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for df.attrs and for files."""
        return {
            "session": self.session,
            "attempt": self.attempt,
            "url": self.url,
            "request": self.request.decode("latin-1"),
            "response": self.response.decode("latin-1"),
            "opened_ns": self.opened_ns,
            "local_address": list(self.local_address) if self.local_address else None,
            "remote_address": list(self.remote_address) if self.remote_address else None,
            "has_secrets": self.has_secrets,
            "recording": self.recording,
            "is_reported": self.is_reported,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Connection:
        """Return the connection of a dict that ``to_dict`` made.

        Raises:
            KeyError, TypeError, ValueError: the values are not such a dict.
        """
        return cls(
            session=str(values["session"]),
            attempt=int(values["attempt"]),
            url=str(values["url"]),
            request=str(values["request"]).encode("latin-1"),
            response=str(values["response"]).encode("latin-1"),
            opened_ns=int(values["opened_ns"]),
            local_address=_address(values.get("local_address")),
            remote_address=_address(values.get("remote_address")),
            has_secrets=bool(values.get("has_secrets", False)),
            recording=str(values.get("recording", "")),
            is_reported=bool(values.get("is_reported", False)),
        )


def last_number(kinds: Sequence[str], names: Iterable[str]) -> int:
    """Return the highest number in names as "client-1", of the kind "client"; 0 where none is of one of the kinds."""
    numbered = re.compile(rf"(?:{'|'.join(map(re.escape, kinds))})-([0-9]{{1,9}})")
    return max((int(found[1]) for found in map(numbered.fullmatch, names) if found), default=0)


def _address(value: Any) -> tuple[str, int] | None:
    return (str(value[0]), int(value[1])) if value else None
