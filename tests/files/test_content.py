"""content: the first bytes decide, under any suffix, compressed or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.content import kind_of, open_plain
from wsnotebook.files.formats import SAVABLE
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load


@pytest.mark.parametrize("name", ["log", "log.txt", "log.har", "log.JSON", "log.pcap", "log.zip"])
@pytest.mark.parametrize("suffix", SAVABLE)
def test_a_file_under_another_suffix_loads(
    suffix: str,
    name: str,
    make_log: Callable[[], FrameLog],
    same_log: Callable[[FrameLog, FrameLog], None],
    tmp_path: Path,
) -> None:
    """The suffix is a hint for files whose first bytes show nothing."""
    log = make_log()
    saved = log.save(tmp_path / f"saved{suffix}")
    assert kind_of(saved) == suffix
    same_log(log, load(saved.rename(tmp_path / name)))


@pytest.mark.parametrize("start", ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d"])
def test_a_pcap_has_four_beginnings(start: str, tmp_path: Path) -> None:
    """Both byte orders, microseconds and nanoseconds."""
    path = tmp_path / "capture"
    path.write_bytes(bytes.fromhex(start) + bytes(20))
    assert kind_of(path) == ".pcap"


@pytest.mark.parametrize("start", ['{"log":{', '\ufeff{\n "log" : {', '{"comment": "x", "log": {'])
def test_a_har_has_an_object_named_log(start: str, tmp_path: Path) -> None:
    """After spaces, a byte order mark, or another key."""
    path = tmp_path / "x.json"
    path.write_text(start, encoding="utf-8")
    assert kind_of(path) == ".har"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_har_may_have_another_encoding(encoding: str, tmp_path: Path) -> None:
    """Some shells write UTF-16; also behind a long comment."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"comment": "ü" * 700, "log": {}}, ensure_ascii=False), encoding=encoding)
    assert kind_of(path) == ".har"


def test_the_network_file_of_a_trace_is_a_har(tmp_path: Path) -> None:
    """A trace of Playwright that was unpacked."""
    path = tmp_path / "trace.network"
    path.write_text('{"type":"resource-snapshot","snapshot":{}}')
    assert kind_of(path) == ".har"


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"\x1f\x8b\x08garbage", b"{}", b'{"logs": 1}', b"PK"])
def test_other_content_shows_no_format(content: bytes, tmp_path: Path) -> None:
    """A damaged gzip neither; then the suffix within .gz decides who refuses the file."""
    path = tmp_path / "file.har.gz"
    path.write_bytes(content)
    assert kind_of(path) is None
    with pytest.raises(FileError, match="file.har.gz"):
        load(path)
    with pytest.raises(ValueError, match=r"use \.parquet"):
        load(path.rename(tmp_path / "file.txt"))


def test_a_jsonl_in_gzip_loads(
    make_log: Callable[[], FrameLog], same_log: Callable[[FrameLog, FrameLog], None], tmp_path: Path
) -> None:
    """A cut one is a damaged file."""
    log, path = make_log(), tmp_path / "log.jsonl.gz"
    data = gzip.compress(log.save(tmp_path / "log.jsonl").read_bytes())
    path.write_bytes(data)
    same_log(log, load(path))
    path.write_bytes(data[:-20])
    with pytest.raises(FileError, match="log.jsonl.gz"):
        load(path)


def test_gzip_is_undone_while_it_is_read(tmp_path: Path) -> None:
    """Bytes, not the suffix, say that a file is compressed."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(gzip.compress(b'{"log":{}}'))
    assert kind_of(path) == ".har"
    with open_plain(path) as file:
        assert file.read(3) == b'{"l'
