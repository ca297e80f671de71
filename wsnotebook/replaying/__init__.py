"""Replay of a recorded client: its frames with their times, the replies that it waited for, and values of live replies.

A lab server that plays the frames of a recorded server is in lab/playback.py.
"""

from __future__ import annotations

__all__: list[str] = []
