"""Times of a table that another program wrote, as ns since the epoch: datetimes, ISO 8601, or numbers of any unit."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from wsnotebook.log.rows import Array

__all__ = ["UNITS", "times_ns"]

UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""ns of each unit of time."""

_LIMITS = {"s": 10**11, "ms": 10**14, "us": 10**17, "ns": 2**63}
"""Times since 1970 are below, in each unit, and from 1973 to 5138 not below the limit of the unit before."""
_COMMA = r"(:\d\d),(?=\d)"  # pandas does not read it
_EPOCH = 10**8  # seconds: a number below is of a clock that does not begin in 1970


def times_ns(times: pd.Series[Any], unit: str | None) -> tuple[Array, bool]:
    """Return the times as int64 ns since the epoch, and whether they are numbers of a clock that does not begin in 1970.

    Args:
        times: datetimes, texts in ISO 8601, or numbers, also as texts. Without a zone they are UTC.
        unit: unit of numbers; None infers it from their size, and takes small ones as seconds.

    Raises:
        ValueError: a time is missing or cannot be read, or the unit is not clear.
    """
    if times.isna().any():
        raise ValueError(f"{_row(times, times.isna())} has no time: leave out the rows without one")
    if pd.api.types.is_bool_dtype(times):
        raise ValueError("times are True and False")
    times = _simple(times)
    if pd.api.types.is_numeric_dtype(times):
        return _from_numbers(times.to_numpy(), unit)
    is_text = times.dtype.kind != "M"
    if is_text:
        numbers = _decimals(times)
        if numbers is not None:
            return _from_decimals(numbers, unit)
    try:
        stamps = _stamps(times) if is_text else pd.to_datetime(times, utc=True)
        return stamps.dt.as_unit("ns").astype("int64").to_numpy(), False
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"a time is neither a number nor ISO 8601: {error}") from error


def _stamps(times: pd.Series[Any]) -> pd.Series[Any]:
    """Return the datetimes of texts in ISO 8601, whose decimals may stand after a comma, as in logs of Python."""
    try:
        return pd.to_datetime(times, utc=True, format="ISO8601")
    except ValueError:
        return pd.to_datetime(times.replace(_COMMA, r"\1.", regex=True), utc=True, format="ISO8601")


def _simple(times: pd.Series[Any]) -> pd.Series[Any]:
    """Return times as numbers, datetimes, texts or objects: without categories, and without types that Arrow alone has."""
    if isinstance(times.dtype, pd.CategoricalDtype):
        times = times.astype(times.cat.categories.dtype)
    is_of_arrow = isinstance(times.dtype, pd.ArrowDtype) and times.dtype.kind not in "iufM"
    return times.astype(object) if is_of_arrow else times


def _row(times: pd.Series[Any], wrong: pd.Series[bool]) -> str:
    return f"row {int(np.flatnonzero(wrong.to_numpy())[0])}"


def _from_numbers(numbers: Array, unit: str | None) -> tuple[Array, bool]:
    if not len(numbers):
        return np.empty(0, np.int64), False
    low, high = (
        numbers.min().item(),
        numbers.max().item(),
    )  # of Python: no column is too narrow for the product
    factor = UNITS[unit or _unit_of(low, high)]
    _check(low * factor, high * factor)
    is_relative = max(abs(low), abs(high)) * factor < _EPOCH * UNITS["s"]
    if numbers.dtype.kind in "iu":
        return numbers.astype(np.int64) * factor, is_relative
    # The digits that a float has: the decimals of a file are exact again, instead of 0.123456955.
    digits = min(max(int(-np.log10(np.spacing(np.abs(numbers).max()))), 0), len(str(factor)) - 1)
    scaled = numbers.astype(np.float64, copy=False) * 10**digits
    return np.round(scaled).astype(np.int64) * (factor // 10**digits), is_relative


def _decimals(texts: pd.Series[Any]) -> list[Decimal] | None:
    """Return the numbers that texts, or objects of several types, are; None where the first one is none."""
    if len(texts) and _decimal(texts.iloc[0]) is None:
        return None
    numbers = [_decimal(text) for text in texts]
    if None in numbers:
        raise ValueError(
            f"row {numbers.index(None)} has the time {texts.iloc[numbers.index(None)]!r}: no number"
        )
    return [number for number in numbers if number is not None]


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _from_decimals(numbers: list[Decimal], unit: str | None) -> tuple[Array, bool]:
    if not numbers:
        return np.empty(0, np.int64), False
    factor = UNITS[unit or _unit_of(min(numbers), max(numbers))]
    _check(min(numbers) * factor, max(numbers) * factor)
    is_relative = max(map(abs, numbers)) * factor < _EPOCH * UNITS["s"]
    return np.array([int(round(number * factor)) for number in numbers], np.int64), is_relative


def _unit_of(low: Any, high: Any) -> str:
    """Return the unit in which both are a time since 1970; the reach of each is a thousandth of the next."""
    units = [next((name for name, limit in _LIMITS.items() if abs(end) < limit), "") for end in (low, high)]
    if units[0] != units[1] or not units[0]:
        raise ValueError(
            f"times from {low} to {high} are not of one unit: say unit='ms', or leave out the wrong rows"
        )
    return units[0]


def _check(low: Any, high: Any) -> None:
    if not -(2**63) < low <= high < 2**63:
        raise ValueError("times beyond the year 2262: say their unit, as unit='ms'")
