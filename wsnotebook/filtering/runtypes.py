"""RunTypes: the types of messages in the runs of a log, one run after the other, for a filter that names types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wsnotebook.filtering.conditions import Run
from wsnotebook.filtering.filter import Filter
from wsnotebook.filtering.words import nearest
from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.wire.batch import FIN, Flag, opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES

if TYPE_CHECKING:
    from wsnotebook.analysis.typereader import TypeReader

__all__ = ["RunTypes", "all_types", "types_of"]

_SHOWN = 5  # types that a hint names
_NONE: frozenset[str] = frozenset()
_CUT = (Flag.TRUNCATED, Flag.OVERSIZED)


def types_of(wanted: Filter) -> RunTypes | None:
    """Return a reader of types for the rows of a log from the oldest on; None where a filter needs none."""
    return all_types() if wanted.types else None


def all_types() -> RunTypes:
    """Return a reader of the types of all messages, from the oldest row of a log on."""
    from wsnotebook.analysis.typereader import TypeReader  # it loads pandas, which other filters do without

    return RunTypes(TypeReader())


class RunTypes:
    """Reads the runs of one log.

    Args:
        reader: what reads the frames.
    """

    def __init__(self, reader: TypeReader) -> None:
        self._reader = reader

    def read(self, run: Run) -> list[frozenset[str]]:
        """Return the types of the messages that end with each row of the next run."""
        rows = run.rows
        columns = (
            rows.codes.repeat(rows.counts).tolist(),
            opcode_of(rows.heads).tolist(),
            (rows.heads & FIN != 0).tolist(),
            (rows.flags & Flag.STATUS).tolist(),
        )
        found = []
        for row, (code, opcode, is_final, status) in enumerate(zip(*columns, strict=True)):
            if status == Flag.UNSENT:
                found.append(_NONE)
                continue
            number = connection_of(code)
            if not self._reader.knows(number):
                self._begin(number, run)
            payload = None if status in _CUT else rows.payload_at(row)
            found.append(self._reader.read(number, is_sent(code), opcode, is_final, payload))
        return found

    def _begin(self, number: int, run: Run) -> None:
        from wsnotebook.analysis.decoders.guess import subprotocol_in  # as in types_of

        self._reader.begin(number, subprotocol_in(run.connections[number].response.decode("latin-1")))

    def hint(self, names: Sequence[str]) -> str:
        """Return a sentence about the first of some types that no message so far has; empty where each has one."""
        seen = {each.casefold(): each for each in sorted(self._reader.seen)}
        name = next((each for each in names if each.casefold() not in seen), None)
        if name is None:
            return ""
        if name.lower() in OPCODE_NAMES:
            return f"no message has the type {name!r}: for the opcode write op:{name.lower()}."
        near = nearest(name.casefold(), seen)
        if near is not None:
            return f"no message has the type {name!r}: did you mean {seen[near]}?"
        others = ", ".join(list(seen.values())[:_SHOWN])
        return f"no message has the type {name!r}{f': there are {others}' if others else ''}."
