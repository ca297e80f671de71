"""expect(): passes over messages until one matches; Expectation: what it has seen so far."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from wsnotebook.errors import ExpectationFailed, SessionClosed, SessionFault
from wsnotebook.matching import Comparison, Message, Pattern
from wsnotebook.wire.frames import CloseReason

__all__ = ["Expectation", "expect"]

_KEPT = 20  # messages that the exception has: a feed sends millions in the time of an expectation


class Expectation:
    """A pattern, and what the messages that were compared with it had instead.

    Args:
        pattern: compared with each message.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._passed: deque[Message] = deque(maxlen=_KEPT)
        self._nearest: tuple[Message, Comparison] | None = None
        self._count = 0

    def is_met_by(self, message: Message) -> bool:
        """Return whether the next message matches; remember it where it does not."""
        found = self._pattern.compare(message)
        if found:
            return True
        if self._nearest is None or found.distance <= self._nearest[1].distance:  # of equal ones the latest
            self._nearest = (message, found)
        self._passed.append(message)
        self._count += 1
        return False

    def failed(self, timeout: float | None, ended: CloseReason | Exception | None) -> ExpectationFailed:
        """Return the exception for an expectation that no message has met.

        Args:
            timeout: seconds of waiting; None for no limit.
            ended: why the session ended; None where the time ran out.
        """
        message, differences = (
            (self._nearest[0], self._nearest[1].differences) if self._nearest else (None, ())
        )
        return ExpectationFailed(
            str(self._pattern),
            self._passed,
            self._count,
            nearest=message,
            differences=differences,
            timeout=timeout,
            ended=ended,
        )


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
    expectation = Expectation(pattern)
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            while True:
                message = await receive()
                if expectation.is_met_by(message):
                    return message
    except (SessionClosed, SessionFault) as error:
        ended = error.reason if isinstance(error, SessionClosed) else error
        raise expectation.failed(timeout, ended) from error
    except TimeoutError:
        if not limit.expired():
            raise  # of a pattern's function
        raise expectation.failed(timeout, None) from None
