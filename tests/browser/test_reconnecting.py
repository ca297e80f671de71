"""Reconnect in a real page: an ended session is dialled again from its panel, which goes on with the new one."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SETUP = """
import wsnotebook
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

is_busy = False
connections = []

async def echo(connection):
    connections.append(connection)
    async for message in connection:
        await connection.send(message)

def answer(connection, request):
    if is_busy:
        fields = [("Content-Type", "application/json"), ("Content-Length", "39"), ("Set-Cookie", "id=s3cret")]
        return Response(503, "Busy", Headers(fields), b'{"error": "maintenance <b>until 9</b>"}')

server = await serve(echo, "127.0.0.1", 0, process_request=answer)
url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
"""


def test_an_ended_session_is_dialled_again_from_its_panel(notebook: Any, lab: Any) -> None:
    """A refusal is shown with the button still there; then the rows of both sessions stand in one table."""
    lab.write("reconnecting.ipynb", SETUP, "session = await wsnotebook.connect(url, name='feed')\nsession")
    notebook.open(lab, "reconnecting.ipynb")
    notebook.run_all()
    panel = notebook.page.locator(".wsn-panel")
    state, again = panel.locator(".wsn-state"), panel.get_by_role("button", name="Reconnect")
    expect(again).to_be_hidden()
    panel.locator(".wsn-text").fill("before")
    panel.locator(".wsn-text").press("Enter")
    expect(panel.locator(".wsn-rows .wsn-row")).to_have_count(2)
    notebook.start("connections[-1].transport.abort(); is_busy = True")
    expect(state).to_have_text("closed")
    again.click()
    expect(panel.locator(".wsn-again .wsn-error")).to_contain_text("expected status 101, got 503 Busy")
    refusal = panel.locator(".wsn-refusal")
    expect(refusal).to_contain_text("Content-Type: application/json")
    expect(refusal).to_contain_text('"error": "maintenance <b>until 9</b>"')
    expect(refusal).not_to_contain_text("s3cret")
    notebook.start("is_busy = False")
    again.dblclick()
    expect(state).to_have_text("open")
    expect(again).to_be_hidden()
    panel.locator(".wsn-text").fill("after")
    panel.locator(".wsn-text").press("Enter")
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows.last).to_contain_text("after")
    expect(rows.first).to_contain_text("before")
    assert notebook.kernel("len(connections)") == 2


def test_a_session_that_is_dialled_again_by_itself_is_followed(notebook: Any, lab: Any) -> None:
    """The panel counts the seconds, dials at once on a click, and goes on with what has been opened."""
    lab.write(
        "reconnecting.ipynb",
        "%load_ext wsnotebook",
        SETUP,
        "%ws connect {url} --name feed --reconnect",
        "%ws panel",
    )
    notebook.open(lab, "reconnecting.ipynb")
    notebook.run_all()
    panel = notebook.page.locator(".wsn-panel")
    state = panel.locator(".wsn-state")
    expect(state).to_have_text("open")
    notebook.start("is_busy = True; connections[-1].transport.abort()")
    expect(state).to_have_text("reconnecting")
    expect(panel.locator(".wsn-status")).to_contain_text("(attempt 4)")
    expect(panel.locator(".wsn-again .wsn-error")).to_contain_text("503")
    expect(panel.get_by_role("button", name="Close", exact=True)).to_be_enabled()
    notebook.start("is_busy = False")
    panel.get_by_role("button", name="Reconnect").click()
    expect(state).to_have_text("open")
    panel.get_by_role("button", name="Close", exact=True).click()
    expect(state).to_have_text("closed")
    expect(panel.locator(".wsn-status")).to_contain_text("same arguments")
