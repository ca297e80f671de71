"""attach: record the WebSockets of a browser's tabs, by the DevTools protocol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wsnotebook.errors import ConnectError, SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.startable import Startable
from wsnotebook.matching import Pattern
from wsnotebook.middle.browsersockets import BrowserSocket, BrowserSockets
from wsnotebook.middle.devtools import DevTools, Refused, find_browser
from wsnotebook.middle.targets import Tab, Targets
from wsnotebook.session.recording import SessionRecording
from wsnotebook.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["attach"]

_AUTO: dict[str, Any] = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
_KINDS = [{"type": kind} for kind in ("page", "shared_worker", "service_worker")]
_BUFFERS: dict[str, Any] = {
    "maxTotalBufferSize": 0,
    "maxResourceBufferSize": 0,
}  # bodies of HTTP, which nobody asks for


class attach(Startable, Shown):
    """Record the WebSockets of a browser's tabs: ``a = await attach("http://127.0.0.1:9222", "example.org")``.

    The browser is a Chromium, Chrome, Edge or another of their kin that was started with
    ``--remote-debugging-port=9222`` and a ``--user-data-dir`` of its own. Pages are not touched, and do not notice.
    ``async with attach(…) as a:`` stops at the end of the block; otherwise call ``await a.stop()``. Example::

        a = await wsnotebook.attach("http://127.0.0.1:9222", "example.org")
        await a.wait_tab(timeout=60)   # until such a page is open
        a.tabs                         # all of them, and which are followed
        a.df                           # what their pages and workers have sent and received

    A browser tells whole messages. What it does not tell is missing in the rows: mask keys and lengths on the wire; and
    pings, pongs, close frames, fragments and compression have no rows at all. The bytes of a ``Blob`` that a page sends
    are not told either: its row is an empty binary, as that of an empty one, and ``detail`` says so. ``time`` and ``monotonic`` are the
    browser's, set to this machine's clocks at the first event, so that intervals are exact. The WebSockets are sessions
    "socket-1", "socket-2", …; one that was open before attaching is "earlier-1": its address is not told. In a log
    that has such sessions already the numbers go on.

    Args:
        url: http:// address of the debugging port, or the ws:// address that the browser prints when it starts.
        match: record only tabs whose address or title matches, as of ``session.expect``: a text that is contained, or
            ``/a regular expression/``; a tab that has matched once is followed wherever it navigates, with its frames and
            workers. None records all.
        open_timeout: seconds for the browser to answer. None for no limit.
        log: a FrameLog to record into, such as that of a proxy; None makes a new one.
        record: a new ``.pcapng`` file, or a directory as "name/", to write the log to until it stops.

    Raises:
        ValueError, TypeError: a wrong argument.
        ConnectError: when awaited: no browser answers at the address.
    """

    def __init__(
        self,
        url: str,
        match: Any = None,
        *,
        open_timeout: float | None = 10,
        log: FrameLog | None = None,
        record: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.url = url
        """Address of the browser."""
        self.log = FrameLog() if log is None else log
        """The messages, and events: what a browser tells beside them."""
        self._open_timeout = open_timeout
        self._record = record
        self._recording: SessionRecording | None = None
        if urlsplit(url).scheme not in ("http", "ws", "wss"):
            raise ValueError(f"{url!r} is not the address of a debugging port: write http://127.0.0.1:9222")
        self._targets = Targets(Pattern(... if match is None else match))
        self._sockets = BrowserSockets(self.log, self._targets.find)
        self._devtools: DevTools | None = None
        self._running: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    # Life

    async def _start(self) -> None:
        address = await find_browser(self.url, self._open_timeout)
        if self._record is not None:
            self._recording = SessionRecording(self.log, self._record)
        try:
            self._devtools = await DevTools.open(address, self._take, self._open_timeout)
        except BaseException:
            if self._recording is not None:
                self._recording.abandon()
            raise
        self._running = asyncio.get_running_loop().create_task(self._run(), name=f"attach {self.url}")
        try:
            async with asyncio.timeout(self._open_timeout):
                await self._devtools.call("Target.setDiscoverTargets", discover=True)
                await self._devtools.call("Target.setAutoAttach", **_AUTO, filter=_KINDS)
                if self._asking:  # the tabs that are there: from here on they tell everything
                    await asyncio.wait(self._asking)
        except BaseException as error:
            await self.stop()
            if isinstance(error, (TimeoutError, Refused, SessionClosed)):
                problem = str(error) or "the browser does not answer in time"
                raise ConnectError(self.url, problem, "Is it a Chromium or one of its kin?") from error
            raise

    async def _run(self) -> None:
        assert self._devtools is not None
        try:
            await self._devtools.run()
        finally:
            for task in self._asking:
                task.cancel()
            if not self.is_stopped:
                self.is_stopped = True
                self._sockets.gone(None, "the browser has ended")
                self.log.note("closed", f"the browser at {self.url} has ended")
                if self._recording is not None:
                    self._recording.end()
            self._notify()

    async def stop(self) -> None:
        """Record no more; the browser goes on. A second call does nothing.

        Example: ``await a.stop()``.
        """
        if self._devtools is None or self._running is None:
            return
        self.is_stopped = True
        await self._devtools.close()
        await self._running
        if self._recording is not None:
            await self._recording.finish()

    async def wait_end(self) -> None:
        """Wait until the browser has ended, or stop() was called.

        Example: ``await a.wait_end()``.
        """
        if self._running is not None:
            await asyncio.shield(self._running)

    # Events

    def _take(self, event: str, values: dict[str, Any], session: str) -> None:
        """Handle an event; one that cannot be read is an event of the log, and the others go on."""
        try:
            if event in _EVENTS:
                _EVENTS[event](self, values, session)
            else:
                self._sockets.take(event, values, session)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self.log.note("error", f"{event} of the browser cannot be read: {error!r}")

    def _attached(self, values: dict[str, Any], parent: str) -> None:
        session = values["sessionId"]
        self._targets.attached(session, values["targetInfo"], parent)
        self._begin(self._prepare(session), f"attach to {session}")
        self._notify()

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _prepare(self, session: str) -> None:
        """Let a target tell of its WebSockets, frames and workers, and then begin, where it waits for that."""
        assert self._devtools is not None
        call = self._devtools.call
        await asyncio.gather(
            call("Network.enable", session, **_BUFFERS),
            call("Page.enable", session),  # which a worker refuses
            call("Target.setAutoAttach", session, **_AUTO),
            call("Runtime.runIfWaitingForDebugger", session),
            return_exceptions=True,  # it may be gone meanwhile
        )

    def _detached(self, values: dict[str, Any], parent: str) -> None:
        session = values["sessionId"]
        target = self._targets.detached(session)
        if target is not None:
            self._sockets.detached(target, session)

    def _changed(self, values: dict[str, Any], session: str) -> None:
        self._targets.changed(values["targetInfo"])
        self._notify()

    def _loaded(self, values: dict[str, Any], session: str) -> None:
        self._begin(self._ask_title(session), f"title of {session}")

    async def _ask_title(self, session: str) -> None:
        """Ask for the title of a page: no event tells a change of it alone."""
        assert self._devtools is not None
        with contextlib.suppress(Refused, SessionClosed):  # it may be gone meanwhile
            info = await self._devtools.call("Target.getTargetInfo", session)
            self._changed(info, session)

    def _navigated(self, values: dict[str, Any], session: str) -> None:
        target = self._targets.find(session)
        if target is not None and "parentId" not in values["frame"]:
            self._sockets.gone(target, "its page was left")  # which ends them, and is not told of each
            self._targets.navigated(target, values["frame"]["url"])
            self._notify()

    def _crashed(self, values: dict[str, Any], session: str) -> None:
        target = self._targets.find(session)
        if target is not None:
            self._sockets.gone(target, "its page or worker has crashed")

    def _notify(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    # Facts

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs that are open, with title, address and whether they are followed."""
        return self._targets.tabs

    async def wait_tab(self, *, timeout: float | None = None) -> Tab:
        """Wait until a tab is followed, and return the first one that is.

        Example: ``tab = await a.wait_tab(timeout=60)``.

        Args:
            timeout: seconds; None waits for ever.

        Raises:
            TimeoutError: none matched in time.
            ConnectError: the browser has ended, or stop() was called.
        """
        async with asyncio.timeout(timeout):
            while True:
                for tab in self.tabs:
                    if tab.is_followed:
                        return tab
                if self.is_stopped:
                    raise ConnectError(
                        self.url, "the browser has ended, or stop() was called", "Attach again."
                    )
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiting.discard(waiter)

    @property
    def sockets(self) -> tuple[BrowserSocket, ...]:
        """The WebSockets of which something was recorded, oldest first."""
        return tuple(self._sockets.recorded)

    @property
    def df(self) -> pd.DataFrame:
        """The messages: ``out`` was sent by a page, ``in`` to it; ``session`` is "socket-1", "socket-2" …."""
        frames = self.log.df
        return frames[frames["session"].isin([socket.name for socket in self.sockets])]

    def __repr__(self) -> str:
        if self._devtools is None:
            return f"<attach {self.url}, not started: write a = await attach(…)>"
        state = "stopped" if self.is_stopped else f"{sum(tab.is_followed for tab in self.tabs)} tabs followed"
        return (
            f"<attach {self.url}: {state}, {len(self.sockets)} WebSockets, {len(self.log)} rows in its log>"
        )

    def _panel(self) -> Any:
        """Return the table of what was recorded, once it has been started."""
        return None if self._devtools is None else self.log._panel()


_EVENTS = {
    "Target.attachedToTarget": attach._attached,
    "Target.detachedFromTarget": attach._detached,
    "Target.targetInfoChanged": attach._changed,
    "Inspector.targetCrashed": attach._crashed,
    "Page.frameNavigated": attach._navigated,
    "Page.domContentEventFired": attach._loaded,
    "Page.loadEventFired": attach._loaded,
}
"""Events that are not of WebSockets, and what is done about each."""
