"""expect(): passes over messages until one matches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from wsnotebook.errors import ExpectationFailed, SessionClosed, SessionFault
from wsnotebook.matching import Comparison, Message, Pattern
from wsnotebook.wire.frames import CloseReason

__all__ = ["expect"]

_KEPT = 20  # messages that the exception has: a feed sends millions in the time of an expectation


async def expect(
    receive: Callable[[], Awaitable[Message]], pattern: Pattern, timeout: float | None
) -> Message:
    """Return the first message that matches.

    Args:
        receive: returns the next message; called until one matches.
        pattern: compared with each.
        timeout: seconds for all of it; None for no limit.

    Raises:
        ExpectationFailed: as session.expect().
    """
    passed: deque[Message] = deque(maxlen=_KEPT)
    nearest: tuple[Message, Comparison] | None = None
    count = 0

    def failed(ended: CloseReason | Exception | None) -> ExpectationFailed:
        message, differences = (nearest[0], nearest[1].differences) if nearest else (None, ())
        return ExpectationFailed(
            str(pattern),
            passed,
            count,
            nearest=message,
            differences=differences,
            timeout=timeout,
            ended=ended,
        )

    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            while True:
                message = await receive()
                found = pattern.compare(message)
                if found:
                    return message
                if nearest is None or found.distance <= nearest[1].distance:  # of equal ones the latest
                    nearest = (message, found)
                passed.append(message)
                count += 1
    except (SessionClosed, SessionFault) as error:
        raise failed(error.reason if isinstance(error, SessionClosed) else error) from error
    except TimeoutError:
        if not limit.expired():
            raise  # of a pattern's function
        raise failed(None) from None
