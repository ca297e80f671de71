"""Workbench: the sessions of a kernel by name, one of them current, and the verbs of verbs.py for Python code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from wsnotebook.errors import CallError, WsNotebookError
from wsnotebook.payload import PayloadKind
from wsnotebook.session.attempts import attempts_of
from wsnotebook.session.registry import OPENED, Registry
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench.receiving import Taken
from wsnotebook.workbench.settings import change_setting
from wsnotebook.workbench.verb import Call
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession
    from wsnotebook.workbench.reconnection import Reconnection

__all__ = ["Workbench", "WorkbenchError", "workbench"]


class WorkbenchError(WsNotebookError, ValueError):
    """No session has that name, or one has it already; the sentence lists the names in use."""


class Workbench:
    """Named sessions, and the verbs on them.

    Await the verbs in the loop of the session. A callback in another thread uses ``session.threadsafe``.

    A verb without a name acts on the session that ``connect`` or ``select`` has chosen last; where none was chosen, on
    the only one that is open. Showing a session, or opening one with ``wsnotebook.connect``, chooses nothing.

    Args:
        connect: how a session is opened; without it ``wsnotebook.connect``.
        opened: sessions that may be named, also those opened without the workbench; without it only its own.
    """

    def __init__(
        self,
        connect: Callable[..., Awaitable[ClientWebSocketSession]] | None = None,
        opened: Registry | None = None,
    ) -> None:
        self._connect = connect
        self._opened = Registry() if opened is None else opened
        self._kept: list[ClientWebSocketSession] = []  # the registry is weak
        self._reconnections: dict[str, Reconnection] = {}
        self._chosen: str | None = None

    @property
    def sessions(self) -> dict[str, ClientWebSocketSession]:
        """Sessions by name, in order of opening; an ended one stays until ``remove``, or until nothing refers to it.

        The newest session of a name has it, and an open one before an ended one. Where several of a name are open,
        the further ones are called ``name#2``, ``name#3``, ….
        """
        named: dict[str, ClientWebSocketSession] = {}
        for session in self._opened:
            name = session.name
            if name in named and session.state == "closed" != named[name].state:
                continue
            if name in named and named[name].state != "closed":
                taken = sum(each.name == name for each in named.values())
                name = f"{name}#{taken + 1}"
            named.pop(name, None)  # an ended one: the new one is last in the order
            named[name] = session
        return named

    @property
    def current(self) -> str | None:
        """Name of the session that a verb without a name acts on; None where it has to be chosen."""
        return self._current(self.sessions)

    def _current(self, sessions: dict[str, ClientWebSocketSession]) -> str | None:
        if self._chosen in sessions:
            return self._chosen
        for names in ([name for name, each in sessions.items() if each.state != "closed"], [*sessions]):
            if len(names) == 1:
                return names[0]
        return None

    def __repr__(self) -> str:
        listed = ", ".join(f"{name} ({session.state})" for name, session in self.sessions.items())
        return f"<Workbench {listed or 'without sessions'}>"

    def get(self, name: str | None = None) -> ClientWebSocketSession:
        """Return the session called ``name``, or the current one.

        Raises:
            WorkbenchError: there is no session yet, or none of that name.
        """
        sessions = self.sessions
        wanted = self._current(sessions) if name is None else name
        if wanted is None or wanted not in sessions:
            self._refuse_unknown(name)
        return sessions[wanted]

    def select(self, name: str) -> None:
        """Make ``name`` the session that verbs without a name act on.

        Raises:
            WorkbenchError: no session of that name.
        """
        self._keep(self.get(name))
        self._chosen = name

    def _keep(self, session: ClientWebSocketSession) -> None:
        if not any(each is session for each in self._kept):
            self._kept.append(session)

    def remove(self, name: str) -> None:
        """Remove an ended session; its log is freed unless something else refers to it.

        Raises:
            WorkbenchError: no session of that name, or it has not ended yet.
        """
        session = self.get(name)
        if (status := self.status_of(name)) != "closed":
            raise WorkbenchError(f"session {name!r} is {status}: close or terminate it before removing it.")
        self._opened.discard(session)
        self._reconnections.pop(session.name, None)
        self._kept = [each for each in self._kept if each is not session]

    async def connect(
        self, url: str, *, name: str | None = None, reconnect: bool = False, **options: Any
    ) -> ClientWebSocketSession:
        """Open a session, add it under its name and make it the current one.

        Args:
            url: ``ws://…`` or ``wss://…``.
            name: of the session; the name of an ended one may be used again.
            reconnect: when the session is lost, dial again until that succeeds: the new session has the same name and
                log. Our own close and a normal one of the peer (1000, 1001 or empty) end it for good, and so does
                ``close`` of the verbs while no session is open.
            options: as in ``wsnotebook.connect``.

        Raises:
            WorkbenchError: a session of that name has not ended yet. Nothing is opened then.
        """
        try:
            session = await self.open(url, name=name, reconnect=reconnect, **options)
        except CallError as error:
            error.redial = partial(self.connect, url, name=name, reconnect=reconnect, **options)
            raise
        self._chosen = self.name_of(session)
        return session

    async def open(
        self, url: str, *, name: str | None = None, reconnect: bool = False, **options: Any
    ) -> ClientWebSocketSession:
        """Open a session and add it under its name, as ``connect`` does, but leave the current one as it is."""
        if name is not None:
            self._refuse_taken(name)
        if self._connect is None:
            # At the first use: %load_ext stays quick.
            from wsnotebook.session.client import connect

            self._connect = connect
        naming: dict[str, Any] = {} if name is None else {"name": name}
        return await self._adopted(self._connect(url, **naming, **options), reconnect=reconnect)

    async def _adopted(self, dialing: Any, *, reconnect: bool) -> ClientWebSocketSession:
        if reconnect:
            return await self._connect_again_and_again(dialing)
        session: ClientWebSocketSession = await dialing
        self._adopt(session)
        if (attempts := attempts_of(session)) is not None:
            attempts.on_opened(self._adopt)
        self._reconnections.pop(session.name, None)  # of an ended session of this name
        return session

    async def _connect_again_and_again(self, dialing: Any) -> ClientWebSocketSession:
        from wsnotebook.workbench.reconnection import Reconnection  # at the first use: it loads the sessions

        reconnection = Reconnection(dialing, self._adopt)
        session = await reconnection.start()
        self._reconnections[session.name] = reconnection
        return session

    def _adopt(self, session: ClientWebSocketSession) -> None:
        # The ended ones of this name are not listed any more.
        self._kept = [each for each in self._kept if each.name != session.name or each.state != "closed"]
        self._opened.add(session)
        self._keep(session)

    def status_of(self, name: str) -> str:
        """Return the state of a session, or what is done to open the one that follows it."""
        session = self.get(name)
        reconnection = self._reconnection_of(session)
        return (reconnection.status if reconnection else None) or str(session.state)

    def reconnects(self, session: ClientWebSocketSession) -> bool:
        """Return whether another session would have followed this one, had nobody closed it."""
        return self._reconnection_of(session) is not None

    def stop_reconnecting(self, session: ClientWebSocketSession) -> Reconnection | None:
        """Let no session follow this one; return what would have opened it, or None."""
        reconnection = self._reconnection_of(session)
        if reconnection is not None and not reconnection.is_over:
            reconnection.stop()
        return reconnection

    def _reconnection_of(self, session: ClientWebSocketSession) -> Reconnection | None:
        found = self._reconnections.get(session.name)
        return found if found is not None and found.session is session else None

    def name_of(self, session: ClientWebSocketSession) -> str:
        """Return the name under which a session is listed, which is its own where no other open one has it."""
        return next((name for name, each in self.sessions.items() if each is session), session.name)

    async def send(self, text: str, *, kind: PayloadKind = "text", name: str | None = None) -> Frame:
        """Send ``text`` as ``kind`` and return the frame that was queued."""
        frames: list[Frame] = await self._do("send", name, text=text, kind=kind)
        return frames[0]

    async def receive(self, *, name: str | None = None, timeout: float | None = None) -> Frame:
        """Return the next frame of the incoming channel.

        Args:
            name: of the session; None for the current one, here and in every verb.
            timeout: seconds; None waits for ever.

        Raises:
            TimeoutError: none was received in time. No frame is lost by it.
        """
        taken: Taken = await self._do("recv", name, timeout=timeout)
        return taken.frames[0]

    async def ping(self, *, name: str | None = None) -> float:
        """Send a ping, wait for its pong and return the latency in seconds."""
        return float(await self._do("ping", name))

    def mask(self, on: bool | None = None, *, name: str | None = None) -> bool:
        """Set whether frames are sent masked, or toggle it (None), and return the new value; queued frames follow it too."""
        session = self.get(name)
        return bool(change_setting(session, "masking", not session.masking if on is None else on))

    async def close(self, code: int = 1000, message: str = "", *, name: str | None = None) -> CloseReason:
        """Close with ``code`` and ``message``, wait for the peer's close, and return the reason of the end."""
        reason: CloseReason = await self._do("close", name, code=code, message=message)
        return reason

    def terminate(self, *, name: str | None = None) -> None:
        """Abort the connection now, without a close frame."""
        self._do("terminate", name)

    def _do(self, verb: str, name: str | None, **values: Any) -> Any:
        session = self.get(name)
        declared = VERBS[verb]
        return declared.action(Call(declared.read(values), session, session, self))

    def _refuse_taken(self, name: str) -> None:
        if name in self.sessions and (status := self.status_of(name)) != "closed":
            raise WorkbenchError(
                f"session {name!r} is {status}: close it, or take another name than {self._names()}."
            )

    def _refuse_unknown(self, name: str | None) -> NoReturn:
        if not self.sessions:
            raise WorkbenchError(
                "there is no session yet: open one with %ws connect URL, or await workbench.connect(url)."
            )
        if name is None:
            raise WorkbenchError(
                f"no session is chosen: choose one of {self._names()} with %ws use NAME, or name it with --name."
            )
        raise WorkbenchError(
            f"no session is called {name!r}: there is {self._names()}. Open one with %ws connect URL."
        )

    def _names(self) -> str:
        return ", ".join(self.sessions)


workbench = Workbench(opened=OPENED)
"""The workbench of this kernel, shared by panel and magics."""
