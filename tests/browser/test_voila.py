"""A notebook as a page of Voila: its cells are run, its code is hidden, and its panels are live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

CELLS = (
    """
import wsnotebook
from wsnotebook.lab import embedded_server

server = await embedded_server("echo")
session = await wsnotebook.connect(server.url)
session
""",
    "wsnotebook.panel()",
)


def test_a_session_is_live_in_voila(browser: Any, serve: Callable[..., str], tmp_path: Path) -> None:
    """Its panel and the form stand there; a click reaches the wire, and its frames the table."""
    import nbformat  # here: it takes seconds, also of those who only collect this test
    from nbformat.v4 import new_code_cell, new_notebook

    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    shown = new_notebook(cells=[new_code_cell(cell) for cell in CELLS], metadata=spec)
    nbformat.write(shown, tmp_path / "shown.ipynb")
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(serve("voila", "shown.ipynb", "--no-browser", "--Voila.ip=127.0.0.1"))
    expect(page.locator(".wsn-state").first).to_have_text("open")
    page.locator(".wsn-text").first.fill("hello")
    page.get_by_role("button", name="Send", exact=True).click()
    for side in (".wsn-out", ".wsn-in"):
        expect(page.locator(f".wsn-row{side}", has_text="hello")).to_be_visible()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()
    page.close()
