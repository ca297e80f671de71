"""exchange(): sends and receives at once, until enough has come or the time after the last message is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from wsnotebook.cli.outcome import Failed, WrongUsage, is_clean
from wsnotebook.errors import SessionClosed
from wsnotebook.wire.frames import CloseReason

__all__ = ["Exchange", "exchange"]


class Exchange(NamedTuple):
    """How an exchange ended."""

    ending: CloseReason | None
    """Why the session ended; None where it was still open."""
    sent_all: bool

    def check(self, unsent: str) -> None:
        """Check that nothing was cut off.

        Args:
            unsent: what the session ended before, where not all was sent: "the end of the input".

        Raises:
            Failed: the session ended with a fault, or before everything was sent.
        """
        if self.ending is not None and not (self.sent_all and is_clean(self.ending)):
            raise Failed(f"the session ended{'' if self.sent_all else f' before {unsent}'}: {self.ending}")


async def exchange(
    ending: Callable[[], CloseReason | None],
    sending: Coroutine[Any, Any, None],
    receiving: Coroutine[Any, Any, None],
    *,
    wait: float,
    send_all: bool,
) -> Exchange:
    """Run both until one has ended; then give the other ``wait`` seconds.

    Args:
        ending: returns why the session that both use has ended, None where it is open; it is not closed here.
        sending: ends when everything is sent.
        receiving: ends when enough was received, or the session has ended.
        wait: seconds for what comes after the last message was sent.
        send_all: send the rest also after enough was received; False for a person who types.
    """
    receive = asyncio.create_task(receiving, name="receive")
    send = asyncio.create_task(sending, name="send")
    try:
        await asyncio.wait((receive, send), return_when=asyncio.FIRST_COMPLETED)
        if send_all and not send.done():
            await asyncio.wait((send,), timeout=wait)
        if send.done() and not isinstance(send.exception(), WrongUsage):
            await asyncio.wait((receive,), timeout=wait)
    finally:
        ended = ending()
        receive.cancel()
        send.cancel()
        faults = await asyncio.gather(receive, send, return_exceptions=True)
    for fault in faults:
        if isinstance(fault, Exception) and not isinstance(fault, SessionClosed):
            raise fault
    return Exchange(ended, sent_all=faults[1] is None)
