"""A state that messages change, at any time."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest


def record(talk: Any) -> Any:
    """A snapshot and changes, one a second, with a text that is no JSON; return the DataFrame."""
    for at, value in enumerate(
        ({"book": {"9": 5, "10": 1}}, {"book": {"10": 0}}, "oops", {"book": {"11": 2**64}})
    ):
        talk.receive(at, (0x81, (value if isinstance(value, str) else json.dumps(value)).encode()))
    return talk.log.df


def apply(book: dict[str, int], message: Any) -> None:
    """An order book: a size of zero removes a price."""
    book.update(message["book"])
    for price in [price for price, size in book.items() if not size]:
        del book[price]


def test_an_order_book_is_three_lines(talk: Any) -> None:
    """At the end, and at any time before; exact numbers."""
    df = record(talk)
    assert df.ws.state(apply) == {"9": 5, "11": 2**64}
    start = df["time"].iloc[0]
    assert df.ws.state(apply, at=start) == {"9": 5, "10": 1}
    assert df.ws.state(apply, at=start - pd.Timedelta("1ns")) == {}
    assert df.ws.state(apply, at=(start + pd.Timedelta("1s")).tz_convert("Asia/Tokyo")) == {"9": 5}
    assert df.ws.state(apply, at=str((start + pd.Timedelta("1s")).tz_localize(None))) == {"9": 5}


def test_several_times_are_several_states(talk: Any) -> None:
    """In any order, each a copy of its own."""
    df = record(talk)
    times = df["time"].iloc[[3, 0, 1]]
    found = df.ws.state(apply, at=times)
    assert found.tolist() == [{"9": 5, "11": 2**64}, {"9": 5, "10": 1}, {"9": 5}]
    assert found.index.tolist() == times.tolist()


def test_a_state_may_be_returned(talk: Any) -> None:
    """A value that cannot be changed in place; the initial one stays as it is."""
    df = record(talk)
    assert df.ws.state(lambda total, message: total + 1, initial=Decimal(0)) == 3
    initial: dict[str, int] = {"8": 1}
    assert df.ws.state(apply, initial=initial)["8"] == 1 and initial == {"8": 1}


def test_a_state_is_of_one_connection(talk: Any, another: Callable[..., Any]) -> None:
    """Two books in one would be neither."""
    df = record(talk)
    another("t").receive(0, (0x81, b"{}"))
    with pytest.raises(
        ValueError, match=r"a state is of one connection, .*session s.*session t.*\.ws\.state"
    ):
        talk.log.df.ws.state(apply)
    assert df.ws.state(apply, at=df["time"].iloc[0]) == {"9": 5, "10": 1}


@pytest.mark.parametrize("at", ["soon", pd.NaT, [1, "never"], {}])
def test_what_is_no_time_is_refused(talk: Any, at: Any) -> None:
    """The sentence has an example; no times give no states."""
    df = record(talk)
    if at == {}:
        assert df.ws.state(apply, at=[]).empty
        return
    with pytest.raises(ValueError, match="at is a time such as '2026-"):
        df.ws.state(apply, at=at)
