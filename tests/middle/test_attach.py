"""Attaching to a real Chromium, with a page, a worker and a server of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from chromium import debugged_chromium

import wsnotebook
from wsnotebook.errors import ConnectError
from wsnotebook.lab import embedded_server
from wsnotebook.lab.messages import Response
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.middle.attach import attach

pytestmark = pytest.mark.long

Until = Callable[[Callable[[], object]], Awaitable[None]]

PAGES = {
    "/page": """<title>A page</title><script>
        const socket = new WebSocket("/socket?token=secret&limit=1", ["chat"]);
        socket.onopen = () => { socket.send("grüße 🐙"); socket.send(new Uint8Array([0, 255])); };
        socket.onmessage = event => { if (typeof event.data !== "string") socket.close(4321, "done"); };
    </script>""",
    "/next": """<title>Next</title><script>
        const socket = new WebSocket("/next"); socket.onopen = () => socket.send("navigated");
    </script>""",
    "/ticking": """<title>Ticking</title><script>
        const socket = new WebSocket("/early");
        socket.onopen = () => setInterval(() => socket.send("tick"), 10);
    </script>""",
    "/working": """<title>Working</title><script>new Worker("/worker.js")</script>""",
    "/worker.js": """const socket = new WebSocket("/of-a-worker"); socket.onopen = () => socket.send("worker")""",
    "/sharing": """<title>Sharing</title><script>new SharedWorker("/worker.js")</script>""",
    "/serving": """<title>Serving</title><script>navigator.serviceWorker.register("/worker.js")</script>""",
    "/framing": """<title>Framing</title><script>
        const frame = document.createElement("iframe");
        frame.src = location.href.replace("127.0.0.1", "localhost").replace("framing", "next");
        document.documentElement.append(frame);
    </script>""",
    "/refused": """<title>Refused</title><script>new WebSocket("/no-socket")</script>""",
    "/large": """<title>Large</title><script>
        const socket = new WebSocket("/large"); socket.onopen = () => socket.send("x".repeat(5 << 20));
    </script>""",
}


async def answer(request: Any) -> Response:
    """Serve a page, or refuse a WebSocket."""
    page = PAGES.get(request.path)
    kind = "text/javascript" if request.path.endswith(".js") else "text/html; charset=utf-8"
    return Response(404) if page is None else Response(200, page.encode(), {"Content-Type": kind})


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    """Pages, and an echo."""
    paths = ("/socket", "/next", "/early", "/of-a-worker", "/large")
    async with embedded_server(None, routes=dict.fromkeys(paths, "echo"), http=answer) as lab:
        yield lab


@contextlib.asynccontextmanager
async def browsing(chromium: str, folder: Path, *pages: str) -> AsyncIterator[str]:
    """Run a Chromium beside the loop, which has to serve its pages."""
    manager = debugged_chromium(chromium, folder, *pages)
    url = await asyncio.to_thread(manager.__enter__)
    try:
        yield url
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


async def open_tab(a: attach, url: str) -> None:
    """Open a tab, as a person would."""
    assert a._devtools is not None
    await a._devtools.call("Target.createTarget", url=url)


async def test_the_messages_of_a_page_are_rows(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """Text and binary in both directions, the handshake redacted, what is not told missing, and the end an event."""
    async with browsing(chromium, tmp_path) as url, attach(url, "/page") as a:
        await open_tab(a, f"{server.http_url}/page")
        assert (await a.wait_tab(timeout=60)).url == f"{server.http_url}/page"
        await until(lambda: a.sockets and not a.sockets[0].is_open)
        await open_tab(a, f"{server.http_url}/next")
        await until(lambda: any(tab.title == "Next" for tab in a.tabs))
        assert [(tab.title, tab.is_followed) for tab in a.tabs][-2:] == [("A page", True), ("Next", False)]
    df = a.df
    assert {*df["session"]} == {"socket-1"}
    assert df["direction"].tolist() == ["out", "out", "in", "in"]
    assert df["opcode"].tolist() == ["text", "binary", "text", "binary"]
    assert df["payload"].tolist() == ["grüße 🐙".encode(), b"\0\xff"] * 2
    assert df["masked"].tolist() == [True, True, False, False]
    assert df[["mask_key", "wire_length", "frame_length"]].isna().all(axis=None)
    assert df["monotonic"].is_monotonic_increasing
    (connection,) = a.log.connections
    assert connection.url.startswith(f"{server.url}/socket?token=<redacted:") and connection.url.endswith(
        "&limit=1"
    )
    assert b"Sec-WebSocket-Protocol: chat\r\n" in connection.request and b"secret" not in connection.request
    assert connection.response.startswith(b"HTTP/1.1 101 ")
    kinds = a.log.events.query("session == 'socket-1'")["kind"].tolist()
    assert kinds == ["connecting", "handshake", "open", "closed"]


async def test_a_tab_is_followed_wherever_it_navigates(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """Once it has matched; the page before is gone, and its WebSocket with it."""
    async with browsing(chromium, tmp_path) as url, attach(url, "/ticking") as a:
        await open_tab(a, f"{server.http_url}/ticking")
        await until(lambda: len(a.log) > 2)
        assert a._devtools is not None
        (page,) = (session for session, target in a._targets._targets.items() if target.is_followed)
        await a._devtools.call("Page.navigate", page, url=f"{server.http_url}/next")
        await until(lambda: "navigated" in a.df["text"].tolist())
        ticking, following = a.sockets
        assert (ticking.url, ticking.is_open) == (f"{server.url}/early", False)
        assert (following.url, following.is_open) == (f"{server.url}/next", True)


async def test_a_worker_is_followed_with_its_page(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """From its first message on: it waits until it is attached to."""
    async with browsing(chromium, tmp_path) as url, attach(url, "/working") as a:
        await open_tab(a, f"{server.http_url}/working")
        await until(lambda: len(a.log) == 2)
        assert a.df["text"].tolist() == ["worker", "worker"]
        (socket,) = a.sockets
        assert socket.place == f"worker {server.http_url}/worker.js"


async def test_a_shared_worker_is_followed_too(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """It belongs to no tab."""
    async with browsing(chromium, tmp_path) as url, attach(url) as a:
        await open_tab(a, f"{server.http_url}/sharing")
        await until(lambda: len(a.log) == 2)
        assert a.sockets[0].place == f"shared_worker {server.http_url}/worker.js"


async def test_a_service_worker_is_recorded_once(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """Though the browser attaches to it twice: by itself, and for its page."""
    async with browsing(chromium, tmp_path) as url, attach(url) as a:
        await open_tab(a, f"{server.http_url}/serving")
        await until(lambda: len(a.log) >= 2)
        await open_tab(a, f"{server.http_url}/refused")
        await until(
            lambda: any(tab.title == "Refused" for tab in a.tabs)
        )  # a second telling would be in by now
        assert a.df["text"].tolist() == ["worker", "worker"]
        assert a.sockets[0].place == f"service_worker {server.http_url}/worker.js"


async def test_a_frame_of_another_site_is_followed_with_its_page(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """It has a process of its own."""
    async with browsing(chromium, tmp_path, "--site-per-process") as url, attach(url, "/framing") as a:
        await open_tab(a, f"{server.http_url}/framing")
        await until(lambda: len(a.log) == 2)
        assert a.df["text"].tolist() == ["navigated", "navigated"]
        assert a.sockets[0].place == f"iframe {server.http_url.replace('127.0.0.1', 'localhost')}/next"


async def test_a_websocket_that_was_open_before_is_named(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """Its messages are rows from then on, and an event says what is not known."""
    async with browsing(chromium, tmp_path, f"{server.http_url}/ticking") as url:
        await until(lambda: server.sessions)
        async with attach(url, re.compile("ticking")) as a:
            await until(lambda: len(a.log) >= 4)
            (socket,) = a.sockets
            assert (socket.name, socket.url) == ("earlier-1", "")
            assert {*a.df["text"]} == {"tick"} and {*a.df["direction"]} == {"in", "out"}
            (opened,) = a.log.events.query("kind == 'open'")["detail"]
            assert "before attaching" in opened and f"page {server.http_url}/ticking" in opened


async def test_a_refused_websocket_is_told(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """In the browser's words; it has no rows."""
    async with browsing(chromium, tmp_path) as url, attach(url) as a:
        await open_tab(a, f"{server.http_url}/refused")
        await until(lambda: a.sockets and not a.sockets[0].is_open)
        told = dict(a.log.events[["kind", "detail"]].to_numpy().tolist())
        assert "404" in told["error"] and "closed" in told and len(a.log) == 0


async def test_a_large_message_is_whole_and_the_file_has_it(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """5 MiB in each direction."""
    async with browsing(chromium, tmp_path) as url:
        async with attach(url, record=tmp_path / "a.pcapng") as a:
            await open_tab(a, f"{server.http_url}/large")
            await until(lambda: len(a.log) == 2)
        df = wsnotebook.load(tmp_path / "a.pcapng").df
    assert df["length"].tolist() == [5 << 20, 5 << 20] and df["wire_length"].isna().all()


async def test_a_page_that_crashes_ends_its_websockets(
    chromium: str, server: EmbeddedServer, until: Until, tmp_path: Path
) -> None:
    """No event tells of each; what it sends when it is loaded again is of a new one."""
    async with browsing(chromium, tmp_path) as url, attach(url, "/ticking") as a:
        await open_tab(a, f"{server.http_url}/ticking")
        await until(lambda: len(a.log))
        assert a._devtools is not None
        (session,) = (name for name, target in a._targets._targets.items() if target.is_followed)
        crash = asyncio.create_task(a._devtools.call("Page.crash", session))
        await until(lambda: not a.sockets[0].is_open)
        crash.cancel()
        assert "crashed" in a.log.events["detail"].iloc[-1]
        await a._devtools.call("Page.reload", session)
        await until(lambda: "socket-2" in set(a.df["session"]))
        assert [socket.is_open for socket in a.sockets] == [False, True]


async def test_the_end_of_the_browser_ends_it(chromium: str, tmp_path: Path) -> None:
    """Who waits for a tab is told; what was recorded stays."""
    async with browsing(chromium, tmp_path) as url:
        a = await attach(url, "nothing")
        waiting = asyncio.create_task(a.wait_tab())
        assert a._devtools is not None
        await a._devtools.call("Browser.close")
        with pytest.raises(ConnectError, match="has ended"):
            await waiting
    assert a.is_stopped and "has ended" in a.log.events["detail"].iloc[-1]
    await a.stop()
