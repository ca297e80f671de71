"""Damaged captures: one clear error, or a log whose rows are those of the whole file or are named as damaged."""

from __future__ import annotations

import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from damage import count_of, mutate

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.pcap*"))


def tried(path: Path, count: int, seed: str) -> tuple[int, int]:
    """Load so many mutations; return how many gave an error, and how many rows the others have."""
    chance = random.Random(seed)
    contents = [case.read_bytes() for case in CASES]
    refused = rows = 0
    for number in range(count):
        path.write_bytes(mutate(chance.choice(contents), chance))
        try:
            log = load(path)
        except FileError as error:
            refused += 1
            assert str(path) in str(error) and error.problem, f"mutation {number}"
            continue
        df = log.df
        assert len(df) == len(log) and log.events["detail"].notna().all(), f"mutation {number}"
        df["text"].tolist()
        rows += len(df)
    return refused, rows


@pytest.mark.long
@pytest.mark.timeout(900)
def test_damage_gives_an_error_or_a_log(
    tmp_path: Path, require_all: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 damaged captures, more with --require-all: no other exception, memory within bounds, and most rows are there."""
    monkeypatch.setenv("PATH", str(tmp_path))  # without tshark, whose start would be most of the time
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = count_of(require_all, 300)
    refused, rows = tried(tmp_path / "damaged.pcap", count, "captures")
    assert 0 < refused < count * 0.6 and rows > count * 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "KiB"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_damage_gives_an_error_or_a_log_with_tshark(
    tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """40 damaged captures, which tshark may read where they need it."""
    if shutil.which("tshark") is None:
        missing("tshark")
    refused, rows = tried(tmp_path / "damaged.pcap", 40, "tshark")
    assert 0 < refused < 24 and rows > 80
