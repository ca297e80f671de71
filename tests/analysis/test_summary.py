"""A recording on one screen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from wsnotebook.wire.frames import Frame


def test_every_part_is_told(talk: Any, another: Callable[..., Any]) -> None:
    """Counts, ends, types, requests, pings, gaps with whose they were, violations, compression."""
    talk.log.note("loop watched", "", "s")
    for number in range(4):
        talk.send(number, Frame.text(json.dumps({"jsonrpc": "2.0", "id": number, "method": "get"})))
    for number in range(3):
        talk.receive(
            number + 0.25, (0x81, json.dumps({"jsonrpc": "2.0", "id": number, "result": 1}).encode())
        )
    talk.send(5, Frame.ping(b"p"))
    talk.receive(5.1, (0x8A, b"p"), (0x83, b""))
    talk.receive_compressed(9, b'{"x": 1}' * 10, b"abc")
    talk.receive(9, (0x88, b"\x03\xf5try later"))
    another("t", attempt=1).receive(1, (0x82, b"\x00"))
    text = talk.log.df.ws.summary()
    for part in (
        "13 frames, 390 bytes",
        "connections: 2",
        "s: 9.0 s, received 7 (",
        "closed by the peer, 1013 try later",
        "t attempt 1: 0.0 ms, received 1 (1 bytes), sent 0 (0 bytes), no close frame",
        "messages: 9, by method",
        "  out get: 4, ",
        "requests (jsonrpc): 4, 3 answered, 1 unanswered",
        "  get: 4, p50 250.0 ms, p99 250.0 ms",
        "our pings: 1, 0 unanswered, latency 100.0 ms (median)",
        "gaps over 1 s in what was received: 2 (2 unknown), the longest 3.9 s",
        "frames that are not ok: 1",
        "compression: 377 bytes as 300 bytes, ratio 0.80",
    ):
        assert part in text, (part, text)
    assert repr(text) == str(text)


def test_a_hostile_recording_is_one_screen_too(another: Callable[..., Any]) -> None:
    """Many of everything, long names, and text that would move lines."""
    for number in range(100):
        talk = another(f"{number}\x1b[2J" + "n" * 300)
        talk.receive(number, (0x81, json.dumps({"type": f"{number}\n", "v": 1}).encode()))
        talk.receive(number, (0x88, b"\x03\xe8" + b"\xe2\x80\xae" * 20))
    text = talk.log.df.ws.summary()
    lines = text.splitlines()
    assert len(lines) <= 80 and all(len(line) <= 160 for line in lines)
    assert "\x1b" not in text and "\u202e" not in text and "… and 92 more connections" in text


def test_a_rate_is_over_the_time_of_all_connections(another: Callable[..., Any]) -> None:
    """Those that came one after the other do not add up to more than there ever was; in no time there is no rate."""
    for number in range(3):
        talk = another(f"feed{number}")
        for at in (0, 10):
            talk.receive(20 * number + at, (0x81, b'{"type": "tick"}'))
    df = talk.log.df
    assert '  in tick: 6, 96 bytes, 0.12/s: {"type": "tick"}' in df.ws.summary().splitlines()
    assert '  in tick: 1, 16 bytes: {"type": "tick"}' in df[:1].ws.summary().splitlines()


def test_compression_is_told_of_what_is_known(talk: Any, another: Callable[..., Any]) -> None:
    """A browser does not tell the bytes on the wire."""
    another("told", is_reported=True).receive(0, (0x81, b"x" * 50))
    assert "compression" not in talk.log.df.ws.summary()
    talk.receive_compressed(1, b"x" * 10, b"abc")
    assert "compression: 10 bytes as 3 bytes, ratio 0.30" in talk.log.df.ws.summary()


def test_of_nothing_there_is_nothing_to_tell(talk: Any) -> None:
    """In words; what is no frame log of these columns is refused."""
    assert talk.log.df.ws.summary() == "no frames"
    with pytest.raises(AttributeError, match=r"summary\(\) needs"):
        talk.log.df[["direction", "opcode"]].ws.summary()


def test_two_recordings_are_two(talk: Any, elsewhere: Callable[[], Any]) -> None:
    """Their connections have the same name and are apart."""
    stranger = elsewhere()
    for each in (talk, stranger):
        each.receive(0, (0x81, b"x"))
    text = pd.concat([talk.log.df, stranger.log.df]).ws.summary()
    assert "2 recordings" in text and "connections: 2" in text


def test_a_row_without_a_time_changes_no_duration(talk: Any) -> None:
    """Nor a rate; where no row has a time, there is none."""
    for at in range(3):
        talk.receive(at, (0x81, b'{"type":"a"}'))
    df = talk.log.df
    some = df.assign(time=df["time"].where(df.index != 1))
    assert some.ws.types()["rate"].tolist() == [1.5]
    assert "  s: 2.0 s, received 3 (36 bytes, 1.5/s), sent 0" in str(some.ws.summary())
    none = df.assign(time=df["time"].where(df.index < 0))
    assert none.ws.types()["rate"].isna().tolist() == [True]
    assert "  s: -, received 3 (36 bytes), sent 0" in str(none.ws.summary())
