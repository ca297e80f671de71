"""The values of a script: what each line does, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wsnotebook.errors import StepFailed

__all__ = [
    "Action",
    "Close",
    "Expect",
    "ExpectClose",
    "Kind",
    "Mask",
    "Outcome",
    "Ping",
    "Send",
    "Step",
    "Timeout",
    "Wait",
]

Kind: TypeAlias = Literal["plain", "json", "text", "hex"]
"""How a message is written: as it stands, as JSON, as a JSON string with escapes, or as hex digits."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message."""

    kind: Kind
    body: str
    """As written, with its ``{name}``."""


@dataclass(frozen=True, slots=True)
class Expect:
    """Pass over messages until one matches."""

    kind: Kind
    body: str
    """As written, with its ``{name}``; an empty plain one is any message."""


@dataclass(frozen=True, slots=True)
class ExpectClose:
    """Wait until the session ends."""

    code: int | None
    """The close code of the peer, 1006 for a lost connection; None for any."""
    reason: str
    """A part of the reason of the peer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Timeout:
    """Set the time limit of the steps that follow."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ping:
    """Send a ping, and wait for its pong."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Turn the masking of sent frames on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Close the session, and wait for the close frame of the peer."""

    code: int
    reason: str


Action: TypeAlias = Send | Expect | ExpectClose | Wait | Timeout | Ping | Mask | Close


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script."""

    line: int
    """Its number, from 1."""
    text: str
    """The line as written."""
    action: Action


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step."""

    step: Step
    seconds: float
    """Time that it took."""
    note: str = ""
    """What came: the message that matched, the latency, the reason of the end."""
    failure: StepFailed | None = None
