"""note_odd_beat: what a late tick of the notebook's loop, or a jump of the wall clock, means for a session, as events."""

from __future__ import annotations

import contextlib

from wsnotebook.log.rowlog import RowLog
from wsnotebook.session.heartbeat import JUMP, STALL, Beat
from wsnotebook.session.iothread import IoThread

__all__ = ["note_odd_beat"]


def note_odd_beat(beat: Beat, log: RowLog, name: str, thread: IoThread | None) -> None:
    """Append the events that a tick of the notebook's loop gives cause for; on that loop.

    Args:
        beat: the tick.
        log: of the session.
        name: of the session.
        thread: its I/O thread; None where its I/O is on the notebook's loop.
    """
    if abs(beat.jump) >= JUMP:
        log.note(
            "clock jump",
            f"the wall clock went {beat.jump:+.1f} s: it was set, or the machine slept; `monotonic` has the true order",
            name,
        )
    if beat.late < STALL:
        return
    stood_still = f"the notebook's loop stood still for {beat.late:.1f} s"
    if thread is None:
        log.note("kernel stall", f"{stood_still}; nothing was received or answered meanwhile", name)
        return

    def note(io: IoThread) -> None:
        # A C call that holds the interpreter's lock, or SIGSTOP, has stopped both.
        own = io.heartbeat.stalled_since(beat.due)
        went_on = "its own thread went on"
        both = f"and its own thread for {own:.1f} s: nothing was received or answered meanwhile"
        log.note("kernel stall", f"{stood_still}, {both}" if own else f"{stood_still}; {went_on}", name)

    with contextlib.suppress(RuntimeError):  # its loop is closed, and with it the session
        thread.loop.call_soon_threadsafe(note, thread)
