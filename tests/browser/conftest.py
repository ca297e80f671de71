"""JupyterLab, servers of other pages and a Chromium for tests of what a person sees; each is skipped visibly where missing."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from chromium import FLAGS
from logs import make_log

__all__ = ["make_log"]  # a fixture of other folders too

START_SECONDS = 60  # JupyterLab needs 2 to 4; a loaded CI machine more
STEP_MS = 60_000  # for one thing to become true in the page

_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}


@pytest.fixture(scope="session")
def launching(chromium: str) -> dict[str, Any]:
    """Arguments with which Playwright launches it."""
    return {"executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="module")
def browser(launching: dict[str, Any]) -> Iterator[Any]:
    """A headless Chromium, driven by Playwright.

    Not for the whole session: while it lives, Playwright's loop counts as running, and no async test can start.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=STEP_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launching)
        yield browser
        browser.close()


class Lab:
    """A JupyterLab on loopback; notebooks lie in ``root``."""

    def __init__(self, root: Path, kernels: Path, port: int) -> None:
        self.root = root
        self._kernels = kernels
        self.url = f"http://127.0.0.1:{port}"

    def add_kernel(self, name: str, python_path: Path) -> None:
        """Offer a kernel that finds modules in a folder before the installed ones."""
        path = os.pathsep.join([str(python_path), str(Path(__file__).parents[2])])
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": {"PYTHONPATH": path},
        }
        (self._kernels / name).mkdir(parents=True, exist_ok=True)
        (self._kernels / name / "kernel.json").write_text(json.dumps(spec))

    def copy(self, notebook: Path, *, kernel: str = "python3") -> str:
        """Put a copy of a notebook into the root, for a kernel; return its name there."""
        content = json.loads(notebook.read_text())
        content["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
        name = f"{kernel}-{notebook.name}"
        (self.root / name).write_text(json.dumps(content))
        return name

    def write(self, name: str, *cells: str) -> None:
        """Put a notebook of code cells into the root."""
        made: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "id": f"cell{n}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell,
            }
            for n, cell in enumerate(cells)
        ]
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
        (self.root / name).write_text(json.dumps(notebook))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server with settings of its own, ended with the test session."""
    home, root = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("notebooks")
    settings = home / "app-settings"
    settings.mkdir()
    (settings / "overrides.json").write_text(json.dumps(_SETTINGS))
    port = _free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True", f"--LabApp.app_settings_dir={settings}",
    ]  # fmt: skip
    folders = {
        name: str(home / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR",
        )
    }  # fmt: skip
    with _running(command, port, home, folders):
        yield Lab(root, Path(folders["JUPYTER_DATA_DIR"]) / "kernels", port)


@pytest.fixture
def serve(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Callable[..., str]]:
    """A function that runs a module with arguments as a server of pages, in an empty folder, and returns its address."""
    with contextlib.ExitStack() as running:

        def start(module: str, *arguments: str) -> str:
            if importlib.util.find_spec(module) is None:
                missing(module)
            port = _free_port()
            command = [sys.executable, "-m", module, *arguments, f"--port={port}"]
            running.enter_context(_running(command, port, tmp_path, {"HOME": str(tmp_path)}))
            return f"http://127.0.0.1:{port}/"

        yield start


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(command: list[str], port: int, home: Path, variables: dict[str, str]) -> Iterator[None]:
    """Run a server in a folder; it listens, and is ended afterwards."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **variables, "PYTHONPATH": path}
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server, home / "server.log")
        yield
    finally:
        server.terminate()  # ends its kernels too
        server.wait(timeout=60)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{server.args} does not listen:\n{log.read_text()[-4000:]}") from None
            time.sleep(0.1)  # there is no event to wait for in another process


class Notebook:
    """One notebook open in the page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, lab: Lab, name: str, *, page: str = "doc/tree") -> None:
        """Open ``name`` alone on the page, in JupyterLab or in Notebook 7's ``notebooks``, and wait for its kernel."""
        self.page.goto(f"{lab.url}/{page}/{name}?reset")
        self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell.currentWidget;
                return panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === "idle";
            }""",
            timeout=STEP_MS,
        )

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


@pytest.fixture
def notebook(browser: Any, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Notebook]:
    """A fresh page; on a failure a screenshot is left in the test's temporary folder and named."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(STEP_MS)
    made = Notebook(context.new_page())
    failed = request.session.testsfailed
    yield made
    if request.session.testsfailed > failed:
        made.page.screenshot(path=tmp_path / "failed.png")
        print(f"screenshot: {tmp_path / 'failed.png'}; page errors: {made.problems}")
    made.shut_down()
    context.close()
