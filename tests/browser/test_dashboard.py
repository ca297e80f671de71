"""Widgets of a session in a box of one's own, linked in the page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

DASHBOARD = """
import ipywidgets, wsnotebook
from wsnotebook.lab import embedded_server
from wsnotebook.widgets import CloseButton, Counters, FrameTable, MaskingToggle, SendBox

server = await embedded_server("echo")
session = await wsnotebook.connect(server.url)
counters, toggle, number = Counters(session), MaskingToggle(session), ipywidgets.IntText(description="received")
masked = ipywidgets.Checkbox(description="masked")
links = [ipywidgets.jslink((counters, "received"), (number, "value")), ipywidgets.jslink((toggle, "masking"), (masked, "value"))]
ipywidgets.VBox([SendBox(session), toggle, counters, FrameTable(session.log), CloseButton(session), number, masked])
"""


def test_a_dashboard_of_ones_own_is_live(notebook: Any, lab: Any) -> None:
    """Each part has its style and works without a panel; traits are linked in the page, also to set the session's."""
    lab.write("dashboard.ipynb", DASHBOARD)
    notebook.open(lab, "dashboard.ipynb", fresh=True)  # with no style of a panel
    notebook.run_all()
    page = notebook.page
    expect(page.locator(".wsn-state")).to_have_text("open")
    page.locator(".wsn-text").fill("hello")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".wsn-rows .wsn-row")).to_have_count(2)
    expect(page.get_by_label("received", exact=True)).to_have_value("1")
    expect(page.get_by_role("button", name="Send", exact=True)).not_to_have_css(
        "background-color", "rgba(0, 0, 0, 0)"
    )
    page.get_by_label("masked").uncheck()
    expect(page.get_by_role("button", name="Unmasked")).to_be_visible()
    notebook.kernel_comes_to("session.masking", False)
    page.get_by_role("button", name="Unmasked").click()
    expect(page.get_by_label("masked")).to_be_checked()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".wsn-state")).to_have_text("closed")
    expect(page.locator(".wsn-ending").last).to_contain_text("1000")
