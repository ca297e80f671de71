"""The filter language: what each term means, for the rows of a log and, by the line of pandas, for its DataFrame."""

from __future__ import annotations

import re
from typing import Any

import pytest

import wsnotebook.filtering
from wsnotebook.filtering import LANGUAGE, parse_filter, payload_test, sessions_of, with_sessions
from wsnotebook.filtering.words import WORDS
from wsnotebook.log.restore import NO_TIME
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame

HOUR = 3600


@pytest.fixture
def talk(recorded: Any) -> Any:
    """Frames of each kind, at different times of a day and of the next."""
    record = recorded.record
    record(Frame.text('{"price": 100.5, "side": "buy", "tags": ["x", "y"]}'), at=10 * HOUR)  # 0
    record(Frame.text('{"price": "99", "side": "sell", "id": 7}'), at=10 * HOUR + 59.5)  # 1
    record(Frame.text("Hello  World, acme"), sent=True, at=10 * HOUR + 60)  # 2
    record(Frame.ping(b"hello"), at=10 * HOUR + 300, connection=1)  # 3
    record(Frame.pong(b"hello"), sent=True, at=10 * HOUR + 300.5, connection=1)  # 4
    record(Frame.binary(b"\x00ACME\xff" + bytes(200)), at=23 * HOUR + 3599)  # 5
    record(Frame.text("café dir:in"), flags=Flag.VIOLATION, at=24 * HOUR + 1, connection=2)  # 6
    record(Frame.close(CloseReason(1000, "bye")), Frame.nonstandard(0xB, b""), at=34 * HOUR)  # 7, 8
    return recorded


TERMS = [
    ("", "012345678"),
    ("hello", "234"), ("Hello  World", "2"), ("hello world", ""), ('"dir:in"', "6"), ("acme", "25"), ("CAFÉ", ""), ("café", "6"),
    ("-hello", "015678"), ("hello -op:ping", "24"), ('-"hello"', "015678"), ("-", ""), ('{"price": 100', "0"), ('"price":', "01"),
    ("dir:in", "0135678"), ("dir:OUT", "24"), ("dir:in dir:out", "012345678"), ("dir:in hello", "3"), ("dir=out", "24"),
    ("op:ping", "3"), ("op:ping op:pong", "34"), ("op:ping,pong", "34"), ("-op:ping", "01245678"), ("op!=ping", "01245678"),
    ("-op:control", "01256"), ("op:control", "3478"), ("op:0xb", "8"), ("op:data op:pong", "012456"), ("-op:ping -op:pong", "0125678"),
    ("status:violation", "6"), ("-status:ok", "6"),
    ("size>100", "5"), ("size>=5 size<=6", "347"), ("size:5", "347"), ("size<1", "8"), ("size:0", "8"), ("size>0.1", None),
    ("size:0..5", "3478"), ("size:0..4 size:200..", "58"), ("-size:0..5", "01256"), ("size>0.2k", None), ("size<1k", "012345678"),
    ("seq:5", "5"), ("seq:5..6", "56"), ("seq>=7", "78"), ("seq:..1", "01"), ("seq:1 seq:3", "13"), ("seq:5,000", ""), ("-seq:5", "01234678"),
    ("seq:3,5", "35"), ("seq:3,5,3 seq:8", "358"), ("-seq:3,5", "0124678"), ("seq!=3,5", "0124678"), ("size:5,0", "3478"), ("size:0,1k", "8"),
    ("seq:0..1,000", "012345678"), ("seq<5,100", "012345678"), ("size:1234,567", ""), ("seq:3,", None), ("seq>3,5", None), ("seq:1,2..3", None),
    ("time:10:00", "0178"), ("time:10:00:59", "1"), ("time:10:00:59.5", "1"), ("time:10:00..10:05", "012378"), ("time:..10:01", "012678"),
    ("time:23:59..00:01", "56"), ("time:2026-02-01", "678"), ("time:2026-01-31T10:00..10:05", "0123"), ("time>2026-01-31T10:05", "45678"),
    ("time>=23:00", "5"), ("time<00:01", "6"), ("time:2026-01-31T23:00..2026-02-01T00:01", "56"),
    ("session:b", "34"), ("session:a", "0125678"), ("-session:a", "34"), ('session:"b"', "34"), ("session:c", ""),
    ("/pri[cs]e/", "01"), ("/HELLO/i", "234"), ("/HELLO/", ""), ("/^hello$/", "34"), ("-/e/", "568"), ("/acme\\xff/i", ""), ("/Hello  W/", "2"),
    ("/caf. dir/", "6"), ("/a\\/b/", ""),
    ("$.price>100", "0"), ("$.price<100", "1"), ("$.price>=99", "01"), ("$.price=99", "1"), ('$.price="99"', "1"), ('$.price="100.5"', ""),
    ("$.side:buy", "0"), ("$.side!=buy", "1"), ("$.side~BU", "0"), ("$.id", "1"), ("-$.id", "02345678"), ("$.tags[1]=y", "0"),
    ("$.tags[*]:x", "0"), ("$.tags.*:x", "0"), ("$.*:7", "1"), ("$.price", "01"), ('$["price"]>100', "0"), ("$.no.way", ""), ("$5", ""),
    ("$.id=true", ""), ("$.tags>1", ""),
    ("http://x", ""), ("a:b://", None),
]  # fmt: skip
"""A filter, and the rows that it means; None where it is refused."""


@pytest.mark.parametrize(("text", "rows"), TERMS)
def test_a_filter_means_the_same_rows_of_the_log_and_of_the_dataframe(
    talk: Any, text: str, rows: str | None
) -> None:
    """Its line of pandas, run as a person would, gives what log.filter() gives."""
    if rows is None:
        with pytest.raises(ValueError, match="."):
            parse_filter(text)
        return
    expected = [int(row) for row in rows]
    assert talk.log.filter(text).index.tolist() == expected
    names = {"df": talk.log.df, "re": re, "wsnotebook": wsnotebook}
    assert eval(parse_filter(text).line, names).index.tolist() == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("foo:bar", "no word 'foo'.* \"foo:bar\""),
        ("siz>100", "did you mean size"),
        ("direction:in", "did you mean dir"),
        ("length>5", "did you mean size"),
        ("text:hello", 'quotes around: "text:hello"'),
        ("dir:up", "takes in, out; not 'up'"),
        ("dir:", "takes in, out"),
        ("op:pin", "did you mean ping"),
        ("op>ping", "op takes no >"),
        ("status:bad", "ok, violation"),
        ("size:big", "whole number"),
        ("size:9..2", "smaller number first"),
        ("seq:100,200", "one number or several: write seq:100200 or seq:100 seq:200"),
        ("size:1,000,2", "one number or several"),
        ("$.price > 20", r'write \$\.price>20\. .* quotes around: "> 20"'),
        ("-$.price >20", r"write -\$\.price>20\."),
        ('dir:in $.side = "buy it" x', r'write \$\.side="buy it"\.'),
        ("$.name ~ x", r"write \$\.name~x\."),
        ("size > 5", 'write size>5. .* quotes around: "size > 5"'),
        ("hello SIZE >= 5k", "write SIZE>=5k"),
        ("-op : ping", 'write -op:ping. .* quotes around: "op : ping"'),
        ("length >", "write length>…"),
        ("time:25:00", "time of day"),
        ("time:noon", "time:10:00..10:05"),
        ("time:..", "time of day"),
        ("time:2026-02-31", "time of day"),
        ("/unclosed", 'ends with /: /unclosed/.*"/unclosed"'),
        ("/api/v1", 'quotes around: "/api/v1"'),
        ("/(/", "no regular expression"),
        ("/a/g", "flags i, m and s, not 'g'"),
        ('"half', "not closed"),
        ("$.price>", "lacks a value"),
        ("$..price", "is no path"),
        ("$.price>>1", r'>> is no comparison.*put quotes around: \$.price>">1"'),
        ("$.price=>1", "=> is no comparison"),
        ("$.name=~x", "=~ is no comparison"),
        ("$.a*b=1", r"is no path in JSON.*As text: \"\$\.a\*b=1\""),
        ("hello -size:x", "whole number"),
        ("$.symbol='AAPL'", r"""here: \$\.symbol="AAPL"\. For .* quotes: \$\.symbol="'AAPL'\""""),
        ("$.name~'two words'", r"double ones here: \$\.name~\"two words\""),
        ("-$.symbol='AAPL'", "double ones"),
        ("session:'a b'", 'double ones here: session:"a b"'),
        ("op!='ping'", "double ones"),
        ("'dir:in'", 'double ones here: "dir:in"'),
        ("dir:in 'hello world'", 'double ones here: "hello world"'),
        ("-'hello'", "double ones"),
        ("-'hello world'", 'double ones here: "hello world"'),
        ("'it's here'", """double ones here: "it's here\""""),
        ("'hello world' again", 'double ones here: "hello world"'),
    ],
)
def test_a_wrong_filter_is_refused_with_what_was_meant(text: str, sentence: str) -> None:
    """It is never taken for a text, where it would find nothing and not say so."""
    with pytest.raises(ValueError, match=sentence):
        parse_filter(text)


@pytest.mark.parametrize(
    "text", ["it's", "'tis the season", "rock 'n' roll", "say 'hi' to all", "\"'quoted'\""]
)
def test_a_single_quote_within_a_text_is_one(text: str, recorded: Any) -> None:
    """Only what begins with one and ends with one was meant as quoted."""
    recorded.record(Frame.text(text.strip('"')), Frame.text("another"))
    assert recorded.log.filter(text).index.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "payload"),
    [("a > b", "a > b"), ("$.a x", '{"a": "x"}'), ('$.a ">"', '{"a": ">"}'), ("size - 5", "size - 5"), ("dir:in = 5", "= 5")],
)  # fmt: skip
def test_an_operator_that_is_no_comparison_is_text(text: str, payload: str, recorded: Any) -> None:
    """Where nothing before it could be compared, and in quotes."""
    recorded.record(Frame.text(payload), Frame.text("another"))
    assert recorded.log.filter(text).index.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("time<2026-02-01", [0]), ("time<=2026-01-31", [0]), ("time>2020-01-01", [0]), ("time:2026-01-31", [0]),
        ("time:00:12..00:13", []), ("time<23:59", [0]), ("time:12:00..11:59", [0]), ("-time<2026-02-01", [1]),
    ],
)  # fmt: skip
def test_a_row_without_a_time_is_at_none(recorded: Any, text: str, seqs: list[int]) -> None:
    """It is before no moment, and at no time of day."""
    recorded.record(Frame.text("a"))
    batch = Batch()
    batch.add(0x81, b"b", Flag.TEXT)
    recorded.log.append(batch, 0, "in", NO_TIME, 5)
    df = recorded.log.df
    assert df["time"].isna().tolist() == [False, True]
    assert recorded.log.filter(text).index.tolist() == seqs
    assert eval(parse_filter(text).line, {"df": df}).index.tolist() == seqs


def test_a_line_of_pandas_is_readable() -> None:
    """Of the plain cases: what a person would write."""
    assert (
        parse_filter("dir:in -op:ping").line == 'df[(df["direction"] == "in") & (~(df["opcode"] == "ping"))]'
    )
    assert parse_filter("size>100").line == 'df[df["length"] >= 101]'
    assert parse_filter("").line == "df"


def test_a_number_is_compared_exactly(recorded: Any) -> None:
    """Also where a float could not tell two apart, and where it stands in a string."""
    recorded.record(
        *(
            Frame.text(f'{{"id": {n}}}')
            for n in ("9007199254740993", '"9007199254740993"', "9007199254740992")
        )
    )
    assert recorded.log.filter("$.id=9007199254740993").index.tolist() == [0, 1]


def test_a_key_is_found_however_it_is_written(recorded: Any) -> None:
    """JSON may write any letter as an escape; what is no JSON, or nested without end, is no match."""
    recorded.record(
        Frame.text('{"pr\\u0069ce": 1}'), Frame.text('{"price": 1'), Frame.text('{"price":' * 9999)
    )
    assert recorded.log.filter("$.price=1").index.tolist() == [0]


JSON_TERMS = (
    "$.price>100", "$.price!=100", "$.price=100", "$.price", '$.price="100"', "$.price~E", "$.price<=18446744073709551616", "$.price=true",
    "$.list[*]>1", "$.list[0]=1", "$[0]>0", "$.*=1", "$.a.price>=1",
)  # fmt: skip
JSON_PAYLOADS = (
    '{"price": 100}', '{"price": 101.5}', '{"price": "100"}', '{"price": "1e2"}', '{"price": true}', '{"price": null}', '{"price": [101]}',
    '{"pr\\u0069ce": 101}', '{"price": 18446744073709551617}', '{"price": 1, "price": 200}', '{"a": {"price": 101}}', '{"note": "\\"price\\": 101"}',
    '{"list": [1, 2]}', '[7, 8]', '{"x": 1}', '{"price": 101', '}', '[{"price": 101}', ']', '[1', '2]', '1, 2', '"price"', '', 'price', '{"price": NaN}', '{"price": 1e400}',
)  # fmt: skip


@pytest.mark.parametrize("text", JSON_TERMS)
def test_a_path_means_the_same_of_many_rows_as_of_each(recorded: Any, text: str) -> None:
    """Also of those that are JSON only together: a big integer, an escaped key, an equal key, a number in a string."""
    payloads = [each for place, each in enumerate(JSON_PAYLOADS * 60) if place % 7]
    recorded.record(*map(Frame.text, payloads))
    meets = payload_test(text)
    expected = [place for place, each in enumerate(payloads) if meets(each.encode())]
    assert expected and recorded.log.filter(text).index.tolist() == expected


def test_half_a_surrogate_pair_is_found_nowhere(recorded: Any) -> None:
    """A browser's text may have one, a text payload cannot."""
    recorded.record(Frame.text("x"))
    assert recorded.log.filter("\ud800").index.tolist() == []


def test_the_help_text_has_each_word() -> None:
    """And no line that is too long for a tooltip."""
    assert all(f"\n{word}:" in LANGUAGE for word in WORDS) and max(map(len, LANGUAGE.splitlines())) < 110


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        ("", ["client-1"], "session:client-1"),
        ("session:client-1", [], ""),
        ("op:text  session:client-1 dir:in", ["client-2"], "op:text session:client-2 dir:in"),
        ("hello world", ["a", "b"], "hello world session:a session:b"),
        ("session:a x session:b y", ["c"], "session:c x y"),
        ('-session:a session!=b "session:c"', ["d"], '-session:a session!=b "session:c" session:d'),
        ("SESSION=a", ["b"], "session:b"),
        ("", ['two words, "quoted" \\'], r'session:"two words, \"quoted\" \\"'),
        ("", [""], 'session:""'),
    ],
)
def test_the_sessions_of_a_filter_are_replaced_and_all_else_stays(
    before: str, names: list[str], after: str
) -> None:
    """What is made is read as the same names again."""
    assert with_sessions(before, names) == after
    assert sessions_of(after) == tuple(names)
    parse_filter(after)


@pytest.mark.parametrize("status", [Flag.TRUNCATED, Flag.VIOLATION])
def test_the_size_of_a_frame_that_was_cut_off_is_what_it_declares(recorded: Any, status: int) -> None:
    """As in the column length, which the line of pandas asks."""
    batch = Batch()
    batch.headers[batch.add(0x82, b"abcd", Flag.HEADER)] = b"\x82\x7e\x03\xe8"  # 1,000 bytes
    batch.mark(0, status, "the end")
    recorded.log.append(batch, 0, "in", 1, 1)
    df = recorded.log.df
    for text, seqs in (("size:1000", [0]), ("size<100", [])):
        assert recorded.log.filter(text).index.tolist() == seqs
        assert eval(parse_filter(text).line, {"df": df}).index.tolist() == seqs
