"""Damaged and hostile files: one clear error that names the file and the place, or a log; nothing else."""

from __future__ import annotations

import json
import random
import resource
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from damage import BYTES, count_of, mutate

from wsnotebook.errors import FileError
from wsnotebook.files.formats import LOADABLE, SAVABLE
from wsnotebook.files.header import VERSION
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.pcapngblocks import OURS, block


@pytest.fixture(scope="module")
def samples(make_log: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A good file of each format."""
    directory = tmp_path_factory.mktemp("samples")
    log = make_log()
    found = {suffix: log.save(directory / f"log{suffix}").read_bytes() for suffix in SAVABLE}
    packets, place = [], 0
    data = found[".pcapng"]
    while place < len(data):
        kind, length = struct.unpack_from("<II", data, place)
        if kind == 6:
            captured = struct.unpack_from("<I", data, place + 20)[0]
            packets.append(
                struct.pack("<IIII", 1, 0, captured, captured) + data[place + 28 : place + 28 + captured]
            )
        place += length
    found[".pcap"] = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + b"".join(packets)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("suffix", LOADABLE)
def test_damage_gives_a_file_error_or_a_log(
    suffix: str, samples: dict[str, bytes], tmp_path: Path, require_all: bool
) -> None:
    """100 damaged files of each format, more with --require-all: no crash, no other exception, memory within bounds."""
    chance = random.Random(suffix)
    files = (mutate(samples[suffix], chance) for _ in range(count_of(require_all, 100)))
    load_damaged(tmp_path / f"damaged{suffix}", files)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_damage_of_the_footer_of_parquet(
    samples: dict[str, bytes], tmp_path: Path, require_all: bool
) -> None:
    """There pyarrow ends the process where metadata contradict each other: as many files, each with some bytes changed."""
    chance = random.Random("footer")
    data = samples[".parquet"]
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")

    def damaged() -> bytes:
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 3))):
            place = chance.randrange(footer, len(data) - 8)
            changed[place] = chance.choice(BYTES) if chance.random() < 0.5 else changed[place] ^ 1
        return bytes(changed)

    load_damaged(tmp_path / "damaged.parquet", (damaged() for _ in range(count_of(require_all, 100))))


def load_damaged(path: Path, files: Iterable[bytes]) -> None:
    """Load each of some damaged files: it is a FileError or a log, and takes little memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number, content in enumerate(files):
        path.write_bytes(content)
        try:
            log = load(path)
            assert len(log.df) == len(log) and log.events is not None, f"mutation {number}"
            log.df["text"].tolist()
        except FileError as error:
            refused += 1
            assert str(path) in str(error) and error.problem
    assert refused > 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, "KiB"


@pytest.mark.long
def test_metadata_that_would_end_the_process_are_a_file_error() -> None:
    """A schema that says a column has no missing values, and a histogram of those: pyarrow aborts when it is asked."""
    path = Path(__file__).parent / "cases" / "aborts-the-process.parquet"
    code = (
        "import sys, wsnotebook\n"
        "try: wsnotebook.load(sys.argv[1])\n"
        "except wsnotebook.FileError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "aborts-the-process.parquet, row group 0" in done.stdout, done.stderr


@pytest.mark.parametrize("suffix", LOADABLE)
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"garbage " * 99, b"\n\r\r\n", b"PAR1PAR1", b"{}\n", b"[" * 100_000]
)
def test_what_is_no_such_file_is_refused(suffix: str, content: bytes, tmp_path: Path) -> None:
    """Empty, garbage, a beginning of something else, 100,000 nested arrays: FileError."""
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"other{suffix}"):
        load(path)


@pytest.mark.parametrize("suffix", LOADABLE)
def test_a_file_that_is_not_there_says_so(suffix: str, tmp_path: Path) -> None:
    """It is not a damaged file, and not a FileError."""
    with pytest.raises(FileNotFoundError):
        load(tmp_path / f"nothing{suffix}")


@pytest.mark.parametrize("name", ["log.txt", "log", "log.csv.gz"])
def test_an_unknown_suffix_lists_the_known_ones(name: str, make_log: Any, tmp_path: Path) -> None:
    """Both for save and for load."""
    with pytest.raises(ValueError, match=r"\.parquet, \.jsonl, \.har, \.pcapng, \.pcap, or 'name/'"):
        load(tmp_path / name)
    with pytest.raises(ValueError, match=r"\.parquet, \.jsonl, \.har, \.pcapng, or 'name/'"):
        make_log().save(tmp_path / name)
    with pytest.raises(ValueError, match="cannot save .pcap"):
        make_log().save(tmp_path / "log.pcap")


@pytest.mark.long
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"wsnotebook":[' + b"[]," * 5_500_000 + b"[]]}\n", "too much memory"),
        (b'{"log": {"x": [' + b"[]," * 5_500_000 + b"[]]}}\n", "0 of 0 entries"),
        (b'{"log": {"entries": [' + b"[]," * 300_000 + b"[]]}}\n", "over 100,000 values are none of a HAR"),
    ],
)
def test_millions_of_arrays_are_refused_before_they_are_made(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    """16 MB of "[],[],…" would become more than a gigabyte of lists."""
    path = tmp_path / "arrays"
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileError, match=problem):
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KiB"


def test_zeros_of_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    """A sparse file of 4 GiB: the error comes from its first bytes."""
    path = tmp_path / "huge.har"
    with path.open("wb") as file:
        file.truncate(4 << 30)
    with pytest.raises(FileError, match="no object named log"):
        load(path)


def test_lengths_of_blocks_are_held_against_the_file(make_log: Any, tmp_path: Path) -> None:
    """A run block that claims 2**60 bytes in its parts, in a block that is whole, is refused by name of place."""
    path = make_log().save(tmp_path / "log.pcapng")
    data = path.read_bytes()
    from wsnotebook.files.pcapng.runblocks import _own_block

    huge = _own_block(b"R", struct.pack("<QQIIIIQ", 0, 1 << 60, 1, 1, 1, 1, 1 << 60))
    path.write_bytes(data[: data.index(block(OURS, b"")[:4])] + huge)
    with pytest.raises(FileError, match="byte"):
        load(path)


def test_a_failed_save_leaves_the_old_file(
    make_log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A HAR that is refused for its size does not touch the file that was there, and leaves nothing beside it."""
    from wsnotebook.files import har

    path = make_log().save(tmp_path / "log.har")
    before = path.read_bytes()
    monkeypatch.setattr(har, "_MAX_FILE", 10)
    with pytest.raises(ValueError, match=r"\.parquet"):
        make_log().save(path)
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["log.har"]


def test_a_version_of_tomorrow_says_update(make_log: Any, tmp_path: Path) -> None:
    """A file of a later version is not misread."""
    path = make_log().save(tmp_path / "log.jsonl")
    first, rest = path.read_bytes().split(b"\n", 1)
    values = json.loads(first)
    values["wsnotebook"]["version"] = VERSION + 1
    path.write_bytes(json.dumps(values).encode() + b"\n" + rest)
    with pytest.raises(FileError, match="line 1: version 3 is not known here: update wsnotebook"):
        load(path)
