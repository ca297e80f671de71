"""What versions of pandas and pyarrow do not do alike, as far as it concerns us: pandas 2.2 and 3, pyarrow 18 and newer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["HAS_COPY_ON_WRITE", "blank", "is_text", "texts", "with_attrs"]

HAS_COPY_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3
"""Whether a change of a shallow copy leaves the original as it is."""

_TEXT: Any = pd.Series([""]).dtype  # str; object in pandas 2


def texts(array: pa.Array) -> Any:
    """Return texts as pandas has them by itself; ``array`` is of large_string."""
    return _TEXT.__from_arrow__(array) if HAS_COPY_ON_WRITE else array.to_numpy(zero_copy_only=False)


def is_text(values: pd.Series[Any]) -> bool:
    """Tell whether all values that are not missing are texts, in a column of any dtype.

    ``is_string_dtype`` says no in pandas 2 where one is missing, as such a column is of objects there.
    """
    return pd.api.types.infer_dtype(values, skipna=True) == "string"


def blank(values: Any, where: Any) -> Any:
    """Return an array, or a chunked one, without the values of some rows.

    A missing scalar in the place of the array of nulls gives wrong offsets for a slice in pyarrow 18.

    Args:
        values: the array.
        where: an array of booleans.
    """
    return pc.if_else(where, pa.nulls(len(values), values.type), values)


def with_attrs(schema: pa.Schema, attrs: Mapping[Any, Any]) -> pa.Schema:
    """Return the schema of a DataFrame with its attrs, which newer versions of pyarrow add by themselves.

    The key is that of ``DataFrame.to_parquet``: ``pandas.read_parquet`` of any version reads it.
    """
    if "attributes" in schema.pandas_metadata:
        return schema
    return schema.with_metadata({**schema.metadata, b"PANDAS_ATTRS": json.dumps(attrs).encode()})
