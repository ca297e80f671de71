"""A page of Chromium that tests use one after the other, and the notebook that one of them opens in it."""

from __future__ import annotations

import ast
import json
from typing import Any

__all__ = ["STEP_MS", "Notebook", "Tab"]

STEP_MS = 60_000  # for one thing to become true in the page

_VIEWPORT = {"width": 1280, "height": 1000}
_READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === "idle";
}"""
_TIDY = """async () => {
    if (!window.jupyterapp) return false;
    const { commands, name, serviceManager, shell } = jupyterapp;
    if (name === "JupyterLab") {
        const opened = [...shell.widgets("main")], documents = opened.filter(({ context }) => context);
        // With nothing open it would open a launcher at some later time, over the next test's notebook.
        if (documents.length === opened.length) await commands.execute("launcher:create");
        for (const each of documents) each.dispose();  // asks nobody whether to save
    }
    await serviceManager.sessions.shutdownAll();
    if (document.body.dataset.jpThemeLight === "false")
        await commands.execute("apputils:change-theme", { theme: "JupyterLab Light" });
    localStorage.clear();
    sessionStorage.clear();
    return name === "JupyterLab" && !document.querySelector(".jp-Dialog");
}"""
"""Sets back a page; tells whether it is a JupyterLab that can open a notebook."""


class Tab:
    """A page that is loaded once for many tests.

    A test that fails drops it; so does one that leaves something in which a notebook cannot be opened.
    """

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._page: Any = None
        self._has_lab = False
        self._problems: list[str] = []

    def begin(self) -> Notebook:
        """Give the page to a test, with a list of its own for the page's errors."""
        if self._page is None:
            context = self._browser.new_context(viewport=_VIEWPORT)
            context.set_default_timeout(STEP_MS)
            self._page, self._has_lab = context.new_page(), False
            self._page.on("pageerror", lambda error: self._problems.append(str(error)))
        self._problems = []
        return Notebook(self._page, self._problems, has_lab=self._has_lab)

    def tidy(self) -> None:
        """Close what a test has opened, end all kernels, and set back what a test may have changed."""
        page, self._page = self._page, None  # kept only once all of it has gone well
        self._has_lab = page.evaluate(_TIDY)
        page.context.clear_permissions()
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size(_VIEWPORT)
        page.mouse.move(0, 0)
        self._page = page

    def drop(self) -> None:
        """Close the page; the next test gets a fresh one."""
        page, self._page = self._page, None
        if page is not None:
            page.context.close()


class Notebook:
    """One notebook open in the page.

    Attributes:
        page: of Playwright.
        problems: the errors that nothing in the page has caught since this test began.
    """

    def __init__(self, page: Any, problems: list[str], *, has_lab: bool) -> None:
        self.page = page
        self.problems = problems
        self._has_lab = has_lab

    def open(self, lab: Any, name: str, *, page: str = "doc/tree", fresh: bool = False) -> None:
        """Open ``name`` alone on the page and wait for its kernel.

        Args:
            lab: whose file it is.
            name: of the file.
            page: of JupyterLab, or Notebook 7's ``notebooks``.
            fresh: load the page for it; otherwise a test's first notebook is opened in the JupyterLab that an earlier test
                has loaded. Whatever a test opens after that is loaded.
        """
        if self._has_lab and page == "doc/tree" and not fresh:
            self.page.evaluate(
                "(path) => void jupyterapp.commands.execute('docmanager:open', { path })", name
            )
        else:
            self.page.goto(f"{lab.url}/{page}/{name}?reset")
        self._has_lab = False
        self.page.wait_for_function(_READY, timeout=STEP_MS)

    def run_all(self) -> None:
        """Run all cells and wait until each has ended; fails with the traceback of a cell that raised."""
        self.page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            """() => {
                const cells = [...jupyterapp.shell.currentWidget.content.model.cells];
                const code = cells.filter(cell => cell.type === "code");
                const failed = code.some(cell => cell.outputs.toJSON().some(output => output.output_type === "error"));
                return failed || code.every(cell => cell.executionCount !== null && cell.executionState === "idle");
            }""",
            timeout=STEP_MS,
        )
        errors = [output for cell in self.outputs() for output in cell if output["output_type"] == "error"]
        assert not errors, "\n".join(errors[0]["traceback"])

    def outputs(self) -> list[list[dict[str, Any]]]:
        """Return the outputs of the code cells, from the model of the notebook."""
        made: list[list[dict[str, Any]]] = self.page.evaluate(
            """() => [...jupyterapp.shell.currentWidget.content.model.cells]
                .filter(cell => cell.type === "code").map(cell => cell.outputs.toJSON())"""
        )
        return made

    def kernel(self, expression: str) -> Any:
        """Return the JSON value of a Python expression, asked of the kernel beside the cells."""
        value = self.page.evaluate(
            """async (expression) => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({
                    code: "", silent: true, store_history: false, user_expressions: { value: expression } });
                const reply = await future.done;
                return reply.content.user_expressions.value;
            }""",
            f"__import__('json').dumps({expression})",
        )
        assert value["status"] == "ok", value
        # The text is the repr of a str that holds JSON.
        return json.loads(ast.literal_eval(value["data"]["text/plain"]))

    def kernel_comes_to(self, expression: str, value: Any) -> None:
        """Wait until an expression has a value in the kernel, which hears of clicks later than the page."""
        for _ in range(STEP_MS // 100):
            if (found := self.kernel(expression)) == value:
                return
            self.page.wait_for_timeout(100)
        assert found == value

    def start(self, code: str) -> None:
        """Let the kernel run code, and do not wait for it."""
        self.page.evaluate(
            "(code) => void jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code })",
            code,
        )

    def run_again(self, cell: int) -> None:
        """Run one cell again, counted from 0, and wait until it has ended."""
        before = self.page.evaluate(
            """(place) => {
                const content = jupyterapp.shell.currentWidget.content;
                content.activeCellIndex = place;
                const count = content.activeCell.model.executionCount;
                void jupyterapp.commands.execute("notebook:run-cell");
                return count;
            }""",
            cell,
        )
        self.page.wait_for_function(
            """([place, before]) => {
                const model = jupyterapp.shell.currentWidget.content.model.cells.get(place);
                return model.executionCount > before && model.executionState === "idle";
            }""",
            arg=[cell, before],
            timeout=STEP_MS,
        )

    def save(self) -> None:
        """Write the notebook with its outputs to disk."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")

    def shut_down(self) -> None:
        """End the kernel: the next notebook of this name gets a fresh one."""
        self.page.evaluate("() => window.jupyterapp?.shell.currentWidget?.sessionContext.shutdown()")

    def set_theme(self, theme: str) -> None:
        """Change to ``"JupyterLab Light"`` or ``"JupyterLab Dark"``."""
        light = "false" if "Dark" in theme else "true"
        self.page.evaluate("(theme) => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
