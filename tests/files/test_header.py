"""The header: what version 1 called things still loads."""

from __future__ import annotations

from pathlib import Path

import pytest

import wsnotebook
from wsnotebook.files.parquet import read_dataframe

VERSION_1 = sorted((Path(__file__).parent / "version1").iterdir())


@pytest.mark.parametrize("path", VERSION_1, ids=lambda path: path.suffix)
def test_a_file_of_version_1_loads_with_the_statuses_of_today(path: Path) -> None:
    """A row that version 1 called dropped is unsent; bytes beside the rows are still counted."""
    log = wsnotebook.load(path)
    assert log.df["status"].value_counts().to_dict() == {
        "ok": 11, "violation": 2, "unsent": 1, "truncated": 1, "oversized": 0
    }  # fmt: skip
    assert log.truncated == 300


def test_the_dataframe_of_a_part_of_version_1_has_the_categories_of_today() -> None:
    """A dataset of parts of both versions has one set of categories."""
    status = read_dataframe(Path(__file__).parent / "version1" / "log.parquet")["status"]
    assert status.cat.categories.tolist() == ["ok", "violation", "unsent", "truncated", "oversized"]
    assert (status == "unsent").sum() == 1
