"""A function is called when a module is imported: once, at once where it is there, and after its own code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wsnotebook.whenimported import when_imported

NAME = "module_that_is_waited_for"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that can be imported."""
    (tmp_path / f"{NAME}.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield NAME
    sys.modules.pop(NAME, None)


def test_a_module_that_comes_calls_once(module: str) -> None:
    """After its code has run; the import path is as before, and a reload does not call again."""
    finders = list(sys.meta_path)
    found: list[int] = []
    when_imported(module, lambda: found.append(sys.modules[module].value))
    assert found == [] and module not in sys.modules
    loaded = importlib.import_module(module)
    assert found == [1] and sys.meta_path == finders
    importlib.reload(loaded)
    assert found == [1] and type(loaded.__loader__).__name__ == "SourceFileLoader"


def test_a_module_that_is_there_calls_at_once() -> None:
    """Nothing waits then."""
    found: list[str] = []
    finders = list(sys.meta_path)
    when_imported("json", lambda: found.append("json"))
    assert found == ["json"] and sys.meta_path == finders


def test_a_module_that_does_not_exist_is_not_found_as_ever() -> None:
    """The usual error, and the next import is not disturbed."""
    finders = list(sys.meta_path)
    when_imported("no_such_module_at_all", lambda: pytest.fail("called"))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        importlib.import_module("no_such_module_at_all")
    assert sys.meta_path == finders
