"""Bytes on the wire that are no payload, and other settings of permessage-deflate."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from wsnotebook.wire.frames import Frame


def test_headers_and_control_frames_are_overhead(talk: Any, another: Callable[..., Any]) -> None:
    """By connection and direction: a client's header is 6 bytes, a server's 2."""
    talk.receive(0, (0x81, b"x" * 10), (0x89, b"ping"))
    talk.send(1, Frame.text("y" * 4))
    talk.receive_compressed(2, b"z" * 50, b"abc")
    another("t").receive(0, (0x82, b""))
    found = talk.log.df.ws.overhead()
    assert found.drop(columns=["recording", "share"]).to_numpy().tolist() == [
        [0, "s", 0, "in", 3, 10 + 2 + 4 + 2 + 3 + 2, 60, 6, 4, 47],
        [0, "s", 0, "out", 1, 10, 4, 6, 0, 0],
        [1, "t", 0, "in", 1, 2, 0, 2, 0, 0],
    ]
    assert found["share"].tolist() == [10 / 23, 0.6, 1.0]
    assert (found["wire"] == found["payload"] - found["saved"] + found["headers"] + found["control"]).all()


def test_other_settings_are_tried(talk: Any) -> None:
    """What zlib makes of the messages, one after the other or each by itself, beside what there was."""
    texts = [b'{"symbol": "ACME", "price": %d}' % price for price in range(20)]
    for text in texts:
        talk.receive_compressed(0, text, b"123")
    found = talk.log.df.ws.deflate(windows=[9, 15]).set_index(["window", "takeover"])
    alone = 0
    for text in texts:
        stream = zlib.compressobj(6, zlib.DEFLATED, -15)
        alone += len(stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH)) - 4
    size = sum(map(len, texts))
    assert found.loc[(15, False), "after"] == alone and found.loc[(15, False), "ratio"] == alone / size
    assert found.loc[(15, True), "after"] < alone / 2
    assert found["actual"].tolist() == [60 / size] * 4 and set(found["before"]) == {size}
    assert set(talk.log.df.ws.deflate(most=5)["messages"]) == {5}


def test_settings_that_there_are_not_are_refused(talk: Any) -> None:
    """And without messages there are no rows."""
    assert talk.log.df.ws.deflate().empty and talk.log.df.ws.overhead().empty
    with pytest.raises(ValueError, match="windows are 9 to 15 bits"):
        talk.log.df.ws.deflate(windows=[8])


def test_what_a_browser_has_told_has_no_size_on_the_wire(talk: Any, another: Callable[..., Any]) -> None:
    """Neither all of it nor a part is 0; the payload is known."""
    talk.receive(0, (0x81, b"x" * 10))
    another("told", is_reported=True).receive(1, (0x81, b"Hello"))
    for df in (talk.log.df, talk.log.df.assign(connection=0, attempt=0)):
        found = df.ws.overhead()
        assert found["payload"].tolist() in ([10, 5], [15])
        assert found[["wire", "headers", "saved", "share"]].iloc[-1].isna().all()
        tried = df.ws.deflate(windows=[15])
        assert tried["ratio"].notna().all() and tried["actual"].iloc[-2:].isna().all()
    assert talk.log.df.ws.overhead()["wire"].iloc[0] == 12
    assert talk.log.df.ws.deflate(windows=[15])["actual"].iloc[0] == 1
