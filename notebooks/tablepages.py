"""Tables that the code has, as tables of the site: a fence ``{facts} columns`` in a page stands for one of them.

A table of the site that is also one of the code is never written twice; a new one is a row of TABLES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from wsnotebook.log.columns import COLUMNS, INDEX
from wsnotebook.log.events import EVENT_KINDS
from wsnotebook.session.habits import KEYWORDS, SESSION
from wsnotebook.workbench.verbs import VERBS

__all__ = ["TABLES", "Table", "setup"]


class Table(NamedTuple):
    """One table."""

    head: tuple[str, ...]
    """Titles of the columns."""
    rows: Callable[[], Iterable[tuple[str, ...]]]
    """Returns the cells of each row, in Markdown."""


def code(text: str) -> str:
    """Write a text as code in a cell of Markdown, where a bar would end the cell."""
    return f"`` {text} ``".replace("|", "\\|") if "`" in text else f"`{text}`".replace("|", "\\|")


def columns() -> Iterable[tuple[str, ...]]:
    for column in (INDEX, *COLUMNS):
        missing = "may be missing" if column.kind.has_missing else ""
        yield code(column.name), code(column.kind.pandas), missing, column.meaning


def events() -> Iterable[tuple[str, ...]]:
    return ((code(kind), meaning) for kind, meaning in EVENT_KINDS.items())


def names() -> Iterable[tuple[str, ...]]:
    for name, line in SESSION.items():
        if not name.startswith("__"):
            yield code(f"session.{name}"), code(line)


def keywords() -> Iterable[tuple[str, ...]]:
    return ((code(f"{name}="), code(line)) for name, line in KEYWORDS.items())


def verbs() -> Iterable[tuple[str, ...]]:
    for verb in dict.fromkeys(VERBS.values()):  # an alias is the verb once more
        yield code(verb.name), verb.summary, code(f"%ws {verb.example}")


TABLES = {
    "columns": Table(("column", "dtype", "", "meaning"), columns),
    "events": Table(("kind", "meaning"), events),
    "names": Table(("in another library", "here"), names),
    "keywords": Table(("of another library", "of `connect()`"), keywords),
    "verbs": Table(("verb", "what it does", "example"), verbs),
}
"""Word after the name of the fence → the table."""


class Facts(SphinxDirective):
    """The fence ``{facts} NAME``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        table = TABLES[self.arguments[0]]
        lines = (table.head, ("---",) * len(table.head), *table.rows())
        return self.parse_text_to_nodes("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the fence: what Sphinx calls."""
    app.add_directive("facts", Facts)
    return {"parallel_read_safe": True}
