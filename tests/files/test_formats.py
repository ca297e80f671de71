"""A format is two functions on a header and rows; the map finds them by the suffix of a path."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.files.formats import LOADABLE, SAVABLE, reader_for, writer_for
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.files.loading import load
from wsnotebook.files.saving import save
from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.wire.batch import Batch, Flag


@pytest.mark.parametrize("suffix", SAVABLE)
@given(data=st.data())
@settings(deadline=None)
def test_a_log_comes_back_equal(
    suffix: str,
    data: st.DataObject,
    logs: st.SearchStrategy[FrameLog],
    same_log: Callable[[FrameLog, FrameLog], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Frames, both directions' bytes, events and connections of any log survive save and load."""
    log = data.draw(logs)
    same_log(log, load(save(log, tmp_path_factory.mktemp("files") / f"log{suffix}")))


@pytest.mark.parametrize("name", [*(f"log{suffix}" for suffix in SAVABLE), "log/"])
def test_header_and_rows_come_back(name: str, make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """No log is needed to write or to read: what was written is read, run by run, in order."""
    log = make_log()
    header = Header.of(log)
    path = f"{tmp_path}/{name}"
    writer_for(path).write(header, header.runs(log), Path(path))
    found, runs = reader_for(path).read(Path(path))
    read, (written,) = list(runs), header.runs(log)
    assert found == header
    assert [rows.first for rows in read] == list(np.cumsum([0, *map(len, read)])[:-1])
    assert b"".join(rows.heads.tobytes() for rows in read) == written.heads.tobytes()
    assert [rows.payload_at(at) for rows in read for at in range(len(rows))] == [
        written.payload_at(at) for at in range(len(written))
    ]


@pytest.mark.long
@pytest.mark.parametrize("suffix", SAVABLE)
def test_a_batch_of_more_rows_than_a_run_has_comes_back(suffix: str, tmp_path: Path) -> None:
    """No format writes a run that its reader refuses."""
    log, batch = FrameLog(), Batch()
    for _ in range(MAX_ROWS + 5):
        batch.add(0x89, b"")
    log.append(batch, log.register(Connection("a")), "in", 1, 1)
    assert len(load(log.save(tmp_path / f"log{suffix}"))) == len(log)


@pytest.mark.parametrize("name", [*(f"log{suffix}" for suffix in SAVABLE), "log/"])
def test_an_event_of_any_kind_comes_back(name: str, make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """A word of the user, or of a later version, is kept as it is."""
    log = make_log()
    log.note("loop late", "", "a", seconds=0.0625)
    log.note("mark", "here it began", "a")
    found = load(log.save(f"{tmp_path}/{name}"))
    assert found.event_list == log.event_list
    assert found.events["kind"].iloc[-1] == "mark" and found.events["seconds"].iloc[-2] == 0.0625


@pytest.mark.parametrize("suffix", SAVABLE)
def test_two_threads_may_save_to_one_path(
    suffix: str, make_log: Callable[[], FrameLog], same_log: Callable[..., None], tmp_path: Path
) -> None:
    """Each writes a file of its own: the path has the whole of one, then the whole of the other."""
    first, second, path = make_log(), FrameLog(), tmp_path / f"log{suffix}"
    second.register(Connection("second"))

    def other_meanwhile(runs: Iterator[Rows]) -> Iterator[Rows]:
        yield next(runs)
        thread = threading.Thread(target=save, args=(second, path))
        thread.start()
        thread.join()
        same_log(second, load(path))
        yield from runs

    save(first, path, other_meanwhile)
    same_log(first, load(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_capture_is_read_and_not_written(tmp_path: Path) -> None:
    """A pcap cannot hold all of a log."""
    assert set(LOADABLE) - set(SAVABLE) == {".pcap"}
    with pytest.raises(ValueError, match="cannot save .pcap"):
        writer_for(tmp_path / "log.pcap")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("feed.csv", "FrameLog.from_frames(pandas.read_csv(path, dtype=str, keep_default_na=False))"),
        ("feed.CSV.gz", "FrameLog.from_frames(pandas.read_csv(path"),
        ("feed.feather", "FrameLog.from_frames(pandas.read_feather(path))"),
        ("feed.json", "FrameLog.from_frames(pandas.read_json(path, dtype=False))"),
        ("night.mitm", "mitmdump -nr night.mitm --set hardump=flows.har"),
    ],
)
def test_a_file_that_another_way_reads_is_refused_with_it(name: str, remedy: str, tmp_path: Path) -> None:
    """Tables, whose columns nobody has named, and flows of mitmproxy."""
    (tmp_path / name).write_bytes(b"ts,msg")
    with pytest.raises(ValueError, match=f"cannot load .*{re.escape(remedy)}"):
        load(tmp_path / name)


def test_a_directory_is_a_dataset_whatever_its_name(tmp_path: Path) -> None:
    """A slash at the end, or a directory that is there."""
    (tmp_path / "feed.har").mkdir()
    assert reader_for(tmp_path / "feed.har") is reader_for("feed/") is writer_for("other.jsonl/")


@pytest.mark.parametrize("suffix", SAVABLE)
def test_what_a_browser_did_not_tell_is_missing_in_the_log_and_its_file(suffix: str, tmp_path: Path) -> None:
    """Keys and lengths on the wire; rows of another session of the log keep theirs."""
    log = FrameLog()
    told, seen = log.register(Connection("told", is_reported=True)), log.register(Connection("seen"))
    for number, key in ((told, UNKNOWN_KEY), (seen, UNKNOWN_KEY), (told, None)):
        batch = Batch()
        batch.add(0x81, b"Hello", Flag.TEXT, key)
        log.append(batch, number, "in" if key is None else "out", 10**18, 0)
    loaded = load(save(log, tmp_path / f"log{suffix}"))
    for df in (log.df, loaded.df):
        assert df["masked"].tolist() == [True, True, False]
        assert df["mask_key"].isna().tolist() == [True, False, True]
        assert df["length"].tolist() == [5, 5, 5]
        for column, length in (("wire_length", 5), ("frame_length", 11)):
            assert df[column].dtype == "Int64"
            assert df[column].isna().tolist() == [True, False, True]
            assert df[column].tolist()[1] == length
    assert [connection.is_reported for connection in loaded.connections] == [True, False]
    assert loaded.wire_bytes("out", "told") == log.wire_bytes("out", "told")
