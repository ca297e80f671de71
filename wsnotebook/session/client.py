"""connect, ws, wss: check the arguments and open a session, or several with reconnection.

Dialling, TLS, proxies and redirects are in dialer.py and the library websockets; a session is in session.py.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl as ssl_module
from base64 import b64encode
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.http11 import USER_AGENT

from wsnotebook.errors import CallError, InvalidURL, SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.redaction import redact_url
from wsnotebook.session.address import (
    HeadersLike,
    check_cookies,
    check_headers,
    check_subprotocols,
    check_url,
    check_value,
)
from wsnotebook.session.arguments import check_frame_size, check_name, check_ssl, offers, seconds
from wsnotebook.session.attempts import Attempts
from wsnotebook.session.capacity import Channels
from wsnotebook.session.converters import Converter, JsonConverter
from wsnotebook.session.default import DefaultClientWebSocketSession
from wsnotebook.session.dialer import Dialer, Options
from wsnotebook.session.habits import CONNECT, Habits, explain_keywords
from wsnotebook.session.heartbeat import Heartbeat
from wsnotebook.session.intermittent import is_intermittent
from wsnotebook.session.iothread import IoThread
from wsnotebook.session.pump import Pump
from wsnotebook.session.recording import SessionRecording
from wsnotebook.session.registry import OPENED
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.session.threadcheck import running_loop
from wsnotebook.session.unawaited import show_in_ipython
from wsnotebook.wire.extensions import WebSocketExtensionFactory

__all__ = ["Auth", "connect", "ws", "ws_raw", "wss", "wss_raw"]

Auth: TypeAlias = tuple[str, str] | str
"""(user, password) for Basic, or a token for Bearer."""

_MAX_FRAME_SIZE = 64 << 20  # bytes

_CHANNELS = Channels()

_names = itertools.count(1)


class connect(Habits, lines=CONNECT):
    """Open a WebSocket session: ``session = await connect(url)`` or ``async with connect(url) as session:``.

    ``async with`` closes the session with 1000 at the end of the block, and with 1011 if the block raises.
    ``async for session in connect(url):`` reconnects whenever the body has ended, after a pause that doubles, up to
    30 s, until a session has lasted 10 s; a server's Retry-After is kept. Write
    ``except SessionClosed: continue`` in the body, so that a lost session ends the body, not the loop. All attempts share one
    log. Example::

        server = await wsnotebook.lab.embedded_server("echo")  # in its place, the address of a service
        async with wsnotebook.connect(server.url, ping_interval=20) as session:
            await session.send("hello")
            print(await session.receive(timeout=5))  # seconds, as every time
        session.df  # the recorded frames

    Args:
        url: ws://, wss:// or ws+unix:///path/to.sock:/resource.
        raw: open a ClientWebSocketSession, which does not answer pings and closes or join fragments, instead of a
            DefaultClientWebSocketSession.
        name: name of the session, for the column ``session``; None chooses "ws1", "ws2", ….
        headers: further header fields of the request, a mapping or (name, value) pairs.
        cookies: name → value; they are sent in one Cookie field.
        auth: (user, password) for Basic, or a str for a Bearer token.
        origin: value of the Origin field, for servers that require one.
        subprotocols: names to offer, the preferred first.
        extensions: factories to offer; None offers permessage-deflate, unless ``compression`` is None or ``raw``.
        compression: "deflate", or None to offer no extension by default.
        masking: mask sent frames (RFC 6455 §5.3); ``session.masking`` changes it at any time.
        max_frame_size: largest payload, in bytes, of a received frame and of a joined message; None for no limit.
        answers_pings: answer the peer's pings at once; ``session.answers_pings`` changes it at any time. None does so unless
            ``raw``.
        ping_interval: seconds between pings; None sends none.
        ping_timeout: seconds to wait for a pong before the session is failed with 1011; None for no limit.
        open_timeout: seconds for DNS, TCP, TLS and HTTP together; None for no limit.
        close_timeout: seconds to wait for the peer's answer to a close frame; None for no limit.
        channels: capacities of the channels, such as Channels(incoming=bounded(100)).
        ssl: an SSLContext for wss://; None trusts the certificates of the system.
        proxy: True uses the proxy of the system, None uses none; or an address: http://, https:// or socks5://….
        user_agent: value of the User-Agent field; None sends none.
        converter: used by send_serialized and receive_deserialized; None for none.
        log: a FrameLog to record into; several sessions may share one. None makes a new one.
        record: a new ``.pcapng`` file, or a directory as "name/", to write the log to until the session has ended, in
            addition to memory; with the same ``log``, until the last session has ended that names it. See ``session.log.record_to``.
        io: "kernel" runs the session's I/O on this event loop; "thread" on its own thread, so that a blocking cell
            does not stop it. None chooses: a thread where the loop runs only now and then, as between two prompts of
            IPython's terminal and two calls of wsnotebook.run(); else this loop.

    Raises:
        ValueError, TypeError, InvalidURL: an invalid argument; raised by the call itself.
        ConnectError, SocketTimeout, HandshakeError: raised when awaited; they have ``.call``, and the message names a
            remedy.
    """

    @explain_keywords
    def __init__(
        self,
        url: str,
        *,
        raw: bool = False,
        name: str | None = None,
        headers: HeadersLike | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Auth | None = None,
        origin: str | None = None,
        subprotocols: Iterable[str] = (),
        extensions: Sequence[WebSocketExtensionFactory] | None = None,
        compression: Literal["deflate"] | None = "deflate",
        masking: bool = True,
        max_frame_size: int | None = _MAX_FRAME_SIZE,
        answers_pings: bool | None = None,
        ping_interval: float | timedelta | None = None,
        ping_timeout: float | timedelta | None = 15,
        open_timeout: float | None = 10,
        close_timeout: float | None = 10,
        channels: Channels | None = None,
        ssl: ssl_module.SSLContext | None = None,
        proxy: str | Literal[True] | None = True,
        user_agent: str | None = USER_AGENT,
        converter: Converter | None = JsonConverter(),  # noqa: B008 - it holds nothing that changes
        log: FrameLog | None = None,
        record: str | Path | None = None,
        io: Literal["kernel", "thread"] | None = None,
    ) -> None:
        if io not in ("kernel", "thread", None):
            raise ValueError(f"io is 'kernel' or 'thread', or None to choose; not {io!r}")
        if raw and (extensions or ping_interval is not None):
            remedy = "pinger(session, period, timeout) starts one"
            raise ValueError(f"a raw session has no extensions and no pinger of its own: {remedy}")
        address = check_url(url)
        self._record = record
        self._session: ClientWebSocketSession | None = None
        self._options = Options(
            address=address,
            raw=raw,
            name=check_name(name) or f"ws{next(_names)}",
            headers=_all_headers(headers, cookies, auth, _given_besides(address.url, origin, user_agent)),
            origin=None if origin is None else check_value("Origin", origin),
            subprotocols=check_subprotocols(subprotocols),
            extensions=offers(raw, extensions, compression),
            masking=bool(masking),
            max_frame_size=check_frame_size(max_frame_size),
            answers_pings=not raw if answers_pings is None else bool(answers_pings),
            ping_interval=None if ping_interval is None else seconds(ping_interval, "ping_interval"),
            ping_timeout=None if ping_timeout is None else seconds(ping_timeout, "ping_timeout"),
            open_timeout=open_timeout,
            close_timeout=close_timeout,
            channels=channels or _CHANNELS,
            ssl=check_ssl(address.url, ssl),
            proxy=proxy,
            user_agent=None if user_agent is None else check_value("User-Agent", user_agent),
            converter=converter,
            log=FrameLog() if log is None else log,
            io=io,
        )
        self.attempts = Attempts(_open, self._options)
        """The connections that were made; not for users."""

    def __repr__(self) -> str:
        url = redact_url(self._options.address.url)
        return f"<connect {url}: nothing is opened by it alone, write session = await connect(…)>"

    def __await__(self) -> Generator[Any, None, ClientWebSocketSession]:
        opening = self.attempts.open() if self._record is None else self._open_single()
        return opening.__await__()

    async def __aenter__(self) -> ClientWebSocketSession:
        self._session = await self._open_single()
        return await self._session.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.__aexit__(kind, error, traceback)

    def __aiter__(self) -> AsyncGenerator[ClientWebSocketSession]:
        return self.sessions()

    async def sessions(
        self, *, insists: bool = True, first: ClientWebSocketSession | None = None
    ) -> AsyncGenerator[ClientWebSocketSession]:
        """Yield one session after another, as ``async for session in connect(url)`` does.

        Args:
            insists: make the first attempt again too while it fails; without it the failure is raised.
            first: the session to begin with, which is open; it is not recorded. None opens one.
        """
        session, recording = (
            (first, None) if first is not None else await self._open_recorded(insists=insists)
        )
        try:
            while True:
                try:
                    async with session:
                        try:
                            yield session
                        except GeneratorExit:  # break in the loop: a normal end, so close with 1000
                            await session.close()
                            raise
                except SessionClosed:
                    pass  # a task of the session was sending when the session was lost: reconnect
                session = await self.attempts.again(session)
        finally:
            if recording is not None:
                await recording.finish()

    async def _open_recorded(
        self, *, insists: bool
    ) -> tuple[ClientWebSocketSession, SessionRecording | None]:
        """Open the first session, and the recording that ``record`` asks for."""
        recording = None if self._record is None else SessionRecording(self._options.log, self._record)
        try:
            session = await (self.attempts.insist() if insists else self.attempts.open())
        except BaseException as error:
            if recording is not None:
                recording.abandon()
            if isinstance(error, CallError):
                error.redial = self._open_single  # with its recording
            raise
        return session, recording

    async def _open_single(self) -> ClientWebSocketSession:
        """Open one session; the recording ends with it."""
        session, recording = await self._open_recorded(insists=False)
        if recording is not None:
            session.record_with(recording)
        return session


async def _open(options: Options, attempt: int) -> ClientWebSocketSession:
    """Dial, perform the handshake, and return the session."""
    loop = running_loop("connect")
    on_thread = options.io == "thread" or (options.io is None and is_intermittent(loop))
    session = _make_session(options, attempt, on_thread)
    options.log.note("connecting", redact_url(options.address.url), options.name)
    try:
        with Heartbeat.of(loop).beating():
            dialing = Dialer(options, session.pump).dial()
            thread = session.thread
            make_call = await (dialing if thread is None else asyncio.wrap_future(thread.run(dialing)))
            session.opened(make_call)  # it listens from now on, so that the timer goes on
        OPENED.add(session)
        show_in_ipython()
    except BaseException:
        session.abandon()
        raise
    return session


def _make_session(options: Options, attempt: int, on_thread: bool) -> ClientWebSocketSession:
    def make_pump(notify: Any) -> Pump:
        return Pump(
            options.log,
            options.name,
            raw=options.raw,
            channels=options.channels,
            close_timeout=options.close_timeout,
            masking=options.masking,
            answers_pings=options.answers_pings,
            notify=notify,
            on_own_thread=on_thread,
            attempt=attempt,
        )

    common: dict[str, Any] = {
        "make_pump": make_pump,
        "converter": options.converter,
        "thread": IoThread(f"wsnotebook {options.name}") if on_thread else None,
        "max_frame_size": options.max_frame_size,
    }
    if options.raw:
        return ClientWebSocketSession(options.name, options.log, **common)
    return DefaultClientWebSocketSession(
        options.name,
        options.log,
        ping_interval=options.ping_interval,
        ping_timeout=options.ping_timeout,
        **common,
    )


def _all_headers(
    headers: HeadersLike | None,
    cookies: Mapping[str, str] | None,
    auth: Auth | None,
    besides: Iterable[str],
) -> tuple[tuple[str, str], ...]:
    if not headers and not cookies and auth is None:
        return ()
    fields = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    if cookies:
        fields.append(("Cookie", check_cookies(cookies)))
    if isinstance(auth, str):
        fields.append(("Authorization", f"Bearer {auth}"))
    elif auth is not None:
        user, password = auth
        fields.append(("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode()))
    return check_headers(fields, besides)


def _given_besides(url: str, origin: str | None, user_agent: str | None) -> Iterator[str]:
    """Yield the names of the headers that the URL and arguments of their own give."""
    if "@" in urlsplit(url).netloc:
        yield "authorization"
    if origin is not None:
        yield "origin"
    if user_agent not in (None, USER_AGENT):
        yield "user-agent"


def _build(scheme: str, host: str, port: int | None, path: str, options: dict[str, Any]) -> connect:
    if "://" in host:
        given = urlsplit(host)
        if given.scheme != scheme:
            raise InvalidURL(host, f"{scheme}() was given a {given.scheme}:// URL")
        return connect(host, **options)
    netloc = f"[{host}]" if ":" in host and not host.startswith("[") else host
    if port is not None:
        netloc = f"{netloc}:{port}"
    resource, _, query = path.partition("?")
    return connect(
        urlunsplit((scheme, netloc, quote(resource, safe="/%:@!$&'()*+,;=~"), query, "")), **options
    )


def ws(host: str, port: int | None = None, path: str = "/", **options: Any) -> connect:
    """Connect to ws://host:port/path, as connect() does: ``session = await ws("127.0.0.1", 8765, "/feed")``.

    Example: ``session = await ws("127.0.0.1", server.port)``.

    Args:
        host: host name or IP address, or a whole ws:// URL.
        port: None is the default port, 80.
        path: path and query; characters that a URL does not allow are percent-encoded.
        options: options of connect().

    Raises:
        InvalidURL: ``host`` is a URL of another scheme.
    """
    return _build("ws", host, port, path, options)


def wss(host: str, port: int | None = None, path: str = "/", **options: Any) -> connect:
    """Connect to wss://host:port/path over TLS, as connect() does: ``session = await wss("example.org", path="/feed")``.

    Example: ``connecting = wss("example.org", path="/feed", ping_interval=20)  # await it``.

    Args:
        host: host name or IP address, or a whole wss:// URL.
        port: None is the default port, 443.
        path: path and query; characters that a URL does not allow are percent-encoded.
        options: options of connect().

    Raises:
        InvalidURL: ``host`` is a URL of another scheme; nothing is sent unencrypted.
    """
    return _build("wss", host, port, path, options)


def ws_raw(host: str, port: int | None = None, path: str = "/", **options: Any) -> connect:
    """Connect as ws() does, but open a raw session.

    Example: ``session = await ws_raw("127.0.0.1", server.port)``.
    """
    return ws(host, port, path, raw=True, **options)


def wss_raw(host: str, port: int | None = None, path: str = "/", **options: Any) -> connect:
    """Connect as wss() does, but open a raw session.

    Example: ``connecting = wss_raw("example.org", path="/feed")  # await it``.
    """
    return wss(host, port, path, raw=True, **options)
