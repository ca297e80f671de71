"""harforeign: every readable message of a HAR is a row, and each oddity an event that names entry and message."""

from __future__ import annotations

import copy
import gzip
import json
import shutil
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.safetext import safe_text

CASES = Path(__file__).parent / "cases"
CHROME = CASES / "chrome-failed-connection.har"
EMBED = CASES / "playwright-embed.har"
DOCUMENTS: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in (CHROME, EMBED)]


def har(*messages: Any, **entry: Any) -> dict[str, Any]:
    """Return a document of one entry."""
    values = {
        "startedDateTime": "2026-01-02T03:04:05.000Z",
        "request": {"method": "GET", "url": "https://feed.test/live", "headers": []},
        "response": {"status": 101, "statusText": "Switching Protocols", "headers": []},
        "_webSocketMessages": list(messages),
        **entry,
    }
    return {"log": {"creator": {"name": "x"}, "entries": [values]}}


def message(**values: Any) -> dict[str, Any]:
    """Return a message, with other values than usual."""
    return {"type": "send", "time": 1767323046.5, "opcode": 1, "data": "hello", **values}


def loaded(document: Any, path: Path) -> FrameLog:
    """Return the log of a document."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return load(path)


def test_a_failed_socket_is_an_event_beside_the_others() -> None:
    """Chrome writes its error as a message of type "error" and opcode -1."""
    log = load(CHROME)
    assert log.df["opcode"].astype(str).tolist() == "text binary text text binary text binary text".split()
    assert [connection.session for connection in log.connections] == [
        "127.0.0.1:18801/rst",
        "127.0.0.1:9/none",
    ]
    assert log.connections[1].response == b""
    assert log.events[["session", "kind", "detail"]].to_numpy().tolist() == [
        [
            "127.0.0.1:9/none",
            "error",
            "entry 1, message 0: Error in connection establishment: net::ERR_UNSAFE_PORT",
        ]
    ]
    assert log.events["time"].iloc[0] == pd.Timestamp("2026-11-26T11:43:45.191Z")


@pytest.mark.parametrize(
    "name", ["playwright-embed.har", "playwright-attach/network.har", "playwright.har.zip"]
)
def test_every_mode_of_playwright_loads(name: str) -> None:
    """Milliseconds, and messages in files of their own."""
    log = load(CASES / name)
    df = log.df
    assert len(df) == 16 and df["direction"].value_counts().to_dict() == {"in": 10, "out": 6}
    assert df["opcode"].value_counts()[["text", "binary"]].tolist() == [10, 6]
    assert df["time"].dt.floor("min").unique().tolist() == [pd.Timestamp("2026-11-26T11:43Z")]
    assert df["payload"].iloc[0] == "grüße 🎉".encode() and not len(log.events)


ECHOED = ["grüße 🎉".encode(), b"\x09\x08\x07\xfa", b'{"n":1}']


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_directory_that_playwright_made_loads(slash: str, tmp_path: Path) -> None:
    """Of a HAR with its messages in files, and of an unpacked trace; of two HARs neither is chosen."""
    shutil.copytree(CASES / "playwright-attach", tmp_path / "har")
    with zipfile.ZipFile(CASES / "playwright-trace.zip") as archive:
        archive.extractall(tmp_path / "trace")
    assert [len(load(f"{tmp_path}/{name}{slash}")) for name in ("har", "trace")] == [16, 12]
    shutil.copy(EMBED, tmp_path / "har")
    with pytest.raises(FileError, match="no parts of a recording"):
        load(f"{tmp_path}/har{slash}")


def test_minimal_mode_keeps_the_order_of_the_file() -> None:
    """Each time is -1: the rows have that of the entry, and one event says so."""
    log = load(CASES / "playwright-minimal.har")
    df = log.df
    assert df["payload"].tolist() == ECHOED * 4
    assert df["direction"].tolist() == (["out"] * 3 + ["in"] * 3) * 2
    assert df["time"].unique().tolist() == [
        pd.Timestamp(f"2026-11-27T02:33:42.{milliseconds}Z") for milliseconds in (263, 298)
    ]
    assert df["detail"].str.contains("the time neither").all()
    assert log.events["detail"].tolist() == [
        f"entry {number}, 6 messages: 0, 1, 2, 3, 4, …: no time: it is that of the message or entry before"
        for number in (1, 2)
    ]


def test_a_trace_of_playwright_loads() -> None:
    """Entries are lines of a .network file, messages lie in files that they name with their folder."""
    log = load(CASES / "playwright-trace.zip")
    assert [connection.url.partition("/")[2] for connection in log.connections] == [
        "/127.0.0.1:38973/",
        "/127.0.0.1:38973/second?x=1",
    ]
    assert sorted(log.df["payload"].tolist()) == sorted(ECHOED * 4)
    assert log.df["time"].dt.floor("min").unique().tolist() == [pd.Timestamp("2026-11-27T02:33Z")]
    assert not len(log.events)


@pytest.mark.parametrize("key", ["_file", "_sha1"])
def test_a_trace_of_another_version_loads(key: str, tmp_path: Path) -> None:
    """It may name its files without their folder, by a hash; a line that is cut is no entry."""
    attached = CASES / "playwright-attach"
    lines = ['{"type":"context-options"}', "cut {"]
    for entry in json.loads((attached / "network.har").read_bytes())["log"]["entries"]:
        content = entry["response"]["content"]
        content[key] = content.pop("_file")
        lines.append(json.dumps({"type": "resource-snapshot", "snapshot": entry}))
    with zipfile.ZipFile(tmp_path / "trace.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.trace", "{}\n")
        archive.writestr("trace.network", "\n".join(lines))
        for path in attached.glob("*.jsonl"):
            archive.write(path, f"resources/{path.name}")
    df = load(tmp_path / "trace.zip").df
    assert df["payload"].tolist() == load(attached / "network.har").df["payload"].tolist()


def test_a_file_of_messages_that_is_not_there_is_an_event(tmp_path: Path) -> None:
    """The messages of the other connection are rows; a line of no JSON is an event too."""
    shutil.copytree(CASES / "playwright-attach", tmp_path / "har")
    first, second = sorted((tmp_path / "har").glob("*.jsonl"))
    first.unlink()
    second.write_bytes(second.read_bytes() + b"{cut")
    log = load(tmp_path / "har" / "network.har")
    assert len(log) == 8
    assert log.events["detail"].tolist() == [
        'entry 0, message 8: "{cut" is no message',
        f'entry 1: its messages are in "{first.name}": keep that file beside the HAR',
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.jsonl",
        "/etc/secret.jsonl",
        "..\\secret.jsonl",
        ".jsonl\0.jsonl",
        "resources/../secret.jsonl",
    ],
)
def test_a_har_names_no_file_elsewhere(name: str, tmp_path: Path) -> None:
    """Only files beside it are read."""
    (tmp_path / "secret.jsonl").write_text(json.dumps(message()))
    (tmp_path / "har").mkdir()
    document = har(response={"status": 101, "content": {"_file": name}}, _webSocketMessages=None)
    assert len(loaded(document, tmp_path / "har" / "x.har")) == 0


@pytest.mark.parametrize(
    ("values", "opcode", "payload", "event"),
    [
        ({"opcode": "1"}, "text", b"hello", ""),
        ({"opcode": 1.0}, "text", b"hello", ""),
        ({"opcode": "binary", "data": "AAH/"}, "binary", b"\0\1\xff", ""),
        ({"opcode": 2, "data": "-_8"}, "binary", b"\xfb\xff", ""),
        ({"opcode": 2, "data": "AAE"}, "binary", b"\0\1", ""),
        ({"opcode": None}, "text", b"hello", "opcode is missing: read as text"),
        ({"opcode": 99}, "text", b"hello", "opcode is 99: read as text"),
        ({"time": None}, "text", b"hello", "no time: it is that of the message or entry before"),
        ({"time": "1767323046.5"}, "text", b"hello", ""),
        ({"time": "2026-01-02T03:04:06.500Z"}, "text", b"hello", ""),
        ({"time": 1767323046500000000}, "text", b"hello", ""),
        ({"time": 10**300}, "text", b"hello", "no time: it is that of the message or entry before"),
        ({"time": -1e308}, "text", b"hello", "no time: it is that of the message or entry before"),
        ({"data": "\ud800"}, "text", b"?", "data has what UTF-8 cannot hold: a ? stands for it"),
        ({"data": None}, None, None, "data is missing, no text"),
        ({"data": {}}, None, None, "data is an object, no text"),
        ({"opcode": 2, "data": "AAAAA"}, None, None, 'data is "AAAAA", no base64'),
        ({"type": "x"}, None, None, 'type is "x", neither send nor receive; data is "hello"'),
        ({"type": None}, None, None, 'type is missing, neither send nor receive; data is "hello"'),
        ({"type": "error", "opcode": -1, "data": None}, None, None, "an error without a text"),
    ],
)
def test_an_odd_message_is_read_as_far_as_it_goes(
    values: dict[str, Any], opcode: str | None, payload: bytes | None, event: str, tmp_path: Path
) -> None:
    """The messages before and after it are rows in any case."""
    log = loaded(har(message(), message(**values), message(data="after")), tmp_path / "odd.har")
    df = log.df
    assert df["payload"].tolist() == [b"hello", *([] if payload is None else [payload]), b"after"]
    assert df["time"].unique().tolist() == [pd.Timestamp("2026-01-02T03:04:06.5Z")]
    assert opcode is None or df["opcode"].iloc[1] == opcode
    assert log.events["detail"].tolist() == ([f"entry 0, message 1: {event}"] if event else [])


@pytest.mark.parametrize(
    ("values", "event"),
    [
        ({"request": {"url": "https://feed.test/live"}}, ""),
        ({"response": {"status": "101"}}, ""),
        ({"response": {"status": -1}}, ""),
        ({"response": None}, "response is missing"),
        ({"request": 5}, "request is 5"),
        ({"request": {"url": "https://feed.test/live", "headers": "x"}}, 'headers of the request are "x"'),
        ({"response": {"status": 101, "headers": [7]}}, "a header is 7"),
        ({"startedDateTime": ""}, 'startedDateTime is "", no time'),
        ({"startedDateTime": None}, "startedDateTime is missing, no time"),
        ({"startedDateTime": "9999-01-01"}, 'startedDateTime is "9999-01-01", no time'),
        ({"_webSocketMessages": None}, "_webSocketMessages is missing, no list"),
    ],
)
def test_an_odd_entry_is_read_as_far_as_it_goes(values: dict[str, Any], event: str, tmp_path: Path) -> None:
    """Its connection is there, with a time of one of its messages where it has none."""
    document = har(message(), **values)
    document["log"]["entries"] += [None, har(message())["log"]["entries"][0]]
    log = loaded(document, tmp_path / "odd.har")
    assert len(log.connections) == 2 and log.df["text"].iloc[-1] == "hello"
    details = log.events["detail"].tolist()
    assert f"entry 0: {event}" in details or not event
    assert "entry 1: missing is no entry" in details
    assert all(connection.opened_ns > 10**18 for connection in log.connections)


@pytest.mark.parametrize("values", [{}, {"_resourceType": "websocket", "response": {"status": 0}}])
def test_a_websocket_without_messages_is_an_event(values: dict[str, Any], tmp_path: Path) -> None:
    """Where another has some: a page that was open before the developer tools were."""
    document = har(message())
    entry = har(**values)["log"]["entries"][0]
    del entry["_webSocketMessages"]
    document["log"]["entries"] += [entry, {"response": {"status": 200}}]
    log = loaded(document, tmp_path / "x.har")
    assert len(log) == len(log.connections) == 1
    assert log.events["detail"].tolist() == [
        "entry 1: a WebSocket without _webSocketMessages: its messages are not in the HAR"
    ]


def test_an_event_has_the_time_of_its_message(tmp_path: Path) -> None:
    """So that it stands beside the rows that it explains; without a time it has that of the message before."""
    messages = [
        message(data=None, time=-1),
        message(time=1767323050),
        message(type="error", opcode=-1, data="lost", time=1767323060),
        message(data=5, time=-1),
    ]
    log = loaded(har(*messages), tmp_path / "x.har")
    assert log.events["time"].dt.strftime("%H:%M:%S").tolist() == ["03:04:05", "03:04:20", "03:04:20"]
    assert log.events["kind"].astype(str).tolist() == ["truncated", "error", "truncated"]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("wss://h.test", "/"),
        ("wss://h.test?x=1", "/?x=1"),
        ("ws://h.test/a?b=/c#d", "/a?b=/c"),
        ("h.test/a", "/"),
        ("", "/"),
    ],
)
def test_the_target_of_the_request_is_that_of_the_address(url: str, target: str, tmp_path: Path) -> None:
    """Without the fragment, which no browser sends."""
    document = har(message(), request={"method": "GET", "url": url, "headers": []})
    (connection,) = loaded(document, tmp_path / "x.har").connections
    assert connection.request.split(b"\r\n")[0].decode() == f"GET {target} HTTP/1.1"


def test_the_address_of_a_websocket_begins_with_ws(tmp_path: Path) -> None:
    """Some programs write http and https."""
    (connection,) = loaded(har(message()), tmp_path / "x.har").connections
    assert connection.url == "wss://feed.test/live" and connection.session == "feed.test/live"


def test_a_million_oddities_are_a_few_events(tmp_path: Path) -> None:
    """The file of a hostile program does not become a list of events of its size."""
    document = har(*({"type": str(number)} for number in range(11_000)), *[3] * 20_000)
    log = loaded(document, tmp_path / "odd.har")
    assert len(log) == 0 and len(log.events) == 10_001
    assert log.events["detail"].str.contains("21000 more values of the HAR cannot be read").any()


@pytest.mark.parametrize(
    ("creator", "advice"),
    [
        ("WebInspector", "in Chrome or Edge, open the Network panel"),
        ("WebKit Web Inspector", "Safari leaves WebSocket messages out"),
        ("Firefox", "Firefox and browsers made of it leave WebSocket messages out"),
        ("LibreWolf", "Firefox and browsers made of it"),
        ("Playwright", "record_har_content='embed' or 'attach'"),
        ("mitmproxy har_dump", "hardump=x.har"),
        ("Charles Proxy", "Charles leaves"),
        ("Fiddler", ".saz"),
        ("insomnia.desktop.app:insomnia", "Insomnia leaves"),
        ("Postman", "Postman leaves"),
        ("BrowserMob Proxy", "BrowserMob Proxy leaves"),
        ("Proxyman", "2.28"),
        ("HTTP Toolkit", "since August 2023"),
        ("Another", "record in Chrome or Edge"),
        ("\x1b[2J", "made by \\x1b[2J 1.2"),
    ],
)
def test_a_har_without_messages_says_who_made_it(creator: str, advice: str, tmp_path: Path) -> None:
    """And how many WebSockets were opened, and the remedy in that program."""
    document = har()
    del document["log"]["entries"][0]["_webSocketMessages"]
    document["log"]["creator"] = {"name": creator, "version": "1.2"}
    document["log"]["entries"].append({})
    with pytest.raises(FileError) as error:
        loaded(document, tmp_path / "x.har")
    assert f"made by {safe_text(creator)} 1.2, with 1 of 2 entries of status 101" in str(error.value)
    assert advice in error.value.problem


@pytest.mark.parametrize(
    ("document", "problem"),
    [([], "no object named log"), ({"log": 1}, "no object named log"), ({"log": {}}, "0 of 0 entries")],
)
def test_only_a_file_without_a_har_is_refused(document: Any, problem: str, tmp_path: Path) -> None:
    """The sentence says what it lacks."""
    with pytest.raises(FileError, match=problem):
        loaded(document, tmp_path / "x.har")


@pytest.mark.parametrize("name", ["x.har.gz", "x.har", "x.log"])
def test_a_har_in_gzip_loads_under_any_name(name: str, tmp_path: Path) -> None:
    """The content decides."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(EMBED.read_bytes()))
    assert len(load(path)) == 16


def test_a_har_that_is_cut_off_loads_to_there(tmp_path: Path) -> None:
    """At each 97th byte: the messages before it are rows, and the last event says that it is cut off."""
    data = EMBED.read_bytes()
    path, payloads = tmp_path / "x.har", load(EMBED).df["payload"].tolist()
    counts = []
    for size in range(3000, len(data) - 2, 97):
        path.write_bytes(data[:size])
        log = load(path)
        counts.append(len(log))
        assert log.df["payload"].tolist() == payloads[: len(log)]
        assert (
            log.events["detail"].str.match(r"the rest of the HAR, within or behind entry [01], cannot").sum()
            == 1
        )
    assert counts == sorted(counts) and counts[0] < 3 and counts[-1] >= 15


@pytest.mark.long
def test_a_gzip_that_is_cut_off_loads_to_there(tmp_path: Path) -> None:
    """Where nothing of a HAR is left, it is an error of the file."""
    path = tmp_path / "x.har.gz"
    path.write_bytes(gzip.compress(json.dumps(har(*[message()] * 100_000)).encode(), 0)[:-2_000_000])
    log = load(path)
    assert 60_000 < len(log) < 90_000
    (detail,) = log.events["detail"]
    assert detail.endswith("cannot be read: the gzip file is damaged or cut off")
    path.write_bytes(path.read_bytes()[:15])
    with pytest.raises(FileError, match="the gzip file is damaged or cut off"):
        load(path)


@pytest.mark.long
@pytest.mark.parametrize("packed", ["gz", "zip"])
def test_a_small_file_does_not_become_gigabytes(packed: str, tmp_path: Path) -> None:
    """Neither a gzip nor a zip, whatever size it declares."""
    path = tmp_path / f"bomb.har.{packed}"
    bomb = b'{"log":{"entries":[' + b" " * (100 << 20)
    if packed == "gz":
        path.write_bytes(gzip.compress(bomb))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.har", bomb)
    with pytest.raises(FileError, match="compressed to less than 1 %"):
        load(path)
    if packed == "zip":
        data = path.read_bytes().replace((len(bomb)).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
        path.write_bytes(data)
        with pytest.raises(FileError):
            load(path)


@pytest.mark.parametrize("name", ["export.json", "folder/network", "x.HAR"])
def test_a_har_in_a_zip_may_have_any_name(name: str, tmp_path: Path) -> None:
    """The content decides there too."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "of the browser")
        archive.write(EMBED, name)
    assert len(load(path)) == 16


def test_a_zip_in_gzip_loads(tmp_path: Path) -> None:
    """Somebody packs what is packed."""
    path = tmp_path / "x.har.zip.gz"
    path.write_bytes(gzip.compress((CASES / "playwright.har.zip").read_bytes()))
    assert len(load(path)) == 16


def test_other_hars_in_a_zip_are_named(tmp_path: Path) -> None:
    """One is loaded, and no other gets lost in silence."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("1.har", "b/2.har", "3.HAR"):
            archive.write(EMBED, name)
    log = load(path)
    assert len(log) == 16
    assert log.events["detail"].tolist() == [
        "the zip has more than one HAR: 1.har is loaded, but not b/2.har, 3.HAR: unpack them"
    ]


def test_an_unpacked_trace_of_playwright_loads(tmp_path: Path) -> None:
    """Its messages lie in the folder beside it."""
    with zipfile.ZipFile(CASES / "playwright-trace.zip") as archive:
        archive.extractall(tmp_path)
    log = load(tmp_path / "trace.network")
    assert sorted(log.df["payload"].tolist()) == sorted(ECHOED * 4) and not len(log.events)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_har_in_another_encoding_loads(encoding: str, tmp_path: Path) -> None:
    """As some editors and shells write it."""
    path = tmp_path / "x.har"
    path.write_text(EMBED.read_text(encoding="utf-8"), encoding=encoding)
    assert load(path).df["payload"].tolist() == load(EMBED).df["payload"].tolist()


def test_a_zip_of_macos_loads(tmp_path: Path) -> None:
    """It has a second file for each, of the same name behind "._", with attributes in it."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._x.har", b"\0\5\x16\7")
        archive.write(EMBED, "folder/x.har")
    assert len(load(path)) == 16


def test_damage_in_a_zip_is_an_event_or_an_error(tmp_path: Path) -> None:
    """Each byte of a zip of Playwright changed in turn: rows or one clear error."""
    data = (CASES / "playwright.har.zip").read_bytes()
    path = tmp_path / "x.har.zip"
    for place in range(2, len(data), 31):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            assert len(load(path)) in (0, 8, 16)
        except FileError as error:
            assert "zip" in error.problem or "HAR" in error.problem


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([[], {}, [None], "1", "error", "AA", 10**400, "\ud800"]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in an entry."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


def _messages(entry: Any) -> list[Any]:
    found = entry.get("_webSocketMessages") if isinstance(entry, dict) else None
    return found if isinstance(found, list) else []


@pytest.mark.long
@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_damage_of_values_leaves_the_other_messages(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Values dropped or replaced: rows or a FileError, and every message that was not touched is a row."""
    original = data.draw(st.sampled_from(DOCUMENTS))
    document = copy.deepcopy(original)
    for place in data.draw(st.lists(st.sampled_from(_places(original)[1:]), min_size=1, max_size=4)):
        at: Any = document
        try:
            for key in place[:-1]:
                at = at[key]
            if isinstance(at, dict) and data.draw(st.booleans()):
                del at[place[-1]]
            else:
                at[place[-1]] = data.draw(ODD)
        except (LookupError, TypeError):  # an earlier damage has removed the place
            continue
    log_of = document.get("log")
    entries = log_of.get("entries") if isinstance(log_of, dict) else None
    unharmed = (
        [
            values["data"]
            for before in original["log"]["entries"]
            for values in before["_webSocketMessages"]
            if values["type"] != "error" and any(values in _messages(entry) for entry in entries or ())
        ]
        if isinstance(entries, list)
        else []
    )
    try:
        log = loaded(document, tmp_path_factory.mktemp("har") / "x.har")
    except FileError as error:
        assert error.problem and not unharmed
        return
    df = log.df
    assert len(log.events["detail"].tolist()) >= 0 and df["time"].notna().all()
    binary = {"CQgH+g==": b"\x09\x08\x07\xfa", "AAEC/w==": b"\0\1\2\xff"}
    wanted = Counter(binary.get(text, text.encode()) for text in unharmed)
    assert not wanted - Counter(df["payload"])


@pytest.mark.parametrize("key", ["entries", "_webSocketMessages"])
def test_a_small_file_does_not_keep_the_reader_busy(key: str, tmp_path: Path) -> None:
    """12 kB that become 12 MB of objects: where most are none of a HAR, the rest is not looked at."""
    start = '{"log":{"entries":[' + json.dumps(har(message())["log"]["entries"][0])[:-1] + "},"
    if key == "_webSocketMessages":
        start += '{"_webSocketMessages":['
    path = tmp_path / "x.har.gz"
    path.write_bytes(gzip.compress(start.encode() + b"[],{}," * 2_000_000))
    log = load(path)
    assert len(log) == 1
    assert (
        log.events["detail"].str.contains("cannot be read: over 100,000 values are none of a HAR").sum() == 1
    )


@pytest.mark.long
def test_rows_behind_many_messages_that_are_none_are_read(tmp_path: Path) -> None:
    """As long as there are more rows than those."""
    messages = [message(), None] * 110_000
    assert len(loaded(har(*messages), tmp_path / "x.har")) == 110_000


@pytest.mark.long
def test_a_large_har_takes_the_memory_of_its_rows(tmp_path: Path) -> None:
    """Of 24 MB in two entries at the same times: messages are not collected as objects, which take five times as much."""
    path = tmp_path / "large.har"
    messages = [message(time=1767323046 + at / 1000, data=f"{at:0400}") for at in range(25_000)]
    document = har(*messages)
    document["log"]["entries"] *= 2
    path.write_text(json.dumps(document, indent=2))
    del messages, document
    rows = 50_000 * (400 + 30)
    load(EMBED)  # imports
    tracemalloc.start()
    log = load(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(log) == 50_000
    assert most < 2 * rows


def test_the_length_on_the_wire_is_missing(tmp_path: Path) -> None:
    """Such a file has messages: the length of one is not that of what was sent, which may have been compressed."""
    df = loaded(har(message(), message(type="receive")), tmp_path / "a.har").df
    assert df["length"].tolist() == [5, 5]
    assert df[["wire_length", "frame_length"]].isna().all(axis=None)
