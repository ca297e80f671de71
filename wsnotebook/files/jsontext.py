"""JSON from files that nobody vouches for: refused before it is parsed where it would take far more room than it has."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["parse"]

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_SMALL = 64 << 10  # bytes that cannot become much, whatever they are
_SPARSE = 16  # bytes that there are for each bracket in what we, Chrome and mitmproxy write, at least


def parse(data: bytes, most: int | None = None) -> Any:
    """Return the value of some JSON.

    Python needs sixty bytes for the three of an empty list, but for a string hardly more than the file does.

    Args:
        data: UTF-8.
        most: bytes that it may have beside its strings; None where only the number of brackets counts.

    Raises:
        ValueError: it is not JSON, or too deep, or would take far more memory than the file has bytes.
    """
    if len(data) > _SMALL:
        bare = _STRING.sub(b"", data)
        if bare.count(b"[") + bare.count(b"{") > len(data) // _SPARSE or (
            most is not None and len(bare) > most
        ):
            raise ValueError(
                "far more brackets and numbers than frames need: refused, it would take too much memory"
            )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
