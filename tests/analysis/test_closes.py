"""Close frames, and who came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wsnotebook.wire.frames import CloseReason, Frame


def test_the_first_close_of_each_connection_is_the_initiators(talk: Any, another: Callable[..., Any]) -> None:
    """By session and attempt: ours or the peer's, and how long the other took; a lost connection has none."""
    again, lost = another("s", attempt=1), another("lost")
    lost.receive(0, (0x81, b"x"))
    talk.receive(1, (0x88, b"\x03\xf4restart"))
    again.send(2, Frame.close(CloseReason(1000, "done")))
    talk.send(1.5, Frame.close(CloseReason(1012, "restart")))
    again.receive(5, (0x88, b""))
    found = talk.log.df.ws.closes()
    assert found["attempt"].tolist() == [0, 1, 0, 1] and set(found["session"]) == {"s"}
    assert found["initiator"].tolist() == ["peer", "local", "peer", "local"]
    assert found["first"].tolist() == [True, True, False, False] and found["delay"].tolist() == [0, 0, 0.5, 3]
    assert found["close_code"].fillna(-1).tolist() == [1012, 1000, 1012, -1]
    assert found["close_reason"].fillna("-").tolist() == ["restart", "done", "restart", "-"]


def test_a_close_that_was_never_sent_did_not_come_first(talk: Any) -> None:
    """It was still queued when the peer's came."""
    talk.send(1, Frame.close(CloseReason(1000)), dropped=True)
    talk.receive(2, (0x88, b"\x03\xe8"))
    assert talk.log.df.ws.closes()["initiator"].tolist() == ["peer"]


def test_sorting_changes_nothing_about_who_was_first(talk: Any) -> None:
    """Rows newest first."""
    talk.receive(1, (0x88, b"\x03\xe8"))
    talk.send(2, Frame.close(CloseReason(1000)))
    found = talk.log.df.iloc[::-1].ws.closes()
    assert found["initiator"].tolist() == ["peer", "peer"] and found["delay"].tolist() == [0, 1]
