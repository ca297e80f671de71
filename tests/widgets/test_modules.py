"""The modules that run in the browser, tested by Node without one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
MODULES = Path(__file__).parents[2] / "wsnotebook" / "widgets"


@pytest.fixture
def node(missing: Callable[[str], NoReturn]) -> str:
    """The path of Node."""
    return shutil.which("node") or missing("node")


@pytest.mark.parametrize("name", ["table", "controls"])
def test_module_holds_its_own_tests(node: str, name: str) -> None:
    """Scroll maths, follow mode, message protocol and safe rendering: each test of NAME.test.mjs passes."""
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", str(HERE / f"{name}.test.mjs")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout and "# pass 0" not in done.stdout


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.mjs")), ids=lambda path: path.name)
def test_module_has_no_way_to_make_markup(path: Path) -> None:
    """Text of a peer is never parsed: the words that would parse it are not in the source."""
    source = path.read_text()
    words = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "setHTML",
    )
    assert [word for word in words if word in source] == []
