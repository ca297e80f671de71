"""Finding a browser, and commands, answers and events over one session; the browser here is a script of the lab."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.errors import ConnectError, SessionClosed
from wsnotebook.lab import embedded_server
from wsnotebook.lab.messages import Response
from wsnotebook.middle.attach import attach
from wsnotebook.middle.devtools import DevTools, Refused, find_browser


async def test_the_address_of_a_browser_is_what_its_port_tells() -> None:
    """A ws:// address is that already."""

    async def version(request: Any) -> Response:
        assert request.path == "/json/version"
        return Response.json({"webSocketDebuggerUrl": "ws://127.0.0.1:9222/devtools/browser/1"})

    async with embedded_server(http=version) as server:
        assert await find_browser(server.http_url, 5) == "ws://127.0.0.1:9222/devtools/browser/1"
    assert await find_browser("ws://h/devtools/browser/1", 5) == "ws://h/devtools/browser/1"


@pytest.mark.parametrize("url", ["127.0.0.1:9222", "https://127.0.0.1:9222", "9222"])
async def test_another_address_is_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"write http://127\.0\.0\.1:9222"):
        attach(url)


async def test_no_browser_at_an_address_is_a_sentence_with_the_remedy() -> None:
    """Nothing listens; or another server does."""
    async with embedded_server() as server:
        with pytest.raises(ConnectError, match=r"no browser .*--remote-debugging-port=9222"):
            await attach(server.http_url)
        url = server.http_url
    with pytest.raises(ConnectError, match=r"can be reached .*--remote-debugging-port=9222"):
        await attach(url)


async def test_answers_find_their_commands_and_events_come_in_order() -> None:
    """Whatever the order of the answers; a refusal is an exception."""
    told: list[tuple[str, Any, str]] = []

    async def browser(session: Any) -> None:
        first, second, third = [json.loads(await session.recv()) for _ in range(3)]
        assert (second["method"], second["sessionId"], second["params"]) == ("B", "t", {"x": 1})
        await session.send(json.dumps({"id": second["id"], "result": {"of": "B"}, "sessionId": "t"}))
        await session.send(json.dumps({"method": "E", "params": {"n": 1}, "sessionId": "t"}))
        await session.send(json.dumps({"id": third["id"], "error": {"code": -1, "message": "not here"}}))
        await session.send(json.dumps({"id": first["id"], "result": {"of": "A"}}))
        await session.recv()

    async with embedded_server(browser) as server:
        devtools = await DevTools.open(server.url, lambda *event: told.append(event), 5)
        running = asyncio.create_task(devtools.run())
        answers = await asyncio.gather(
            devtools.call("A"), devtools.call("B", "t", x=1), devtools.call("C"), return_exceptions=True
        )
        assert answers[:2] == [{"of": "A"}, {"of": "B"}]
        assert isinstance(answers[2], Refused) and str(answers[2]) == "not here"
        assert told == [("E", {"n": 1}, "t")]
        with pytest.raises(SessionClosed):
            await devtools.call("D")  # its answer never comes, as the browser ends
        await running
        await devtools.close()


async def test_an_event_that_cannot_be_read_is_told_and_the_others_go_on() -> None:
    """As a later version of a browser may send."""

    async def browser(session: Any) -> None:
        info = {"targetId": "1", "type": "page", "url": "http://a", "title": "A"}
        for method, params in (
            ("Target.attachedToTarget", {"sessionId": "t", "targetInfo": info}),
            ("Network.webSocketFrameSent", {"odd": 1}),
            ("Page.frameNavigated", {"frame": None}),
        ):
            await session.send(json.dumps({"method": method, "params": params, "sessionId": "t"}))
        await _agreeing(session)

    async with embedded_server(browser) as server, attach(server.url) as a:
        while len(a.log.event_list) < 2:  # noqa: ASYNC110 - nobody is told of an event
            await asyncio.sleep(0.001)
        assert [event.kind for event in a.log.event_list] == ["error", "error"]
        assert "Network.webSocketFrameSent of the browser cannot be read" in a.log.event_list[0].detail


async def test_the_websockets_of_what_is_gone_are_closed() -> None:
    """Those of a page that has crashed, and in the end all that the browser had; it tells nothing more of them."""
    crash = asyncio.Event()

    async def browser(session: Any) -> None:
        async def tell(page: str, method: str, params: Any) -> None:
            await session.send(json.dumps({"method": method, "params": params, "sessionId": page}))

        for page in ("a", "b", "c"):
            info = {"targetId": page, "type": "page", "url": f"http://{page}", "title": ""}
            await tell("", "Target.attachedToTarget", {"sessionId": page, "targetInfo": info})
            await tell(page, "Network.webSocketCreated", {"requestId": "1", "url": f"ws://{page}/"})
        answering = asyncio.create_task(_agreeing(session))
        await crash.wait()
        await tell("b", "Inspector.targetCrashed", {})
        answering.cancel()

    async with embedded_server(browser) as server, attach(server.url) as a:
        crash.set()
        await a.wait_end()
        assert [socket.is_open for socket in a.sockets] == [False] * 3
        closed = [(event.session, event.detail) for event in a.log.event_list if event.kind == "closed"]
    crashed, *ended, of_browser = closed
    assert crashed == ("socket-2", "its page or worker has crashed")
    assert ended == [("socket-1", "the browser has ended"), ("socket-3", "the browser has ended")]
    assert of_browser[1].startswith("the browser at ")


async def _agreeing(session: Any) -> None:
    """A browser without tabs."""
    async for message in session:
        await session.send(json.dumps({"id": json.loads(message)["id"], "result": {}}))


async def test_a_browser_that_is_started_later_is_found_by_the_same_attachment(tmp_path: Path) -> None:
    """Awaited again, it attaches, and records from there on; after its end it says that it does not start again."""
    async with embedded_server() as free:
        port = free.port
    a = attach(f"http://127.0.0.1:{port}", record=tmp_path / "a.pcapng")
    with pytest.raises(ConnectError, match="no browser can be reached"):
        await a
    address = {"webSocketDebuggerUrl": f"ws://127.0.0.1:{port}/browser"}

    async def version(request: Any) -> Response:
        return Response.json(address)

    async with embedded_server(None, routes={"/browser": _agreeing}, http=version, port=port):
        assert await asyncio.gather(a, a) == [a, a]  # type: ignore[list-item]  # is awaitable
        await a.stop()
        await a.stop()
        with pytest.raises(RuntimeError, match=r"attach http.*make a new one"):
            await a
    assert (tmp_path / "a.pcapng").exists()


async def test_a_browser_that_refuses_to_attach_is_a_sentence_at_each_try(tmp_path: Path) -> None:
    """It was asked, so that something may be recorded: the second time it is not asked again."""

    async def refusing(session: Any) -> None:
        async for message in session:
            command = json.loads(message)["id"]
            await session.send(json.dumps({"id": command, "error": {"code": 1, "message": "not here"}}))

    async with embedded_server(refusing) as server:
        a = attach(server.url)
        with pytest.raises(ConnectError, match="not here.*Chromium"):
            await a
        with pytest.raises(RuntimeError, match="make a new one"):
            await a
