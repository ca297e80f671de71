"""The door: a FrameLog is a RowLog that names itself; saving and recording are in the tests of each format."""

from __future__ import annotations

from feed import Feed, server_frame

from wsnotebook.files.framelog import FrameLog


def test_repr_says_what_is_where() -> None:
    """Frames, those of them on disk, and bytes in memory, in a unit that shows them."""
    log = FrameLog(retention=1_000_000)
    feed = Feed(log)
    feed.receive(server_frame(b"x" * 1000))
    assert repr(log) == "<FrameLog 1 frame, 1.0 kB in memory; .df is the DataFrame>"
    for _ in range(20):
        feed.receive(server_frame(b"x" * 100) * 500)
    assert repr(log).startswith(f"<FrameLog 10,001 frames, {log.spilled:,} of them on disk, ")
