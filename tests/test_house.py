"""The house: layers, cycles, exact public names, lazy imports, format, types, notebooks without outputs."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "wsnotebook"
MODULES = sorted(path.relative_to(ROOT) for path in PACKAGE.rglob("*.py"))

LAYERS = [
    "redaction", "errors", "analysis", "wire", "log", "files", "session", "lab", "workbench", "replay", "widgets", "kernel", "cli",
]  # fmt: skip
"""A layer may import only itself and what stands before it."""

NOT_FOR_LAB = "session"  # the peer shares no code with the session, so that a fault cannot agree with itself

FOREIGN = {
    "redaction": set(),
    "errors": set(),
    "wire": {"websockets"},
    "log": {"numpy", "pyarrow", "pandas"},
    "files": {"numpy", "pyarrow", "pandas", "websockets", "h11", "dask"},
    "session": {"websockets"},
    "analysis": {"pandas", "numpy", "pyarrow", "matplotlib"},
    "lab": {"websockets", "h11", "multipart", "numpy", "pandas", "pyarrow", "trustme"},
    "workbench": set(),
    "replay": {"pandas", "numpy"},
    "widgets": {"ipywidgets", "anywidget", "traitlets", "pandas", "numpy", "IPython", "pyarrow"},
    "kernel": {"IPython", "nest_asyncio", "nest_asyncio2", "traitlets", "ipykernel", "pandas"},
    "cli": {"tqdm"},
}
"""Packages from outside the standard library that a layer may import."""

NARROWER = {
    "wsnotebook/wire": {"asyncio", "time", "threading", "socket"},  # must not: no I/O, clock or thread
}
ONE_PLACE = {
    "nest_asyncio": {"wsnotebook/kernel/loop.py"},
    "nest_asyncio2": {"wsnotebook/kernel/loop.py"},
    "dask": {"wsnotebook/files/datasetreader.py"},
    "matplotlib": {"wsnotebook/analysis/plots.py"},
}
"""Packages that exactly one file knows."""

UPWARD = {
    ("wsnotebook/session/session.py", "wsnotebook.widgets.panel"),
    ("wsnotebook/lab/server.py", "wsnotebook.widgets.serverpanel"),
}
"""Imports inside functions that go against the table: the file, and the module."""


def layer_of(path: Path) -> str:
    part = path.parts[1]
    return "cli" if part in ("__main__.py", "cli.py", "cli") else part.removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Return the full names of all modules that a file imports, wherever in it, but for type checking."""
    tree = ast.parse((ROOT / path).read_text())
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively: write the whole name"
            names.add(node.module or "")
            if node.module == "wsnotebook":
                names.update(f"wsnotebook.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return names


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name != "__init__.py" or len(path.parts) > 2], ids=str
)
def test_a_file_imports_only_what_stands_above_it(path: Path) -> None:
    """DESIGN's table of layers holds for every import of the file."""
    layer = layer_of(path)
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        if top == "wsnotebook":
            other = rest.partition(".")[0] or "errors"
            other = "errors" if other == "__version__" else other
            if (str(path), name) in UPWARD:
                continue
            assert other in allowed, f"{path} ({layer}) imports {name}, which stands below it"
            assert not (layer == "lab" and other == NOT_FOR_LAB), (
                f"{path} imports {name}: the lab shares no code with it"
            )
        elif top not in sys.stdlib_module_names:
            assert top in FOREIGN[layer], f"{path} ({layer}) imports {name} from outside"
            assert str(path) in ONE_PLACE.get(top, {str(path)}), f"{name} is for {ONE_PLACE[top]} only"
    for folder, forbidden in NARROWER.items():
        if str(path).startswith(folder):
            assert not forbidden & imports_of(path), f"{path} imports {forbidden & imports_of(path)}"


def test_there_is_no_cycle() -> None:
    """At run time no chain of module-level imports comes back to where it began."""
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    graph = {
        name: {other for other in imports_of(path) if other in names and other != name}
        for name, path in names.items()
    }
    lazy = {("wsnotebook", other) for other in names}  # the package loads its names when they are first used
    done: set[str] = set()

    def walk(name: str, chain: tuple[str, ...]) -> None:
        assert name not in chain, f"a cycle: {' -> '.join((*chain, name))}"
        if name in done:
            return
        for other in sorted(graph[name]):
            if (name, other) not in lazy and not _is_inside_function(names[name], other):
                walk(other, (*chain, name))
        done.add(name)

    for name in names:
        walk(name, ())


def _is_inside_function(path: Path, module: str) -> bool:
    """Tell whether a file imports a module only inside functions."""
    tree = ast.parse((ROOT / path).read_text())
    top_level = {
        name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }
    return module not in top_level


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__main__.py"], ids=str)
def test_every_module_says_what_it_has(path: Path) -> None:
    """A module has a docstring of at most five lines of text, and an exact, sorted __all__ unless it is empty."""
    source = (ROOT / path).read_text()
    if not source.strip():
        return
    module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    assert module.__doc__, f"{path} has no docstring"
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    missing = public - set(module.__all__)
    promised = set(module.__all__) - set(dir(module))
    assert not promised, f"{path} promises {promised}"
    if path.name != "__init__.py":
        assert not {name for name in missing if name in _used_elsewhere(path)}, (
            f"{path} lets others use {missing}"
        )


def _used_elsewhere(path: Path) -> set[str]:
    """Return the names that other modules of the package import from this one."""
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    used: set[str] = set()
    for other in MODULES:
        for node in ast.walk(ast.parse((ROOT / other).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == name:
                used.update(alias.name for alias in node.names)
    return used


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
def test_importing_loads_neither_pandas_nor_widgets(module: str) -> None:
    """``import wsnotebook``, and the session with it, is quick: pandas and ipywidgets come when they are used."""
    code = f"import sys, {module}; sys.exit(bool({{'pandas', 'ipywidgets', 'pyarrow'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_public_name_is_there() -> None:
    """Each name of the package can be loaded, and is what its __all__ promises."""
    package = importlib.import_module("wsnotebook")
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize(
    "command", [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]], ids=" ".join
)
@pytest.mark.timeout(300)
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
