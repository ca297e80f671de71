"""Doorway: the clients of a proxy from their first byte until a conversation or a tunnel has them, and those refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias
from weakref import WeakSet

from wsnotebook.lab.frontdoor import FrontDoor
from wsnotebook.lab.guard import Refusal
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.middle.answer import Answer, send_refusal
from wsnotebook.redaction import redact_url

__all__ = ["PATIENCE", "Admit", "Doorway", "Work"]

PATIENCE = 2.0
"""Seconds that peers have to end TCP when the proxy stops, or has refused them."""
_HEAD_TIMEOUT = 10.0  # seconds that a client has for its request

Work: TypeAlias = Coroutine[Any, Any, None]
"""What is done for a client once its request is known."""
Admit: TypeAlias = Callable[[asyncio.Transport, RequestHead, bytes], Work | None]
"""Returns it; None where the client was refused."""


class Doorway:
    """The way in.

    Args:
        check: returns the refusal of a request, or None to admit it.
        failed: called with what the work for a client has raised.
        of_proxy: clients may ask to CONNECT.
    """

    def __init__(
        self,
        check: Callable[[asyncio.Transport, RequestHead], Refusal | None],
        failed: Callable[[Exception], None],
        *,
        of_proxy: bool,
    ) -> None:
        self.refusals: list[Refusal] = []
        """Refused requests, oldest first."""
        self._check = check
        self._failed = failed
        self._of_proxy = of_proxy
        self._works: set[asyncio.Task[None]] = set()
        self._heads: set[asyncio.Transport] = set()
        self._refused: WeakSet[asyncio.Transport] = WeakSet()

    def open(self, admit: Admit) -> FrontDoor:
        """Return what reads the head of one request, for ``admit``."""

        def admitted(transport: asyncio.Transport, head: RequestHead, rest: bytes) -> None:
            work = admit(transport, head, rest)
            if work is not None:
                self._begin(work, f"{head.method} {redact_url(head.target)}")

        return FrontDoor(
            self._check,
            admitted,
            self.refusals.append,
            self._heads,
            timeout=_HEAD_TIMEOUT,
            of_proxy=self._of_proxy,
        )

    def _begin(self, work: Work, name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._works.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._failed(error)

    def refuse(self, transport: asyncio.Transport, answer: Answer, why: str) -> None:
        """Answer a client, and end its connection; ``why`` is for the record."""
        self.refusals.append(Refusal(answer.status, why))
        send_refusal(transport, answer)
        self.refused(transport)

    def refused(self, transport: asyncio.Transport) -> None:
        """End a connection that was answered with a refusal, if its client does not."""
        self._refused.add(transport)
        asyncio.get_running_loop().call_later(PATIENCE, transport.close)

    def cancel(self) -> None:
        """Stop all work."""
        for task in self._works:
            task.cancel()

    def abort(self) -> None:
        """End the connections whose requests are not whole, and those refused."""
        for transport in (*self._heads, *self._refused):
            transport.abort()
