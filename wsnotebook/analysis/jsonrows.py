"""Question: what do the JSON messages say, as columns? Nothing is dropped or changed without being counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from wsnotebook.analysis.columns import identity
from wsnotebook.analysis.decodedmessages import read_messages
from wsnotebook.analysis.jsontable import WISHES, table

__all__ = ["json_rows"]


def json_rows(
    df: pd.DataFrame,
    path: str | Sequence[str] | None = None,
    flatten: bool = True,
    types: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Parse JSON messages to a DataFrame: one row per object, one column per key.

    Example: ``session.df.ws.json()``, or ``session.df.ws.json("data.trade", types={"price": "decimal"})``.
    Of what ``decode()`` returned, the objects are the values, with the key ``kind``: ``df.ws.decode("stomp").ws.json("body")``.

    Args:
        path: path of the object in each text: ``"data.trade"``, or ``["data", "trade"]`` if a key contains a dot.
            None selects the whole text. An array of objects, there or at the top, gives one row per object, and so does
            each line of a text of several lines (NDJSON). A string there, or bytes, that is JSON itself is parsed.
        flatten: whether a key of an object in the object is a column, ``data.price``; False keeps it a dict.
        types: column → ``"int64"``, ``"uint64"``, ``"float64"``, ``"decimal"`` or ``"str"``, also from a string: many
            services write a price as a string. A value that does not fit is kept in the column ``rest``. Decimals are
            parsed in Python, which takes ten times as long.

    Returns:
        A DataFrame indexed by ``time`` (wall clock of the first frame of the message), with ``seq`` (of that frame),
        recording, connection, session and attempt (those that ``df`` has), direction, and the keys in order of
        appearance; a key with one of these names gets the prefix ``json_``. Numbers, booleans and strings have their
        dtype: a whole number is int64, or uint64, where that holds all of the column; a fraction is the nearest float64.
        Columns of several types, whole numbers that no dtype holds, arrays and empty objects are Python objects. A
        missing key and null are missing values. ``rest``, if there is one, has a dict of the keys that have no column,
        because nearly no object has them. ``attrs["json"]`` has counts: ``messages``, ``rows``; what is not there:
        ``incomplete`` messages, those that are ``not_json`` (binary ones too), ``no_path`` and elements that are
        ``not_object``; what cannot be seen: keys with ``null``, ``nan`` (and infinities), numbers ``beyond_float`` (such
        as 1e400, kept as Decimal), a ``duplicate_key`` in an object (the last one counts; of the keys 1 and "1", which
        MessagePack and CBOR tell apart, the text), ``bom``, and ``mistyped``, the values in ``rest`` that do not fit ``types``.

    Raises:
        ValueError: ``types`` has a type that is not one of those, or ``path`` is no path of keys.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    wishes = dict(types or {})
    if unknown := set(wishes.values()) - set(WISHES):
        raise ValueError(f"types has {sorted(unknown)}: give one of {', '.join(WISHES)} for each column")
    parsed = read_messages(df, "json", path=path, flatten=flatten, decimals="decimal" in wishes.values())
    columns, mistyped = table(parsed.parts(), len(parsed.messages), wishes)
    of = parsed.of
    index = pd.DatetimeIndex(of["time"], name="time")
    own = identity(of).assign(direction=of["direction"]).set_axis(index)
    own.insert(0, "seq", parsed.seq)
    result = pd.concat([own, pd.DataFrame(columns, index=index)], axis=1)
    result.attrs["json"] = parsed.counts | {"mistyped": mistyped}
    return result
