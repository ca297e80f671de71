"""har: readable by others, and files of browsers and mitmproxy load."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wsnotebook.errors import FileError
from wsnotebook.files import har
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.wire.batch import Batch, Flag, batch_of

CHROME = {
    "log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": [
            {
                "_resourceType": "document",
                "startedDateTime": "2024-05-01T10:00:00.000Z",
                "request": {"method": "GET", "url": "https://feed.test/", "headers": []},
                "response": {"status": 200, "statusText": "", "headers": []},
            },
            {
                "_resourceType": "websocket",
                "startedDateTime": "2024-05-01T10:00:00.250Z",
                "time": 3000.5,
                "request": {
                    "method": "GET",
                    "url": "wss://feed.test/live?x=1",
                    "httpVersion": "HTTP/1.1",
                    "headers": [
                        {"name": "Upgrade", "value": "websocket"},
                        {"name": "Host", "value": "feed.test"},
                    ],
                },
                "response": {
                    "status": 101,
                    "statusText": "Switching Protocols",
                    "headers": [{"name": "Upgrade", "value": "websocket"}],
                },
                "_webSocketMessages": [
                    {"type": "send", "time": 1714557600.3, "opcode": 1, "data": "grüß dich"},
                    {"type": "receive", "time": 1714557600.300001, "opcode": 2, "data": "AAH/"},
                    {"type": "receive", "time": 1714557601.0, "opcode": 1},
                ],
            },
        ],
    }
}


def test_a_har_of_chrome_loads(tmp_path: Path) -> None:
    """Messages become rows; what the file does not know is not invented, and the rows say so; gaps are events."""
    path = tmp_path / "chrome.har"
    path.write_text(json.dumps(CHROME, ensure_ascii=False), encoding="utf-8")
    log = load(path)
    df = log.df
    assert df["payload"].tolist() == ["grüß dich".encode(), b"\x00\x01\xff"]
    assert df["text"].tolist()[0] == "grüß dich" and df["text"].isna().tolist() == [False, True]
    assert df["direction"].tolist() == ["out", "in"]
    assert df["time"].iloc[1] == pd.Timestamp("2024-05-01T10:00:00.300001Z")
    assert not df["masked"].any() and df["mask_key"].isna().all()
    assert df["detail"].str.contains("not known").all()
    (connection,) = log.connections
    assert connection.url == "wss://feed.test/live?x=1" and connection.has_secrets
    assert connection.request == b"GET /live?x=1 HTTP/1.1\r\nUpgrade: websocket\r\nHost: feed.test\r\n\r\n"
    assert log.events["kind"].tolist() == ["truncated"]
    assert log.events["detail"].tolist() == ["entry 1, message 2: data is missing, no text"]


def test_a_har_of_mitmproxy_loads(tmp_path: Path) -> None:
    """It writes no _resourceType, and several connections to one address are kept apart by name."""
    entry = dict(CHROME["log"]["entries"][1])  # type: ignore[index, call-overload]  # a dict of many types
    del entry["_resourceType"]
    path = tmp_path / "mitm.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry, entry]}}))
    log = load(path)
    assert [connection.session for connection in log.connections] == [
        "feed.test/live?x=1",
        "feed.test/live?x=1 (2)",
    ]
    assert len(log) == 4 and log.df["time"].is_monotonic_increasing


def test_messages_stand_in_the_har_as_chrome_writes_them(make_log: Any, tmp_path: Path) -> None:
    """Whole messages with exactly four keys, fragments joined, control frames left out, binary in base64."""
    log = make_log()
    document = json.loads(log.save(tmp_path / "log.har").read_text())
    first, second = document["log"]["entries"]
    assert first["_resourceType"] == "websocket" and first["response"]["status"] == 101
    messages = first["_webSocketMessages"]
    assert all(
        list(message) == ["type", "time", "opcode", "data"]
        for message in messages + second["_webSocketMessages"]
    )
    assert [(message["type"], message["opcode"], message["data"]) for message in messages] == [
        ("receive", 1, "tick " * 9),
        ("receive", 1, "grün"),
        ("receive", 2, base64.b64encode(bytes(range(256))).decode()),
        ("send", 1, "hello " * 20),
    ]
    assert messages[0]["time"] == log.df["time"].iloc[0].value / 1e9


def test_a_message_without_a_time_has_none(tmp_path: Path) -> None:
    """Where the file that it is from did not say it."""
    log = FrameLog()
    log.append(batch_of((0x81, Flag.TEXT, b"x", None)), log.register(Connection("a")), "in", NO_TIME, 5)
    document = json.loads(log.save(tmp_path / "log.har").read_text())
    (message,) = document["log"]["entries"][0]["_webSocketMessages"]
    assert message == {"type": "receive", "opcode": 1, "data": "x"}


def test_a_har_without_websockets_says_so(tmp_path: Path) -> None:
    """The sentence says how to export one that has them."""
    path = tmp_path / "none.har"
    path.write_text(json.dumps({"log": {"entries": CHROME["log"]["entries"][:1]}}))  # type: ignore[index]
    with pytest.raises(FileError, match="no entry has _webSocketMessages"):
        load(path)


def test_a_wrong_message_is_named(tmp_path: Path) -> None:
    """Entry and message stand in an event; the other messages are rows."""
    document = json.loads(json.dumps(CHROME))
    document["log"]["entries"][1]["_webSocketMessages"][1]["data"] = "not base64!"
    path = tmp_path / "wrong.har"
    path.write_text(json.dumps(document))
    log = load(path)
    assert log.df["text"].tolist() == ["grüß dich"]
    assert 'entry 1, message 1: data is "not base64!", no base64' in log.events["detail"].tolist()


def log_of(payload: bytes, count: int, *, head: int) -> FrameLog:
    """Return a log of equal frames, 1,000 a read."""
    log = FrameLog()
    number = log.register(Connection("a"))
    batch = Batch()
    for _ in range(1000 if count >= 1000 else 1):
        batch.add(head, payload, Flag.TEXT if head == 0x81 else 0)
    for _ in range(count // len(batch)):
        log.append(batch, number, "in", 1_700_000_000_123_456_789, 1)
    return log


@pytest.mark.long
def test_a_million_frames_of_100_bytes_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text once and base64 once take 315 MB of the 512 MiB: a tenth of the frames fit in a tenth of the room."""
    monkeypatch.setattr(har, "_MAX_FILE", har._MAX_FILE // 10)
    path = log_of(b"x" * 100, 100_000, head=0x81).save(tmp_path / "log.har")
    assert len(load(path)) == 100_000
    assert 31e6 < path.stat().st_size < 32e6


@pytest.mark.long
def test_room_is_that_of_the_file(tmp_path: Path) -> None:
    """130 MiB of payload take 363 MB as base64 twice and fit; 200 MiB do not, and the sentence says what is too large."""
    path = tmp_path / "log.har"
    log_of(bytes(10 << 20), 13, head=0x82).save(path)
    assert 360e6 < path.stat().st_size < 364e6
    with pytest.raises(ValueError, match="a HAR of over 512 MiB.* save it as .parquet"):
        log_of(bytes(10 << 20), 20, head=0x82).save(path)
