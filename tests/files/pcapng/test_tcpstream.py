"""One direction of TCP: what is in order, what is missing, and when that is certain."""

from __future__ import annotations

import random

import pytest

from wsnotebook.files.pcapng.tcpstream import Gap, Part, Piece, TcpStream


def shown(parts: list[Part]) -> list[bytes | int]:
    """Return the bytes of pieces, and the sizes of gaps."""
    return [part.data if isinstance(part, Piece) else part.size for part in parts]


def stream(initial: int = 999) -> TcpStream:
    stream = TcpStream()
    stream.start(initial)
    return stream


def test_an_acknowledged_gap_is_certain() -> None:
    """The peer has got bytes that were not captured: what comes after them goes on at once, with its own time."""
    tcp = stream()
    assert shown(tcp.add(1000, b"ab", 0, 1)) == [b"ab"]
    assert tcp.add(1005, b"fg", 0, 2) == []
    assert tcp.acknowledge(1002, 3) == [] and tcp.acknowledge(1004, 4) == []
    assert tcp.acknowledge(1007, 5) == [Gap(3, 5, False), Piece(b"fg", 2)]
    assert tcp.add(1002, b"cde", 0, 6) == []  # late, and not waited for any more


def test_an_acknowledgement_may_come_before_what_follows_the_gap() -> None:
    """Then the first segment after the gap shows it."""
    tcp = stream()
    assert tcp.acknowledge(1003, 1) == []
    assert shown(tcp.add(1003, b"d", 0, 2)) == [3, b"d"]


def test_what_is_not_acknowledged_may_still_come() -> None:
    """A packet that the network lost is sent again."""
    tcp = stream()
    assert tcp.add(1003, b"def", 0, 1) == [] and tcp.acknowledge(1000, 2) == []
    assert tcp.add(1000, b"abcd", 0, 3) == [Piece(b"abcd", 3), Piece(b"ef", 1)]


def test_without_acknowledgements_a_window_is_waited_for() -> None:
    """Of one direction only: 1,024 segments."""
    tcp = stream()
    parts: list[Part] = []
    for number in range(1025):
        parts += tcp.add(1001 + number, b"x", 0, number)
    assert shown(parts) == [1, *[b"x"] * 1025]


def test_what_the_receiver_asks_for_is_waited_for() -> None:
    """A retransmission that comes after 5,000 segments: the acknowledgements show that it is still to come."""
    tcp = stream()
    assert tcp.acknowledge(1000, 0) == []
    late = [part for number in range(5000) for part in tcp.add(1001 + number, b"x", 0, number)]
    assert late == [] and tcp.acknowledge(1000, 5000) == []
    assert shown(tcp.add(1000, b"a", 0, 5001)) == [b"a", *[b"x"] * 5000]


def test_what_waits_is_bounded() -> None:
    """An acknowledgement that never comes: 64 MiB wait, and then the gap is passed."""
    tcp, mebibyte = stream(), bytes(1 << 20)
    tcp.acknowledge(1000, 0)
    parts = [part for number in range(64) for part in tcp.add(1001 + (number << 20), mebibyte, 0, number)]
    assert parts[0] == Gap(1, 63, False) and len(parts) == 65


def test_the_end_shows_what_is_missing_before_it() -> None:
    """By the FIN, or by the last acknowledgement."""
    tcp = stream()
    tcp.add(1003, b"d", 0, 1)
    tcp.end(1006, is_orderly=True)
    assert shown(tcp.finish(2)) == [3, b"d", 2]
    tcp = stream()
    tcp.acknowledge(1004, 1)
    assert shown(tcp.finish(2)) == [4]
    tcp = stream()
    tcp.end(1000, is_orderly=True)
    tcp.acknowledge(1001, 1)  # of the FIN itself
    assert tcp.finish(2) == []


def test_a_snap_length_is_a_gap_in_its_segment() -> None:
    """Also in one that waited, and in one that overlaps with what came."""
    tcp = stream()
    assert tcp.add(1000, b"ab", 3, 1) == [Piece(b"ab", 1), Gap(3, 1, True)]
    assert tcp.add(1004, b"ef", 1, 2) == [Piece(b"f", 2), Gap(1, 2, True)]
    assert tcp.add(1002, b"c", 1, 3) == []


@pytest.mark.parametrize("start", [1000, (1 << 32) - 700])
def test_any_order_gives_the_stream(start: int) -> None:
    """Segments that are swapped, repeated and overlap, also where the sequence numbers turn over."""
    chance = random.Random(start)
    for _ in range(50):
        data = chance.randbytes(1500)
        cuts = sorted({0, 1500, *(chance.randrange(1500) for _ in range(30))})
        segments = [
            (low, data[low : high + chance.randrange(20)]) for low, high in zip(cuts, cuts[1:], strict=False)
        ]
        segments += chance.sample(segments, 5)
        chance.shuffle(segments)
        tcp = stream(start - 1)
        parts = [part for low, piece in segments for part in tcp.add((start + low) & 0xFFFFFFFF, piece, 0, 0)]
        assert b"".join(part.data for part in parts if isinstance(part, Piece)) == data
        assert tcp.finish(0) == []
