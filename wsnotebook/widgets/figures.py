"""Figures: all that the head of the panel shows of a session, as values of the traits of Controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsnotebook.safetext import safe_text
from wsnotebook.session.attempts import attempts_of
from wsnotebook.widgets.lifetime import Lifetime
from wsnotebook.widgets.tally import Tally
from wsnotebook.workbench import workbench
from wsnotebook.workbench.facts import refusal_of
from wsnotebook.workbench.repeating import repetition_of
from wsnotebook.workbench.settings import settings_of

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Figures", "ending_of"]

_BEAT = 0.5  # seconds between two changes of ``elapsed``: pulse.mjs misses them after 1.5 s


class Figures:
    """What is to be shown of one session; a reading costs what is new since the last one.

    Args:
        session: it may have ended.
    """

    def __init__(self, session: ClientWebSocketSession) -> None:
        self._session = session
        self._tally = Tally(session.log, session.pump.connection)
        self._lifetime = Lifetime(session.log, session.pump.connection)
        self._latencies: tuple[float | None, float | None] = (None, None)  # of ping(), of the pinger
        self._latency: float | None = None

    def read(self, now: float) -> dict[str, object]:
        """Return the value of each trait; ``now`` is in seconds on a monotonic clock."""
        self._tally.update(now)
        self._lifetime.update()
        groups = (self._facts(), self._counts(), self._times(), self._dialling(), settings_of(self._session))
        return {name: value for group in groups for name, value in group.items()}

    def _facts(self) -> dict[str, object]:
        session = self._session
        return {
            "name": safe_text(session.name),
            "url": safe_text(session.url),
            "raw": session.pump.raw,
            "state": str(session.state),
            "ending": ending_of(session),
            "latency": self._newest_latency(),
            "repeating": _repeating(session),
        }

    def _newest_latency(self) -> float | None:
        """Return the latency that has changed since the last reading, that of ping() or of the pinger."""
        pinger = getattr(self._session, "pinger", None)  # a raw session has none of its own
        found = (self._session.latency, None if pinger is None else pinger.latency)
        changed = [new for new, old in zip(found, self._latencies, strict=True) if new not in (old, None)]
        self._latencies, self._latency = found, changed[0] if changed else self._latency
        return self._latency

    def _counts(self) -> dict[str, object]:
        session, tally = self._session, self._tally
        outgoing, log = session.pump.outgoing, session.log
        return {
            "received": tally.frames["in"],
            "sent": tally.frames["out"],
            "received_bytes": tally.bytes["in"],
            "sent_bytes": tally.bytes["out"],
            "rate": 0.0 if session.state == "closed" else round(tally.rate, 1),
            "queued": len(outgoing.data) + len(outgoing.control),
            "unread": session.pump.incoming.waiting,
            "oversized": tally.oversized,
            "stalls": self._lifetime.stalls,
            "stalled": round(self._lifetime.stalled, 1),
            "memory": log.memory,
            "dropped": log.dropped,
            "truncated": log.truncated,
        }

    def _times(self) -> dict[str, object]:
        lifetime = self._lifetime
        latest = self._tally.latest_ns
        if lifetime.opened_ns is None:
            return {"elapsed": 0.0, "silence": 0}
        end = self._session.log.monotonic() if lifetime.closed_ns is None else lifetime.closed_ns
        elapsed = (end - lifetime.opened_ns) / 1e9
        silence = (end - (lifetime.opened_ns if latest is None else latest)) / 1e9
        return {"elapsed": elapsed // _BEAT * _BEAT, "silence": max(0, int(silence))}

    def _dialling(self) -> dict[str, object]:
        """Return what is done, or can be done, to open a session that follows; nothing while this one is open."""
        attempts = attempts_of(self._session)
        if attempts is None or self._session.state != "closed":
            return {
                "can_reconnect": False,
                "reconnecting": "",
                "can_stop": False,
                "failure": "",
                "refusal": "",
            }
        status, failure = attempts.status, attempts.failure
        return {
            "can_reconnect": True,
            "reconnecting": status,
            "can_stop": bool(status) and workbench.reconnects(self._session),
            "failure": "" if failure is None else safe_text(str(failure)),
            "refusal": refusal_of(failure),
        }


def _repeating(session: ClientWebSocketSession) -> str:
    repetition = repetition_of(session)
    return f"every {repetition.seconds:g} s, {repetition.count:,} times" if repetition is not None else ""


def ending_of(session: ClientWebSocketSession) -> str:
    """Return close code, reason and initiator, escaped; empty while there is no reason."""
    reason = session.close_reason_now
    if reason is None:
        return ""
    by = f", by {session.close_initiator}" if session.close_initiator else ""
    return safe_text(f"{reason}{by}")
