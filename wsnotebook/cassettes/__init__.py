"""Cassettes of tests: conversations recorded once, kept as text beside the tests, and played to the code under test."""

from __future__ import annotations

__all__: list[str] = []
