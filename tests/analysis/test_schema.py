"""The keys of each type, their JSON types, and drift."""

from __future__ import annotations

import json
from typing import Any


def record(talk: Any, *values: Any) -> Any:
    """Receive JSON messages; return the DataFrame."""
    for at, value in enumerate(values):
        talk.receive(at, (0x81, value if isinstance(value, bytes) else json.dumps(value).encode()))
    return talk.log.df


def test_each_type_and_path_has_a_row(talk: Any) -> None:
    """Presence is a share of the objects of the type; null is a type of a key that is there."""
    df = record(
        talk,
        {"type": "t", "p": 1, "o": {"x": True}},
        {"type": "t", "p": None},
        {"type": "t", "p": 0.5, "o": {"x": False, "l": [1]}},
        {"type": "u", "p": "s"},
    )
    found = df.ws.schema()
    assert found[["type", "path", "presence", "types", "example"]].to_numpy().tolist() == [
        ["t", "type", 1.0, ["string"], "t"],
        ["t", "p", 1.0, ["integer", "null", "number"], 1],
        ["t", "o.x", 2 / 3, ["boolean"], True],
        ["t", "o.l", 1 / 3, ["array"], [1]],
        ["u", "type", 1.0, ["string"], "u"],
        ["u", "p", 1.0, ["string"], "s"],
    ]
    assert found.attrs["key"] == "type"


def test_drift_is_seen(talk: Any) -> None:
    """A key that comes late and one that goes: the seq of first and last."""
    old, new = {"type": "t", "old": 1}, {"type": "t", "new": "x"}
    found = record(talk, *[old] * 400, *[new] * 400).ws.schema().set_index("path")
    assert found["since"].to_dict() == {"type": 0, "old": 0, "new": 400}
    assert found["until"].to_dict() == {"type": 799, "old": 399, "new": 799}
    assert found["presence"].to_dict() == {"type": 1.0, "old": 0.5, "new": 0.5}


def test_an_object_without_keys_and_a_large_number_are_values(talk: Any) -> None:
    """They have a type of JSON like any other."""
    found = record(talk, {"o": {}, "n": 2**70}, b'{"n": 1e400}').ws.schema().set_index("path")
    assert found["types"].to_dict() == {"o": ["object"], "n": ["integer", "number"]}


def test_without_messages_there_are_no_rows(talk: Any) -> None:
    """And the columns are there."""
    assert talk.log.df.ws.schema().columns.tolist()[:2] == ["type", "path"]
