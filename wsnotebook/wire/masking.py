"""Masking (RFC 6455 §5.3): the C routine of websockets, or the Python one where a wheel was built without C."""

from __future__ import annotations

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - only on platforms without a compiled wheel
    from websockets.utils import apply_mask

__all__ = ["apply_mask"]
