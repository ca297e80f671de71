"""Storage: the same on this machine and on a filesystem of fsspec."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from wsnotebook.files.storage import Storage, storage_at, stored_file


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty one."""
    return storage_at(tmp_path / "new" if request.param == "local" else f"memory://{uuid4().hex}/new/")


def test_files_are_written_listed_moved_and_removed(storage: Storage) -> None:
    """Below the root, with the paths that were given."""
    assert storage.names() == []
    storage.make("a/b/")
    one, two = storage.file("a/b/1.x"), storage.file("a/b/2.x")
    with one.create() as file:
        file.write(b"hello")
    assert (storage.names(), one.size, one.name) == (["a/b/1.x"], 5, "1.x")
    one.move_to(two)
    with two.open() as file:
        assert file.read() == b"hello"
    with pytest.raises(FileNotFoundError):
        one.open()
    one.remove()
    assert storage.names() == ["a/b/2.x"], "removing what is not there does nothing"
    storage.remove_empty()
    assert storage.names() == ["a/b/2.x"]
    two.remove()
    storage.remove_empty()
    assert storage.names() == []


def test_what_a_user_wrote_is_shown(tmp_path: Path) -> None:
    """A local path, or the URL with its scheme."""
    assert str(storage_at(tmp_path)) == str(tmp_path)
    assert str(storage_at("memory://x/feeds/")) == "memory://x/feeds/"


def test_a_file_goes_to_another_process(tmp_path: Path) -> None:
    """As Dask sends it."""
    (tmp_path / "x").write_bytes(b"abc")
    assert pickle.loads(pickle.dumps(stored_file(tmp_path / "x"))).size == 3


def test_without_fsspec_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL needs it; a local path does not."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ImportError, match=r"wsnotebook\[remote\]"):
        storage_at("memory://x/")
    storage_at("x/")
