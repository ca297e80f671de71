"""note_odd_beat: what a late tick of the notebook's loop, or a jump of the wall clock, means for a session, as events."""

from __future__ import annotations

import contextlib

from wsnotebook.log.rowlog import RowLog
from wsnotebook.session.heartbeat import JUMP, SLOW, STALL, Beat
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
    if beat.late < SLOW:
        return
    if thread is None:
        _note_late(log, name, beat.late, beat.late, "nothing was received or answered meanwhile")
        return

    def note(io: IoThread) -> None:
        # A C call that holds the interpreter's lock, or SIGSTOP, has stopped both.
        own = io.heartbeat.late_since(beat.due)
        meanwhile = "its own thread went on"
        if own >= STALL:
            meanwhile = f"and its own thread for {own:.1f} s: nothing was received or answered meanwhile"
        _note_late(log, name, beat.late, own, meanwhile)

    with contextlib.suppress(RuntimeError):  # its loop is closed, and with it the session
        thread.loop.call_soon_threadsafe(note, thread)


def _note_late(log: RowLog, name: str, late: float, own: float, meanwhile: str) -> None:
    """Append the event of a late tick.

    Args:
        log: of the session.
        name: of the session.
        late: seconds by which the notebook's loop came late.
        own: seconds by which the loop that receives came late.
        meanwhile: words on what that meant, of a stall.
    """
    if late >= STALL:
        log.note(
            "kernel stall",
            f"the notebook's loop stood still for {late:.1f} s; {meanwhile}",
            name,
            seconds=own,
        )
    elif own >= SLOW:
        log.note("loop late", f"{own * 1e3:.0f} ms", name, seconds=own)
