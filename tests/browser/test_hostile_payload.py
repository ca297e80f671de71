"""What a peer sends is never obeyed by the page: not in the table, the inspector, the head, nor in a saved notebook."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SCRIPT = "window.wsnHurt = 1"
MARKUP = f'</pre></span><img src=x onerror="{SCRIPT}"><svg onload="{SCRIPT}"><script>{SCRIPT}</script>'
STEER = "\x1b[2J\x07\u202egnp.exe\u2066\u200b"

SETUP = f"""
import wsnotebook
from wsnotebook.lab import embedded_server

MARKUP, STEER = {MARKUP!r}, {STEER!r}

async def hostile(session):
    await session.send(MARKUP)
    await session.send('{{"markup": ' + __import__("json").dumps(MARKUP) + "}}")
    await session.send(STEER)
    await session.send(MARKUP.encode())
    await session.recv()
    await session.close(4000, MARKUP[:123])

server = await embedded_server(hostile)
session = await wsnotebook.connect(server.url)
"""


def is_unhurt(page: Any) -> bool:
    """Nothing ran, and no element that could run stands in the outputs."""
    hurt = page.evaluate("() => window.wsnHurt ?? null")
    found = page.locator(".jp-OutputArea").locator("img, script, svg[onload]").count()
    return hurt is None and found == 0


def test_a_hostile_peer_runs_nothing(notebook: Any, lab: Any) -> None:
    """Markup and control characters are shown as they are, in every place that shows a peer's words."""
    lab.write("hostile.ipynb", SETUP, "session")
    notebook.open(lab, "hostile.ipynb")
    notebook.run_all()
    page, panel = notebook.page, notebook.page.locator(".wsn-panel")
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows).to_have_count(4)
    expect(rows.nth(0).locator(".wsn-payload")).to_have_text(MARKUP)
    expect(rows.nth(2).locator(".wsn-payload")).to_have_text("\\x1b[2J\\x07\\u202egnp.exe\\u2066\\u200b")
    for place in range(4):
        rows.nth(place).click()
        expect(panel.locator(".wsn-title")).to_have_text(f"frame {place}")
        for tab in panel.get_by_role("tab").all():
            tab.click()
            assert is_unhurt(page), (place, tab.text_content())
    panel.locator(".wsn-text").fill("now close")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-ending")).to_contain_text("<img src=x")
    assert is_unhurt(page)


def test_the_saved_notebook_of_a_hostile_session_runs_nothing(notebook: Any, lab: Any) -> None:
    """Opened again in the server that trusts it, the static page beside the widget is text."""
    lab.write("saved.ipynb", SETUP, "import asyncio; await asyncio.sleep(0.5)", "session")
    notebook.open(lab, "saved.ipynb")
    notebook.run_all()
    notebook.save()
    assert "&lt;img src=x" in "".join(notebook.outputs()[2][-1]["data"]["text/html"])
    notebook.shut_down()
    notebook.open(lab, "saved.ipynb")
    expect(notebook.page.locator(".jp-RenderedHTML").last).to_be_visible()
    assert is_unhurt(notebook.page)


DOLLARS = r"price is $5 today and $6 tomorrow, $\style{position:fixed}{x}$ and $\href{javascript:1}{x}$"


def test_a_peers_text_is_no_mathematics_in_any_display(notebook: Any, lab: Any) -> None:
    """Lists, DataFrames, answers and the page of a saved notebook keep their dollars; others' DataFrames are typeset."""
    setup = SETUP.replace("await session.send(MARKUP)", f"await session.send({DOLLARS!r})")
    ours = (
        "%load_ext wsnotebook", "%ws log", "session.df[['text']]", "session.df.ws.messages()",
        "%ws stats", "from IPython.display import HTML; HTML(session._repr_mimebundle_()[0]['text/html'])",
    )  # fmt: skip
    lab.write("dollars.ipynb", setup, *ours, f"import pandas; pandas.DataFrame({{'text': [{DOLLARS!r}]}})")
    notebook.open(lab, "dollars.ipynb")
    notebook.run_all()
    outputs = notebook.page.locator(".jp-OutputArea-output")
    expect(outputs.last.locator("mjx-container").first).to_be_visible()
    displays = outputs.all()[:-1]
    assert sum(output.locator("tr", has_text="price is $5 today and").count() for output in displays) == 4
    for output in displays:
        expect(output.locator("mjx-container")).to_have_count(0)
    assert is_unhurt(notebook.page)
