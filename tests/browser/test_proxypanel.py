"""The panel of a proxy in JupyterLab: a person breaks on a text, edits the frame that is held, and sends it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SETUP = """
import wsnotebook
from wsnotebook.lab import embedded_server
server = await embedded_server("echo")
p = await wsnotebook.proxy(server.url, proxy=None)
client = await wsnotebook.connect(p.url, proxy=None)
"""


def test_a_person_edits_what_is_held(notebook: Any, lab: Any) -> None:
    """The server gets the edited message; the table then shows the one conversation whose tab was chosen."""
    lab.write("middle.ipynb", SETUP, "p")
    notebook.open(lab, "middle.ipynb")
    notebook.run_all()
    page = notebook.page
    page.get_by_placeholder("a text, or /a regular expression/").fill("order 7")
    page.get_by_role("button", name="Break on").click()
    expect(page.get_by_placeholder("a text, or /a regular expression/")).to_have_value("")
    notebook.start("import asyncio; sending = asyncio.ensure_future(client.send('order 7'))")
    editor = page.get_by_role("textbox").and_(page.locator("textarea"))
    expect(editor).to_have_value("order 7")
    editor.fill("order 8")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(editor).to_be_hidden()
    page.get_by_role("tab", name="client-1").click()
    rows = page.locator(".wsn-row.wsn-in, .wsn-row.wsn-out")
    expect(rows).to_have_text([re.compile("order 7"), re.compile("order 8")])
    assert notebook.kernel("p.df['text'].dropna().tolist()[-1]") == "order 8"
