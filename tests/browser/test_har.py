"""What the installed Playwright records of a page's WebSocket loads, in every mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, async_playwright

from wsnotebook.files.loading import load
from wsnotebook.lab import Request, Response, embedded_server

pytestmark = pytest.mark.long

MODES: dict[str, dict[str, Any]] = {
    "embed.har": {},
    "minimal.har": {"record_har_mode": "minimal"},
    "attach/network.har": {"record_har_content": "attach"},
    "attach.har.zip": {},
    "minimal.zip": {"record_har_mode": "minimal"},
    "embed.zip": {"record_har_content": "embed"},
}
TRACE = "trace.zip"
TALK = """async (url) => {
    const socket = new WebSocket(url);
    let left = 2;
    await new Promise((end, fail) => {
        socket.onerror = fail;
        socket.onclose = end;
        socket.onopen = () => { socket.send("grüße 🎉"); socket.send(new Uint8Array([9, 8, 7, 250])); };
        socket.onmessage = () => { left -= 1; if (!left) socket.close(1000); };
    });
}"""
SAID = ["grüße 🎉".encode(), b"\x09\x08\x07\xfa"]


async def page(request: Request) -> Response:
    """Answer any path with an empty page."""
    return Response(200, b"<title>x</title>", {"Content-Type": "text/html"})


async def talk(context: BrowserContext, url: str) -> None:
    """Echo two messages in a page of the context."""
    tab = await context.new_page()
    await tab.goto(url.replace("ws", "http", 1))
    await tab.evaluate(TALK, url)


async def test_each_mode_loads(launching: dict[str, Any], tmp_path: Path) -> None:
    """Both directions, text and binary, and times of the present, where the file has any."""
    async with embedded_server("echo", http=page) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launching)
        for name, options in MODES.items():
            context = await browser.new_context(record_har_path=tmp_path / name, **options)
            await talk(context, server.url)
            await context.close()
        context = await browser.new_context()
        await context.tracing.start(snapshots=True)
        await talk(context, server.url)
        await context.tracing.stop(path=tmp_path / TRACE)
        await browser.close()
    for name in [*MODES, TRACE]:
        log = load(tmp_path / name)
        df = log.df
        assert [connection.url for connection in log.connections] == [f"{server.url}/"], name
        for direction in ("out", "in"):
            assert df[df["direction"] == direction]["payload"].tolist() == SAID, name
        assert log.connections[0].opened_ns <= df["time"].iloc[0].value, name
        untimed = log.events["detail"].str.contains("no time").sum()
        assert (len(log.events), untimed) == ((1, 1) if "minimal" in name else (0, 0)), name
