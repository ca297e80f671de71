"""Conversion of the argument of ``close``, a code, a CloseReason or an exception, to a CloseReason and its frame."""

from __future__ import annotations

import asyncio
import functools
from typing import TypeAlias

from wsnotebook.errors import FrameTooBig, SessionFault
from wsnotebook.wire.frames import (
    MAX_CLOSE_MESSAGE,
    CloseCode,
    CloseReason,
    Frame,
    Opcode,
    is_close_code,
    reason_in_payload,
    truncate_utf8,
)

__all__ = ["CloseArgument", "close_frame", "failure_reason", "reason_in", "reason_of"]

CloseArgument: TypeAlias = int | CloseReason | BaseException


def reason_of(reason: CloseArgument, message: str, *, detail: bool, any_code: bool) -> CloseReason:
    """Return the close reason for the arguments of ``close``.

    Args:
        reason: a code, a CloseReason, or an exception: CancelledError becomes 1000 without a message, any other 1011
            with the name of its type, cut to 123 bytes between two characters.
        message: the text that goes with a code; at most 123 bytes of UTF-8 (RFC 6455 §5.5: 125 with the code).
        detail: add the text of the exception.
        any_code: allow codes and lengths that RFC 6455 forbids, for a raw session.

    Raises:
        ValueError: RFC 6455 §7.4 forbids to send the code, or the message is over 123 bytes; with ``any_code`` only
            a code that does not fit into two bytes.
    """
    if isinstance(reason, asyncio.CancelledError):
        return CloseReason(CloseCode.NORMAL)
    if isinstance(reason, BaseException):
        text = f"{type(reason).__name__}: {reason}" if detail else type(reason).__name__
        return CloseReason(CloseCode.INTERNAL_ERROR, truncate_utf8(text, MAX_CLOSE_MESSAGE))
    closing = reason if isinstance(reason, CloseReason) else CloseReason(int(reason), message)
    _check(closing, any_code=any_code)
    return closing


@functools.lru_cache(maxsize=64)  # most sessions are closed with 1000
def _check(reason: CloseReason, *, any_code: bool) -> None:
    if not any_code and not is_close_code(reason.code):
        raise ValueError(
            f"close code {reason.code} may not be sent (RFC 6455 §7.4): use 1000 for a normal end, 1011 for an error, "
            "or 3000 to 4999 for a code of your own"
        )
    (CloseReason(reason.code) if any_code else reason).to_payload()  # raises if code or message do not fit


@functools.lru_cache(maxsize=64)  # as above
def close_frame(reason: CloseReason, *, any_length: bool) -> Frame:
    """Return the close frame of a reason.

    Raises:
        ValueError: the code does not fit into two bytes or, without ``any_length``, the message is over 123 bytes.
    """
    if not any_length:
        return Frame.close(reason)
    return Frame.nonstandard(Opcode.CLOSE, CloseReason(reason.code).to_payload() + reason.message.encode())


def failure_reason(message: str | SessionFault, code: int = CloseCode.INTERNAL_ERROR) -> CloseReason:
    """Return the close reason that tells the peer of a failure, cut to the 123 bytes of a close message."""
    if isinstance(message, FrameTooBig):
        message = f"frame of {message.frame_size} bytes, limit {message.limit}"
    elif isinstance(message, SessionFault):
        message = str(getattr(message, "rule", type(message).__name__))
    return CloseReason(code, truncate_utf8(message, MAX_CLOSE_MESSAGE))


def reason_in(payload: bytes) -> CloseReason:
    """Return the reason in the payload of a close frame; 1005 where it is empty (RFC 6455 §7.1.5)."""
    return reason_in_payload(payload) or CloseReason(CloseCode.NO_STATUS_RCVD)
