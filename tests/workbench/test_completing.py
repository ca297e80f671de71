"""The words that Tab offers: files as they lie on disk, codes that may be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsnotebook.workbench.completing import close_codes, paths


def test_paths_begin_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders end in a slash; a hidden file needs its dot; a folder that is not there offers nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("feed.har", "feed.parquet", ".hidden", "two words"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "deep.har").touch()
    assert paths((), "fe") == ["feed.har", "feed.parquet"]
    assert paths((), "") == ["feed.har", "feed.parquet", "folder/"]
    assert paths((), "folder/") == ["folder/deep.har"]
    assert paths((), f"{tmp_path}/.h") == [f"{tmp_path}/.hidden"]
    assert paths((), "nowhere/") == []


def test_a_code_that_no_close_frame_has_is_not_offered() -> None:
    """RFC 6455 §7.4.1."""
    codes = list(close_codes((), ""))
    assert "1000" in codes and not {"1005", "1006", "1015"} & set(codes)
