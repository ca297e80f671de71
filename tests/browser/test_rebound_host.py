"""A lab server and pages from elsewhere, in a real Chromium: another origin, and a host name rebound to loopback."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from wsnotebook.lab import Request, Response, embedded_server

pytestmark = pytest.mark.long

# The rebinding: a name that an attacker owns now means this machine.
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking".split()
)
_FLAGS.append("--host-resolver-rules=MAP evil.example 127.0.0.1")
# Newer Chromium stops the page by itself. Older ones and other browsers do not: the server's own guard is tested.
_FLAGS.append("--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets")

_FETCH = """async url => {
    const answer = await fetch(url);
    return [answer.status, (await answer.text()).length];
}"""

_TRY = """url => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onmessage = event => done("message " + event.data);
    socket.onclose = event => done("closed " + event.code);
    socket.onopen = () => socket.send("hello");
})"""


async def page_of(request: Request) -> Response:
    """Serve an empty page."""
    return Response(200, b"<!doctype html><title>page</title>", {"Content-Type": "text/html"})


async def attempt(page: Page, origin: str, url: str) -> Any:
    """Open a page of ``origin`` and tell what its WebSocket to ``url`` got."""
    await page.goto(origin)
    return await page.evaluate(_TRY, url)


async def test_only_its_own_page_reaches_a_lab_server(chromium: str):
    """A page of the server's own talks to it; one of another port, or under a rebound name, gets 403 and nothing."""
    async with (
        embedded_server("echo", http=page_of) as server,
        embedded_server("echo", http=page_of) as elsewhere,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = await browser.new_page()
        rebound = f"http://evil.example:{server.port}"
        # What the attacker's own server had answered before the name changed its meaning.
        await page.route(f"{rebound}/attack", lambda route: route.fulfill(body="", content_type="text/html"))
        try:
            assert await attempt(page, server.http_url, server.url) == "message hello"
            assert await attempt(page, elsewhere.http_url, server.url) == "closed 1006"
            assert await attempt(page, f"{rebound}/attack", rebound.replace("http", "ws")) == "closed 1006"
            assert await page.evaluate("location.origin") == rebound
            assert await page.evaluate(_FETCH, f"{rebound}/") == [403, 0]
        finally:
            await browser.close()
        assert server.accepted == 1
        assert [refusal.status for refusal in server.refusals] == [403, 403, 403]
