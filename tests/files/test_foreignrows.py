"""Frames of other programs as logs: tuples, dicts, DataFrames and files of every usual shape, and what refuses them."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import wsnotebook
from wsnotebook import FrameLog, Opcode
from wsnotebook.errors import FileError
from wsnotebook.log.connections import Connection
from wsnotebook.replaying.timedframes import timed_frames
from wsnotebook.widgets.logtable import log_table_for
from wsnotebook.wire.batch import Batch, Flag

SECOND = 1_700_000_000
FRAMES = [
    (SECOND + 0.25, "in", "hello"),
    (SECOND + 0.5, "out", b"\x00\xff"),
    (SECOND + 1, "in", "grün", "ping"),
    (SECOND + 2, "in", b"\x03\xe8bye", 8),
]


def facts(log: FrameLog) -> list[tuple[Any, ...]]:
    """Return direction, opcode and payload of each row."""
    df = log.df
    return list(zip(df["direction"], df["opcode"], df["payload"], strict=True))


EXPECTED = [
    ("in", "text", b"hello"),
    ("out", "binary", b"\x00\xff"),
    ("in", "ping", "grün".encode()),
    ("in", "close", b"\x03\xe8bye"),
]


def test_tuples_are_a_log() -> None:
    """A text is a text frame, bytes are a binary one, and a fourth value is the opcode; an event says what is not known."""
    log = FrameLog.from_frames(iter(FRAMES))
    assert type(log) is FrameLog and facts(log) == EXPECTED
    assert log.df["time"].iloc[0] == pd.Timestamp(SECOND * 10**9 + 250_000_000, tz="UTC")
    assert log.df["text"].isna().tolist() == [False, True, True, True]
    assert log.df["close_code"].iloc[-1] == 1000 and log.df["close_reason"].iloc[-1] == "bye"
    assert set(log.df["status"]) == {"ok"} and set(log.df["session"]) == {"frames"}
    assert log.events["kind"].tolist() == ["imported"] and "of another program" in log.events["detail"][0]


def test_dicts_and_tables_are_the_same_log() -> None:
    """Dicts with usual keys, a DataFrame, a table of Arrow."""
    names = ("timestamp", "dir", "data", "op")
    rows = [dict(zip(names, frame, strict=False)) for frame in FRAMES]
    assert facts(FrameLog.from_frames(rows)) == EXPECTED
    assert facts(FrameLog.from_frames(pd.DataFrame(rows))) == EXPECTED
    table = pa.table({"t": [1, 2], "Direction": ["recv", "sent"], "raw_data": [b"a", b"b"]})
    assert facts(FrameLog.from_frames(table, time="t")) == [("in", "binary", b"a"), ("out", "binary", b"b")]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng"])
def test_the_log_is_saved_and_loaded(suffix: str, tmp_path: Path, same_log: Callable[..., None]) -> None:
    """Each format gives the same log again."""
    log = FrameLog.from_frames(FRAMES)
    same_log(log, wsnotebook.load(log.save(tmp_path / f"x{suffix}")))


def test_the_log_is_replayed_shown_and_asked() -> None:
    """As any log: timed frames, a table of HTML where there is no kernel, questions."""
    log = FrameLog.from_frames(FRAMES)
    assert [(at, frame.data) for at, frame in timed_frames(log, "out")] == [(0.25, b"\x00\xff")]
    data, _ = log_table_for(log)._repr_mimebundle_()
    assert "hello" in data["text/html"] and "<table>" in data["text/html"]
    assert log.df.ws.closes()["close_code"].tolist() == [1000]


NS = SECOND * 10**9 + 123_456_000


@pytest.mark.parametrize(
    "time",
    [
        SECOND + 0.123456,
        str(SECOND) + ".123456",
        Decimal(f"{SECOND}.123456"),
        SECOND * 1000 + 123.456,
        SECOND * 10**6 + 123_456,
        str(SECOND * 10**6 + 123_456),
        NS,
        "2023-11-14T22:13:20.123456Z",
        "2023-11-14 22:13:20.123456",
        "2023-11-14 22:13:20,123456",
        "2023-11-14T23:13:20,123456+01:00",
        "2023-11-14T23:13:20.123456+01:00",
        pd.Timestamp(NS),
        np.datetime64(NS, "ns"),
        datetime(2023, 11, 14, 22, 13, 20, 123456),
        datetime(2023, 11, 14, 22, 13, 20, 123456, UTC),
    ],
    ids=str,
)
def test_a_time_is_exact_in_every_form(time: Any) -> None:
    """s, ms, µs, ns since 1970, as number or text; ISO 8601; datetimes; without a zone in UTC."""
    log = FrameLog.from_frames([(time, "in", "x"), (time, "in", "y")])
    assert log.df["time"].astype("int64").tolist() == [NS, NS]


def test_nanoseconds_are_kept() -> None:
    """As ints, as texts of numbers, as ISO 8601."""
    for time in (NS + 789, str(NS + 789), f"{SECOND}.123456789", "2023-11-14T22:13:20.123456789Z"):
        log = FrameLog.from_frames([(time, "in", "x")])
        assert log.df["time"].astype("int64").tolist() == [NS + 789]


@pytest.mark.parametrize(
    "times",
    [
        pd.array([Decimal(f"{SECOND}.123456")] * 2, pd.ArrowDtype(pa.decimal128(20, 6))),
        pd.array([f"{SECOND}.123456"] * 2, pd.ArrowDtype(pa.string())),
        pd.array(["2023-11-14T22:13:20.123456", "2023-11-14 22:13:20.123456Z"], pd.ArrowDtype(pa.string())),
        pd.arrays.ArrowExtensionArray(pa.array([f"{SECOND}.123456"] * 2).dictionary_encode()),
        pd.Categorical([NS // 1000] * 2),
        pd.Categorical(["2023-11-14T22:13:20.123456"] * 2),
        pd.array([NS] * 2, pd.ArrowDtype(pa.timestamp("ns"))),
        pd.array([NS] * 2, "Int64"),
    ],
    ids=lambda times: str(times.dtype),
)
def test_a_time_is_exact_in_every_type_of_column(times: Any) -> None:
    """Types of Arrow, also of decimals, and categories, whose numbers are none of ns."""
    df = pd.DataFrame({"ts": times, "dir": "in", "msg": ["x", "y"]})
    assert FrameLog.from_frames(df).df["time"].astype("int64").tolist() == [NS, NS]


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int16", "int32", "uint32", "uint64", "float16", "Int32", "UInt8"]
)
def test_a_time_in_a_narrow_column_is_as_large_as_in_a_wide_one(kind: str) -> None:
    """Its ns do not fit there."""
    seconds = SECOND if "32" in kind or "64" in kind else 100
    df = pd.DataFrame({"time": pd.Series([seconds, seconds + 1], dtype=kind), "dir": "in", "msg": ["x", "y"]})
    log = FrameLog.from_frames(df)
    assert log.df["time"].astype("int64").tolist() == [seconds * 10**9, (seconds + 1) * 10**9]
    assert log.events["detail"].str.contains("does not begin in 1970").any() == (seconds == 100)


def test_a_clock_of_its_own_is_said() -> None:
    """Small numbers are seconds, or of the unit that is named; an event says that they do not begin in 1970."""
    log = FrameLog.from_frames([(0, "in", "x"), (1.5, "in", "y")])
    assert log.df["time"].diff().iloc[1] == pd.Timedelta("1.5s")
    assert "does not begin in 1970" in log.events["detail"].str.cat()
    log = FrameLog.from_frames([(0, "in", "x"), (1500, "in", "y")], unit="ms")
    assert log.df["time"].diff().iloc[1] == pd.Timedelta("1.5s")
    df = pd.DataFrame({"time_ms": [0, 1500], "direction": "in", "payload": ["x", "y"]})
    assert FrameLog.from_frames(df).df["time"].diff().iloc[1] == pd.Timedelta("1.5s")


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ([SECOND, SECOND * 1000], "not of one unit"),
        ([SECOND, None], "row 1 has no time"),
        (["2023-11-14T22:13:20Z", "yesterday"], "yesterday"),
        ([str(SECOND), "yesterday"], "yesterday"),
        ([True, False], "time"),
        ([float("inf"), 1], "not of one unit"),
        ([1e30, 1e30], "not of one unit"),
        ([-(2**63), 5], "not of one unit"),
    ],
)
def test_a_time_that_is_none_is_named(times: list[Any], sentence: str) -> None:
    """The sentence says which."""
    with pytest.raises(ValueError, match=sentence):
        FrameLog.from_frames([(time, "in", "x") for time in times])


def test_other_frames_are_another_recording(tmp_path: Path) -> None:
    """Two tables that begin at one time do not replace each other in a dataset; the same table replaces itself."""
    for text in ("a", "b", "b"):
        FrameLog.from_frames([(SECOND, "in", text)]).save(f"{tmp_path}/feeds/")
    assert sorted(wsnotebook.open_dataset(tmp_path / "feeds").df["text"]) == ["a", "b"]


def test_rows_are_sorted_by_time() -> None:
    """Those of one time stay in the order of the table; a table of sent and one of received rows become one conversation."""
    df = pd.DataFrame(
        {"time": [3, 1, 2, 1], "direction": ["in", "in", "out", "out"], "text": ["d", "a", "c", "b"]},
        index=[7, 7, 8, 9],
    )
    assert FrameLog.from_frames(df).df["text"].tolist() == ["a", "b", "c", "d"]


def test_times_of_the_index_are_found() -> None:
    """A DataFrame by time."""
    df = pd.DataFrame({"side": ["send"], "message": ["x"]}, pd.DatetimeIndex([pd.Timestamp(NS, tz="UTC")]))
    log = FrameLog.from_frames(df)
    assert log.df["time"].astype("int64").tolist() == [NS] and facts(log) == [("out", "text", b"x")]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("direction", ["Received", "SENT"]),
        ("way", ["server->client", "client → server"]),
        ("dir", ["<", ">"]),
        ("type", ["receive", "send"]),
        ("from_client", [False, True]),
        ("incoming", [True, False]),
        ("is_sent", [0, 1]),
        ("received", ["True", "False"]),
        ("flow", pd.Categorical(["rx", "tx"])),
    ],
)
def test_usual_words_of_directions(column: str, values: Any) -> None:
    """Words, arrows, True and False of a column that says which."""
    df = pd.DataFrame({"ts": [1, 2], column: values, "raw": ["a", "b"]})
    assert FrameLog.from_frames(df).df["direction"].tolist() == ["in", "out"]


def test_a_column_type_is_what_its_values_are() -> None:
    """Opcodes beside a direction; and neither, where it is the type of a message."""
    df = pd.DataFrame({"ts": [1, 2], "dir": ["in", "out"], "type": ["text", "binary"], "raw": [b"a", b"b"]})
    assert FrameLog.from_frames(df).df["opcode"].tolist() == ["text", "binary"]
    trades = df.assign(type=["trade", "book"])
    assert FrameLog.from_frames(trades).df["opcode"].tolist() == ["binary", "binary"]


def test_opcodes_are_names_or_numbers() -> None:
    """Also floats, which pandas makes of ints beside missing ones, and texts."""
    codes = [1, 1.0, "1", "TEXT", "0x1", "0x01", "WSMsgType.TEXT", Opcode.TEXT, None, ""]
    log = FrameLog.from_frames([(1, "in", "x", code) for code in codes])
    assert set(log.df["opcode"]) == {"text"}
    with pytest.raises(ValueError, match="opcode 'noise'"):
        FrameLog.from_frames(
            pd.DataFrame({"ts": [1], "dir": ["in"], "raw": ["x"], "op": ["noise"]}), opcode="op"
        )


@pytest.mark.parametrize("name", ["opcode", "Opcode_Name", "frame_type"])
def test_a_column_of_opcodes_with_another_word_is_refused(name: str) -> None:
    """One word that is none makes no text of a ping; hexadecimal numbers and names of enums are known."""
    df = pd.DataFrame({"ts": [1, 2], "dir": "in", "msg": ["x", "y"], name: ["OpCode.PING", "0xA"]})
    assert FrameLog.from_frames(df).df["opcode"].tolist() == ["ping", "pong"]
    for word in ("closing", "0x10", 1.5):
        with pytest.raises(ValueError, match=f"opcode '?{word}'? in column '{name}'.*names such as text"):
            FrameLog.from_frames(df.assign(**{name: ["ping", word]}))


def test_a_status_of_a_former_version_is_known() -> None:
    """A table of that time says dropped of a frame that never left: it is not taken for one that was sent."""
    df = pd.DataFrame({"ts": [1, 2], "dir": "out", "msg": ["x", "y"], "status": ["ok", "dropped"]})
    assert FrameLog.from_frames(df).df["status"].tolist() == ["ok", "unsent"]


def test_bytes_written_as_text_need_their_encoding() -> None:
    """A HAR has base64 for binary messages; without a word about it nothing is guessed."""
    rows = [
        {"time": 1, "type": "send", "opcode": 2, "data": base64.b64encode(b"\x00\xff").decode()},
        {"time": 2, "type": "receive", "opcode": 1, "data": "AAAA"},
    ]
    with pytest.raises(ValueError, match="row 0.*encoding='base64'"):
        FrameLog.from_frames(rows)
    assert facts(FrameLog.from_frames(rows, encoding="base64")) == [
        ("out", "binary", b"\x00\xff"),
        ("in", "text", b"AAAA"),
    ]
    assert facts(FrameLog.from_frames([(1, "in", "00ff")], encoding="hex")) == [("in", "binary", b"\x00\xff")]
    with pytest.raises(ValueError, match="row 0"):
        FrameLog.from_frames([(1, "in", "no hex")], encoding="hex")
    with pytest.raises(ValueError, match="encoding is 'base32', not one of 'base64'"):
        FrameLog.from_frames([(1, "in", "x")], encoding="base32")


def test_fragments_are_joined() -> None:
    """With a column fin a message continues, on each connection and direction by itself."""
    df = pd.DataFrame(
        {
            "time": range(6),
            "direction": ["in", "in", "out", "in", "in", "in"],
            "payload": [b"gr\xc3", b"?", "x", b"\xbcn", b"y", b"\x00"],
            "opcode": ["text", "ping", "text", "continuation", "binary", "continuation"],
            "fin": [False, True, True, True, False, True],
        }
    )
    log = FrameLog.from_frames(df)
    assert log.df["message"].tolist() == [0, pd.NA, 2, 0, 4, 4]
    assert log.df["text"].isna().tolist() == [True, True, False, True, True, True]
    assert log.df.ws.messages()["text"].tolist()[0] == "grün"


@pytest.mark.parametrize(
    "fins",
    [[0, 1, 1], [0.0, 1.0, None], ["0", "1", "1"], ["False", "True", ""], ["false", "TRUE", None]],
    ids=str,
)
def test_fin_is_read_in_every_form(fins: list[Any]) -> None:
    """Numbers and texts, as files have them; where it is missing a frame ends its message."""
    df = pd.DataFrame({"ts": [1, 2, 3], "dir": "in", "msg": ["hel", "lo", "x"], "fin": fins})
    df["opcode"] = ["text", "continuation", "text"]
    assert FrameLog.from_frames(df).df.ws.messages()["text"].tolist() == ["hello", "x"]


def test_fin_that_is_neither_is_refused() -> None:
    """A column of this name is nothing else, and is not passed over."""
    for fin in ("no", 2, [1]):
        df = pd.DataFrame({"ts": [1], "dir": ["in"], "msg": ["x"], "fin": pd.Series([fin], dtype=object)})
        with pytest.raises(ValueError, match=r"fin .* in column 'fin'.*True and False are wanted"):
            FrameLog.from_frames(df)


def test_sessions_are_connections() -> None:
    """A column of sessions, or one that is named: each value is a connection."""
    df = pd.DataFrame({"ts": [3, 1, 2], "direction": "in", "msg": ["c", "a", "b"], "symbol": ["B", "A", "B"]})
    log = FrameLog.from_frames(df, session="symbol")
    assert [connection.session for connection in log.connections] == ["A", "B"]
    assert [connection.opened_ns for connection in log.connections] == [10**9, 2 * 10**9]
    assert log.df["session"].tolist() == ["A", "B", "B"]
    assert FrameLog.from_frames(df.rename(columns={"symbol": "session"})).df["session"].tolist() == [
        "A",
        "B",
        "B",
    ]


def test_connections_are_kept_apart(tmp_path: Path) -> None:
    """Recordings of ours that were merged, also by way of files: a connection of each, so that replies find their requests."""
    logs = [
        FrameLog.from_frames([(SECOND, "out", '{"id":1}'), (SECOND + 1 + k, "in", f'{{"id":1,"r":{k}}}')])
        for k in range(2)
    ]
    df = pd.concat([log.df for log in logs]).sort_values("time").reset_index()
    df.to_csv(tmp_path / "x.csv")
    df.to_parquet(tmp_path / "x.parquet")
    texts = pd.read_csv(tmp_path / "x.csv", dtype=str, keep_default_na=False)
    for frames in (df, df.drop(columns="session"), texts, pd.read_parquet(tmp_path / "x.parquet")):
        log = FrameLog.from_frames(frames)
        assert log.df["connection"].tolist() == [0, 1, 0, 1]
        assert len(set(log.df["recording"])) == 1 and len(log.connections) == 2


def test_rows_of_ours_keep_the_order_of_record() -> None:
    """Though times in it go back, as where a captured segment was sent again; also from a table that was sorted by time."""
    log = FrameLog()
    number = log.register(Connection("a"))
    for head, payload, time_ns in ((0x01, b"hel", 4), (0x80, b"lo", 2)):
        batch = Batch()
        batch.add(head, payload, Flag.TEXT | (Flag.CONTINUES if head == 0x80 else 0))
        log.append(batch, number, "in", time_ns, time_ns)
    other = FrameLog.from_frames([(3e-9, "in", "3"), (5e-9, "in", "5")], unit="s").df
    for df in (log.df, log.df.sort_values("time"), log.df.sort_values("time").reset_index()):
        assert FrameLog.from_frames(df).df["text"].tolist() == ["hel", "lo"]
    merged = FrameLog.from_frames(pd.concat([log.df, other]).sort_values("time"))
    assert merged.df["text"].tolist() == ["3", "hel", "lo", "5"]


@pytest.mark.parametrize("options", [{}, {"dtype": str, "keep_default_na": False}])
@pytest.mark.parametrize("index", [{}, {"index_col": "seq"}])
def test_a_csv_of_ours_keeps_the_order_of_record(
    make_log: Callable[..., FrameLog], options: dict[str, Any], index: dict[str, Any]
) -> None:
    """By seq, also where all of it was read as text; a reason that is empty there is none."""
    df = make_log().df
    csv = io.StringIO(df.sort_values("seq", ascending=False).to_csv())
    log = FrameLog.from_frames(pd.read_csv(csv, **options, **index)).df
    for name in ("direction", "opcode", "payload", "status"):
        assert log[name].tolist() == df[name].tolist(), name
    assert log["detail"].isna().tolist() == df["detail"].isna().tolist()


@pytest.mark.parametrize("of", ["all", "text", "base64"])
def test_lines_of_a_jsonl_of_ours(make_log: Callable[..., FrameLog], tmp_path: Path, of: str) -> None:
    """As tail and grep cut them out of the file, read as the error of load() says, and by seq."""
    log = make_log()
    lines = log.save(tmp_path / "x.jsonl").read_text().splitlines()[1:]
    wanted = log.df[log.df["text"].notna()] if of == "text" else log.df
    if of == "base64":
        wanted = wanted[wanted["text"].isna()]
    chosen = [line for line in reversed(lines) if of == "all" or f'"{of}":' in line]
    path = tmp_path / "cut.jsonl"
    path.write_text("\n".join(chosen))
    with pytest.raises(
        FileError, match=r"FrameLog.from_frames\(pandas.read_json\(path, lines=True, dtype=False\)\)"
    ):
        wsnotebook.load(path)
    cut = FrameLog.from_frames(pd.read_json(path, lines=True, dtype=False)).df
    for name in ("time", "direction", "opcode", "payload", "status"):
        assert cut[name].tolist() == wanted[name].tolist(), name
    path.write_text("\n".join(chosen).replace('"base64":"', '"base64":"!'))
    if of != "text":
        with pytest.raises(ValueError, match="base64 as"):
            FrameLog.from_frames(pd.read_json(path, lines=True, dtype=False))


@pytest.mark.parametrize("name", ["connection_id", "Conn", "session_id"])
def test_a_number_of_the_connection_is_found(name: str) -> None:
    """Beside a session too; but not where only some rows have it, as a key that some messages have."""
    df = pd.DataFrame({"ts": [1, 2, 3], "dir": "in", "msg": ["a", "b", "c"], name: [7, 8, 7]})
    log = FrameLog.from_frames(df)
    assert log.df["session"].tolist() == ["7", "8", "7"]
    log = FrameLog.from_frames(df.assign(symbol="A"), session="symbol")
    assert log.df["connection"].tolist() == [0, 1, 0] and set(log.df["session"]) == {"A"}
    for some in ([7, None, 7], ["7", "", "7"]):
        assert set(FrameLog.from_frames(df.assign(**{name: some})).df["connection"]) == {0}


def test_equal_frames_of_two_connections_are_no_copies() -> None:
    """Two clients of one feed, one table after the other."""
    one = pd.DataFrame({"ts": [1, 2, 3], "dir": "in", "msg": ["a", "b", "c"], "conn": 1})
    both = pd.concat([one, one.assign(conn=2)], ignore_index=True)
    assert len(FrameLog.from_frames(both)) == 6
    with pytest.raises(ValueError, match="there twice"):
        FrameLog.from_frames(both.assign(conn=1))


def test_values_of_json_are_written() -> None:
    """A JSONL whose messages are objects, not texts; an event says that the spaces are not known."""
    log = FrameLog.from_frames([{"ts": SECOND, "data": {"price": 1.5, "name": "grün"}}], direction="in")
    assert log.df["text"].tolist() == ['{"price":1.5,"name":"grün"}']
    assert "values of JSON" in log.events["detail"].str.cat()


@pytest.mark.parametrize("backend", ["numpy", "pyarrow", "none"])
def test_values_of_json_out_of_parquet(backend: str) -> None:
    """Arrays of NumPy within dicts, or by themselves, are lists; of Arrow a null among ints is one again."""
    data = {"a": [1, 2], "b": {"c": [[1.5, None], []], "d": ["x", None]}, "e": None}
    for value in (data, [1, 2], [["a"], []]):
        table = pa.Table.from_pylist([{"ts": SECOND, "event": value}, {"ts": SECOND + 1, "event": value}])
        types = {"numpy": None, "pyarrow": pd.ArrowDtype}
        frames = table if backend == "none" else table.to_pandas(types_mapper=types[backend])
        want = json.dumps(value, separators=(",", ":"))
        log = FrameLog.from_frames(frames, direction="in", payload="event")
        assert log.df["text"].tolist() == [want, want]
    ints = pa.table({"ts": [SECOND], "data": [[1, None]]})
    assert FrameLog.from_frames(ints, direction="in").df["text"].tolist() == ["[1,null]"]


def test_a_value_that_json_does_not_have_is_refused() -> None:
    """With its row and its type, instead of an error of json."""
    for value, kind in (({"at": datetime(2023, 1, 1)}, "datetime"), ([b"x"], "bytes")):
        with pytest.raises(ValueError, match=f"row 0.*no value of JSON: it has a {kind}.*write it as text"):
            FrameLog.from_frames([(SECOND, "in", value)])


def test_a_selection_of_ours_and_its_csv(make_log: Callable[..., FrameLog], tmp_path: Path) -> None:
    """Rows of log.df, as they are or from a CSV of pandas, give payloads, texts and messages back."""
    df = make_log().df
    path = tmp_path / "x.csv.gz"
    df.to_csv(path)
    whole = (df["status"] == "ok").to_numpy()
    parquet = pd.read_parquet(make_log().save(tmp_path / "x.parquet"))
    for frames in (df, pd.read_csv(path), pd.read_csv(path, keep_default_na=False), parquet):
        log = FrameLog.from_frames(frames).df
        for name in ("time", "direction", "session", "fin", "payload", "status"):
            assert log[name].tolist() == df[name].tolist(), name
        assert log["detail"].fillna("").tolist() == df["detail"].fillna("").tolist()
        assert log["text"][whole].equals(df["text"][whole])


def test_files_of_exchange_recorders(tmp_path: Path) -> None:
    """JSONL, CSV, Parquet and lines of a time and a text; packed with gzip or zstd."""
    texts = ['{"p":"0012"}', "0012", ""]
    times = [SECOND * 1000, SECOND * 1000 + 1, SECOND * 1000 + 2]
    jsonl = tmp_path / "feed.jsonl.gz"
    with gzip.open(jsonl, "wt") as file:
        file.writelines(json.dumps({"ts": t, "msg": m}) + "\n" for t, m in zip(times, texts, strict=True))
    df = pd.DataFrame({"timestamp": times, "local_timestamp": [t + 5 for t in times], "message": texts})
    df.to_csv(tmp_path / "feed.csv", index=False)
    df.to_parquet(tmp_path / "feed.parquet", compression="zstd")
    with pa.CompressedOutputStream(str(tmp_path / "feed.csv.zst"), "zstd") as packed:
        packed.write((tmp_path / "feed.csv").read_bytes())
    lines = [f"{t} {m}\n" for t, m in zip(times, texts, strict=True)]
    logs = [
        FrameLog.from_frames(pd.read_json(jsonl, lines=True, dtype=False), direction="in"),
        FrameLog.from_frames(
            pd.read_csv(pa.input_stream(tmp_path / "feed.csv.zst"), dtype=str, keep_default_na=False),
            time="timestamp",
            direction="in",
        ),
        FrameLog.from_frames(pd.read_parquet(tmp_path / "feed.parquet"), time="timestamp", direction="in"),
        FrameLog.from_frames(
            (time, "in", text) for time, text in (line.rstrip("\n").split(" ", 1) for line in lines)
        ),
    ]
    for log in logs:
        assert log.df["text"].tolist() == texts
        assert (log.df["time"].astype("int64") // 10**6).tolist() == times


ROWS = {"ts": [1], "dir": ["in"], "msg": ["x"]}


@pytest.mark.parametrize(
    ("frames", "named", "sentence"),
    [
        ({**ROWS, "timestamp": [1]}, {}, "which column has the time, 'ts', 'timestamp'.*time='ts'"),
        ({**ROWS, "raw": ["y"]}, {}, "which column has the payload, 'msg', 'raw'"),
        ({"ts": [1], "msg": ["x"]}, {}, "which column has the direction.*'ts', 'msg'.*direction='in'"),
        ({"when": [1], "dir": ["in"], "msg": ["x"]}, {}, "which column has the time.*'when', 'dir', 'msg'"),
        ({**ROWS, "dir": ["buy"]}, {}, "column 'dir' has 'buy' for direction.*map"),
        ({**ROWS, "msg": [12]}, {}, "column 'msg' has .*12.* for payload.*dtype=False"),
        (ROWS, {"payload": "raw"}, "no column 'raw' for payload.*'msg'"),
        (ROWS, {"direction": "inn"}, "no column 'inn' for direction"),
        ({**ROWS, "who": ["me"]}, {"direction": "who"}, "direction 'me' in column 'who'"),
        ({**ROWS, "msg": [None]}, {}, "row 0: the payload is .*leave out"),
        ({**ROWS, "msg": pd.Series(["x"], dtype="str").where([False])}, {}, "row 0: the payload is nan"),
        ({**ROWS, "dir": [None]}, {}, "column 'dir' has None for direction"),
        ({"ts": [1, 2], "dir": ["in", None], "msg": ["x", "y"]}, {}, "row 1 has no direction"),
        (ROWS, {"unit": "h"}, "unit is 'h', not one of 's'"),
        (ROWS, {"unit": "s", "time": "msg"}, "time"),
    ],
)
def test_a_table_that_is_not_clear_is_refused(
    frames: dict[str, Any], named: dict[str, str], sentence: str
) -> None:
    """The sentence names the columns and says what to do."""
    with pytest.raises(ValueError, match=sentence):
        FrameLog.from_frames(pd.DataFrame(frames), **named)


def test_columns_of_one_name_are_refused() -> None:
    """Neither is taken in silence; and a column without values is no direction."""
    df = pd.DataFrame([[1, "in", "a", "b"]], columns=["ts", "dir", "msg", "msg"])
    with pytest.raises(ValueError, match="two columns have one name: 'msg'"):
        FrameLog.from_frames(df)
    df = pd.DataFrame({**ROWS, "type": [None]})
    assert FrameLog.from_frames(df).df["direction"].tolist() == ["in"]


@pytest.mark.parametrize(
    "frames",
    ["x.jsonl", b"", 12, None, {"time": 1}, ["a line"], [(1, "in")], [(1, "in", "x", 1, 2)], [3]],
    ids=repr,
)
def test_other_types_are_refused(frames: Any) -> None:
    """A path, a line, a tuple of another length."""
    with pytest.raises(TypeError, match="is"):
        FrameLog.from_frames(frames)


def test_no_frames_are_an_empty_log() -> None:
    """An empty iterable, and an empty table."""
    assert len(FrameLog.from_frames([])) == 0
    assert len(FrameLog.from_frames(pd.DataFrame({"ts": [], "dir": [], "msg": []}))) == 0


def test_many_rows_are_several_segments() -> None:
    """Runs of a log are limited in rows and in bytes."""
    count = 70_000
    df = pd.DataFrame({"ts": np.arange(count), "dir": "in", "msg": "x"})
    log = FrameLog.from_frames(df)
    assert log.df["time"].is_monotonic_increasing and len(log) == count
    big = FrameLog.from_frames([(place, "in", bytes(3 << 20)) for place in range(5)])
    assert [len(rows) for rows in big.rows(0, 5)] == [2, 2, 1]
