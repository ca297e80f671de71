"""axe-core, the checker that browsers' own tools use, finds nothing serious in what we show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

SETUP = """
import wsnotebook
from wsnotebook.lab import embedded_server

server = await embedded_server("echo")
session = await wsnotebook.connect(server.url)
session.log.note("kernel stall", "for 2 s")
await session.send('{"hello": 1}')
"""
RUN = """async (selector) => {
    const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }) => [id, impact, nodes.map((node) => node.html.slice(0, 200))]);
}"""
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious(notebook: Any, lab: Any, npm: Callable[..., Path], theme: str) -> None:
    """In the panel with a frame opened, everything unfolded and an error shown; in the form; after the end; in the server's panel."""
    axe = npm("axe-core@4") / "node_modules" / "axe-core" / "axe.min.js"
    lab.write("axe.ipynb", SETUP, "session", "wsnotebook.panel()", "server")
    notebook.open(lab, "axe.ipynb")
    notebook.run_all()
    notebook.set_theme(theme)
    page = notebook.page
    panel, form = page.locator(".wsn-panel").first, page.locator(".wsn-connect")
    panel.locator(".wsn-rows .wsn-row").first.click()
    expect(panel.locator(".wsn-inspector")).to_be_visible()
    for summary in page.locator(".wsn-controls summary").all():
        summary.click()
    expect(panel.locator(".wsn-handshake pre")).to_contain_text("101")
    panel.get_by_role("button", name="Hex", exact=True).click()
    panel.locator(".wsn-text").fill("4g")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-controls .wsn-note").last).to_contain_text("hex digit")
    form.get_by_role("button", name="Connect").click()
    expect(form.locator(".wsn-note").last).to_contain_text("no address")
    page.add_script_tag(path=axe)
    for state in ("open", "closed"):
        expect(panel.locator(".wsn-state")).to_have_text(state)
        for shown in (".wsn-panel", ".wsn-connect"):
            found = page.evaluate(RUN, shown)
            assert not [each for each in found if each[1] in SERIOUS], found
        if state == "open":
            panel.get_by_role("button", name="Terminate").click()
