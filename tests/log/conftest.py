"""Fixtures of logs, shared with the tests of the other folder that needs them."""

from __future__ import annotations

from logs import logs, make_log, same_log

__all__ = ["logs", "make_log", "same_log"]
