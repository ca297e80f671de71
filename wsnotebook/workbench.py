"""The sessions of this kernel by name, and the verbs that people type or click.

Panel and magics both speak to ``workbench``; neither knows more of a session than what stands here.
How a session works is in session/; how a verb looks in a cell or in the browser is in kernel/ and widgets/.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias, get_args

from wsnotebook.errors import WsNotebookError
from wsnotebook.wire.frames import CloseReason, Frame

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["PayloadKind", "Workbench", "WorkbenchError", "parse_payload", "workbench"]

PayloadKind: TypeAlias = Literal["text", "json", "hex"]

_HEX_PREFIX = re.compile(r"(?<![0-9A-Fa-f])0[xX]")
_NOT_HEX = re.compile(r"[^0-9A-Fa-f\s:,_-]")
_HEX_DIGIT = re.compile(r"[0-9A-Fa-f]")


class WorkbenchError(WsNotebookError, ValueError):
    """No session goes by that name, or one does already; the sentence lists the names there are."""


def parse_payload(text: str, kind: PayloadKind = "text") -> Frame:
    """Turn what a person typed into the frame to send.

    Args:
        text: the words, the JSON document (sent as typed, after it was found to be valid), or the hex digits in
            pairs; blanks, ``:``, ``,``, ``-``, ``_`` and ``0x`` between hex bytes are skipped.
        kind: ``"text"`` and ``"json"`` make a text frame, ``"hex"`` a binary one.

    Raises:
        ValueError: not JSON, not hex, not encodable, or an unknown kind; the sentence names the place.
    """
    if kind == "hex":
        return Frame.binary(_hex_bytes(text))
    if kind == "json":
        _check_json(text)
    elif kind != "text":
        raise ValueError(f"unknown kind of payload {kind!r}: use one of {', '.join(get_args(PayloadKind))}.")
    try:
        return Frame.text(text)
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start + 1} is half of a surrogate pair and has no UTF-8 form: delete it, or send bytes as hex."
        ) from error


class Workbench:
    """Named sessions, and the verbs on them.

    The verbs are awaited in the loop of the session. A callback in another thread uses ``session.threadsafe``.

    Args:
        connect: how a session is opened; without it ``wsnotebook.connect``.
    """

    def __init__(self, connect: Callable[..., Awaitable[ClientWebSocketSession]] | None = None) -> None:
        self._connect = connect
        self.sessions: dict[str, ClientWebSocketSession] = {}
        """Sessions by name, in order of opening; ended ones stay until ``remove``."""
        self.current: str | None = None
        """Name of the session that a verb without a name speaks to: the last one opened or selected."""

    def __repr__(self) -> str:
        listed = ", ".join(f"{name} ({session.state})" for name, session in self.sessions.items())
        return f"<Workbench {listed or 'without sessions'}>"

    def get(self, name: str | None = None) -> ClientWebSocketSession:
        """Return the session called ``name``, or the current one.

        Raises:
            WorkbenchError: there is no session yet, or none of that name.
        """
        wanted = self.current if name is None else name
        if wanted is None or wanted not in self.sessions:
            self._refuse_unknown(name)
        return self.sessions[wanted]

    def select(self, name: str) -> None:
        """Make ``name`` the session that verbs without a name speak to.

        Raises:
            WorkbenchError: no session of that name.
        """
        self.get(name)
        self.current = name

    def add(self, session: ClientWebSocketSession) -> None:
        """Take in a session that was opened elsewhere and make it the current one.

        Raises:
            WorkbenchError: another session of that name has not ended yet.
        """
        if self.sessions.get(session.name) is not session:
            self._refuse_taken(session.name)
            self.sessions.pop(
                session.name, None
            )  # an ended namesake: the new one goes to the end of the order
            self.sessions[session.name] = session
        self.current = session.name

    def remove(self, name: str) -> None:
        """Forget an ended session; its log goes with it unless somebody else holds it.

        Raises:
            WorkbenchError: no session of that name, or it has not ended yet.
        """
        session = self.get(name)
        if session.state != "closed":
            raise WorkbenchError(
                f"session {name!r} is {session.state}: close or terminate it before removing it."
            )
        del self.sessions[name]
        if self.current == name:
            self.current = next(reversed(self.sessions), None)

    async def connect(self, url: str, *, name: str | None = None, **options: Any) -> ClientWebSocketSession:
        """Open a session, remember it by its name and make it the current one.

        Args:
            url: ``ws://…`` or ``wss://…``.
            name: how to call it; the name of an ended session may be used again.
            options: as in ``wsnotebook.connect``.

        Raises:
            WorkbenchError: a session of that name has not ended yet. Nothing is opened then.
        """
        if name is not None:
            self._refuse_taken(name)
            options["name"] = name
        if self._connect is None:
            from wsnotebook.session.client import connect  # at the first use: it loads the session

            self._connect = connect
        session = await self._connect(url, **options)
        self.add(session)
        return session

    async def send(self, text: str, *, kind: PayloadKind = "text", name: str | None = None) -> Frame:
        """Send ``text`` as ``kind`` and return the frame that went into the queue."""
        session = self.get(name)
        frame = parse_payload(text, kind)
        await session.send(frame)
        return frame

    async def receive(self, *, name: str | None = None, timeout: float | None = None) -> Frame:
        """Return the next frame that nobody has read yet.

        Args:
            timeout: seconds; None waits for ever.

        Raises:
            TimeoutError: none came in time. No frame is lost by it.
        """
        session = self.get(name)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                return await session.incoming.receive()
        except TimeoutError as error:
            if not limit.expired():
                raise  # a PingTimeout that ended the session is one too, and has its own sentence
            raise TimeoutError(
                f"no frame came from {session.name} within {timeout:g} s; what came before is in its log."
            ) from error

    async def ping(self, *, name: str | None = None) -> float:
        """Send a ping, wait for its pong and return the latency in seconds."""
        return await self.get(name).ping()

    def mask(self, on: bool | None = None, *, name: str | None = None) -> bool:
        """Set whether frames are sent masked, or toggle it (None), and return the new value."""
        session = self.get(name)
        session.masking = not session.masking if on is None else on
        return session.masking

    async def close(self, code: int = 1000, message: str = "", *, name: str | None = None) -> CloseReason:
        """Close with ``code`` and ``message``, wait for the peer's close, and return the reason of the end."""
        return await self.get(name).close(code, message)

    def terminate(self, *, name: str | None = None) -> None:
        """Abort the connection now, without a close frame."""
        self.get(name).terminate()

    def _refuse_taken(self, name: str) -> None:
        session = self.sessions.get(name)
        if session is not None and session.state != "closed":
            raise WorkbenchError(
                f"session {name!r} is {session.state}: close it, or take another name than {self._names()}."
            )

    def _refuse_unknown(self, name: str | None) -> NoReturn:
        if not self.sessions:
            raise WorkbenchError(
                "there is no session yet: open one with %ws connect URL, or await workbench.connect(url)."
            )
        if name is None:
            raise WorkbenchError(f"no session is selected: name one of {self._names()}.")
        raise WorkbenchError(
            f"no session is called {name!r}: there is {self._names()}. Open one with %ws connect URL."
        )

    def _names(self) -> str:
        return ", ".join(self.sessions)


workbench = Workbench()
"""The one that panel and magics of this kernel share."""


def _hex_bytes(text: str) -> bytes:
    bare = _HEX_PREFIX.sub("  ", text)  # two blanks for two characters, so that places stay true
    wrong = _NOT_HEX.search(bare)
    if wrong:
        raise ValueError(
            f"character {wrong.start() + 1}, {wrong.group()!r}, is not a hex digit: write bytes as pairs of 0-9 and a-f, as in 48 65 6c."
        )
    digits = [place for place in _HEX_DIGIT.finditer(bare)]
    if len(digits) % 2:
        raise ValueError(
            f"{len(digits)} hex digits do not make whole bytes, the last one is character {digits[-1].start() + 1}: "
            "write each byte with two digits, as in 0a."
        )
    return bytes.fromhex("".join(digit.group() for digit in digits))


def _check_json(text: str) -> None:
    try:
        # Numbers are looked at, not converted: one of 5000 digits is JSON, and too long for int().
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}; correct it, or send it as text."
        ) from error
    except RecursionError as error:
        raise ValueError("not checked: the JSON is nested too deep for Python; send it as text.") from error


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(
        f"not JSON: {word} is a word of Python and JavaScript only; use null or a number, or send it as text."
    )
