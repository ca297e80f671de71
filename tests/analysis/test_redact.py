"""Redaction of frames: no secret is left in a column, a handshake or a file, and all the rest is as it was."""

from __future__ import annotations

import json
import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wsnotebook
from wsnotebook.redaction import MARK, Rule, redacted
from wsnotebook.wire.frames import CloseReason, Frame, Opcode

SECRET = "hunter2-hunter2"
BODY = json.dumps({"user": "me", "password": SECRET, "n": 1}).encode()


def everything(df: pd.DataFrame) -> str:
    """Return all values of a DataFrame and its attrs as one text."""
    cells = [str(value) for name in df.columns for value in df[name].tolist()]
    return "\n".join(cells) + str(dict(df.attrs))


@pytest.fixture
def told(talk: Any) -> Any:
    """A conversation whose secret is in every place that can have one."""
    talk.receive(1, (0x81, BODY), (0x82, BODY), (0x89, f"token={SECRET}".encode()))
    talk.receive(2, (0x01, BODY[:30]), (0x80, BODY[30:]), (0x81, b"plain"))
    talk.receive_compressed(3, BODY, b"\x01" * 9)
    talk.send(4, Frame.close(CloseReason(1000, f"token={SECRET}")))
    talk.log.connections[0] = talk.log.connections[0]._replace(
        url=f"ws://h/?token={SECRET}",
        request=f"GET /?token={SECRET} HTTP/1.1\r\nHost: h\r\nCookie: a={SECRET}\r\n\r\n".encode(),
        response=f"HTTP/1.1 101 OK\r\nX-Session: {SECRET}\r\n\r\n".encode(),
        has_secrets=True,
    )
    return talk


def test_no_secret_is_left_anywhere(told: Any) -> None:
    """In payloads, texts, fragments, control frames, handshakes, and columns that somebody added."""
    df = told.log.df
    df["read"] = [
        json.loads(text) if str(text)[:1] == "{" and len(text) == len(BODY) else None for text in df["text"]
    ]
    df["copy"] = df["text"]
    before = df.copy()
    frames, audit = df.ws.redact()
    assert SECRET in everything(df) and SECRET not in everything(frames) + everything(audit)
    pd.testing.assert_frame_equal(df, before)
    assert set(audit["column"]) == {"payload", "read", "copy"} and set(audit["mark"]) == {redacted(SECRET)}
    assert frames.attrs["wsnotebook"]["connections"][0]["has_secrets"] is False
    whole = json.loads(frames["text"].iloc[0])
    assert whole == {"user": "me", "password": redacted(SECRET), "n": 1} and frames["read"].iloc[0] == whole


@pytest.mark.long
def test_no_cut_hides_a_secret(elsewhere: Any) -> None:
    """Whatever the fragments, the type of the message, and the place of the secret in it."""

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(["password", "access_token", "x"]))
        secret = SECRET if key != "x" else "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "c" * 20
        value = data.draw(st.recursive(st.text() | st.integers(), st.lists, max_leaves=5))
        body = json.dumps({"a": value, key: secret, "b": [{"é": value}]}, ensure_ascii=False).encode()
        cuts = sorted(data.draw(st.sets(st.integers(1, len(body) - 1), max_size=4)))
        parts = [body[start:stop] for start, stop in pairwise([0, *cuts, len(body)])]
        opcode, last = data.draw(st.sampled_from([1, 2])), len(parts) - 1
        talk = elsewhere()
        for at, part in enumerate(parts):
            for start in range(0, len(part), 100):
                head = opcode if at + start == 0 else 0
                is_end = at == last and start + 100 >= len(part)
                talk.receive(at, (head | 0x80 * is_end, part[start : start + 100]))
        df = talk.log.df
        frames, audit = df.ws.redact()
        assert len(df.ws.messages()) == len(frames.ws.messages()) == 1 and f"$.{key}" in set(audit["where"])
        whole = b"".join(frames["payload"])
        assert json.loads(whole)[key] == redacted(secret)

    check()


def test_the_columns_agree_with_each_other(told: Any) -> None:
    """Lengths are those of the new payloads, messages stay messages, a compressed one is none any more."""
    frames = told.log.df.ws.redact().frames
    assert frames["length"].tolist() == [len(payload) for payload in frames["payload"]]
    assert frames["wire_length"].tolist() == frames["length"].tolist() and not frames["rsv1"].any()
    again = frames.ws.to_log().df
    for name in (
        "payload",
        "text",
        "length",
        "wire_length",
        "frame_length",
        "message",
        "close_code",
        "close_reason",
    ):
        assert again[name].astype(object).tolist() == frames[name].astype(object).tolist()
    joined = frames.ws.messages()
    assert joined["text"].dropna().map(MARK.search).map(bool).tolist() == [True, True, False, True]
    assert frames["close_reason"].iloc[-1] == f"token={redacted(SECRET)}"
    assert frames.dtypes.astype(str).tolist() == told.log.df.dtypes.astype(str).tolist()


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng"])
def test_no_file_has_the_secret(told: Any, tmp_path: Path, suffix: str) -> None:
    """Also where the recording was made with its secrets; without redact they are there."""
    path = told.log.save(tmp_path / f"x{suffix}", redact=True)
    assert SECRET not in everything(wsnotebook.load(path).df) and SECRET.encode() not in path.read_bytes()
    assert SECRET in everything(wsnotebook.load(told.log.save(tmp_path / f"y{suffix}")).df)


def test_further_rules_and_exceptions(talk: Any) -> None:
    """Paths and patterns of messages; names of headers; a field that is no secret."""
    talk.receive(1, (0x81, b'{"token":"USDT","user":{"email":"a@b"},"n":"4111111111111111"}'))
    talk.log.connections[0] = talk.log.connections[0]._replace(
        request=b"GET / HTTP/1.1\r\nOrigin: http://me\r\n\r\n"
    )
    rules = [
        "$.user.email",
        re.compile(r"\b\d{16}\b"),
        Rule("field", "token"),
        Rule("header", "Origin", False),
    ]
    frames, audit = talk.log.df.ws.redact(rules)
    text = MARK.sub("*", frames["text"].iloc[0])
    assert text == '{"token":"USDT","user":{"email":"*"},"n":"*"}'
    assert (
        MARK.sub("*", frames.attrs["wsnotebook"]["connections"][0]["request"]).splitlines()[1] == "Origin: *"
    )
    assert audit[["column", "where"]].values.tolist() == [
        ["payload", "$.user.email"], ["payload", "$.n"], ["request", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_of_a_head_ends_with_cr_or_lf_only(told: Any, end: str) -> None:
    """Bytes of UTF-8 that a str takes for line ends leave no part of a header behind."""
    head = f"GET / HTTP/1.1{end}Cookie: a=хà; s={SECRET}{end}User-Agent: хà{end}{end}".encode()
    told.log.connections[0] = told.log.connections[0]._replace(request=head)
    frames, _ = told.log.df.ws.redact()
    assert SECRET not in everything(frames)
    _, _, name, *_ = frames.attrs["wsnotebook"]["connections"][0]["request"].split("\r\n")
    assert name.encode("latin-1").decode() == "User-Agent: хà"


def test_what_no_rule_looks_into_is_counted(talk: Any) -> None:
    """A binary message stays as it is."""
    talk.receive(1, (0x82, b"\xff\x00\x01"), (0x81, b"text"))
    frames, audit = talk.log.df.ws.redact()
    assert audit.attrs["opaque"] == {"messages": 1, "bytes": 3} and len(audit) == 0
    assert frames["payload"].tolist() == [b"\xff\x00\x01", b"text"]


def test_a_control_frame_stays_one(talk: Any) -> None:
    """A mark is longer than a short secret: the payload is cut to 125 bytes, between characters."""
    talk.receive(1, (0x89, b"token=abc " + "é".encode() * 55), (0x88, b"\x03\xe8token=abc " + b"x" * 110))
    frames = talk.log.df.ws.redact().frames
    assert frames["length"].max() <= 125 and not frames["text"].notna().any()
    assert frames["close_code"].tolist()[1] == 1000 and len(frames.ws.to_log()) == 2


def test_it_needs_frames(talk: Any) -> None:
    """Of any selection with payloads."""
    talk.receive(1, (0x81, BODY))
    with pytest.raises(AttributeError, match="payload"):
        talk.log.df.drop(columns="payload").ws.redact()
    few = talk.log.df[["session", "direction", "opcode", "payload"]]
    assert SECRET not in everything(few.ws.redact().frames)


ORDERS: dict[str, Any] = {
    "newest first": lambda df: df[::-1],
    "sorted by length": lambda df: df.sort_values("length"),
    "sampled": lambda df: df.sample(frac=1, random_state=3),
    "two after each other": lambda df: pd.concat([df[1::2], df[::2]]),
}


@pytest.mark.parametrize("without", [[], ["message"], ["message", "fin"], ["recording", "connection"]])
@pytest.mark.parametrize("order", ORDERS)
def test_fragments_are_joined_in_the_order_of_record(talk: Any, order: str, without: list[str]) -> None:
    """Wherever their rows are, and also where only the opcodes tell the messages."""
    talk.receive(1, (0x01, BODY[:8]), (0x00, BODY[8:35]), (0x89, b"?"), (0x80, BODY[35:]), (0x81, b"plain"))
    talk.send(2, Frame.text(BODY[:25].decode(), fin=False), Frame(Opcode.CONTINUATION, BODY[25:]))
    df = ORDERS[order](talk.log.df.drop(columns=without))
    frames, audit = df.ws.redact()
    data = frames[frames["opcode"].ne("ping")].sort_index()
    new = BODY.replace(SECRET.encode(), redacted(SECRET).encode())
    for direction, expected in (("in", new + b"plain"), ("out", new)):
        assert b"".join(data["payload"][data["direction"].eq(direction)]) == expected
    assert len(audit) == 2 and frames.index.tolist() == df.index.tolist()


@pytest.mark.parametrize("without", [[], ["message"]])
@pytest.mark.parametrize(
    "parts",
    [
        [(1, b'{"pass', False), (0, b'word":"hunter2"}', True)],
        [(1, b'{"pass', True), (0, b'word":"hunter2"}', False)],
        [(1, b'{"pass', True), (0, b'word":"hunter2"}', True)],
        [
            (1, b'{"pa', False),
            (0, b"ss", True),
            (9, b"", False),
            (0, b'word":"hun', False),
            (0, b'ter2"}', True),
        ],
        [(1, b'{"password":"', False), (0, b'x",', True), (0, b'hunter2"}', False)],
        [(1, b"a", False), (1, b'{"pass', True), (0, b"b", False), (0, b'word":"hunter2"}', True)],
    ],
)
def test_a_secret_is_found_where_fragments_were_never_sent(
    elsewhere: Any, parts: list[tuple[int, bytes, bool]], without: list[str]
) -> None:
    """In what was queued, in what of it was sent, and in what was not."""
    talk = elsewhere()
    for opcode, part, is_unsent in parts:
        fin = opcode == Opcode.PING or part.endswith(b"}")
        talk.send(1, Frame(opcode, part, fin), dropped=is_unsent)
    frames, audit = talk.log.df.drop(columns=without).ws.redact()
    sent = frames["status"].eq("ok")
    for some in (frames, frames[sent], frames[~sent]):
        assert b"hunter2" not in b"".join(some["payload"])
    assert len(audit) >= 1 and audit.attrs["opaque"]["messages"] == 0
    assert frames["status"].tolist() == talk.log.df["status"].tolist()


def test_a_fragment_that_waited_when_the_session_ended_is_not_saved_with_its_secret(
    talk: Any, tmp_path: Path
) -> None:
    """It has no number of a message, as it never was in one."""
    talk.send(1, Frame.text('{"pass', fin=False))
    talk.send(1, Frame(Opcode.CONTINUATION, b'word":"hunter2"}'), dropped=True)
    df = talk.log.df.assign(message=pd.array([0, None], "Int64"))
    assert b"hunter2" not in b"".join(df.ws.redact().frames["payload"])
    path = df.ws.redact().frames.ws.save(tmp_path / "x.jsonl")
    assert b"hunter2" not in b"".join(wsnotebook.load(path).df["payload"])


@pytest.mark.parametrize("without", [[], ["message"]])
def test_fragments_of_a_lost_order_are_refused(talk: Any, without: list[str]) -> None:
    """Nobody could say what they were joined; in the order of record no seq is needed."""
    talk.receive(1, (0x01, BODY[:30]), (0x80, BODY[30:]))
    df = talk.log.df.drop(columns=without)
    with pytest.raises(ValueError, match="order of record is lost.*sort without ignore_index"):
        df[::-1].reset_index(drop=True).ws.redact()
    assert len(df.reset_index(drop=True).ws.redact().audit) == 1


def test_a_text_that_parquet_has_once_is_redacted(talk: Any, tmp_path: Path) -> None:
    """pandas reads no payload there, as it is the text of its row."""
    talk.receive(1, (0x81, BODY))
    df = pd.read_parquet(talk.log.save(tmp_path / "x.parquet"))
    assert df["payload"].isna().all()
    frames, audit = df.ws.redact()
    assert SECRET not in everything(frames) and len(audit) == 1 and len(frames.ws.to_log()) == 1


def test_a_text_cut_inside_a_character_is_redacted(talk: Any) -> None:
    """A capture ends where it ends; what is no text is still left as it is, and counted."""
    talk.receive(1, (0x01, BODY[:-1] + ', "city": "Zürich'.encode()[:-5]), (0x81, b"\xff\x00"))
    frames, audit = talk.log.df.ws.redact()
    assert len(audit) == 1 and frames["payload"].iloc[0].endswith(b'"city": "Z\xc3')
    assert audit.attrs["opaque"] == {"messages": 1, "bytes": 2}


NUMBERED = {"password": SECRET, "at": pd.Timestamp(0), "n": float("nan"), "raw": BODY, "parts": (BODY, 1)}
OF_ARROW = pa.struct([("password", pa.string()), ("at", pa.timestamp("us")), ("n", pa.list_(pa.binary()))])
COPIES: dict[str, Any] = {
    "category": lambda df: df["text"].astype(str).astype("category"),
    "category that no row has": lambda df: pd.Categorical(
        ["a"] * len(df), ["a", BODY.decode()], ordered=True
    ),
    "bytes of Arrow": lambda df: df["payload"],
    "bytearray": lambda df: [bytearray(each) for each in df["payload"]],
    "dict": lambda df: [NUMBERED] * len(df),
    "array": lambda df: pd.Series([np.array([BODY.decode()], object)] * len(df), df.index),
    "struct of Arrow": lambda df: pd.array(
        [{"password": SECRET, "at": datetime(2026, 1, 1), "n": [BODY]}] * len(df), pd.ArrowDtype(OF_ARROW)
    ),
    "list of Arrow": lambda df: pd.array([[BODY.decode()]] * len(df), pd.ArrowDtype(pa.list_(pa.string()))),
    "dictionary of Arrow": lambda df: pd.array(
        [BODY.decode()] * len(df), pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    ),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_column_of_any_kind_has_no_secret(talk: Any, kind: str) -> None:
    """And keeps its dtype, and the values that are none."""
    talk.receive(1, (0x81, BODY), (0x81, BODY), (0x81, b"plain"))
    df = talk.log.df
    df["copy"] = COPIES[kind](df)
    frames = df.ws.redact().frames
    dtype = frames["copy"].dtype
    assert SECRET not in everything(frames) + str(getattr(dtype, "categories", ""))
    assert dtype == df["copy"].dtype or (dtype.kind, dtype.ordered) == ("O", df["copy"].dtype.ordered)
    if kind == "dict":
        mine = frames["copy"].iloc[0]
        assert mine["at"] == pd.Timestamp(0) and pd.isna(mine["n"]) and json.loads(mine["parts"][0])["n"] == 1
        assert redacted(SECRET).encode() in mine["raw"]


def test_a_copy_of_a_fragment_has_no_part_of_a_secret(talk: Any) -> None:
    """It is replaced as the fragment is."""
    talk.receive(1, (0x01, BODY[:33]), (0x80, BODY[33:]))
    df = talk.log.df
    frames = df.assign(copy=df["text"], of_bytes=df["payload"]).ws.redact().frames
    assert frames["copy"].tolist() == frames["text"].tolist()
    assert frames["of_bytes"].tolist() == frames["payload"].tolist() != df["payload"].tolist()


def test_a_text_beside_an_edited_payload_is_redacted(talk: Any) -> None:
    """It does not follow from the payload any more."""
    talk.receive(1, (0x81, BODY), (0x88, b"\x03\xe8token=" + SECRET.encode()))
    df = talk.log.df
    df["payload"] = pd.array([b"{}", b"\x03\xe8"], df["payload"].dtype)
    frames, audit = df.ws.redact()
    assert SECRET not in everything(frames) and sorted(audit["column"]) == ["close_reason", "text"]
