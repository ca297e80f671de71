"""FrameAttrs: shared by all copies, unchangeable, and still what pandas, JSON and pickle take for a dict."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wsnotebook.log.attrs import FrameAttrs
from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog

ATTRS = FrameAttrs(connections=[{"session": "a"}], dropped=0)


def test_every_step_of_pandas_shares_it() -> None:
    """Also with 1,500 connections, whose copy would take 10 ms for each column."""
    log = RowLog()
    for number in range(1500):
        log.register(Connection(f"ws{number}", request=b"GET / HTTP/1.1\r\n\r\n"))
    df = log.df
    facts = df.attrs["wsnotebook"]
    assert len(facts["connections"]) == 1500
    for step in (
        df["text"],
        df[["text", "opcode"]],
        df.query("length > 5"),
        df.copy(),
        df.head(1),
        copy.deepcopy(df),
    ):
        assert step.attrs["wsnotebook"] is facts


@pytest.mark.parametrize(
    "change",
    [
        lambda attrs: attrs.update(a=1),
        lambda attrs: attrs.__setitem__("a", 1),
        lambda attrs: attrs.pop("dropped"),
        lambda attrs: attrs.clear(),
        lambda attrs: attrs.setdefault("a", 1),
        lambda attrs: attrs.__delitem__("dropped"),
        lambda attrs: attrs.__ior__({"a": 1}),
        lambda attrs: attrs.popitem(),
    ],
)
def test_a_change_is_refused(change: Any) -> None:
    """It would be one of all DataFrames of the log."""
    with pytest.raises(TypeError, match="another key of df.attrs"):
        change(ATTRS)
    assert ATTRS == {"connections": [{"session": "a"}], "dropped": 0}


def test_it_is_a_dict_to_others(tmp_path: Path) -> None:
    """JSON, pickle, and the Parquet files of pandas."""
    assert json.loads(json.dumps(ATTRS)) == ATTRS == pickle.loads(pickle.dumps(ATTRS))
    assert type(pickle.loads(pickle.dumps(ATTRS))) is FrameAttrs
    df = pd.DataFrame({"a": [1]})
    df.attrs["wsnotebook"] = ATTRS
    df.to_parquet(tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet").attrs["wsnotebook"] == ATTRS
