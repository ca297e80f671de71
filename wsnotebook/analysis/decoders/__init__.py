"""Decoders of protocols: one module per protocol, found by name in the table of registry.py."""

from __future__ import annotations

__all__: list[str] = []
