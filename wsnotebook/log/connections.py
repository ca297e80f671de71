"""What the log keeps of each connection: its name, attempt and handshake, secrets already redacted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection whose frames stand in a log."""

    session: str
    """Name of the session."""
    attempt: int = 0
    """0 for the first connection of the session, 1 for its first reconnection, …"""
    url: str = ""
    """Address asked for, redacted."""
    request: bytes = b""
    """Request head as it was sent, redacted."""
    response: bytes = b""
    """Response head as it came, redacted."""
    opened_ns: int = 0
    """Wall clock when the handshake was done, ns since the epoch."""
    local_address: tuple[str, int] | None = None
    """Our IP address and port, where there is one."""
    remote_address: tuple[str, int] | None = None
    """The peer's."""
    has_secrets: bool = False
    """Recorded with include_secrets=True: nothing was redacted."""

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
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Connection:
        """Return the connection that ``to_dict`` was called on.

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
        )


def _address(value: Any) -> tuple[str, int] | None:
    return (str(value[0]), int(value[1])) if value else None
