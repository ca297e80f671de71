"""The header: what version 1 called things still loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import wsnotebook
from wsnotebook.files.header import Header
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


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (5, "has a value of the wrong kind"),
        ({"format": "wsnotebook"}, "lacks version"),
        ({**Header(0, 0, [], [], 0, 0).to_dict(), "events": None}, "has a value of the wrong kind"),
    ],
)
def test_a_damaged_header_is_named_without_the_words_of_python(values: Any, problem: str) -> None:
    """No text of a TypeError or KeyError reaches a person."""
    with pytest.raises(ValueError, match=f"^the header {problem}$"):
        Header.from_dict(values)
