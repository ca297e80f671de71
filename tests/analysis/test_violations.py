"""What was wrong."""

from __future__ import annotations

from typing import Any

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
