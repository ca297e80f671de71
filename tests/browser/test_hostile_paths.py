"""Two hundred hostile payloads through every public display, in JupyterLab and Notebook 7: live, saved, opened again, exported."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hostilepayloads import PAYLOADS, SCRIPT, is_unhurt
from playwright.sync_api import expect

pytestmark = pytest.mark.long

NAME = f'<img src=x onerror="{SCRIPT}">$x$'
SETUP = f"""
import asyncio, wsnotebook
from websockets.asyncio.server import serve
from wsnotebook.workbench import workbench
%load_ext wsnotebook

PAYLOADS, NAME = {PAYLOADS!r}, {NAME!r}

async def hostile(connection):
    for payload in PAYLOADS:
        await connection.send(payload)
    await connection.recv()
    await connection.close(4000, NAME)

def answer(connection, request, response):
    response.headers["Server"] = response.headers["X-Hostile"] = NAME

server = await serve(hostile, "127.0.0.1", 0, process_response=answer, compression=None)
url = f"ws://127.0.0.1:{{server.sockets[0].getsockname()[1]}}/'onload='{SCRIPT}"
session = await wsnotebook.connect(url, name=NAME, proxy=None)
other = await wsnotebook.connect(url, name="other", log=session.log, proxy=None)
workbench.select(NAME)
session.log.note("error", NAME, NAME)
while len(session.log) < 2 * len(PAYLOADS):
    await asyncio.sleep(0.01)
"""
DISPLAYS = (
    "%ws log 200", "session.df", "session.df.ws.messages()", "%ws info", "%ws stats", "%ws list", "session.log.events",
    "session.df.ws.conversation()", "print(session.call.response.headers)", "wsnotebook.panel()", "session.log",
    "wsnotebook.panel([session, other])",
)  # fmt: skip
"""Widgets last: ipykernel 7.4 may tell the end of a cell under the name of another while it answers a widget."""


@pytest.fixture
def files(lab: Any) -> Iterator[str]:
    """The address of a server of the lab's folder, for exported pages."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(lab.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.timeout(600)
def test_no_payload_acts_in_a_display_of_a_cell(notebook: Any, lab: Any, files: str) -> None:
    """Lists, DataFrames, facts, tabs, the form: live, saved and opened again, and exported."""
    lab.write("displays.ipynb", SETUP, *DISPLAYS)
    notebook.open(lab, "displays.ipynb")
    notebook.run_all()
    page = notebook.page
    page.locator(".wsn-tabs").first.scroll_into_view_if_needed()
    page.get_by_role("tab", name=NAME).first.click()
    expect(page.locator(".wsn-panel").first.locator(".wsn-name")).to_have_text(NAME)
    for output in page.locator(".jp-OutputArea").all():
        output.scroll_into_view_if_needed()
    assert is_unhurt(page)
    reopen_and_export(notebook, lab, files, "displays", "doc/tree")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["doc/tree", "notebooks"], ids=["lab", "notebook7"])
def test_no_payload_acts_in_the_panel(notebook: Any, lab: Any, files: str, page: str) -> None:
    """Rows, inspector, comparison, handshake, events, named messages, sentences of errors, the end, and the saved page."""
    (lab.root / "ws-messages.toml").write_text(f"['{NAME}']\ntext = '''{NAME}'''\n")
    lab.write("paths.ipynb", SETUP, "session")
    notebook.open(lab, "paths.ipynb", page=page)
    notebook.run_all()
    panel = notebook.page.locator(".wsn-panel")
    panel.scroll_into_view_if_needed()
    expect(panel.locator(".wsn-name")).to_have_text(NAME)
    look_at_rows(notebook.page, panel)
    look_at_controls(notebook.page, panel)
    reopen_and_export(notebook, lab, files, "paths", page)


def reopen_and_export(notebook: Any, lab: Any, files: str, name: str, page: str) -> None:
    """Save it; look at it with a fresh kernel, and as HTML."""
    tab = notebook.page
    notebook.save()
    (lab.root / f"{name}.html").write_text(lab.export(f"{name}.ipynb"))
    notebook.shut_down()
    notebook.open(lab, f"{name}.ipynb", page=page)
    expect(tab.locator(".jp-RenderedHTML").last).to_be_visible()
    tab.wait_for_timeout(500)  # for what the page would typeset
    assert is_unhurt(tab)
    tab.goto(f"{files}/{name}.html")
    expect(tab.locator(".jp-OutputArea").last).to_be_visible()
    assert is_unhurt(tab)
    assert tab.evaluate(IS_TYPESET) == []


IS_TYPESET = r"""() => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (/\\style|\$x\$|\\href/.test(walker.currentNode.data) && element.closest(".jp-OutputArea")
            && !element.closest("pre, script, style, .tex2jax_ignore, .mathjax_ignore")) found.push(element.outerHTML);
    }
    return found;
}"""
"""The texts in outputs that a page with MathJax would take for mathematics: it leaves ``pre`` alone, and what says so."""


def look_at_rows(page: Any, panel: Any) -> None:
    """Walk over all rows, open some with every view, and compare two."""
    rows, title = panel.locator(".wsn-rows .wsn-row"), panel.locator(".wsn-title")
    panel.get_by_label("filter").fill("dir:in")
    rows.first.click()
    page.keyboard.press("Home")
    for place in range(len(PAYLOADS)):
        if place % 20 == 0:
            page.keyboard.press("Enter")
            expect(title).to_be_visible()
            for view in panel.get_by_role("tab").all():
                view.click()
                assert is_unhurt(page)
            panel.locator(".wsn-rows .wsn-row[aria-selected=true]").first.focus()
        page.keyboard.press("ArrowDown")
    assert is_unhurt(page)
    rows.first.click()
    rows.nth(1).click(modifiers=["Shift"])
    panel.get_by_role("button", name="Compare").click()
    expect(panel.get_by_role("tab", name="Lines")).to_be_visible()
    for view in panel.get_by_role("tab").all():
        view.click()
        assert is_unhurt(page)


def look_at_controls(page: Any, panel: Any) -> None:
    """The handshake with its secrets, a named message, the sentence of an error, what is sent again and again, and the end."""
    handshake = panel.locator(".wsn-handshake")
    handshake.locator("summary").click()
    expect(handshake.locator("pre")).to_contain_text("101 Switching Protocols")
    handshake.get_by_role("button", name="Show secrets").click()
    expect(handshake.locator("pre")).to_contain_text(f"X-Hostile: {NAME}")
    panel.locator(".wsn-more summary").click()
    panel.get_by_label("named messages").select_option(NAME)
    expect(panel.locator(".wsn-text")).to_have_value(NAME)
    panel.get_by_role("button", name="Hex", exact=True).click()
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-controls .wsn-note.wsn-error").last).to_contain_text("'<'")
    panel.get_by_label("size limit").fill(NAME)
    panel.get_by_label("size limit").press("Enter")
    expect(panel.locator(".wsn-controls .wsn-note.wsn-error").last).to_contain_text("<img src=x")
    assert is_unhurt(page)
    panel.get_by_role("button", name="Text", exact=True).click()
    panel.locator(".wsn-text").fill("close now")
    panel.locator(".wsn-text").press("Enter")
    expect(panel.locator(".wsn-ending")).to_contain_text(re.compile(re.escape(NAME)))
    expect(panel.locator(".wsn-latest")).to_contain_text("<img src=x")
    assert is_unhurt(page)
