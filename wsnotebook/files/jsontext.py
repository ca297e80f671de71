"""JSON from untrusted files: refused before it is parsed where it would need far more memory than it has bytes."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["parse"]

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_SMALL = 64 << 10  # bytes that cannot need much memory, whatever they are
_SPARSE = 16  # bytes per bracket, at least, in files of ours, of Chrome and of mitmproxy


def parse(data: bytes, most: int | None = None) -> Any:
    """Return the value of some JSON.

    Python allocates sixty bytes for the three of an empty list, but for a string hardly more than it has in the file.

    Args:
        data: UTF-8.
        most: limit of its bytes beside its strings; None where only the number of brackets is limited.

    Raises:
        ValueError: it is not JSON, or too deep, or would need far more memory than the file has bytes.
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
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON from line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 from byte {error.start}") from error
    except ValueError as error:  # more digits than Python converts
        raise ValueError("a number of thousands of digits") from error
