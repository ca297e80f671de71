"""A HAR of another program, damaged: rows and events, or one clear error; nothing else, and no row lost in silence."""

from __future__ import annotations

import random
import resource
import shutil
from pathlib import Path

import pytest
from damage import count_of

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load

CASES = Path(__file__).parent / "cases"
FILES = {  # case: its rows
    "chrome-failed-connection.har": 8,
    "playwright-embed.har": 16,
    "playwright-minimal.har": 12,
    "playwright-attach/network.har": 16,
    "playwright.har.zip": 16,
    "playwright-trace.zip": 12,
}
START = 4  # bytes that tell a zip; without them a file has no format
PYTHON_TEXT = ("object at", "NoneType", "list index", "Expecting", "codec", "argument", "Traceback")


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return the data with one byte changed, to one that JSON knows or to any."""
    place = chance.randrange(START, len(data))
    byte = chance.choice((chance.randrange(256), *b'{}[]",:\0- \n'))
    return data[:place] + bytes([byte]) + data[place + 1 :]


def torn(data: bytes, chance: random.Random) -> bytes:
    """Return the data with a part cut out, doubled or moved, or cut off."""
    start, stop, place = sorted(chance.randrange(START, len(data)) for _ in range(3))
    part = data[start:stop]
    return chance.choice((data[:start] + data[stop:], data[:place] + part + data[place:], data[:place]))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_har_is_rows_and_events_or_an_error(name: str, tmp_path: Path, require_all: bool) -> None:
    """75 of each case, more with --require-all; of a third one byte is changed."""
    chance = random.Random(name)
    shutil.copytree(CASES, tmp_path / "cases")
    path = tmp_path / "cases" / name
    data = path.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded = 0
    for number in range(count_of(require_all, 300) // 4):
        path.write_bytes(changed(data, chance) if number % 3 == 0 else torn(data, chance))
        try:
            log = load(path)
        except FileError as error:
            assert error.problem and not any(word in error.problem for word in PYTHON_TEXT), error.problem
            continue
        loaded += 1
        assert len(log.df["text"].tolist()) == len(log)
        assert len(log) >= FILES[name] or len(log.events) or number % 3, (
            f"mutation {number} lost rows in silence"
        )
        for detail in log.events["detail"]:
            assert not any(word in detail for word in PYTHON_TEXT), detail
    assert loaded > 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "KiB"
