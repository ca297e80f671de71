"""jsonl: readable by any tool; an end or lines that are missing are errors."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load


def test_any_tool_reads_it(make_log: Any, tmp_path: Path) -> None:
    """pandas alone gets one row a frame after the log's own, text and base64 as they are; every line is ASCII."""
    log = make_log()
    path = log.save(tmp_path / "log.jsonl")
    assert path.read_bytes().isascii()
    df = pd.read_json(path, lines=True)
    assert len(df) == len(log) + 1 and isinstance(df["wsnotebook"].iloc[0], dict)
    frames = df.iloc[1:]
    texts = log.df["text"].dropna()
    assert frames["text"].dropna().tolist() == texts.tolist()
    for seq, data in frames.set_index("seq")["base64"].dropna().items():
        assert base64.b64decode(data) == log.df["payload"].loc[int(seq)]
    assert pd.to_datetime(frames["time"]).tolist() == log.df["time"].tolist()


def test_lines_that_somebody_took_out_are_told(make_log: Any, tmp_path: Path) -> None:
    """The error names the line and the call that reads the file as it is."""
    path = make_log().save(tmp_path / "log.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    with pytest.raises(FileError, match=r"line 4: seq is 3 where 2 follows; pandas\.read_json"):
        load(path)


def test_an_end_that_is_missing_is_told(make_log: Any, tmp_path: Path) -> None:
    """Whole lines missing, and a line cut in the middle."""
    path = make_log().save(tmp_path / "log.jsonl")
    data = path.read_bytes()
    path.write_bytes(data[: data.rstrip().rindex(b"\n") + 1])
    with pytest.raises(FileError, match="the file ends after"):
        load(path)
    path.write_bytes(data[:-20])
    with pytest.raises(FileError, match="the line is cut off"):
        load(path)
