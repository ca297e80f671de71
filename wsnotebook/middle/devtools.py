"""DevTools: the protocol by which Chromium and its kin are observed, over a session of our own.

What is asked of a browser is in attach.py; its events are passed on as they come.
"""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
from collections.abc import Callable
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

from wsnotebook.errors import ConnectError, SessionClosed, SessionFault
from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.capacity import Channels, bounded
from wsnotebook.session.client import connect
from wsnotebook.session.registry import OPENED
from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["DevTools", "Handler", "Refused", "find_browser"]

_KEPT = 256 << 20  # bytes of the protocol's own frames, which are in the log of the tabs in another form
_UNREAD = 64  # events that wait before reading pauses
_REMEDY = "Start the browser with --remote-debugging-port=9222 and a --user-data-dir of its own."

Handler: TypeAlias = Callable[[str, dict[str, Any], str], None]
"""Called with the name of an event, its parameters, and the id of the target's session; empty for the browser's own."""


class Refused(Exception):
    """The browser has answered a command with an error; never leaves attach."""


async def find_browser(url: str, timeout: float | None) -> str:
    """Return the address of a browser's own DevTools session.

    Args:
        url: http:// address of its debugging port, or that address itself, ws://….
        timeout: seconds.

    Raises:
        ConnectError: no browser answers there.
    """
    parts = urlsplit(url)
    if parts.scheme in ("ws", "wss"):
        return url
    try:
        answer = await asyncio.to_thread(_get_version, parts.netloc, timeout)
        return str(json.loads(answer)["webSocketDebuggerUrl"])
    except OSError as error:
        raise ConnectError(url, f"no browser can be reached ({error})", _REMEDY) from error
    except (http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise ConnectError(url, f"what answers there is no browser ({error})", _REMEDY) from error


def _get_version(place: str, timeout: float | None) -> bytes:
    connection = http.client.HTTPConnection(place, timeout=timeout)  # it knows no HTTP_PROXY
    try:
        connection.request("GET", "/json/version")
        return connection.getresponse().read()
    finally:
        connection.close()


class DevTools:
    """Commands to a browser, and its events.

    Args:
        session: is connected to the browser.
        on_event: called with each event, in order.
    """

    def __init__(self, session: ClientWebSocketSession, on_event: Handler) -> None:
        self._session = session
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @classmethod
    async def open(cls, url: str, on_event: Handler, timeout: float | None) -> Self:
        """Connect to the address that find_browser returned.

        Raises:
            ConnectError, SocketTimeout, HandshakeError, InvalidURL: as of connect().
        """
        session = await connect(
            url,
            compression=None,
            max_frame_size=None,
            open_timeout=timeout,
            channels=Channels(incoming=bounded(_UNREAD)),
            proxy=None,
            log=FrameLog(retention=_KEPT, spill=False),
            io="kernel",
        )
        OPENED.discard(session)  # it is none that a person has opened: no verb should choose it
        return cls(session, on_event)

    async def run(self) -> None:
        """Pass on events and answers until the connection ends; return then."""
        try:
            async for message in self._session:
                self._take(json.loads(message))
        except (SessionClosed, SessionFault):
            pass  # the browser was closed, or has crashed
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(SessionClosed())

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self._on_event(message["method"], message["params"], message.get("sessionId", ""))
            return
        answer = self._answers.pop(message["id"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(Refused(str(message["error"].get("message", message["error"]))))
        else:
            answer.set_result(message["result"])

    async def call(self, method: str, target: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its result.

        Args:
            method: as ``"Network.enable"``.
            target: id of the session of a target; empty for the browser.
            parameters: of the command.

        Raises:
            Refused: the browser refuses it.
            SessionClosed: the connection has ended.
        """
        number = next(self._numbers)
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if target:
            command["sessionId"] = target
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._session.send(json.dumps(command))
            return await answer
        finally:
            self._answers.pop(number, None)

    async def close(self) -> None:
        """End the connection; the browser goes on, and takes back what it was asked for."""
        await self._session.close()
