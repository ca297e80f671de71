"""Calls a function as soon as a module is imported, so that the package can add to pandas without loading it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

__all__ = ["when_imported"]


def when_imported(name: str, call: Callable[[], object]) -> None:
    """Call a function once: now where a module is imported already, otherwise after its import.

    Args:
        name: full name of the module.
        call: an exception of it ends the import.
    """
    if name in sys.modules:
        call()
    else:
        sys.meta_path.insert(0, _Waiting(name, call))


class _Waiting(MetaPathFinder):
    """Finds the module as the other finders do, and leaves when it is found."""

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        self._name = name
        self._call = call

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the module, whose loader then calls the function; None for any other module."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            self._call_after(spec.loader)
        return spec

    def _call_after(self, loader: object) -> None:
        execute = loader.exec_module  # type: ignore[attr-defined]  # Loader has it, but typeshed says optional

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # type: ignore[attr-defined]  # a reload does not call again
            execute(module)
            self._call()

        loader.exec_module = exec_module  # type: ignore[attr-defined]  # of this loader alone: each module has its own
