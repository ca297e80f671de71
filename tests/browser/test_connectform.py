"""A session without a line of code: from an empty form to a live panel."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SERVER = """
import wsnotebook
from wsnotebook.lab import embedded_server

server = await embedded_server("echo")
print(server.url)
"""


def test_a_session_is_opened_by_clicking(notebook: Any, lab: Any) -> None:
    """A wrong address is told, a pasted cURL line fills the fields, the panel stands below the form."""
    lab.write("form.ipynb", SERVER, "%load_ext wsnotebook", "%ws panel")
    notebook.open(lab, "form.ipynb")
    notebook.run_all()
    page, form = notebook.page, notebook.page.locator(".wsn-connect")
    form.get_by_label("address").fill("ws://127.0.0.1:1/")
    form.get_by_role("button", name="Connect").click()
    expect(form.locator(".wsn-note").last).to_contain_text("127.0.0.1:1")
    form.get_by_text("Paste a cURL line").click()
    url = notebook.kernel("server.url")
    form.get_by_label("cURL line").fill(f"curl '{url}' -H 'X-Token: one'")
    form.get_by_role("button", name="Fill in").click()
    expect(form.get_by_label("address")).to_have_value(url)
    expect(form.get_by_label("headers")).to_have_value("X-Token: one")
    form.get_by_label("address").press("Enter")
    panel = page.locator(".wsn-panel")
    expect(panel.locator(".wsn-state")).to_have_text("open")
    panel.locator(".wsn-text").fill("hello")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-rows .wsn-row")).to_have_count(2)
    form.get_by_role("button", name="Copy as Python").click()
    expect(form.get_by_label("Python")).to_contain_text("headers=[('X-Token', 'one')]")
