"""A refused connection in a real page: its call stands below the error of the cell, and becomes a live panel by Reconnect."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SCRIPT = "window.wsnHurt = 1"
HOSTILE = (
    f'</pre><img src=x onerror="{SCRIPT}"><svg onload="{SCRIPT}"></svg><script>{SCRIPT}</script>'
    r"\(\style{position:fixed}{x}\) $5 and $6 \u202egnp.exe" + "\u202e\x1b[2J"
)
SHOWN = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")

SETUP = f"""
import wsnotebook
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

%load_ext wsnotebook
is_busy, BODY = True, {HOSTILE!r}.encode()

async def echo(connection):
    async for message in connection:
        await connection.send(message)

def answer(connection, request):
    if is_busy:
        fields = [("Content-Type", "text/html"), ("Content-Length", str(len(BODY))), ("Set-Cookie", "id=s3cret"),
                  ("X-Hostile", "<img src=x onerror='{SCRIPT}'>")]
        return Response(401, "<b>No</b>", Headers(fields), BODY)

server = await serve(echo, "127.0.0.1", 0, process_request=answer)
url = f"ws://127.0.0.1:{{server.sockets[0].getsockname()[1]}}/?token=s3cret"
"""


def open_refused(notebook: Any, lab: Any, cell: str, page: str) -> Any:
    """Run a cell that is refused; return its outputs."""
    lab.write("refused.ipynb", SETUP, cell)
    notebook.open(lab, "refused.ipynb", page=page)
    notebook.page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
    return notebook.page.locator(".jp-OutputArea").last


def is_unhurt(page: Any) -> bool:
    """Nothing ran, and nothing that could run, or was typeset, stands in the outputs."""
    found = page.locator(".jp-OutputArea").locator("img, script, svg[onload], mjx-container, b")
    return page.evaluate("() => window.wsnHurt ?? null") is None and found.count() == 0


@pytest.mark.parametrize("page", ["doc/tree", "notebooks"], ids=["lab", "notebook7"])
@pytest.mark.parametrize(
    "cell", ["await wsnotebook.connect(url)", "%ws connect {url} --name feed"], ids=["connect", "magic"]
)
def test_the_call_stands_below_the_error(
    notebook: Any, lab: Any, cell: str, page: str, tmp_path: Path
) -> None:
    """Head, sentence, request, response and body as text; secrets when asked; Reconnect makes a live panel of it."""
    output = open_refused(notebook, lab, cell, page)
    panel, shown = output.locator(".wsn-panel"), output.locator(".wsn-refusal")
    expect(panel.locator(".wsn-state").first).to_have_text("refused")
    expect(panel.locator(".wsn-again .wsn-error")).to_contain_text("expected status 101, got 401 <b>No</b>")
    expect(panel.locator(".wsn-again .wsn-error")).to_contain_text('pass auth=("user", "password")')
    expect(shown).to_contain_text("Sec-WebSocket-Version: 13")
    expect(shown).to_contain_text("HTTP/1.1 401 <b>No</b>")
    expect(shown).to_contain_text(SHOWN)
    expect(shown).not_to_contain_text("s3cret")
    assert is_unhurt(notebook.page)
    folder = Path(os.environ.get("WSN_SCREENSHOTS", tmp_path))
    for theme in ("Dark", "Light"):
        notebook.set_theme(f"JupyterLab {theme}")
        panel.screenshot(path=folder / f"refused-{page[:3]}-{theme}.png")
    panel.get_by_role("button", name="Show secrets").click()
    expect(shown).to_contain_text("Set-Cookie: id=s3cret")
    assert is_unhurt(notebook.page)
    panel.get_by_role("button", name="Hide secrets").click()
    expect(shown).not_to_contain_text("s3cret")
    notebook.start("is_busy = False")
    panel.get_by_role("button", name="Reconnect").dblclick()
    live = output.locator(".wsn-panel .wsn-panel")
    expect(live.locator(".wsn-state")).to_have_text("open")
    expect(panel.locator(".wsn-state").first).to_have_text("opened later")
    live.locator(".wsn-text").fill("hello")
    live.locator(".wsn-text").press("Enter")
    expect(live.locator(".wsn-rows .wsn-row")).to_have_count(2)
    expect(panel.locator(".wsn-again .wsn-error").first).to_contain_text("got 401")
    assert notebook.kernel("len(server.connections)") == 1


def test_a_saved_refusal_is_text(notebook: Any, lab: Any) -> None:
    """Opened again without its kernel it says the same, without a secret."""
    output = open_refused(notebook, lab, "await wsnotebook.connect(url)", "doc/tree")
    expect(output.locator(".wsn-refusal")).to_contain_text(SHOWN)
    notebook.save()
    assert "s3cret" not in str(notebook.outputs())
    notebook.shut_down()
    notebook.open(lab, "refused.ipynb")
    saved = notebook.page.locator(".jp-OutputArea").last
    expect(saved.locator("pre", has_text="HTTP/1.1 401")).to_contain_text(SHOWN)
    assert is_unhurt(notebook.page)


def test_the_form_shows_the_same_call(notebook: Any, lab: Any) -> None:
    """With its secrets on request; the next click takes it away."""
    output = open_refused(notebook, lab, "wsnotebook.panel()", "doc/tree")
    form = output.locator(".wsn-connect")
    expect(form).to_be_visible()
    form.get_by_label("address").fill(notebook.kernel("url"))
    form.get_by_role("button", name="Connect").click()
    shown = form.locator(".wsn-refusal")
    expect(shown).to_contain_text(SHOWN)
    expect(shown).not_to_contain_text("s3cret")
    form.get_by_role("button", name="Show secrets").click()
    expect(shown).to_contain_text("Set-Cookie: id=s3cret")
    assert is_unhurt(notebook.page)
    notebook.start("is_busy = False")
    form.get_by_role("button", name="Connect").click()
    expect(shown).to_be_hidden()
    expect(output.locator(".wsn-panel .wsn-state")).to_have_text("open")
