"""Join a widget's ES modules into one: the page gets a single string, and nothing that it could import beside it.

The modules stay real ones, so that Node tests each of them; whoever installs the package needs no Node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["join_modules", "join_styles"]

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(r'^import \{([^{}]*)\} from "\./(\w+)\.mjs";$', re.MULTILINE)
_EXPORT = re.compile(rf"^export (?=(?:(?:async )?function\*?|class|const) ({_NAME}))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default\b", re.MULTILINE)
_OTHER = re.compile(r"^[ \t]*(?:import|export)\b|\bimport\s*[(.]", re.MULTILINE)


@cache
def join_modules(entry: Path) -> str:
    """Return one module that does the same as ``entry``, with the siblings that it imports, also indirectly.

    A sibling becomes a function that is called once, after the siblings which it imports itself, and returns its
    exports: each has its own scope, so names of two modules cannot collide. Of imports, only ``import { a, b as c }
    from "./sibling.mjs";`` is supported; of exports, ``export`` before a function, class or single const, and a
    default of the entry. All of them stand at the begin of a line.

    Raises:
        ValueError: the modules cannot be joined; the message gives file, line and reason.
    """
    siblings: dict[Path, _Module] = {}  # in order of evaluation
    main = _Module.read(entry, siblings, ())
    for module in (*siblings.values(), main):
        for sibling in siblings.values():
            if (place := module.source.find(sibling.variable)) >= 0:
                raise module.refusal(place, f"{sibling.variable} is a name of the joined module")
    return "\n".join([*(sibling.scoped() for sibling in siblings.values()), main.code])


def join_styles(*names: str) -> str:
    """Return several style sheets of this folder as one: a widget has all that it needs, whichever others are there."""
    return "\n".join(Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8") for name in names)


@dataclass
class _Module:
    """One module, and its code with names of the joined module in the place of imports."""

    path: Path
    source: str
    code: str = ""

    @classmethod
    def read(cls, path: Path, siblings: dict[Path, _Module], importers: tuple[Path, ...]) -> _Module:
        """Read a module, and those that it imports into ``siblings``."""
        module = cls(path, path.read_text(encoding="utf-8"))
        module._check_forms(is_entry=not importers)
        chain = (*importers, path)

        def replace(found: re.Match[str]) -> str:
            other = path.with_name(f"{found[2]}.mjs")
            if other in chain:
                raise module.refusal(found.start(), f"a circle, as {other.name} imports this module")
            if not other.is_file():
                raise module.refusal(found.start(), f"there is no {other.name}")
            if other not in siblings:
                siblings[other] = cls.read(other, siblings, chain)
            return module._bind(found, siblings[other])

        module.code = _IMPORT.sub(replace, module.source)
        return module

    @property
    def variable(self) -> str:
        """The name that holds the exports of a sibling."""
        return f"$${self.path.stem}"

    @property
    def exports(self) -> list[str]:
        """Names that others can import."""
        return _EXPORT.findall(self.source)

    def scoped(self) -> str:
        """Return the code of a sibling, in a scope of its own."""
        code = _EXPORT.sub("", self.code)
        return f"const {self.variable} = (() => {{\n{code}\nreturn {{ {', '.join(self.exports)} }};\n}})();\n"

    def refusal(self, place: int, reason: str) -> ValueError:
        """Return the error that names the line at a place of the source."""
        return ValueError(f"{self.path.name}, line {self.source.count(chr(10), 0, place) + 1}: {reason}.")

    def _check_forms(self, *, is_entry: bool) -> None:
        rest = self.source
        for form in (_IMPORT, _EXPORT, _DEFAULT) if is_entry else (_IMPORT, _EXPORT):
            rest = form.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), rest)  # places stay the same
        if found := _OTHER.search(rest):
            raise self.refusal(found.start(), "this form of import or export is not supported")

    def _bind(self, found: re.Match[str], sibling: _Module) -> str:
        """Return the statement that an import becomes."""
        names = [name.split() for name in found[1].split(",") if name.strip()]
        for name, *_ in names:
            if name not in sibling.exports:
                raise self.refusal(found.start(), f"{sibling.path.name} does not export {name}")
        return f"const {{ {', '.join(': '.join(name[::2]) for name in names)} }} = {sibling.variable};"
