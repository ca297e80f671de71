"""Where a log is kept: what cannot be written as asked is written elsewhere, and said."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

import wsnotebook
from wsnotebook.cli.outcome import Failed, WrongUsage
from wsnotebook.cli.recording import check_new, recording
from wsnotebook.lab import embedded_server


async def conversation(log: wsnotebook.FrameLog) -> None:
    """Fill a log with a message there and back."""
    async with embedded_server() as server, wsnotebook.connect(server.url, log=log) as session:
        await session.send("one")
        await session.receive()


async def test_a_folder_that_is_gone_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The recording is in a file that the sentence names."""
    folder = tmp_path / "folder"
    folder.mkdir()
    log = wsnotebook.FrameLog()
    with pytest.raises(Failed) as failed, recording(log, str(folder / "a.parquet")):
        await conversation(log)
        folder.rmdir()
    found = re.search(r"is in (.*a\.parquet\.pcapng):", str(failed.value))
    assert found is not None and "a.parquet could not be written" in capsys.readouterr().err
    assert len(wsnotebook.load(found[1])) == len(log) == 4
    shutil.rmtree(Path(found[1]).parent)


async def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Not even an empty file."""
    monkeypatch.chdir(tmp_path)
    log = wsnotebook.FrameLog()
    with recording(log, None):
        await conversation(log)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a", "a.pcap", "a.txt", "gone/a.har"])
def test_what_cannot_be_written_is_found_before(name: str, tmp_path: Path):
    """Suffix and folder are looked at first."""
    with pytest.raises(WrongUsage, match=name):
        check_new(str(tmp_path / name))
