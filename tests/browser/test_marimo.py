"""A session in marimo, which shows single widgets and no box of ipywidgets: live, with its style."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

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


@pytest.fixture
def marimo(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[str]:
    """The address of a marimo that runs the notebook."""
    if importlib.util.find_spec("marimo") is None:
        missing("marimo")
    (tmp_path / "shown.py").write_text(NOTEBOOK)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "run", "--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port), "shown.py"]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(timeout=60)


def test_a_session_is_live_in_marimo(browser: Any, marimo: str) -> None:
    """Its controls, its table and the form stand there, and the frames of its server; a click reaches the wire."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    for _ in range(100):
        try:
            page.goto(marimo)
            break
        except Exception:
            page.wait_for_timeout(200)
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
