"""The header: what version 1 called things still loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import wsnotebook
from wsnotebook.files.header import Header
from wsnotebook.files.parquet import read_dataframe
from wsnotebook.log.connections import Connection

HEADER = Header(0, 0, [], [], 0, 0).to_dict()
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


def test_each_file_of_a_recording_of_version_1_has_one_identity() -> None:
    """Files named no recording then: the first connection gives it, whatever the format and however it is read."""
    frames = [wsnotebook.load(path).df for path in VERSION_1]
    frames.append(read_dataframe(Path(__file__).parent / "version1" / "log.parquet"))
    assert len({name for df in frames for name in df["recording"].unique()}) == 1
    assert all(list(df.columns) == list(frames[0].columns) for df in frames)
    only = read_dataframe(Path(__file__).parent / "version1" / "log.parquet", ["recording", "length"])
    assert only["recording"].tolist() == frames[0]["recording"].tolist() and list(only) == [
        "recording",
        "length",
    ]


def test_a_file_of_others_has_the_same_identity_each_time(tmp_path: Path) -> None:
    """So that what was loaded twice is one recording, and is told apart from the next file."""
    cases = Path(__file__).parent / "cases"
    names = [wsnotebook.load(next(cases.glob("*.har"))).df["recording"].unique().tolist() for _ in range(2)]
    assert names[0] == names[1] and len(names[0]) == 1


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (5, "has a value of the wrong kind"),
        ({"format": "wsnotebook"}, "lacks version"),
        ({**HEADER, "events": None}, "has a value of the wrong kind"),
        ({**HEADER, "events": [[1, 1, "\ud800", "open", ""]]}, "has half a character"),
        ({**HEADER, "connections": [Connection("\ud800").to_dict()]}, "has half a character"),
    ],
)
def test_a_damaged_header_is_named_without_the_words_of_python(values: Any, problem: str) -> None:
    """No text of a TypeError or KeyError reaches a person."""
    with pytest.raises(ValueError, match=f"^the header {problem}$"):
        Header.from_dict(values)


@pytest.mark.parametrize("seconds", [-1, "1", True, float("nan"), float("inf")])
def test_an_event_lasts_a_number_of_seconds(seconds: Any) -> None:
    """A file of another maker may have anything in that place."""
    values = {**Header(0, 0, [], [], 0, 0).to_dict(), "events": [[0, 0, "s", "loop late", "", seconds]]}
    with pytest.raises(ValueError, match="other than a number of seconds"):
        Header.from_dict(values)
