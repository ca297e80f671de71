"""Questions to the DataFrame of frames: importing this gives every pandas DataFrame of frames its ``df.ws``."""

from __future__ import annotations

from wsnotebook.analysis.accessor import register

__all__ = ["register"]

register()
