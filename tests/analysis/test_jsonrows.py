"""JSON texts as columns: dtypes, paths, names, and what a hostile peer sends."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

OWN = ["seq", "recording", "connection", "session", "attempt", "direction"]
"""The columns that are not of the JSON."""

TEXT = str(pd.Series([""]).dtype)
"""dtype that this pandas has for texts: str, and object before pandas 3."""


def counts(found: pd.DataFrame) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: count for name, count in found.attrs["json"].items() if count}


def texts(talk: Any, *values: Any) -> Any:
    """Record values as JSON texts, strings as they are; return the DataFrame."""
    for place, value in enumerate(values):
        data = (value if isinstance(value, str) else json.dumps(value)).encode()
        for start in range(0, len(data) or 1, 100):  # the feed writes short lengths only
            first, last = start == 0, start + 100 >= len(data)
            talk.receive(place, (first | last << 7, data[start : start + 100]))
    return talk.log.df


def test_keys_become_columns_of_their_dtype(talk: Any) -> None:
    """Complete columns are numpy's, incomplete ones say what is missing; nested values stay as they are."""
    df = texts(
        talk,
        {"n": 1, "f": 1, "s": "a", "b": True, "o": {"x": [1]}, "m": 1, "z": None},
        {"n": 2, "f": 0.5, "s": "b", "b": False, "o": [2], "m": "one", "z": None, "k": 9007199254740993},
    )
    found = df.ws.json()
    assert found.index.equals(found.index.sort_values()) and found.index.name == "time"
    assert list(found) == [*OWN, "n", "f", "s", "b", "o.x", "m", "z", "o", "k"]
    dtypes = {name: str(found[name].dtype) for name in "nfsbomzk"}
    assert dtypes == {
        "n": "int64",
        "f": "float64",
        "s": TEXT,
        "b": "bool",
        "o": "object",
        "m": "object",
        "z": "object",
        "k": "Int64",
    }
    assert found["o.x"].tolist() == [[1], None] and found["o"].tolist() == [None, [2]]
    assert found["m"].tolist() == [1, "one"]
    assert found["k"].iloc[1] == 9007199254740993 and found["k"].isna().tolist() == [True, False]
    assert found["seq"].tolist() == df.index[df["opcode"] == "text"].tolist()


def test_what_is_no_object_is_counted(talk: Any) -> None:
    """Every text is a row or in one of the counts."""
    df = texts(talk, {"a": 1}, "no json", [1, {"a": 2}], 5, "", {"b": 1}, '{"a": 3} {}')
    found = df.ws.json()
    assert found["a"].tolist()[:2] == [1, 2] and len(found) == 3
    assert counts(found) == {"messages": 7, "rows": 3, "not_json": 3, "not_object": 2}


def test_a_path_leads_to_the_objects(talk: Any) -> None:
    """Dotted or as a list; an array gives a row for each element, all of the same frame."""
    df = texts(
        talk, {"data": {"trades": [{"p": 1}, {"p": 2}, 3]}}, {"data": {}}, {"data": {"trades": {"p": 4}}}, []
    )
    found = df.ws.json("data.trades")
    assert found["p"].tolist() == [1, 2, 4] and found["seq"].tolist() == [0, 0, 2]
    assert counts(found) == {"messages": 4, "rows": 3, "no_path": 2, "not_object": 1}
    assert texts(talk, {"a.b": {"c": 7}}).ws.json(["a.b"])["c"].tolist() == [7]


def test_fragments_are_joined_first(talk: Any) -> None:
    """A text in several frames is one row; its seq is that of its first frame."""
    talk.receive(0, (0x89, b""), (0x01, b'{"a"'), (0x00, b":"), (0x80, b" 1}"))
    found = talk.log.df.ws.json()
    assert found["a"].tolist() == [1] and found["seq"].tolist() == [1]


def test_keys_that_are_our_own_names_get_another(talk: Any) -> None:
    """time, seq, session and direction are the frame's; the object's come as json_…, and those are not lost either."""
    found = texts(talk, {"seq": 7, "time": 8, "json_seq": 9, "direction": "up"}).ws.json()
    (row,) = found.to_dict("records")
    assert {name: row[name] for name in row if name == "seq" or name not in OWN} | {"direction": "in"} == {
        "seq": 0, "direction": "in", "json_seq": 7, "json_time": 8, "json_json_seq": 9, "json_direction": "up",
    }  # fmt: skip
    assert len(found.reset_index().query("json_time == 8")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[" * 40_000,
        '{"a":' * 20_000,
        "1" * 5000,
        '"\\ud800',
        '{"a": 1,}',
        "{} {}",
        "]",
        "[1",
        "1,2",
        ",",
    ],
    ids=lambda text: text[:9],
)
def test_texts_that_are_no_json_break_nothing(talk: Any, text: str) -> None:
    """Deep, huge, cut or trailing: counted, and the neighbours are rows."""
    found = texts(talk, {"a": 1}, text, {"a": 2}).ws.json()
    assert found["a"].tolist() == [1, 2]
    assert counts(found) == {"messages": 3, "rows": 2, "not_json": 1}


def test_texts_cannot_join_hands(talk: Any) -> None:
    """What is JSON only together with its neighbours is not JSON, also where the number of values comes out right."""
    found = texts(talk, '{"a": [1', "2]}", '{"b": 1}, {"c": 1}, {"e": 1}', '{"d": 1}').ws.json()
    assert list(found)[len(OWN) :] == ["d"] and found.attrs["json"]["not_json"] == 3


def test_numbers_that_no_column_holds_are_not_rounded(talk: Any) -> None:
    """Integers over 64 bits, and identifiers beside fractions, stay exact."""
    found = texts(talk, '{"i": 36893488147419103232, "x": 9007199254740993}', '{"x": 0.5}').ws.json()
    assert found["i"].iloc[0] == 2**65 and found["x"].tolist() == [9007199254740993, 0.5]


def test_half_of_a_surrogate_pair_is_shown_as_an_escape(talk: Any) -> None:
    """In a key, a text column and a mixed one: Arrow, files and screens would refuse it."""
    df = texts(talk, r'{"\ud800": 1, "s": "\ud800", "m": "\udfff"}', '{"s": "é", "m": 1}')
    found = df.ws.json()
    assert list(found)[len(OWN) :] == [r"\ud800", "s", "m"]
    assert found["s"].tolist() == [r"\ud800", "é"] and found["m"].tolist() == [r"\udfff", 1]


def test_arrays_of_equal_length_stay_arrays(talk: Any) -> None:
    """An order book's pairs are values of one column, not a table."""
    found = texts(talk, {"bid": [100.0, 5]}, {"bid": [100.5, 7]}).ws.json()
    assert found["bid"].tolist() == [[100.0, 5], [100.5, 7]]


@pytest.mark.long
def test_objects_that_share_no_key_do_not_fill_the_memory(talk: Any) -> None:
    """4,000 objects of a key of their own would be 16 million cells for 4,000 values: most are in the column rest."""
    df = texts(talk, "[" + ",".join(f'{{"k{number}": {number}}}' for number in range(4000)) + "]")
    found = df.ws.json()
    assert 2000 < found.shape[1] < 2600 and found["rest"].iloc[-1] == {"k3999": 3999}
    assert found["k0"].iloc[0] == 0 and found["rest"].iloc[0] is None


@pytest.mark.parametrize(
    ("values", "expected", "dtype"),
    [
        (["9223372036854775807"], [2**63 - 1], "int64"),
        (["9223372036854775808", "18446744073709551615", "0"], [2**63, 2**64 - 1, 0], "uint64"),
        (["9223372036854775808", None], [2**63, None], "UInt64"),
        (["9223372036854775808", "-1"], [2**63, -1], "object"),
        (["18446744073709551616", "1"], [2**64, 1], "object"),
        (["9223372036854775808", "0.5"], [2**63, 0.5], "object"),
        (["9007199254740993", "0.5"], [2**53 + 1, 0.5], "object"),
        (["9007199254740992", "0.5"], [2.0**53, 0.5], "float64"),
        (["1e400", "1"], [Decimal("1e400"), 1], "object"),
        (["1e19", "0.5"], [1e19, 0.5], "float64"),
        (["true", "1"], [True, 1], "object"),
        (["1", '"1"'], [1, "1"], "object"),
        (['"2020-01-01"', '"2020-01-01T00:00:00Z"'], ["2020-01-01", "2020-01-01T00:00:00Z"], TEXT),
    ],
)
@pytest.mark.parametrize("length", [1, 300], ids=["few", "many"])
def test_no_value_changes_silently(
    talk: Any, values: list[str | None], expected: list[Any], dtype: str, length: int
) -> None:
    """Every value is the one of the text, in the dtype that holds all of them; with many rows Arrow parses them."""
    rows = ["{}" if value is None else f'{{"a": {value}}}' for value in values]
    found = texts(talk, *rows, *[rows[0]] * length).ws.json()["a"]
    known = found.astype(object).where(found.notna(), None).tolist()[: len(expected)]
    assert known == expected and [type(each) for each in known] == [type(each) for each in expected]
    assert found.dtype == dtype


def test_what_a_table_cannot_show_is_counted(talk: Any) -> None:
    """Null is not an absent key, NaN not a missing value, and of two equal keys the last one counts."""
    found = texts(
        talk,
        '{"a": null, "b": "null", "l": [null]}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1, "a": 2.5}',
        '{"b": "x"}',
    ).ws.json()
    assert counts(found) == {"messages": 5, "rows": 5, "null": 1, "nan": 2, "duplicate_key": 1}
    assert found["a"].fillna(0).tolist() == [0, 0, float("-inf"), 2.5, 0]
    assert found["l"].tolist()[0] == [None] and found["b"].iloc[0] == "null"


def test_null_in_the_place_of_an_array_is_counted(talk: Any) -> None:
    """Among many arrays, of texts and of objects at the top; null in an array is a value of it."""
    rows = [{"l": [1, None]}] * 300
    assert counts(texts(talk, *rows, {"l": None}, [{"l": None}, {"l": []}]).ws.json())["null"] == 2


def test_an_empty_object_is_not_one_whose_keys_are_null(talk: Any) -> None:
    """Both are kept apart, and null in the place of an object makes no column."""
    found = texts(talk, {"o": {}}, {"o": {"x": None}}, {"o": None}, {"o": {"x": 1}}, {}).ws.json()
    assert list(found)[len(OWN) :] == ["o", "o.x"]
    assert found["o"].tolist() == [{}, None, None, None, None] and found["o.x"].count() == 1
    assert counts(found)["null"] == 2


def test_a_byte_order_mark_and_lines_are_read(talk: Any) -> None:
    """Of NDJSON each line is a row; a line that is no JSON is counted, and one text over several lines is one."""
    found = texts(talk, '\ufeff{"a": 1}', '{"a": 2}\n{"a": 3}\r\noops\n\n', '{\n"a":\n4}').ws.json()
    assert found["a"].tolist() == [1, 2, 3, 4] and found["seq"].tolist() == [0, 1, 1, 2]
    assert counts(found) == {"messages": 3, "rows": 4, "not_json": 1, "bom": 1}


def test_a_line_ends_with_a_line_feed_only(talk: Any) -> None:
    """U+2028, U+2029 and U+0085 may stand in the strings of JSON as they are."""
    found = texts(talk, '{"a": "x\u2028y"}\n{"a": "x\u2029y"}\r\n{"a": "x\x85y"}\n').ws.json()
    assert found["a"].tolist() == ["x\u2028y", "x\u2029y", "x\x85y"] and counts(found) == {
        "messages": 1,
        "rows": 3,
    }


def test_binary_messages_may_be_json(talk: Any) -> None:
    """Those that are not are counted."""
    talk.receive(0, (0x82, b'{"a": 1}'), (0x82, b"\x00\x01"), (0x82, b'{"a": \xff}'), (0x82, b' [{"a": 2}]'))
    found = talk.log.df.ws.json()
    assert found["a"].tolist() == [1, 2] and found["seq"].tolist() == [0, 3]
    assert counts(found) == {"messages": 4, "rows": 2, "not_json": 2}


def test_a_message_that_is_not_whole_is_not_parsed(talk: Any) -> None:
    """Its beginning may be JSON by itself."""
    talk.receive(0, (0x01, b'{"a": 1}'), (0x80, b"{"), (0x01, b'{"a": 2}'), (0x80, b" "))
    df = talk.log.df
    found = df.drop(index=[1]).ws.json()
    assert found["a"].tolist() == [2] and counts(found) == {"messages": 2, "rows": 1, "incomplete": 1}


def test_nested_objects_may_stay_objects(talk: Any) -> None:
    """Without flatten a key of the text is a column, and its value is what the text says: no key is added."""
    found = texts(talk, {"o": {"x": 1}, "n": 1}, {"o": {"y": {}}}).ws.json(flatten=False)
    assert list(found)[len(OWN) :] == ["o", "n"] and found["o"].tolist() == [{"x": 1}, {"y": {}}]


def test_arrays_of_objects_get_no_keys(talk: Any) -> None:
    """What is in an array is a value, exactly that of the text."""
    found = texts(talk, {"l": [{"x": 1}, {"y": None}]}, {"l": []}, *[{"l": [{"z": 1}]}] * 300).ws.json()
    assert found["l"].tolist()[:3] == [[{"x": 1}, {"y": None}], [], [{"z": 1}]]


def test_dotted_keys_and_nested_ones_do_not_meet(talk: Any) -> None:
    """Two paths of one name are two columns."""
    (row,) = texts(talk, {"a": {"b": 1}, "a.b": 2}).ws.json().to_dict("records")
    assert (row["a.b"], row["json_a.b"]) == (1, 2)


def test_types_are_wishes_that_change_no_value(talk: Any) -> None:
    """A string may be a number; what does not fit is in rest, and counted."""
    wishes = {"p": "decimal", "q": "float64", "n": "int64", "u": "uint64", "s": "str"}
    df = texts(
        talk,
        '{"p": "0.10", "q": "1.5", "n": "7", "u": 1, "s": "x", "x": 0.1}',
        '{"p": 0.1234567890123456789, "q": 2, "n": 7.0, "u": 18446744073709551615, "s": "y"}',
        '{"p": 1e400, "q": "x", "n": 7.5, "u": -1, "s": 5}',
    )
    found = df.ws.json(types=wishes)
    assert found["p"].tolist() == [Decimal("0.10"), Decimal("0.1234567890123456789"), Decimal("1e400")]
    assert found["q"].dtype == "float64" and found["q"].tolist()[:2] == [1.5, 2.0]
    assert found["n"].dtype == "Int64" and found["n"].tolist()[:2] == [7, 7]
    assert found["u"].dtype == "UInt64" and found["u"].tolist()[:2] == [1, 2**64 - 1]
    assert found["rest"].tolist() == [None, None, {"q": "x", "n": 7.5, "u": -1, "s": 5}]
    assert counts(found)["mistyped"] == 4 and found["x"].iloc[0] == 0.1
    with pytest.raises(ValueError, match="money.*decimal"):
        df.ws.json(types={"p": "money"})


def test_each_row_says_of_which_connection_it_is(talk: Any, another: Any) -> None:
    """So that an answer can be grouped and joined as the frames are."""
    talk.receive(0, (0x81, b"{}"))
    another("t", attempt=1).receive(1, (0x81, b"{}"))
    found, df = talk.log.df.ws.json(), talk.log.df
    assert list(found) == OWN and found[OWN[1:]].to_numpy().tolist() == df[OWN[1:]].to_numpy().tolist()
