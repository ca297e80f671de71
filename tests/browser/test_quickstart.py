"""The quickstart as a person goes through it: JupyterLab, Run All, and clicks in the panel."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01-quickstart.ipynb"


@pytest.fixture
def quickstart(notebook: Any, lab: Any) -> Any:
    """The quickstart, open, all cells run."""
    shutil.copy(QUICKSTART, lab.root)
    notebook.open(lab, QUICKSTART.name, fresh=True)  # with the errors of its loading
    notebook.run_all()
    return notebook


def sent(quickstart: Any) -> list[list[Any]]:
    """Text and masked of each text frame that the playground has sent."""
    rows = "playground.df.query(\"direction == 'out' and opcode == 'text'\")"
    made: list[list[Any]] = quickstart.kernel(f"{rows}[['text', 'masked']].astype(object).values.tolist()")
    return made


def test_quickstart_runs_and_its_last_panel_answers_to_clicks(quickstart: Any) -> None:
    """Send is echoed in the table, masking off is seen in the DataFrame and answered with 1002, Close closes."""
    panel = quickstart.page.locator(".wsn-panel").last
    expect(panel.locator(".wsn-state")).to_have_text("open")
    panel.locator(".wsn-text").fill("hello from the page")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-row.wsn-out")).to_contain_text("hello from the page")
    expect(panel.locator(".wsn-row.wsn-in")).to_contain_text("hello from the page")

    panel.get_by_role("button", name="Masked").click()
    expect(panel.get_by_role("button", name="Unmasked")).to_have_attribute("aria-pressed", "false")
    panel.locator(".wsn-text").fill("no mask")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".wsn-row", has_text="no mask")).to_contain_text("unmasked")
    assert sent(quickstart) == [["hello from the page", True], ["no mask", False]]
    expect(panel.locator(".wsn-state")).to_have_text("closed")
    expect(panel.locator(".wsn-ending")).to_contain_text("1002")

    cells = json.loads(QUICKSTART.read_text())["cells"]
    (turn,) = [place for place, cell in enumerate(cells) if cell["id"] == "turn"]
    quickstart.run_again(turn)
    panel = quickstart.page.locator(".wsn-panel").last
    expect(panel.locator(".wsn-state")).to_have_text("open")
    panel.get_by_label("close code").fill("4001")
    panel.get_by_label("close reason").fill("seen enough")
    panel.get_by_role("button", name="Close", exact=True).click()
    expect(panel.locator(".wsn-state")).to_have_text("closed")
    expect(panel.locator(".wsn-ending")).to_have_text("4001: 'seen enough', by local")
    assert quickstart.kernel("list(playground.close_reason_now)") == [4001, "seen enough"]
    assert quickstart.problems == []


def test_quickstart_draws_and_stands_without_outputs_in_git(quickstart: Any) -> None:
    """Both plots are there after a run; the file itself has no output and no execution count."""
    kinds = [
        kind for outputs in quickstart.outputs() for output in outputs for kind in output.get("data", {})
    ]
    assert kinds.count("image/png") == 2
    assert kinds.count("application/vnd.jupyter.widget-view+json") == 2
    cells = [cell for cell in json.loads(QUICKSTART.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
