"""A notebook of magics in JupyterLab: Run All queues every cell at once, and none is lost while one waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

MAGICS = Path(__file__).parents[2] / "notebooks" / "03-magics.ipynb"


@pytest.mark.parametrize("version", [7, 6], ids=["ipykernel7", "ipykernel6"])
def test_run_all_over_magics_runs_every_cell(
    version: int, notebook: Any, lab: Any, request: pytest.FixtureRequest
) -> None:
    """Every cell has run, in order, without an error, on both generations of the kernel."""
    kernel = "python3"
    if version == 6:
        kernel = "ipykernel6"
        lab.add_kernel(kernel, request.getfixturevalue("ipykernel_6"))
    notebook.open(
        lab, lab.copy(MAGICS, kernel=kernel), fresh=True
    )  # a loaded page knows the kernels that were there then
    notebook.run_all()
    assert notebook.kernel("__import__('ipykernel').version_info[0]") == version
    counts = notebook.page.evaluate(
        """() => [...jupyterapp.shell.currentWidget.content.model.cells]
            .filter(cell => cell.type === "code").map(cell => cell.executionCount)"""
    )
    assert counts == list(range(1, len(counts) + 1))
    facts = "[len(first), reply['op'], answers[1], frame.read_reason().code]"
    assert notebook.kernel(facts) == [3, "subscribe", "split into three", 1002]
