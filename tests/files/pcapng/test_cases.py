"""Captures from the field, small: what each must give, as tshark sees it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from wsnotebook.files.loading import load

CASES = Path(__file__).parents[1] / "cases"


class Case(NamedTuple):
    """A file, and its rows."""

    name: str
    out: int
    incoming: int
    events: tuple[str, ...] = ()
    """Beginning of each event's sentence."""
    url: str = "ws://h.example:8080/x"


TABLE = [
    Case("plain.pcap", 10, 10),
    Case("plain.pcap.gz", 10, 10),
    Case("link-sll-vlan.pcap", 10, 10),
    Case("empty-first-section.pcapng", 10, 10),
    Case("loss.pcap", 10, 9, ("4 bytes of the server are not in the capture",)),
    Case("middle.pcap", 8, 8, ("the capture begins after the handshake",), ""),
    Case("handshake-pmd-two-lines.pcap", 4, 4),
    Case("handshake-abs-uri.pcap", 2, 2),
    Case(
        "handshake-no-host.pcap",
        2,
        2,
        ("a strict reader refuses the request: it has no Host",),
        "ws://10.0.0.2:8080/x",
    ),
    Case("handshake-two-hosts.pcap", 2, 2, ("a strict reader refuses the request: it has 2 lines of Host",)),
    Case("handshake-http10-req.pcap", 2, 2, ("a strict reader refuses the request: it is of HTTP/1.0",)),
    Case("handshake-space-colon.pcap", 2, 2, ("a strict reader refuses the request: a space stands before",)),
    Case(
        "handshake-utf8-target.pcap",
        2,
        2,
        ("a strict reader refuses the request: its target has bytes that are not ASCII",),
        "ws://h.example:8080/ü?q=中",
    ),
    Case("handshake-huge-cookie.pcap", 2, 2, ("a strict reader refuses the request: it has 70,164 bytes",)),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_it_gives_its_rows_and_says_what_is_odd(case: Case) -> None:
    """Every frame is right, and an event names what a strict reader would have refused the file for."""
    log = load(CASES / case.name)
    counts = log.df["direction"].value_counts()
    assert (counts["out"], counts["in"]) == (case.out, case.incoming)
    assert log.df["status"].eq("ok").all() and log.df["masked"].eq(log.df["direction"] == "out").all()
    details = log.events["detail"].tolist()
    assert len(details) == len(case.events)
    assert all(detail.startswith(said) for detail, said in zip(details, case.events, strict=True))
    assert [connection.url for connection in log.connections] == [case.url]


def test_two_lines_of_extensions_are_one_list() -> None:
    """RFC 6455 §11.3.2: the frames inflate, and none is a violation."""
    df = load(CASES / "handshake-pmd-two-lines.pcap").df
    assert df["text"].tolist() == [
        f"{word} {word} {word} {at}" for at in range(4) for word in ("hello", "world")
    ]
    assert df["rsv1"].all()


@pytest.mark.parametrize("suffix", [".pcap", ".cap", ".har", ".pcapng.gz", ".dmp.parquet"])
def test_the_content_decides_and_not_the_suffix(suffix: str, tmp_path: Path) -> None:
    """A capture, compressed or not, under any suffix."""
    for name in ("plain.pcap", "plain.pcap.gz", "empty-first-section.pcapng"):
        path = tmp_path / f"x{suffix}"
        path.write_bytes((CASES / name).read_bytes())
        assert len(load(path)) == 20


def test_rows_are_in_the_order_of_the_capture_after_a_loss() -> None:
    """The peer's acknowledgement shows the loss at once: no later row stands before an earlier one."""
    df = load(CASES / "loss.pcap").df
    assert df["time"].is_monotonic_increasing
    texts = df[df["direction"] == "in"]["text"].tolist()
    assert texts == [f"s{number}" for number in range(0, 20, 2) if number != 4]
