"""A session in marimo, which shows single widgets and no box of ipywidgets: live, with its style."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
async def _():
    import wsnotebook
    from wsnotebook.lab import embedded_server

    server = await embedded_server("echo")
    session = await wsnotebook.connect(server.url)
    return server, session, wsnotebook


@app.cell
def _(server):
    server
    return


@app.cell
def _(session):
    session
    return


@app.cell
def _(wsnotebook):
    wsnotebook.panel()
    return
"""


def test_a_session_is_live_in_marimo(browser: Any, serve: Callable[..., str], tmp_path: Path) -> None:
    """Its controls, its table and the form stand there, and the frames of its server; a click reaches the wire."""
    (tmp_path / "shown.py").write_text(NOTEBOOK)
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(serve("marimo", "run", "shown.py", "--headless", "--no-token", "--host=127.0.0.1"))
    expect(page.locator(".wsn-state")).to_have_text("open", timeout=60_000)
    page.locator(".wsn-text").first.fill("hello")
    page.get_by_role("button", name="Send", exact=True).click()
    of_server, of_session = page.locator(".wsn-rows").all()
    for rows in (of_session, of_server):
        expect(rows.locator(".wsn-row").last).to_contain_text("hello")
    expect(page.get_by_role("button", name="Connect")).to_be_visible()
    send = page.get_by_role("button", name="Send", exact=True)
    assert send.evaluate("(element) => getComputedStyle(element).backgroundColor") == "rgb(21, 101, 192)"
    page.close()
