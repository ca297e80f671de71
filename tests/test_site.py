"""The documentation site: it is built without a warning, its links lead somewhere, and it needs no other host."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from wsnotebook.log.events import EVENT_KINDS

ROOT = Path(__file__).parents[1]
BUILD = """
import sys
from pathlib import Path
from sphinx.application import Sphinx

source, out = sys.argv[1:]
shown = [path.name for path in Path(source).glob("*.ipynb") if path.stem != "02-panel"]
app = Sphinx(
    source, source, out, out + "/.doctrees", "html", status=None, warningiserror=True,
    confoverrides={"nb_execution_mode": "force", "nb_execution_excludepatterns": shown},
)
app.build()
sys.exit(app.statuscode)
"""
"""As the command in README, but it runs only the notebook of the panel; test_notebooks.py runs all."""
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Element → the attribute whose address a browser loads by itself."""


class Page(HTMLParser):
    """What a page loads, where it leads, and where one can arrive."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if identity := fields.get("id"):
            self.anchors.add(identity)
        if (address := fields.get(LOADS.get(tag, ""))) and fields.get("rel") != "canonical":
            self.loads.append(address)
        if tag == "a" and (target := fields.get("href")):
            self.links.append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Path:
    """The folder of the built site."""
    if find_spec("sphinx") is None:
        missing("sphinx, of the extra docs,")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-c", BUILD, str(ROOT / "notebooks"), str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Each page of the site."""
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def test_each_link_of_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    """To a page, and to a place in it."""
    for path, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target.exists(), f"{path.name} leads to {link}"
            if anchor and target in pages:
                assert unquote(anchor) in pages[target].anchors, f"{path.name} leads to {link}"


def test_nothing_is_loaded_from_another_host(pages: dict[Path, Page]) -> None:
    """The site is read without a network, and from a folder: every address is relative to the page."""
    loaded = {address for page in pages.values() for address in page.loads}
    assert loaded
    assert not {address for address in loaded if urlsplit(address).netloc or address.startswith("/")}


@pytest.mark.parametrize("package", ["wsnotebook", "wsnotebook.lab", "wsnotebook.widgets"])
def test_each_public_name_is_in_the_reference(site: Path, package: str) -> None:
    """The inventory of the site has it."""
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    there = {line.split(" ", 1)[0] for line in zlib.decompress(inventory).decode().splitlines()}
    modules = {"__version__", "lab", "redaction", "load_ipython_extension", "unload_ipython_extension"}
    missing = {f"{package}.{name}" for name in {*importlib.import_module(package).__all__} - modules} - there
    assert not missing


def test_each_kind_of_event_is_explained(site: Path) -> None:
    """Beside the columns of the frames."""
    text = unescape(re.sub("<[^>]+>", "", (site / "facts" / "columns.html").read_text()))
    assert [
        kind
        for kind, meaning in EVENT_KINDS.items()
        if kind not in text or meaning.partition("``")[0] not in text
    ] == []


def test_the_panel_of_a_notebook_is_shown_without_a_kernel(site: Path) -> None:
    """As its last state, in place of a widget."""
    text = (site / "02-panel.html").read_text()
    assert "WebSocket session ann" in text
    assert "application/vnd.jupyter.widget-view" not in text


def test_the_site_is_searched_from_a_folder(site: Path, chromium: str, tmp_path: Path) -> None:
    """A browser that has neither a server nor a network finds a name."""
    address = f"{(site / 'search.html').as_uri()}?q=hostile_server"
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--virtual-time-budget=20000",
    )
    command = [chromium, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert "reference/lab.html#wsnotebook.lab.hostile_server" in done.stdout, done.stderr
