"""Peers beside each other: all move the same payload, and a row of the table says what a frame cost each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from measure import Result, in_fresh_process, medians
from table import number

__all__ = ["COLUMNS", "compare"]

COLUMNS = ("peer", "payload", "CPU µs/frame", "wall µs/frame", "CPU / websockets")


def compare(
    move: Callable[..., Result], peers: Iterable[str], url: str, name: str, messages: int, rounds: int
) -> list[list[str]]:
    """Let all peers send or receive one payload; return the table's rows."""
    runs = {
        peer: partial(in_fresh_process, move, peer=peer, url=url, name=name, messages=messages)
        for peer in peers
    }
    results = medians(rounds, runs)
    bare = results["websockets"]
    assert bare is not None
    return [
        [peer, name, *map(number, (result["cpu"], result["wall"], result["cpu"] / bare["cpu"]))]
        if result
        else [peer, name, "not installed", "-", "-"]
        for peer, result in results.items()
    ]
