"""RunningFrames: runs of rows as DataFrames with the columns of a file; for the formats that have columns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from wsnotebook.log.columns import FILE_COLUMNS, Column
from wsnotebook.log.connections import Connection
from wsnotebook.log.dataframe import Frames
from wsnotebook.log.numberfills import OpenMessages
from wsnotebook.log.rows import Rows

__all__ = ["RunningFrames"]


class RunningFrames:
    """Turn consecutive runs of rows into DataFrames; a message may continue in the next run.

    Args:
        columns: the table of columns.
    """

    def __init__(self, columns: Sequence[Column] = FILE_COLUMNS) -> None:
        self.columns = columns
        """Columns of each DataFrame, in order."""
        self.open: dict[int, int] = {}
        """Open message of each connection and direction."""

    def dataframe(self, rows: Rows, connections: Sequence[Connection]) -> pd.DataFrame:
        """Return the DataFrame of the next run."""
        frames = Frames(rows.first, OpenMessages(self.open), capacity=len(rows), columns=self.columns)
        frames.extend(rows, connections)
        return frames.dataframe(connections)
