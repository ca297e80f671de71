"""Reads one line of HTTP from a stream and leaves the following bytes in it."""

from __future__ import annotations

import asyncio

from wsnotebook.lab.messages import HttpSyntaxError

__all__ = ["read_line"]


async def read_line(reader: asyncio.StreamReader, limit: int) -> bytes:
    """Return the next line with its CR LF, or b"" at the end of the stream.

    A lone LF or CR is refused: request smuggling uses two parsers that disagree on where a line ends
    (RFC 9112 §2.2 and §11.2).

    Raises:
        HttpSyntaxError: a lone CR or LF, the stream ends inside the line (400), or over ``limit`` bytes (431).
    """
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as exc:
        if not exc.partial:
            return b""
        raise HttpSyntaxError("the connection ended inside a line") from None
    except asyncio.LimitOverrunError:
        raise HttpSyntaxError(f"a line is over the limit of {limit} bytes", 431) from None
    if len(line) > limit:
        raise HttpSyntaxError(f"a line is over the limit of {limit} bytes", 431)
    if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
        raise HttpSyntaxError("a line must end with CR LF, and have no CR or LF inside")
    return line
