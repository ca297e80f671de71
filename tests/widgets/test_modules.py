"""The modules that run in the browser, tested by Node without one: each alone, and joined as the page gets them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import anywidget
import pytest

from wsnotebook.widgets.connectform import ConnectForm
from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.frameinspector import Inspector
from wsnotebook.widgets.refusedpanel import Refused
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.tabs import Tabs

HOSTED_RULES = {
    "an address": r"https?:|[\"'(]//|@import|url\(",
    "code from text": r"\beval\b|\bFunction\(|set(?:Timeout|Interval)\(\s*[\"'`]",
    "the page around the widget": r"\bdocument\.(?!createElement(?:NS)?\()|\bwindow\.(?:top|parent)\b",
    "a handler as an attribute": r"setAttribute\(\s*[\"'`]on",
    "a library of the page": r"\brequire\(|\bimport\(|\bjupyterapp\b",
    "a request or store of its own": r"\bfetch\(|XMLHttpRequest|WebSocket\(|Worker\(|(?:local|session)Storage|indexedDB",
}
"""What VS Code and Colab refuse in a widget's frame, or what belongs to the page of another origin there."""

SVG = "http://www.w3.org/2000/svg"
"""The name of a namespace, which nothing loads."""

HERE = Path(__file__).parent
MODULES = Path(__file__).parents[2] / "wsnotebook" / "widgets"
LONGEST = 300
"""Lines of one module."""


@pytest.fixture
def run_tests(missing: Callable[[str], NoReturn]) -> Callable[..., None]:
    """A function that runs a file of Node's tests, on the given module in the place of the real one."""
    node = shutil.which("node") or missing("node")

    def run(tests: Path, widget: Path | None = None) -> None:
        environment = os.environ | ({"WIDGET": widget.as_uri()} if widget else {})
        command = [node, "--test", "--test-reporter=tap", str(tests)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "# fail 0" in done.stdout and "# pass 0" not in done.stdout

    return run


@pytest.mark.parametrize("tests", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_module_holds_its_own_tests(run_tests: Callable[..., None], tests: Path) -> None:
    """Scroll maths, follow mode, message protocol and safe rendering: each test of NAME.test.mjs passes."""
    run_tests(tests)


@pytest.mark.long
@pytest.mark.parametrize(
    ("widget", "tests"),
    [
        (FrameTable, "table.test.mjs"),
        (FrameTable, "filter.test.mjs"),
        (Controls, "controls.test.mjs"),
        (ConnectForm, "connectform.test.mjs"),
        (Inspector, "frameinspector.test.mjs"),
        (Tabs, "tabs.test.mjs"),
        (Refused, "refusedpanel.test.mjs"),
    ],
)
def test_the_string_that_the_page_gets_passes_the_same_tests(
    run_tests: Callable[..., None], tmp_path: Path, widget: type[anywidget.AnyWidget], tests: str
) -> None:
    """The joined module stands alone in a folder, and its default export renders as that of the real one does."""
    joined = tmp_path / "joined.mjs"
    joined.write_text(widget._esm, encoding="utf-8")
    run_tests(HERE / tests, joined)


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.mjs")), ids=lambda path: path.name)
def test_module_is_short(path: Path) -> None:
    """One noun, one module."""
    assert path.read_text(encoding="utf-8").count("\n") < LONGEST


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


@pytest.mark.parametrize(
    "path", sorted([*MODULES.glob("*.mjs"), *MODULES.glob("*.css")]), ids=lambda path: path.name
)
def test_module_needs_nothing_that_a_hosted_page_refuses(path: Path) -> None:
    """It loads nothing, makes no code of text, and touches only the element that the page gives it."""
    source = path.read_text(encoding="utf-8").replace(SVG, "")
    found = {rule: hit[0] for rule, pattern in HOSTED_RULES.items() if (hit := re.search(pattern, source))}
    assert found == {}


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("an address", 'import x from "https://esm.sh/x"'),
        ("an address", '@import "x.css"'),
        ("code from text", 'new Function("a")'),
        ("the page around the widget", 'document.querySelector(".x")'),
        ("a handler as an attribute", 'button.setAttribute("onclick", "x")'),
        ("a library of the page", 'await import("x")'),
        ("a request or store of its own", 'fetch("x")'),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: str, source: str) -> None:
    """The patterns match what they forbid."""
    assert re.search(HOSTED_RULES[rule], source)


def test_no_class_is_styled_by_two_stylesheets() -> None:
    """They are on one page: what one says of its element would hold for another's. All build on base.css."""
    found: dict[str, set[str]] = {}
    for path in MODULES.glob("*.css"):
        rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        selectors = (
            each.strip() for chosen in re.findall(r"([^{}]+)\{", rules) for each in chosen.split(",")
        )
        for name in (hit[1] for each in selectors if (hit := re.fullmatch(r"\.(wsn-[\w-]+)", each))):
            found.setdefault(name, set()).add(path.name)
    assert {name: each for name, each in found.items() if len(each - {"base.css"}) > 1} == {}
