"""A session that records what it is asked, and a page that records what a widget says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.errors import SessionClosed
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
        self.max_frame_size: int | None = 65_536
        self.ping_interval: float | None = None
        self.latency: float | None = None
        self.extensions: list[Any] = []
        self.close_reason_now: CloseReason | None = None
        self.close_initiator: str | None = None
        self.log = FrameLog() if log is None else log  # an empty log is false
        self.threadsafe = self
        self.outgoing = SimpleNamespace(check=self._check)
        self.pump = SimpleNamespace(
            attempt=0,
            connection=self.log.register(Connection(self.name, url=self.url)),
            raw=False,
            outgoing=SimpleNamespace(data=[], control=[], marks=(0, 0), has_handed=lambda marks: True),
            incoming=SimpleNamespace(waiting=0),
        )
        self.asked: list[tuple[Any, ...]] = []
        self.futures: list[Future[Any]] = []

    @property
    def df(self) -> Any:
        return self.log.df

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

    def record(
        self,
        *frames: Frame,
        sent: bool = False,
        flags: int = 0,
        detail: str = "",
        monotonic_ns: int = 5,
    ) -> None:
        """Append frames to the log as one read or one write."""
        batch = Batch()
        for frame in frames:
            bits = sum(bit for bit, on in ((0x80, frame.fin), (0x40, frame.rsv1), (0x20, frame.rsv2)) if on)
            text = Flag.TEXT if frame.opcode == 1 else 0
            place = batch.add(bits | frame.opcode, frame.data, flags | text, b"\1\2\3\4" if sent else None)
            if detail:
                batch.details[place] = detail
        self.log.append(
            batch, self.pump.connection, "out" if sent else "in", 1_700_000_000_123_456_789, monotonic_ns
        )

    def _check(self) -> None:
        if self.close_reason_now is not None:
            raise SessionClosed(self.close_reason_now)

    def _ask(self, *what: Any) -> Future[Any]:
        self.asked.append(what)
        self.futures.append(Future())
        return self.futures[-1]


class Page:
    """The other end of a widget's comm."""

    kernel = "there is one"  # ipywidgets 7 asks before it sends

    def __init__(self, widget: Any) -> None:
        self.comm_id = widget.model_id
        self.told: list[dict[str, Any]] = []
        self.answers: dict[object, tuple[dict[str, Any], list[bytes]]] = {}
        self._ids = itertools.count(1)
        self._news = asyncio.Event()
        self._hear: Callable[[dict[str, Any]], None] = lambda message: None
        widget._trait_values["comm"] = self  # ipywidgets 7 would refuse it: it is none of ipykernel
        self.on_msg(widget._handle_msg)

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

    def change(self, **state: Any) -> None:
        """Change traits, as a page does by ``save_changes``."""
        self._hear({"content": {"data": {"method": "update", "state": state}}, "buffers": []})

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


class Output(NamedTuple):
    """One display message."""

    data: dict[str, Any]
    display_id: str | None
    is_update: bool


class Publisher(DisplayPublisher):
    """Takes what a cell would show."""

    outputs: list[Output]

    def publish(self, data: dict[str, Any], *args: Any, **more: Any) -> None:
        transient = more.get("transient") or {}
        self.outputs.append(Output(data, transient.get("display_id"), more.get("update", False)))


@pytest.fixture
def displayed(ipython: InteractiveShell) -> list[Output]:
    """The outputs of a cell, in the order of display."""
    taken = ipython.display_pub = Publisher(parent=ipython, shell=ipython)
    taken.outputs = []
    return taken.outputs
