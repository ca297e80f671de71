"""Which column of another program's table is time, direction, payload: by usual names, and by values where a name is of many things."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from wsnotebook.analysis.versions import is_text
from wsnotebook.files.foreignpayloads import ENCODINGS
from wsnotebook.files.foreigntimes import UNITS
from wsnotebook.files.header import FORMER_STATUSES
from wsnotebook.log.code import DIRECTIONS
from wsnotebook.wire.batch import STATUSES
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = ["REMEDY", "ROLES", "Columns", "columns_of", "direction_in", "direction_of", "flag_of", "opcode_of"]

_NAMES = {
    "time": (
        "time timestamp ts datetime date epoch received_at recv_time receive_time received_time recorded_at "
        "arrival_time local_timestamp local_time local_ts capture_time"
    ),
    "direction": (
        "direction dir side way flow type kind event "
        "sent is_sent outgoing is_outgoing from_client received incoming is_incoming from_server"
    ),
    "payload": "payload data message msg text raw body content frame raw_message raw_data",
    "opcode": "opcode op frame_type opcode_name type kind",
    "session": "session",
    "connection": "recording connection connection_id conn conn_id session_id socket_id websocket_id",
    "fin": "fin",
    "status": "status",
    "detail": "detail",
}
"""Usual names of the column of each role, without regard to case and punctuation; a time may end with its unit."""
ROLES = tuple(_NAMES)
"""What a column can be for frames."""

_WORDS = (
    "in incoming inbound recv receive received rx server server_to_client s2c from_server down < << <- ←",
    "out outgoing outbound send sent sending tx client client_to_server c2s to_server from_client up > >> -> →",
)
"""Usual words of each direction."""
_SENT = {
    "sent": True,
    "outgoing": True,
    "fromclient": True,
    "received": False,
    "incoming": False,
    "fromserver": False,
}
"""Whether True means outgoing, by the name of a column of True and False."""
_FLAGS = {"true": 1, "1": 1, "false": 0, "0": 0}
"""Words of True and False."""
_SURE = {"fin", "opcode", "opcodename", "frametype"}
"""Names of columns that are nothing else: a value without a meaning is a mistake there, not a sign of another column."""
_OURS = {"time", "payload", "text", "message", "wire_length"}
"""Columns that only a DataFrame of ours has together: ``message`` is a number."""
_OUR_LINES = {"time", "monotonic", "wire_length", "frame_length"}
"""Columns that only the lines of a JSONL of ours have together, with ``text``, ``base64`` or both for the payload."""
_OUR_NAMES = {"time": ("time_ns", "time"), "payload": ("payload", "base64", "text")}
"""Columns of ours for roles that several could have, the most exact first."""


def _plain(name: Any) -> str:
    """Return a name without case and punctuation."""
    return re.sub(r"[\W_]", "", str(name).lower().replace("µ", "u"))


_KNOWN = {role: {_plain(name) for name in names.split()} for role, names in _NAMES.items()}
_UNITS = {name + unit: unit for name in _KNOWN["time"] for unit in UNITS if name + unit not in _KNOWN["time"]}
_KNOWN["time"] |= set(_UNITS)
_DIRECTIONS = {word: number for number, words in enumerate(_WORDS) for word in words.split()}
_OPCODES = {name: opcode for opcode, name in enumerate(OPCODE_NAMES)} | {"cont": 0}


def direction_of(value: Any) -> int | None:
    """Return 1 for a word that means outgoing, 0 for incoming, None for another value."""
    word = re.sub(r"\b\s*([=-]>|→)\s*\b", "_to_", str(value).strip().lower())
    return _DIRECTIONS.get(re.sub(r"\b[\s-]+\b", "_", word))


def opcode_of(value: Any) -> int | None:
    """Return the opcode of a name, alone or after that of its enum, or of a number, None for another value."""
    word = str(value).strip().lower().removesuffix(".0")
    if re.fullmatch(r"1[0-5]|\d|0x0?[\da-f]", word, re.ASCII):
        return int(word, 0)
    return _OPCODES.get(word.rpartition(".")[2])


def flag_of(value: Any) -> int | None:
    """Return 1 for True, 0 for False, also as a number or a text, None for another value."""
    return _FLAGS.get(str(value).strip().lower().removesuffix(".0"))


def direction_in(column: Any) -> Callable[[Any], int | None]:
    """Return what reads the values of a column of directions: words, and True and False where its name says one."""
    sent = _SENT.get(_plain(column).removeprefix("is"))

    def read(value: Any) -> int | None:
        flag = None if sent is None else flag_of(value)
        return direction_of(value) if flag is None else int(bool(flag) is sent)

    return read


class Columns(NamedTuple):
    """The columns of a table that make frames."""

    time: pd.Series[Any]
    """When; in any unit."""
    unit: str | None
    """Unit that the name of the column says, or None."""
    direction: pd.Series[Any] | str
    """Values that direction_in() reads, or the direction of all rows."""
    payload: pd.Series[Any]
    """Payloads: text, bytes, or values of JSON."""
    opcode: pd.Series[Any] | None
    """Names or numbers; None where the type of a payload says it."""
    session: pd.Series[Any] | None
    """Session names; None where the table has none."""
    connection: pd.DataFrame
    """What else tells connections apart: numbers or names, in any number of columns."""
    fin: pd.Series[Any] | None
    """Whether a frame ends its message, as flag_of() reads it; None where each does."""
    status: pd.Series[Any] | None
    """Statuses of ours, such as unsent; None where all is ok."""
    detail: pd.Series[Any] | None
    """Reasons of statuses; None without statuses."""


def columns_of(df: pd.DataFrame, named: dict[str, str | None]) -> Columns:
    """Return the columns of a table that make frames.

    Args:
        df: the table.
        named: the column of each role that the caller names; the direction may also be that of all rows.

    Raises:
        ValueError: a column is missing, or several could be it.
    """
    if not df.columns.is_unique:
        raise ValueError(f"two columns have one name: {_listed(df.columns[df.columns.duplicated()])}")
    if isinstance(df.index, pd.DatetimeIndex) and not _candidates(df, "time") and not named["time"]:
        df = df.assign(time=df.index)
    time, payload = _need(df, "time", named), _need(df, "payload", named)
    one = named["direction"]
    direction = one if one in DIRECTIONS and one not in df else _need(df, "direction", named)
    found = {role: _find(df, role, named, {direction}) for role in ("opcode", "session", "fin", "status")}
    found["detail"] = found["status"] and _find(df, "detail", named, set())
    series = {role: None if name is None else df[name] for role, name in found.items()}
    return Columns(
        df[time],
        _UNITS.get(_plain(time)),
        direction if direction not in df else df[direction],
        _own_payloads(df) if _is_ours(df) and named["payload"] in (None, "payload") else df[payload],
        connection=df[_candidates(df, "connection")],
        **series,
    )


def _own_payloads(df: pd.DataFrame) -> pd.Series[Any]:
    """Return the payloads of a DataFrame of ours.

    A CSV of it has them as Python writes bytes, Parquet has a text once, and JSONL a text or base64.
    """
    if "payload" in df:
        values = _read(df["payload"], _of_csv, "bytes as to_csv() writes them: say payload='text'")
    elif "base64" in df:
        values = _read(df["base64"], ENCODINGS["base64"], "base64 as log.save() writes it")
    else:
        return df["text"]
    values = values.astype(object)
    return values.where(values.notna(), df["text"]) if "text" in df else values


def _of_csv(text: str) -> bytes | None:
    return bytes(ast.literal_eval(text)) if text else None  # a missing one, where empty texts are kept


def _read(values: pd.Series[Any], read: Callable[[str], bytes | None], what: str) -> pd.Series[Any]:
    """Return the bytes of a column that may have them written as text.

    Raises:
        ValueError: a text is not what it should be.
    """
    if not is_text(values):
        return values
    try:
        return values.map(read, na_action="ignore").astype(object)
    except (ValueError, SyntaxError, TypeError) as error:
        raise ValueError(f"column {values.name!r} is text and no {what}") from error


def _need(df: pd.DataFrame, role: str, named: dict[str, str | None]) -> Any:
    name = _find(df, role, named, set())
    if name is not None:
        return name
    for name in df.columns:
        if _plain(name) in _KNOWN[role]:  # the name is right, the values are not
            raise ValueError(f"column {name!r} has {df[name].iloc[0]!r} for {role}: {REMEDY[role]}")
    raise ValueError(
        f"which column has the {role}? There are {_listed(df.columns)}: say {role}='…', or rename one to {role!r}"
        + (", or say direction='in' where all were received" if role == "direction" else "")
    )


def _find(df: pd.DataFrame, role: str, named: dict[str, str | None], used: set[Any]) -> Any:
    """Return the name of the column of a role, None where none can be it."""
    name = named[role]
    if name is not None:
        if name not in df:
            raise ValueError(f"no column {name!r} for {role}; there are {_listed(df.columns)}")
        return name
    found = [name for name in _candidates(df, role) if name not in used]
    if len(found) > 1:
        raise ValueError(f"which column has the {role}, {_listed(found)}? Say {role}={found[0]!r}")
    return found[0] if found else None


def _candidates(df: pd.DataFrame, role: str) -> list[Any]:
    """Return the names of columns that can be of a role by name and values."""
    if role in _OUR_NAMES and _is_ours(df):
        return [next(name for name in _OUR_NAMES[role] if name in df)]
    return [name for name in df.columns if _plain(name) in _KNOWN[role] and _can_be(role, df[name])]


def _can_be(role: str, values: pd.Series[Any]) -> bool:
    return bool(values.notna().any()) if _plain(values.name) in _SURE else _FITS[role](values)


def _is_ours(df: pd.DataFrame) -> bool:
    names = set(df.columns)
    return names >= _OURS or (
        names >= _OUR_LINES and bool(names & {"text", "base64"}) and "payload" not in names
    )


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _all(meaning: Callable[[Any], int | None]) -> Callable[[pd.Series[Any]], bool]:
    """Return a function that tells whether each value of a column has a meaning, and there is one."""

    def fits(values: pd.Series[Any]) -> bool:
        try:
            found = values.dropna().unique()
        except (TypeError, NotImplementedError):
            return False  # lists and dicts, which are no words
        return bool(len(found) or not len(values)) and all(meaning(value) is not None for value in found)

    return fits


def _is_direction(values: pd.Series[Any]) -> bool:
    return _all(direction_in(values.name))(values)


def _is_payload(values: pd.Series[Any]) -> bool:
    """Tell whether values can be payloads. An empty column of any type can."""
    kinds = pd.api.types
    return not len(values) or not (kinds.is_numeric_dtype(values) or kinds.is_datetime64_any_dtype(values))


def _is_connection(values: pd.Series[Any]) -> bool:
    """Tell whether each row names its connection; a key that only some messages have does not."""
    return bool(values.notna().all()) and not (is_text(values) and (values == "").any())


_FITS: dict[str, Callable[[pd.Series[Any]], bool]] = {
    "time": lambda values: not pd.api.types.is_bool_dtype(values),
    "direction": _is_direction,
    "payload": _is_payload,
    "opcode": _all(opcode_of),
    "session": lambda values: True,
    "connection": _is_connection,
    "fin": _all(flag_of),
    "status": _all({name: 1 for name in (*STATUSES.values(), *FORMER_STATUSES)}.get),
    "detail": is_text,
}
"""Whether values can be of a role."""
REMEDY = {
    "time": "numbers, ISO 8601 or datetimes are wanted",
    "direction": "words such as in and out are wanted; df[column].map({'…': 'in', '…': 'out'}) makes them",
    "payload": "text or bytes are wanted; pandas.read_json(…, dtype=False) and read_csv(…, dtype={'payload': str}) "
    "keep a text that looks like a number",
    "opcode": "names such as text and ping are wanted, or numbers; df.drop(columns='…') leaves the column out",
    "fin": "True and False are wanted, or 1 and 0; df.drop(columns='fin') leaves it out",
}
"""What to do where the values of a column do not fit its name, by role."""
