"""A session that records what it is asked, and a page that records what a widget says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame


class RecordingSession:
    """What panel and controls see of a session: a real log, and verbs that are recorded and settled by the test."""

    def __init__(self, log: FrameLog | None = None) -> None:
        self.name = "ws-1"
        self.url = "ws://127.0.0.1:9/feed"
        self.state = "open"
        self.masking = True
        self.latency: float | None = None
        self.close_reason_now: CloseReason | None = None
        self.close_initiator: str | None = None
        self.log = FrameLog() if log is None else log  # an empty log is false
        self.log.register(Connection(self.name, url=self.url))
        self.threadsafe = self
        self.pump = SimpleNamespace(attempt=0)
        self.asked: list[tuple[Any, ...]] = []
        self.futures: list[Future[Any]] = []

    def send(self, item: Frame) -> Future[Any]:
        return self._ask("send", item)

    def ping(self) -> Future[Any]:
        return self._ask("ping")

    def close(self, code: int, message: str) -> Future[Any]:
        return self._ask("close", code, message)

    def terminate(self) -> None:
        self.asked.append(("terminate",))

    def end(self, code: int = 1000, message: str = "", initiator: str = "peer") -> None:
        """Become closed."""
        self.close_reason_now, self.close_initiator = CloseReason(code, message), initiator
        self.state = "closed"

    def record(self, *frames: Frame, sent: bool = False, flags: int = 0, detail: str = "") -> None:
        """Append frames to the log as one read or one write."""
        batch = Batch()
        for frame in frames:
            bits = sum(bit for bit, on in ((0x80, frame.fin), (0x40, frame.rsv1), (0x20, frame.rsv2)) if on)
            text = Flag.TEXT if frame.opcode == 1 else 0
            place = batch.add(bits | frame.opcode, frame.data, flags | text, b"\1\2\3\4" if sent else None)
            if detail:
                batch.details[place] = detail
        self.log.append(batch, 0, "out" if sent else "in", 1_700_000_000_123_456_789, 5)

    def _ask(self, *what: Any) -> Future[Any]:
        self.asked.append(what)
        self.futures.append(Future())
        return self.futures[-1]


class Page:
    """The other end of a widget's comm."""

    def __init__(self, widget: Any) -> None:
        self.comm_id = widget.model_id
        self.told: list[dict[str, Any]] = []
        self.answers: dict[object, tuple[dict[str, Any], list[bytes]]] = {}
        self._ids = itertools.count(1)
        self._news = asyncio.Event()
        self._hear: Callable[[dict[str, Any]], None] = lambda message: None
        widget.comm = self

    # What ipywidgets wants of a comm

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self._hear = callback

    def send(self, data: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if data["method"] == "custom":
            content = data["content"]
            self.answers[content["id"]] = (content, list(buffers or []))
        else:
            self.told.append(data["state"])
        self._news.set()

    def close(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is held here."""

    # What a test wants of a page

    def post(self, content: dict[str, Any]) -> None:
        """Deliver a message to the widget, in the thread that calls."""
        self._hear({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    def ask(self, verb: str, **fields: Any) -> int:
        """Post a verb and return its id."""
        ident = next(self._ids)
        self.post({"id": ident, "verb": verb, **fields})
        return ident

    async def answer(self, ident: int) -> dict[str, Any]:
        """Wait for an answer and return it."""
        while ident not in self.answers:
            self._news.clear()
            await self._news.wait()
        return self.answers[ident][0]


@pytest.fixture
def session() -> RecordingSession:
    """A recording session with an empty log."""
    return RecordingSession()


@pytest.fixture
def make_session() -> type[RecordingSession]:
    """The class of recording sessions, for a log of one's own."""
    return RecordingSession


@pytest.fixture
def page() -> type[Page]:
    """The class of pages: ``page(widget)`` stands in the place of a browser."""
    return Page
