"""Tabs in JupyterLab: two hundred of them on a narrow page, by keys, arrows and the list; and several sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

MANY = """
from wsnotebook.widgets.tabs import Tab, Tabs
tabs = Tabs("clients", "All")
tabs.show([Tab(f"client-{n}", "closed" if n % 3 else "open", n) for n in range(1, 201)], 20100)
"""
SEVERAL = """
import wsnotebook
from wsnotebook.lab import embedded_server
server = await embedded_server("echo")
log = wsnotebook.FrameLog()
a = await wsnotebook.connect(server.url, name="a", log=log, proxy=None)
b = await wsnotebook.connect(server.url, name="b", log=log, proxy=None)
await b.send("of b")
"""
IN_SIGHT = """(tab) => {
    const strip = tab.parentElement.getBoundingClientRect(), own = tab.getBoundingClientRect();
    return strip.left <= own.left + 1 && own.right <= strip.right + 1;
}"""
FITS = "(root) => root.scrollWidth <= root.clientWidth"


def test_two_hundred_tabs_are_usable_on_a_narrow_page(notebook: Any, lab: Any) -> None:
    """Each can be reached by keys and chosen from the list, and is then in sight; the notebook hears no key."""
    notebook.page.set_viewport_size({"width": 600, "height": 700})
    lab.write("tabs.ipynb", MANY, "tabs")
    notebook.open(lab, "tabs.ipynb", fresh=True)  # as it is on a narrow screen from the start
    notebook.run_all()
    page = notebook.page
    root, tab = page.locator(".wsn-tabs"), lambda name: page.get_by_role("tab", name=re.compile(rf"^{name},"))
    tab("All").focus()
    for keys, chosen in (
        ("ArrowRight", "client-1"),
        ("End", "client-200"),
        ("ArrowLeft", "client-199"),
        ("Home", "All"),
    ):
        page.keyboard.press(keys)
        expect(tab(chosen)).to_have_attribute("aria-selected", "true")
        expect(tab(chosen)).to_be_focused()
        assert tab(chosen).evaluate(IN_SIGHT)
    page.get_by_role("button", name="›").click()
    expect(page.get_by_role("button", name="‹")).to_be_enabled()
    page.get_by_label("all clients").select_option("client-150")
    expect(tab("client-150")).to_have_attribute("aria-selected", "true")
    page.wait_for_function(IN_SIGHT, arg=tab("client-150").element_handle())
    assert root.evaluate(FITS)
    notebook.kernel_comes_to("tabs.chosen", "client-150")
    tab("client-150").focus()
    for key in "ddbx":
        page.keyboard.press(key)
    assert len(notebook.outputs()) == 2


def test_several_sessions_are_one_panel(notebook: Any, lab: Any) -> None:
    """Their frames on one axis of time, and each with its own controls."""
    lab.write("several.ipynb", SEVERAL, "wsnotebook.panel([a, b])")
    notebook.open(lab, "several.ipynb")
    notebook.run_all()
    page = notebook.page
    expect(page.locator(".wsn-rows .wsn-row")).to_have_text([re.compile("b.*of b"), re.compile("b.*of b")])
    page.get_by_role("tab", name=re.compile("^a,")).click()
    expect(page.locator(".wsn-name")).to_have_text("a")
    page.locator(".wsn-text").fill("of a")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("tab", name="a, open, 2 frames")).to_be_visible()
    page.get_by_role("tab", name=re.compile("^All,")).click()
    expect(page.locator(".wsn-rows .wsn-row")).to_have_count(4)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious_in_the_tabs(
    notebook: Any, lab: Any, npm: Callable[..., Path], theme: str
) -> None:
    """In none of their states."""
    axe = npm("axe-core@4") / "node_modules" / "axe-core" / "axe.min.js"
    states = ("connecting", "open", "held", "closing", "closed", "refused")
    rows = f"[Tab(state, state, 1) for state in {states}]"
    lab.write(
        "axe-tabs.ipynb",
        f"from wsnotebook.widgets.tabs import Tab, Tabs\nt = Tabs('x', 'All'); t.show({rows}, 6)",
        "t",
    )
    notebook.open(lab, "axe-tabs.ipynb")
    notebook.run_all()
    notebook.set_theme(theme)
    page = notebook.page
    expect(page.locator(".wsn-tab")).to_have_count(7)
    page.add_script_tag(path=axe)
    found = page.evaluate(
        "async () => (await axe.run('.wsn-tabs')).violations.map(({ id, impact }) => [id, impact])"
    )
    assert not [each for each in found if each[1] in ("serious", "critical")], found
