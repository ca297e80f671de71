"""Below a cell that ends with the error of a connect() stands its call; below any other cell nothing."""

from __future__ import annotations

import atexit
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from wsnotebook.errors import ConnectError, HandshakeError, SocketTimeout

CELL = """
import wsnotebook
from wsnotebook.lab import embedded_server

async def refused():
    async with embedded_server(None) as server:
        await wsnotebook.connect(server.url, proxy=None)
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython without history, which has a thread."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()
    atexit.unregister(shell.atexit_operations)
    shell.restore_sys_module_state()


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("await refused()", 1),
        ("try:\n    await refused()\nexcept wsnotebook.HandshakeError:\n    pass", 0),
        ("1 / 0", 0),
    ],
    ids=["raised", "handled", "other"],
)
def test_the_call_stands_below_the_cell_once(shell: InteractiveShell, cell: str, shown: int) -> None:
    """In a terminal as text; what a cell handles itself is not shown."""
    shell.run_cell(CELL)
    with capture_output() as first:
        shell.run_cell(cell)
    with capture_output() as second:
        shell.run_cell("1 / 0")
    texts = [each.data["text/plain"] for each in first.outputs if "text/plain" in each.data]
    assert sum("HTTP/1.1 404 Not Found" in text for text in texts) == shown
    assert not second.outputs


@pytest.mark.parametrize("kind", [ConnectError, SocketTimeout, HandshakeError])
def test_an_error_that_was_pickled_says_the_same(kind: Any) -> None:
    """Without what dials again, which belongs to its process."""
    error = kind("ws://h/", "nothing listens", "See whether it runs.")
    error.redial = lambda: None
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.remedy, copy.redial) == (str(error), "See whether it runs.", None)
