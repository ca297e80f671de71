"""The same answers with each version of pandas and pyarrow that may be installed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wsnotebook.analysis.versions import blank, is_text, texts, with_attrs


@pytest.mark.parametrize("kind", [pa.large_string(), pa.large_binary()])
def test_values_of_a_slice_are_blanked(kind: pa.DataType) -> None:
    """Its offsets do not begin at 0; an array of several chunks as well."""
    values = pa.array(["aa", "bb", None, "dd"], kind).slice(1)
    left = blank(values, pa.array([False, False, True]))
    left.validate(full=True)
    assert left.to_pylist() == [values[0].as_py(), None, None]
    assert blank(pa.chunked_array([values, values]), pa.array([True] * 5 + [False])).to_pylist()[4:] == [
        None,
        values[2].as_py(),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series(["a", "b"]), True),
        (pd.Series(["a", None]), True),
        (pd.Series(["a", float("nan")], dtype=object), True),
        (pd.Series(["a", None], dtype="string"), True),
        (pd.Series(["a", 1]), False),
        (pd.Series([b"a"]), False),
        (pd.Series([1.5]), False),
    ],
)
def test_texts_are_told_from_others_whatever_their_dtype(values: pd.Series[object], expected: bool) -> None:
    """A text that is missing changes nothing."""
    assert is_text(values) is expected


def test_texts_have_the_dtype_that_pandas_gives_them() -> None:
    """A missing one stays missing."""
    found = pd.Series(texts(pa.array(["a", None], pa.large_string())))
    assert found.dtype == pd.Series(["a", None]).dtype
    assert found.isna().tolist() == [False, True] and found[0] == "a"


def test_attrs_come_back_from_a_file(tmp_path: Path) -> None:
    """pandas reads them from the schema, whoever has put them there."""
    df = pd.DataFrame({"a": [1]})
    df.attrs["k"] = {"v": [1, 2]}
    table = pa.Table.from_pandas(df)
    pq.write_table(table.cast(with_attrs(table.schema, df.attrs)), tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet").attrs == df.attrs
