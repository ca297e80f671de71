"""The first steps of every question: check its columns, drop rows that were never sent, restore the order of record.

Also the identity of connections, and conversions of columns to numpy and Arrow. Questions have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.versions import is_text

__all__ = [
    "CORE",
    "DECODED",
    "IDENTITY",
    "are_cut",
    "are_rising",
    "are_unsent",
    "arrow",
    "asked",
    "byte_codes",
    "check_index",
    "check_one",
    "check_times",
    "connections",
    "flows",
    "identity",
    "in_order",
    "is_decoded",
    "known_sums",
    "labels",
    "need",
    "ns_of",
    "occurrences",
    "only_occurring_opcodes",
    "order_in_time",
    "payloads",
    "recordings",
    "traffic",
    "with_numbers",
]

CORE = ("direction", "opcode")
"""Columns that every frame log has; ``df.ws`` raises AttributeError without them."""
DECODED = ("first_seq", "last_seq", "kind", "value", "error")
"""Columns of what ``decode()`` returns, of which some questions can be asked too."""
_NUMBERS = ("monotonic", "length", "wire_length", "frame_length")  # that are computed with
_NAMED = 10  # connections in a message: there may be thousands
_WRITTEN = r"""^b('.*'|".*")$"""  # bytes as Python writes them
IDENTITY = ("recording", "connection", "session", "attempt")
"""Columns that say of which connection a frame is; rows of former versions lack the first two."""
_IF_THERE = (
    *IDENTITY, "monotonic", "fin", "rsv1", "rsv2", "rsv3", "masked", "mask_key", "length", "wire_length", "frame_length",
    "payload", "text", "message", "close_code", "close_reason", "status", "detail",
)  # fmt: skip
"""Columns that some question does without where they are not there, and answers otherwise then."""


def need(columns: Iterable[str], wanted: Iterable[str], asker: str) -> None:
    """Check that ``columns`` contains all of ``wanted``.

    Args:
        columns: column names of the DataFrame.
        wanted: column names that the question needs.
        asker: the question, for the message: ``df.ws.rate()``.

    Raises:
        AttributeError: some are missing; the message names them.
    """
    missing = [name for name in wanted if name not in set(columns)]
    if missing:
        raise AttributeError(
            f"{asker} needs a frame log with the columns {', '.join(missing)}, which this DataFrame has not: "
            "ask session.df, log.df, or rows of them with these columns kept; df.reset_index() makes a column of an index"
        )


def check_index(df: Any) -> None:
    """Check that the index has no column that questions look for in vain among the columns.

    Args:
        df: DataFrame of pandas.

    Raises:
        ValueError: it has; the message has the remedy.
    """
    hidden = [name for name in df.index.names if name in _IF_THERE and name not in df.columns]
    if hidden:
        raise ValueError(
            f"the index has {', '.join(hidden)}, which questions look for among the columns: ask df.reset_index({hidden})"
        )


def is_decoded(df: pd.DataFrame) -> bool:
    """Return whether a DataFrame has protocol messages, as ``decode()`` returns them, not frames."""
    return set(DECODED) <= set(df.columns)


def asked(df: pd.DataFrame, asker: str, wanted: Sequence[str]) -> pd.DataFrame:
    """Return the columns that a question needs and those of IDENTITY.

    Args:
        df: the frame log.
        asker: name of the question, for the message.
        wanted: columns that the question needs.

    Raises:
        AttributeError: some of ``wanted`` are missing.
    """
    need(df.columns, wanted, f"df.ws.{asker}()")
    names = dict.fromkeys((*wanted, *IDENTITY))
    rows = df[[name for name in names if name in df.columns]]
    rows.attrs = {}  # pandas would deep-copy the handshakes at each of the following steps
    return with_numbers(rows)


def with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with integers where a program without missing ones has floats, or pandas objects or categories."""
    changed = {}
    for name in _NUMBERS:
        kind = rows.dtypes.get(name)
        if kind is not None and not pd.api.types.is_numeric_dtype(kind):
            found = rows[name].astype(object).astype("Int64")
            changed[name] = found if found.hasnans else found.astype("int64")
    codes = rows.get("close_code")
    if codes is not None and not pd.api.types.is_integer_dtype(codes.dtype):
        is_float = pd.api.types.is_float_dtype(codes.dtype)
        changed["close_code"] = (codes if is_float else codes.astype(object)).astype("Int32")
    return rows.assign(**changed) if changed else rows


def traffic(df: pd.DataFrame, asker: str, wanted: Sequence[str]) -> pd.DataFrame:
    """Return what ``asked`` does, of the frames that crossed the wire.

    Rows with status ``unsent`` (``dropped`` in files of version 1) were queued and never sent, so they are left out.
    Without a column ``status`` all rows are returned.
    """
    rows, unsent = asked(df, asker, wanted), are_unsent(df)
    return rows[~unsent] if unsent.any() else rows


def are_unsent(df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows were queued and never sent; none without a column ``status``."""
    return _have_status(df, ("unsent", "dropped"))


def are_cut(df: pd.DataFrame) -> NDArray[np.bool_]:
    """Return of which frames not all bytes came, or were kept; none without a column ``status``."""
    return _have_status(df, ("truncated", "oversized"))


def _have_status(df: pd.DataFrame, statuses: Sequence[str]) -> NDArray[np.bool_]:
    if "status" not in df.columns:
        return np.zeros(len(df), bool)
    return df["status"].isin(statuses).to_numpy(dtype=bool, na_value=False)


def only_occurring_opcodes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose categories of ``opcode`` are those that occur: pandas keeps all of them when it selects rows.

    So ``value_counts()`` and ``groupby()`` list nothing that is not there.
    """
    if not isinstance(rows.dtypes.get("opcode"), pd.CategoricalDtype):
        return rows
    opcodes = rows["opcode"].cat
    occurring = opcodes.remove_unused_categories()
    return rows if len(occurring.cat.categories) == len(opcodes.categories) else rows.assign(opcode=occurring)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows sorted by recording, and in each by ``seq``, the order of record; as they are, with an index that is
    no number."""
    if not pd.api.types.is_integer_dtype(rows.index.dtype):
        return rows
    if rows.index.is_monotonic_increasing and rows.index.is_unique:
        return rows
    return rows.take(np.lexsort((rows.index.to_numpy(), recordings(rows))))


def recordings(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of the recording of each row, in order of appearance, int array of ``len(rows)``.

    Recordings are kept apart because their monotonic clocks cannot be compared, and their numbers begin anew. So do those
    of parts of one that were saved by themselves: where a ``seq`` is there twice, they count as two. Without the column
    ``recording``, one begins where a ``seq`` that is there twice goes back.
    """
    seq = rows.index.to_numpy()
    if "recording" not in rows.columns:
        recording = np.zeros(len(rows), np.int64)
        if not rows.index.is_unique:
            recording[1:] = np.cumsum(seq[1:] <= seq[:-1])
        return recording
    recording = np.asarray(pd.factorize(rows["recording"])[0], np.int64)
    if rows.index.name != "seq" or rows.index.is_unique or are_rising(seq, recording):
        return recording
    copy = pd.Series(seq).groupby([recording, seq], sort=False).cumcount().to_numpy(np.int64)
    return np.asarray(recording + (recording.max() + 1) * copy, np.int64)


def are_rising(numbers: NDArray[Any], group: NDArray[np.int64]) -> bool:
    """Return whether the numbers of each group rise from row to row, so that none is there twice."""
    order = np.argsort(group, kind="stable")
    return bool((np.diff(numbers[order]) > 0)[np.diff(group[order]) == 0].all())


def connections(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for the connection of each row, int array of ``len(rows)``.

    Without the column ``connection``, rows of one recording, session and attempt have one number.
    """
    of_recording = [name for name in ("connection",) if name in rows.columns] or ["session", "attempt"]
    keys = [pd.factorize(rows[name])[0] for name in of_recording if name in rows.columns]
    return np.asarray(rows.groupby([recordings(rows), *keys], sort=False).ngroup(), np.int64)


def flows(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each row as ``connections`` does, but a reconnection has that of the connection before it."""
    connection = connections(rows)
    if "attempt" not in rows.columns:
        return connection
    first = np.unique(connection, return_index=True)[1]
    keys = zip(recordings(rows)[first], rows["session"].iloc[first], rows["attempt"].iloc[first], strict=True)
    flow_of: list[int] = []
    latest: dict[tuple[Any, Any, Any], int] = {}
    for number, (recording, session, attempt) in enumerate(keys):
        flow_of.append(latest.get((recording, session, attempt - 1), number))
        latest[recording, session, attempt] = flow_of[-1]
    return np.array(flow_of, np.int64)[connection]


def identity(rows: pd.DataFrame) -> pd.DataFrame:
    """Return those of the columns IDENTITY that there are, for the front of an answer."""
    return rows[[name for name in IDENTITY if name in rows.columns]]


def labels(rows: pd.DataFrame, places: NDArray[np.int64], known: NDArray[np.bool_]) -> Any:
    """Return the index of the rows at some places, which is their ``seq`` unless it was changed; missing where not known."""
    found = rows.index.to_numpy()[places]
    if pd.api.types.is_integer_dtype(found.dtype):
        return pd.arrays.IntegerArray(found.astype(np.int64), ~known)
    return pd.Series(found, dtype=object).where(known, None).array


def check_one(rows: pd.DataFrame, what: str, call: str) -> None:
    """Check that all rows are of one connection.

    Args:
        rows: frames with their columns of IDENTITY.
        what: what needs one connection, for the message: ``a script``.
        call: the question, for the message: ``script()``.

    Raises:
        ValueError: they are of several; the message names them.
    """
    if len(set(connections(rows))) > 1:
        found = identity(rows).drop_duplicates().astype(str)
        listed = "; ".join(
            ", ".join(f"{key} {value}" for key, value in row.items())
            for row in found.head(_NAMED).to_dict("records")
        )
        more = f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise ValueError(
            f"{what} is of one connection, and these frames are of several ({listed}{more}): select the rows of one, "
            f'such as df[df["session"] == NAME].ws.{call}.'
        )


def check_times(times: pd.Series[Any]) -> None:
    """Check that a column is of datetimes.

    Raises:
        ValueError: it is not; the message has the remedy.
    """
    if times.dtype.kind != "M":
        name = times.name
        raise ValueError(
            f"column {name!r} is {times.dtype}, not a time, as read_csv() without parse_dates makes it: "
            f'df["{name}"] = pd.to_datetime(df["{name}"], utc=True, format="ISO8601")'
        )


def ns_of(times: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a datetime column as int64 nanoseconds since 1970 UTC; the least integer where a time is missing.

    Raises:
        ValueError: it is no datetime column.
    """
    check_times(times)
    return np.asarray(times.dt.as_unit("ns").astype("int64"), np.int64)


def order_in_time(times: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of rows by time, those of one recording, or of one connection, in the order of record.

    A time in that order may be earlier than the one before, or missing: a clock was set, or a captured segment was sent
    again. The row then has the latest time so far.

    Args:
        times: ns since 1970, in the order of record.
        of: number of the recording, or of the connection, of each row.
    """
    return np.argsort(pd.Series(times).groupby(of).cummax().to_numpy(), kind="stable")


def payloads(rows: pd.DataFrame) -> pa.Array:
    """Return the payload of each row, array of large_binary.

    pandas reads a Parquet file of ours as it is, and there a payload that is the text of its row is stored once, as text.

    Raises:
        ValueError: they are text as to_csv() writes bytes; the message has the remedy.
    """
    _refuse_written_bytes(rows["payload"])
    payload = arrow(rows["payload"], pa.large_binary())
    if not payload.null_count or "text" not in rows.columns:
        return payload
    return pc.coalesce(payload, arrow(rows["text"], pa.large_string()).cast(pa.large_binary()))


def _refuse_written_bytes(values: pd.Series[Any]) -> None:
    kind = pa.large_string()
    is_bytes = isinstance(values.dtype, pd.ArrowDtype) and values.dtype.pyarrow_dtype not in (
        kind,
        pa.string(),
    )
    if is_bytes or not is_text(values):
        return
    if np.asarray(pc.match_substring_regex(arrow(values, kind).drop_null(), _WRITTEN)).all():
        raise ValueError(
            "column 'payload' is text such as b'…', as to_csv() writes bytes: wsnotebook.FrameLog.from_frames(df).df reads "
            "this and the other columns"
        )


def arrow(values: pd.Series[Any], kind: pa.DataType) -> pa.Array:
    """Return a column as one contiguous Arrow array of type ``kind``."""
    array = pa.array(
        values.array, kind, from_pandas=True
    )  # an object may be missing in each way that pandas has
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def occurrences(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return how often each value occurs, the most frequent first, and of equal counts the one that comes first.

    value_counts() of pandas 2 leaves the order of equal counts to the processor.
    """
    counts = values.value_counts(sort=False)
    return counts[counts > 0].sort_values(ascending=False, kind="stable")


def known_sums(groups: Any) -> pd.DataFrame:
    """Return the sums of the columns of groups; missing where a row lacks its number, as its part of the sum is not known.

    Args:
        groups: a ``groupby`` of a DataFrame.
    """
    sums: pd.DataFrame = groups.sum()
    return sums.where(groups.count().eq(groups.size(), axis=0))


def byte_codes(values: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a number for each value of a column of bytes; equal ones, bytearrays too, have one number."""
    found = pd.Series(pd.arrays.ArrowExtensionArray(arrow(values, pa.large_binary())))
    return np.asarray(pd.factorize(found)[0], np.int64)
