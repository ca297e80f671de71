"""Damaged and hostile files: one clear error that names the file and the place, or a log; nothing else."""

from __future__ import annotations

import json
import random
import resource
import struct
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.formats import LOADABLE, SAVABLE
from wsnotebook.files.header import VERSION
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.pcapngblocks import OURS, block

BYTES = (0, 1, 2, 4, 0x7F, 0x80, 0xFF)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the data with some damage: bytes changed, cut out, doubled, or the end cut off."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 30))):
        place = chance.randrange(max(1, len(damaged) - 64))
        if len(damaged) < 128:
            break
        kind = chance.randrange(6)
        if kind == 0:
            damaged[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            damaged[place] = chance.choice(BYTES)
        elif kind == 2:
            damaged[place : place + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80")
            )
        elif kind == 3:
            del damaged[place : place + chance.choice((1, 2, 4, 50))]
        elif kind == 4:
            damaged[place:place] = damaged[place : place + chance.choice((1, 4, 64))]
        else:
            del damaged[max(1, place) :]
    return bytes(damaged)


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
    """100 damaged files of each format, 2,000 with --require-all: no crash, no other exception, memory within bounds."""
    chance = random.Random(suffix)
    path = tmp_path / f"damaged{suffix}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number in range(2000 if require_all else 100):
        path.write_bytes(mutate(samples[suffix], chance))
        try:
            log = load(path)
            assert len(log.df) == len(log) and log.events is not None, f"mutation {number}"
            log.df["text"].tolist()
        except FileError as error:
            refused += 1
            assert str(path) in str(error) and error.problem
    assert refused > 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, "KiB"


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


@pytest.mark.parametrize("suffix", [".har", ".jsonl"])
def test_millions_of_arrays_are_refused_before_they_are_made(suffix: str, tmp_path: Path) -> None:
    """16 MB of "[],[],…" would become more than a gigabyte of lists."""
    path = tmp_path / f"arrays{suffix}"
    path.write_bytes(b'{"log": {"entries": [' + b"[]," * 5_500_000 + b"[]]}}\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileError, match="too much memory"):
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KiB"


def test_a_har_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    """A sparse file of 600 MB: the error comes from its size."""
    path = tmp_path / "huge.har"
    with path.open("wb") as file:
        file.truncate(600 << 20)
    with pytest.raises(FileError, match="512 MiB"):
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
    monkeypatch.setattr(har, "MAX_FILE", 10)
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
