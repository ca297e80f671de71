"""Which library deflates and inflates messages: zlib-ng where it is installed, else the zlib of Python.

The only module that imports zlib-ng (``pip install 'wsnotebook[zlib-ng]'``); deflate.py says when which one is used.
"""

from __future__ import annotations

import zlib
from types import ModuleType
from typing import cast

__all__ = ["DEFLATE_ERRORS", "QUICK", "QUICK_FROM"]

QUICK: ModuleType = zlib
"""The library for deflating, and for inflating large messages; it has ``compressobj`` and ``decompressobj`` as zlib."""
DEFLATE_ERRORS: tuple[type[Exception], ...] = (zlib.error,)
"""What either library raises of bytes that are not DEFLATE, with the same text."""
try:
    from zlib_ng import zlib_ng
except ImportError:
    pass
else:
    QUICK = zlib_ng
    DEFLATE_ERRORS = (
        zlib.error,
        cast("type[Exception]", zlib_ng.error),
    )  # its stub says that it is an instance

QUICK_FROM = 512
"""Compressed bytes of a frame from which inflating is quicker with zlib-ng, in 0.4 to 0.9 of zlib's time. Messages of 100 B
take a quarter more with it than with zlib."""
