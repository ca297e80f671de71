"""What was wrong."""

from __future__ import annotations

from typing import Any

import pandas as pd

from wsnotebook.wire.frames import Frame


def test_rows_that_are_not_ok_come_with_the_reason(talk: Any) -> None:
    """Broken rules and frames never sent, by their seq, with whatever columns the DataFrame has."""
    talk.receive(1, (0x81, b"fine"), (0x83, b"reserved"))
    talk.send(2, Frame.text("queued"), dropped=True)
    df = talk.log.df
    found = df.ws.violations()
    assert found.index.tolist() == [1, 2] and found["status"].tolist() == ["violation", "unsent"]
    assert "5.2" in found["detail"].iloc[0] and "before it was sent" in found["detail"].iloc[1]
    assert df.loc[found.index, "payload"].tolist() == [b"reserved", b"queued"]
    few = df[["direction", "opcode", "status", "detail"]].ws.violations()
    assert list(few) == ["direction", "opcode", "status", "detail"] and len(few) == 2


def test_a_frame_whose_status_is_missing_is_none(talk: Any) -> None:
    """One of another table, which lacks the column."""
    talk.receive(1, (0x81, b"a"), (0xC1, b"b"))
    talk.receive(2, (0x81, b"c"))
    df = talk.log.df
    rows = pd.concat([df[:2], df[2:].drop(columns="status")])
    assert rows.ws.violations().index.tolist() == df.ws.violations().index.tolist()
    assert len(df.ws.violations()) == 1 and "frames that are not ok: 1" in str(rows.ws.summary())
