"""The line of a cell that an error names."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.kernel.place import cell_frame, line_of_cell

CELLS = {
    "seen.append(line())": None,
    "\n# a comment\nx = 1\nseen.append(line())\n": 3,
    "x = 1\ndef f():\n    seen.append(line())\nf()\n": 3,
    "x = 1\nelsewhere()\n": 2,
    "import asyncio\nawait asyncio.sleep(0)\nasync def f():\n    seen.append(line())\nawait f()\n": 4,
    "import asyncio\nasync def f():\n    seen.append(line())\nawait asyncio.create_task(f())\n": None,
}


@pytest.mark.parametrize("cell", CELLS)
def test_the_line_is_that_of_the_running_cell(shell: InteractiveShell, cell: str) -> None:
    """Also in a function of it, and where it calls one of another cell; IPython drops blank lines at the top."""
    seen: list[int | None] = []
    shell.user_ns.update(seen=seen, line=lambda: line_of_cell(shell))
    shell.run_cell("def elsewhere():\n    x = 1\n    y = 2\n    seen.append(line())\n").raise_error()
    shell.run_cell(cell).raise_error()
    assert seen == [CELLS[cell]]


def test_outside_of_a_cell_there_is_none(shell: InteractiveShell) -> None:
    """No frame of a cell, and no line."""
    assert cell_frame(shell) is None
    assert line_of_cell(shell) is None
