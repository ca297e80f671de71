"""JSON texts as columns: dtypes, paths, names, and what a hostile peer sends."""

from __future__ import annotations

import json
from typing import Any

import pytest


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
    assert list(found) == ["seq", "session", "direction", "n", "f", "s", "b", "o", "m", "z", "k"]
    dtypes = {name: str(found[name].dtype) for name in "nfsbomzk"}
    assert dtypes == {
        "n": "int64",
        "f": "float64",
        "s": "str",
        "b": "bool",
        "o": "object",
        "m": "object",
        "z": "object",
        "k": "Int64",
    }
    assert found["o"].tolist() == [{"x": [1]}, [2]] and found["m"].tolist() == [1, "one"]
    assert found["k"].iloc[1] == 9007199254740993 and found["k"].isna().tolist() == [True, False]
    assert found["seq"].tolist() == df.index[df["opcode"] == "text"].tolist()


def test_what_is_no_object_is_counted(talk: Any) -> None:
    """Every text is a row or in one of the counts."""
    df = texts(talk, {"a": 1}, "no json", [1, {"a": 2}], 5, "", {"b": 1}, '{"a": 3} {}')
    found = df.ws.json()
    assert found["a"].tolist()[:2] == [1, 2] and len(found) == 3
    assert found.attrs["json"] == {"messages": 7, "rows": 3, "not_json": 3, "no_path": 0, "not_object": 2}


def test_a_path_leads_to_the_objects(talk: Any) -> None:
    """Dotted or as a list; an array gives a row for each element, all of the same frame."""
    df = texts(
        talk, {"data": {"trades": [{"p": 1}, {"p": 2}, 3]}}, {"data": {}}, {"data": {"trades": {"p": 4}}}, []
    )
    found = df.ws.json("data.trades")
    assert found["p"].tolist() == [1, 2, 4] and found["seq"].tolist() == [0, 0, 2]
    assert found.attrs["json"] == {"messages": 4, "rows": 3, "not_json": 0, "no_path": 2, "not_object": 1}
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
    assert row == {
        "seq": 0, "session": "s", "direction": "in", "json_seq": 7, "json_time": 8, "json_json_seq": 9, "json_direction": "up",
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
        "\ufeff{}",
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
    assert found.attrs["json"] == {"messages": 3, "rows": 2, "not_json": 1, "no_path": 0, "not_object": 0}


def test_texts_cannot_join_hands(talk: Any) -> None:
    """What is JSON only together with its neighbours is not JSON, also where the number of values comes out right."""
    found = texts(talk, '{"a": [1', "2]}", '{"b": 1}, {"c": 1}, {"e": 1}', '{"d": 1}').ws.json()
    assert list(found)[3:] == ["d"] and found.attrs["json"]["not_json"] == 3


def test_numbers_that_no_column_holds_are_not_rounded(talk: Any) -> None:
    """Integers over 64 bits, and identifiers beside fractions, stay exact."""
    found = texts(talk, '{"i": 36893488147419103232, "x": 9007199254740993}', '{"x": 0.5}').ws.json()
    assert found["i"].iloc[0] == 2**65 and found["x"].tolist() == [9007199254740993, 0.5]


def test_half_of_a_surrogate_pair_is_shown_as_an_escape(talk: Any) -> None:
    """In a key, a text column and a mixed one: Arrow, files and screens would refuse it."""
    df = texts(talk, r'{"\ud800": 1, "s": "\ud800", "m": "\udfff"}', '{"s": "é", "m": 1}')
    found = df.ws.json()
    assert list(found)[3:] == [r"\ud800", "s", "m"]
    assert found["s"].tolist() == [r"\ud800", "é"] and found["m"].tolist() == [r"\udfff", 1]


def test_arrays_of_equal_length_stay_arrays(talk: Any) -> None:
    """An order book's pairs are values of one column, not a table."""
    found = texts(talk, {"bid": [100.0, 5]}, {"bid": [100.5, 7]}).ws.json()
    assert found["bid"].tolist() == [[100.0, 5], [100.5, 7]]


def test_objects_that_share_no_key_are_refused_before_memory_is_filled(talk: Any) -> None:
    """4,000 objects of a key of their own would be 16 million cells for 4,000 values."""
    df = texts(talk, "[" + ",".join(f'{{"k{number}": 1}}' for number in range(4000)) + "]")
    with pytest.raises(ValueError, match=r"4,000 different keys .* path="):
        df.ws.json()
