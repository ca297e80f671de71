"""Reading: what one batch of received frames means to an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from wsnotebook.errors import SessionFault
from wsnotebook.wire.scanner import ScannedBatch

__all__ = ["Fault", "Reading"]


class Fault(NamedTuple):
    """Why the connection has to be failed (RFC 6455 §7.1.7)."""

    exception: SessionFault
    """Raised to the reader of ``incoming``."""
    code: int
    """Close code for the peer."""


@dataclass(slots=True)
class Reading:
    """One batch with its consequences; places are positions in the batch."""

    batch: ScannedBatch
    """Judged frames; empty where the beginning of a frame is enough for ``fault``."""
    pings: list[bytes] = field(default_factory=list)
    """Payloads of pings, in order."""
    pongs: list[bytes] = field(default_factory=list)
    """Payloads of pongs, in order."""
    closes: list[bytes] = field(default_factory=list)
    """Payloads of close frames, in order."""
    fault: Fault | None = None
    """The connection has to be failed; at most once in a direction."""
    end: int | None = None
    """Place from which on nothing is delivered any more; None where all is."""
    deliverable: int = 0
    """Frames (raw) or whole messages (default) that the batch completes."""
