"""The imports of the package, read from its source: as a graph, and as a drawing of layers and files.

Imports inside functions count as those at the top do, and so do those for type checking only.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "LAYERS",
    "MODULES",
    "ROOT",
    "Import",
    "drawing",
    "find_circle",
    "graph",
    "imports_of",
    "layer_of",
    "lines_of",
    "name_of",
]

ROOT = Path(__file__).parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "wsnotebook").rglob("*.py"))
"""Files of the package."""

LAYERS = [
    "whenimported",
    "redaction",
    "safetext",
    "matching",
    "jsonvalues",
    "requestids",
    "jsonlayout",
    "payloadsecrets",
    "oneline",
    "shown",
    "progressbar",
    "errors",
    "analysis",
    "wire",
    "log",
    "filtering",
    "files",
    "session",
    "lab",
    "middle",
    "cassettes",
    "payload",
    "script",
    "replaying",
    "workbench",
    "widgets",
    "kernel",
    "cli",
]
"""A layer may import only itself and what stands before it."""

Edge = tuple[str, str]
"""Path of a file, and full name of a module that it imports."""


class Import(NamedTuple):
    """One import, wherever it stands in its file."""

    module: str
    """Full name: ``from wsnotebook.files import har`` imports wsnotebook.files.har."""
    line: int
    for_types: bool
    """It stands under ``if TYPE_CHECKING``."""


def name_of(path: Path) -> str:
    """Return the full name of the module in a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


_NAMES = {name_of(path): path for path in MODULES}


def layer_of(name: str) -> str:
    """Return the layer of a module of ours; the package itself knows all of them, and stands with the last."""
    part = [*name.split("."), "__main__"][1]
    return LAYERS[-1] if part == "__main__" else part


@cache
def imports_of(path: Path) -> list[Import]:
    """Return all imports of a file."""
    return list(_imports(ast.parse((ROOT / path).read_text()), path, for_types=False))


def _imports(node: ast.AST, path: Path, *, for_types: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, for_types) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0 and node.module, (
            f"{path}:{node.lineno} imports relatively: write the whole name"
        )
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield Import(inner if inner in _NAMES else node.module, node.lineno, for_types)
    for_types |= (
        isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, path, for_types=for_types)


def graph(without: Collection[Edge] = ()) -> dict[str, set[str]]:
    """Return the modules of ours that each module imports, but for some imports that are named."""
    return {
        name: {
            found.module
            for found in imports_of(path)
            if found.module in _NAMES and found.module != name and (str(path), found.module) not in without
        }
        for name, path in _NAMES.items()
    }


def find_circle(edges: Mapping[str, Collection[str]]) -> list[str]:
    """Return a chain of imports that ends where it begins; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, chain: list[str]) -> list[str]:
        if name in chain:
            return [*chain[chain.index(name) :], name]
        if name not in done:
            for other in sorted(edges[name]):
                circle = walk(other, [*chain, name])
                if circle:
                    return circle
            done.add(name)
        return []

    return next(filter(None, (walk(name, []) for name in edges)), [])


def lines_of(path: Path) -> int:
    """Return the number of lines of a file."""
    return (ROOT / path).read_text().count("\n")


def drawing(without: Collection[Edge]) -> str:
    """Return the layers and the files with their imports, each under all that it imports, and their lines.

    The number before a file is its level: it imports only files of lower levels, so that there is no circle.

    Args:
        without: imports that are left out, which the house test names.
    """
    edges = graph(without)
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in levels:
            levels[name] = max((level(other) + 1 for other in edges[name]), default=0)
        return levels[name]

    parts = ["Layers: each imports only what stands above it\n"]
    for layer in LAYERS:
        members = [name for name in edges if layer_of(name) == layer]
        others = {layer_of(other) for name in members for other in edges[name]} - {layer}
        parts.append(f"  {layer:<10} {' '.join(sorted(others, key=LAYERS.index)) or '-'}")
    parts.append("\nLeft out: imports that the house test names\n")
    parts += [f"  {path} imports {name}" for path, name in sorted(without)]
    for layer in LAYERS:
        parts.append(f"\n{layer}: level, lines, file and its imports\n")
        for name in sorted(
            (name for name in edges if layer_of(name) == layer), key=lambda name: (level(name), name)
        ):
            imported = " ".join(
                _short(other, layer)
                for other in sorted(edges[name], key=lambda other: (-level(other), other))
            )
            parts.append(
                f"  {level(name):>2} {lines_of(_NAMES[name]):>4}  {_short(name, layer)}: {imported or '-'}"
            )
    parts.append("\nLines per file, the longest first\n")
    for path in sorted(MODULES, key=lambda path: (-lines_of(path), path)):
        parts.append(f"  {lines_of(path):>4}  {path}")
    return "\n".join(parts)


def _short(name: str, layer: str) -> str:
    """Return a name without what is the same for all, as it is written below the heading of a layer."""
    return name.removeprefix("wsnotebook.").removeprefix(f"{layer}.")
