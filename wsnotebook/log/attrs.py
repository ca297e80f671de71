"""FrameAttrs: the handshakes and losses in ``df.attrs["wsnotebook"]``, which pandas copies with every column and step."""

from __future__ import annotations

from typing import Any, NoReturn, Self

__all__ = ["FrameAttrs"]


class FrameAttrs(dict[str, Any]):
    """A dict that is shared by its copies, and so cannot be changed.

    pandas deep-copies ``attrs`` at nearly every step: with the handshakes of 1,500 connections ``df["text"]`` took 10 ms.
    It is a dict because pandas writes attrs to Parquet as JSON. ``dict(df.attrs["wsnotebook"])`` is one to change.
    """

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)

    def _refuse(self, *arguments: object, **values: object) -> NoReturn:
        raise TypeError(
            "the facts of a log are shared by all DataFrames made of it: set another key of df.attrs, or replace this one"
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
