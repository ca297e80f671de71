"""The house: layers, cycles, exact public names, lazy imports, format, types, notebooks without outputs."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from imports import (
    LAYERS,
    MODULES,
    ROOT,
    drawing,
    find_circle,
    graph,
    imports_of,
    layer_of,
    lines_of,
    name_of,
)

PACKAGE = ROOT / "wsnotebook"
NOT_FOR_LAB = "session"  # the peer shares no code with the session, so that a fault cannot agree with itself

FOREIGN = {
    "whenimported": set(),
    "redaction": set(),
    "safetext": set(),
    "matching": set(),
    "jsonvalues": set(),
    "requestids": set(),
    "jsonlayout": set(),
    "payloadsecrets": set(),
    "oneline": set(),
    "shown": set(),
    "progressbar": {"tqdm"},
    "errors": set(),
    "wire": {"websockets", "zlib_ng"},
    "log": {"numpy", "pyarrow", "pandas"},
    "filtering": {"numpy", "pandas", "pyarrow"},
    "files": {"numpy", "pyarrow", "pandas", "websockets", "h11", "dask", "fsspec"},
    "session": {"websockets", "brotli"},
    "analysis": {
        "pandas",
        "numpy",
        "pyarrow",
        "matplotlib",
        "msgpack",
        "cbor2",
        "brotli",
        "zstandard",
        "google",
    },
    "lab": {"websockets", "h11", "multipart", "numpy", "pandas", "pyarrow", "trustme"},
    "middle": {"websockets", "pandas", "cryptography"},
    "cassettes": {"pytest"},
    "payload": set(),
    "script": {"pandas"},
    "workbench": {"pandas"},
    "replaying": {"pandas", "numpy"},
    "widgets": {"ipywidgets", "anywidget", "traitlets", "pandas", "numpy", "IPython", "pyarrow", "marimo"},
    "kernel": {"IPython", "nest_asyncio", "nest_asyncio2", "traitlets", "ipykernel"},
    "cli": {"prompt_toolkit"},
}
"""Packages from outside the standard library that a layer may import."""

NARROWER = {
    "wsnotebook/wire": {"asyncio", "time", "threading", "socket"},  # must not: no I/O, clock or thread
}
ONE_PLACE = {
    "pytest": {"wsnotebook/cassettes/plugin.py"},
    "nest_asyncio": {"wsnotebook/kernel/loop.py"},
    "nest_asyncio2": {"wsnotebook/kernel/loop.py"},
    "dask": {"wsnotebook/files/datasetreader.py"},
    "fsspec": {"wsnotebook/files/storage.py"},
    "marimo": {"wsnotebook/widgets/panel.py", "wsnotebook/widgets/serverpanel.py"},
    "matplotlib": {"wsnotebook/analysis/plots.py"},
    "msgpack": {"wsnotebook/analysis/decoders/packed.py"},
    "cbor2": {"wsnotebook/analysis/decoders/packed.py"},
    "brotli": {"wsnotebook/analysis/decoders/compressed.py", "wsnotebook/session/bodytext.py"},
    "zstandard": {"wsnotebook/analysis/decoders/compressed.py"},
    "google": {"wsnotebook/analysis/decoders/protobuf.py"},
    "zlib_ng": {"wsnotebook/wire/zlibs.py"},
    "cryptography": {"wsnotebook/middle/authority.py"},
    "multipart": {"wsnotebook/lab/multipart.py"},
    "tqdm": {"wsnotebook/progressbar.py"},
    "trustme": {"wsnotebook/lab/certificate.py"},
    "prompt_toolkit": {"wsnotebook/cli/prompt.py", "wsnotebook/cli/history.py"},
}
"""Packages that exactly one file knows."""

UPWARD = {
    ("wsnotebook/analysis/tolog.py", "wsnotebook.files.editedframes"),
    ("wsnotebook/files/framelog.py", "wsnotebook.widgets.logtable"),
    ("wsnotebook/session/refusedcalls.py", "wsnotebook.widgets.refusedpanel"),
    ("wsnotebook/session/session.py", "wsnotebook.widgets.panel"),
    ("wsnotebook/workbench/actions.py", "wsnotebook.widgets.connectform"),
    ("wsnotebook/lab/server.py", "wsnotebook.widgets.serverpanel"),
    ("wsnotebook/middle/proxy.py", "wsnotebook.widgets.proxypanel"),
}
"""Imports inside functions that go against the table, because a thing shows itself, or becomes a log again: the file, and the
module."""

TYPES_ONLY = {
    ("wsnotebook/analysis/tolog.py", "wsnotebook.files.framelog"),
    ("wsnotebook/errors.py", "wsnotebook.wire.frames"),
    ("wsnotebook/middle/changes.py", "wsnotebook.middle.conversation"),
    ("wsnotebook/middle/passage.py", "wsnotebook.middle.conversation"),
    ("wsnotebook/session/threadsafe.py", "wsnotebook.session.session"),
}
"""Imports for type checking that go against the table or close a circle."""

BY_STRING = {
    "wsnotebook/__init__.py": "its names are loaded when they are first used",
    "wsnotebook/widgets/__init__.py": "as the package's",
    "wsnotebook/kernel/loop.py": "nest_asyncio has two names",
}
"""Files that import by a string, and why."""

MAX_LINES = 400
LONGER = {
    "wsnotebook/errors.py": "every exception stands in its one tree",
    "wsnotebook/session/session.py": "its methods are the contract's",
}
"""Modules that may have more lines than that, and why."""
MAX_TEXT = 5
"""Lines of text in a module's docstring."""
LONGER_TEXT = {
    "wsnotebook/__init__.py": "help(wsnotebook) begins with it",
    "wsnotebook/errors.py": "the tree of errors is drawn in it",
}
"""Modules whose docstring may have more lines than that, and why."""


# One test a rule, which names all files that break it: a test for each file and rule made 2,200 tests, a fifth of all.


def test_a_file_imports_only_what_stands_above_it() -> None:
    """DESIGN's table of layers holds for every import of each file, also inside functions and for types."""
    files = [path for path in MODULES if str(path) != "wsnotebook/__init__.py"]
    assert [fault for path in files for fault in _wrong_imports(path)] == []


def _wrong_imports(path: Path) -> Iterator[str]:
    layer = layer_of(name_of(path))
    for name, line, for_types in imports_of(path):
        top = name.partition(".")[0]
        where = f"{path}:{line} ({layer}) imports {name}"
        if top == "wsnotebook":
            other = layer_of(name)
            if (str(path), name) in (UPWARD | TYPES_ONLY if for_types else UPWARD):
                continue
            if LAYERS.index(other) > LAYERS.index(layer):
                yield f"{where}, which stands below it"
            if layer == "lab" and other == NOT_FOR_LAB:
                yield f"{where}: the lab shares no code with it"
        elif top not in sys.stdlib_module_names and not for_types:
            if top not in FOREIGN[layer]:
                yield f"{where} from outside"
            if str(path) not in ONE_PLACE.get(top, {str(path)}):
                yield f"{where}: it is for {ONE_PLACE[top]} only"
    for folder, forbidden in NARROWER.items():
        if str(path).startswith(folder):
            yield from (f"{path} imports {name}" for name, _, _ in imports_of(path) if name in forbidden)


def test_there_is_no_circle() -> None:
    """No chain of imports comes back to where it began, also not through functions or types."""
    assert find_circle(graph(UPWARD | TYPES_ONLY)) == []


def test_a_circle_would_be_found() -> None:
    """The imports upward, which stand in functions, do close circles."""
    assert find_circle(graph(TYPES_ONLY))
    assert find_circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]


def test_every_named_import_is_there() -> None:
    """An exception that nothing needs any more is removed."""
    there = {(str(path), name) for path in MODULES for name, _, _ in imports_of(path)}
    assert UPWARD | TYPES_ONLY <= there, f"remove {(UPWARD | TYPES_ONLY) - there}"


def test_nothing_is_imported_by_a_string() -> None:
    """Otherwise no test could see it; the lazy names of packages are imported for types beside it."""
    assert {str(path) for path in MODULES if _imports_by_a_string(path)} == BY_STRING.keys()


def _imports_by_a_string(path: Path) -> bool:
    calls = {
        getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Call)
    }
    return bool(calls & {"import_module", "__import__"})


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@pytest.mark.parametrize("name", ["wsnotebook", "wsnotebook.widgets"])
def test_a_lazy_name_is_the_one_that_is_imported_for_types(name: str) -> None:
    """What a package loads when it is asked, and what the graph of imports knows of it, are the same."""
    package = importlib.import_module(name)
    assert package.__file__ is not None
    typed = {
        alias.name: importlib.import_module(node.module or "")
        for node in ast.walk(ast.parse(Path(package.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wsnotebook")
        for alias in node.names
    }
    for public in package.__all__:
        value = getattr(package, public)
        if getattr(value, "__module__", name) != name and not isinstance(value, ModuleType):
            assert getattr(typed[public], public) is value


def test_no_module_is_too_long() -> None:
    """Over 400 lines there is a second noun in it, and it has to be split; the exceptions are named."""
    lengths = {str(path): lines_of(path) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES and name not in LONGER} == {}


def test_every_module_says_what_it_has() -> None:
    """A module has a docstring of at most five lines of text, and an exact __all__ unless it is empty.

    Exact: a name in it is the module's own, and each name of its own that another module imports is in it, constants
    and aliases too. A package may pass on names of its modules; ruff holds the order.
    """
    files = [path for path in MODULES if path.name != "__main__.py" and (ROOT / path).read_text().strip()]
    assert [fault for path in files for fault in _wrong_promises(path)] == []


def _wrong_promises(path: Path) -> Iterator[str]:
    module = importlib.import_module(name_of(path))
    text = [line for line in (module.__doc__ or "").splitlines() if line.strip()]
    if not text:
        yield f"{path} has no docstring"
    if len(text) > MAX_TEXT and str(path) not in LONGER_TEXT:
        yield f"{path} has a docstring of {len(text)} lines"
    promised = set(module.__all__)
    if lacking := promised - set(dir(module)):
        yield f"{path} promises {lacking}"
    if path.name == "__init__.py":
        return
    own = _own_names(path)
    if foreign := promised - own:
        yield f"{path} promises {foreign}, which other modules define"
    shared = {name for name in own & _imported_names()[name_of(path)] if not name.startswith("_")}
    if unpromised := shared - promised:
        yield f"{path} lets others import {unpromised}"


def _own_names(path: Path) -> set[str]:
    """Return the names that a module binds at its top level, but for those of our other modules."""
    names: set[str] = set()
    inner: list[ast.AST] = [_parsed(path)]
    while inner:
        for node in ast.iter_child_nodes(inner.pop()):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                names.add(node.name)  # what it binds inside is its own
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("wsnotebook"):
                names.update(alias.asname or alias.name for alias in node.names)
            inner.append(node)
    return names


@cache
def _imported_names() -> dict[str, set[str]]:
    """Return the names that modules of the package import from each module."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.ImportFrom):
                found[node.module or ""].update(alias.name for alias in node.names)
    return found


def test_no_module_is_a_drawer() -> None:
    """No utils, helpers, common or base."""
    assert not {path.stem for path in MODULES} & {"utils", "helpers", "common", "base", "misc"}


def test_the_top_level_has_nothing_else() -> None:
    """The repository has the files that it should have, and no others."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    allowed = {
        "pyproject.toml",
        "wsnotebook",
        "notebooks",
        "tests",
        "README.md",
        ".ci",
        ".gitignore",
        "LICENSE",
    }
    assert top <= allowed, f"{top - allowed} does not belong there"


@pytest.mark.parametrize("module", ["wsnotebook", "wsnotebook.session.client"])
def test_importing_loads_neither_numpy_nor_widgets(module: str) -> None:
    """``import wsnotebook``, and the session with it, is quick: numpy, pandas and ipywidgets come when they are used,
    difflib when a keyword is mistyped, patterns with the first expect(), proxies and redirects where there are some."""
    heavy = {"numpy", "pandas", "ipywidgets", "pyarrow", "difflib", "wsnotebook.matching"}
    heavy |= {"websockets.asyncio.client", "urllib.request", "wsnotebook.session.tunnel"}
    code = f"import sys, {module}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


_CONVERSATION = """
import asyncio, sys
from websockets.asyncio.server import ServerConnection, serve
import wsnotebook

async def echo(peer: ServerConnection) -> None:
    async for message in peer:
        await peer.send(message)

async def main(io: str) -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with wsnotebook.connect(f"ws://127.0.0.1:{port}/", io=io, proxy=None) as session:
            for size in (5, 100, *[5000] * 500, 400_000):
                await session.send(bytes(size))
                assert await session.receive() == bytes(size)
            await session.ping()
    assert len(session.log) == 2 * 503 + 4, session.log
    loaded = {"numpy", "pandas", "pyarrow", "ipywidgets"} & set(sys.modules)
    assert not loaded, loaded
    assert len(session.df) == len(session.log) and "numpy" in sys.modules

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("io", ["kernel", "thread"])
def test_a_session_records_without_numpy(io: str) -> None:
    """Connecting, sending, receiving and closing, through segments of every size; the first question loads it."""
    done = subprocess.run(
        [sys.executable, "-c", _CONVERSATION, io], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    """Each name of the package can be loaded, and is what its __all__ promises."""
    package = importlib.import_module("wsnotebook")
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        pytest.param(["mypy"], marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_format_rules_and_types(command: list[str]) -> None:
    """ruff format, the opt-in rules, and mypy strict have nothing to say."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    """A notebook in git has no outputs, no counts and no widget state."""
    notebook = json.loads(path.read_text())
    assert "widgets" not in notebook["metadata"]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None, cell["source"]


TESTS = ROOT / "tests"
OTHER_FOLDERS = {
    "benchmarks": "programs that print tables",
    "analysis/recordings": "conversations of programs of other makers",
    "browser": "scenarios in a real page, whatever they drive",
    "files/cases": "files that other programs wrote",
    "files/cases/playwright-attach": "a HAR with its messages in files beside it",
    "files/version1": "files that version 1 wrote",
    "peers": "servers of other makers, which tests start",
    "session/peers": "programs that tests start",
    "truth": "scenarios against a witness of the wire",
    "truth/peers": "programs that tests start",
}
"""Folders of tests/ that are not folders of the package, and what lies there."""


def test_a_folder_of_tests_is_one_of_the_package() -> None:
    """Or it is named in the table, and what the table names is there."""
    paths = (path.relative_to(TESTS) for path in TESTS.rglob("*") if path.is_dir())
    folders = {path.as_posix() for path in paths if path.name != "__pycache__"}
    assert {name for name in folders if not (PACKAGE / name).is_dir()} == OTHER_FOLDERS.keys()


def test_a_test_named_after_a_module_stands_in_the_folder_of_the_module() -> None:
    """tests/wire/test_scanner.py tests wire/scanner.py; a scenario has a name of its own, in the layer it drives."""
    homes: dict[str, set[Path]] = defaultdict(set)
    for module in MODULES:
        homes[f"test_{module.name}"].add(module.parent)
    strays = [
        f"{path.relative_to(ROOT)} has the name of a module in {sorted(map(str, homes[path.name]))}"
        for path in TESTS.rglob("test_*.py")
        if path.name in homes
        and path.parent.relative_to(TESTS).as_posix() not in OTHER_FOLDERS
        and PACKAGE.relative_to(ROOT) / path.parent.relative_to(TESTS) not in homes[path.name]
    ]
    assert strays == []


if __name__ == "__main__":
    print(drawing(UPWARD | TYPES_ONLY))
