"""Counters: the widget that shows what a session has sent, received and measured."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import traitlets

from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.sessionwidget import SessionWidget
from wsnotebook.widgets.verbs import shown

__all__ = ["Counters"]


class Counters(SessionWidget):
    """Frames, bytes, rate, latency and losses of one session, as numbers that other widgets can observe.

    Example::

        counters = Counters(session)
        counters.observe(print, "received")

    Args:
        session: as in SessionWidget.
    """

    _esm = join_modules(Path(__file__).with_name("counters.mjs"))

    offered: ClassVar[tuple[str, ...]] = ("ping",)

    ending = shown(traitlets.Unicode())
    """Close code, reason and initiator, once they are known."""
    silence = shown(traitlets.Int(0))
    """Whole seconds since the last frame of either direction."""
    latency = shown(traitlets.Float(None, allow_none=True))
    """Of the last ping, in seconds."""
    received = shown(traitlets.Int(0))
    """Frames received on this connection; others in the same log do not count."""
    sent = shown(traitlets.Int(0))
    """Frames sent on it."""
    received_bytes = shown(traitlets.Int(0))
    """Payload bytes received."""
    sent_bytes = shown(traitlets.Int(0))
    """Payload bytes sent."""
    rate = shown(traitlets.Float(0.0))
    """Frames per second, both directions."""
    queued = shown(traitlets.Int(0))
    """Frames that wait to be written."""
    unread = shown(traitlets.Int(0))
    """Received frames or messages that no code has dequeued."""
    oversized = shown(traitlets.Int(0))
    """Frames over the size limit."""
    stalls = shown(traitlets.Int(0))
    """How often nothing was received for 50 ms or more, because the session's event loop was busy, as ``df.ws.stalls()`` lists."""
    stalled = shown(traitlets.Float(0.0))
    """Seconds of all stalls, to a tenth."""
    memory = shown(traitlets.Int(0))
    """Bytes of memory that the log holds."""
    dropped = shown(traitlets.Int(0))
    """Rows that the log dropped to stay within its retention."""
    truncated = shown(traitlets.Int(0))
    """Received bytes that are in no row: bodies of frames over the size limit."""
