"""JupyterLab, servers of other pages and a Chromium for tests of what a person sees; each is skipped visibly where missing."""

from __future__ import annotations

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
from notebookpage import STEP_MS, Notebook, Tab

__all__ = ["make_log"]  # a fixture of other folders too

START_SECONDS = 60  # JupyterLab needs 2 to 4; a loaded CI machine more

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

    def export(self, name: str) -> str:
        """Return a notebook as nbconvert exports it to HTML, which others get."""
        import nbconvert  # here: it takes seconds, also of those who only collect these tests

        exported: str = nbconvert.HTMLExporter(template_name="lab").from_filename(str(self.root / name))[0]
        return exported


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


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Tab]:
    """The page of a module's tests."""
    made = Tab(browser)
    yield made
    made.drop()


@pytest.fixture
def notebook(tab: Tab, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Notebook]:
    """What opens notebooks in the page; on a failure a screenshot is left in the test's temporary folder and named."""
    failed = request.session.testsfailed
    made = tab.begin()
    yield made
    if request.session.testsfailed == failed:
        tab.tidy()
        return
    try:
        made.page.screenshot(path=tmp_path / "failed.png")
        print(f"screenshot: {tmp_path / 'failed.png'}; page errors: {made.problems}")
        made.shut_down()
    finally:
        tab.drop()
