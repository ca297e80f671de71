"""Peers beside each other: all move the same payload, and a row of the table says what a frame cost each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from measure import Result, in_fresh_process, medians
from table import number

__all__ = ["COLUMNS", "compare", "figures"]

COLUMNS = ("peer", "payload", "CPU µs/frame", "wall µs/frame", "CPU / websockets")


def compare(
    move: Callable[..., Result], peers: Iterable[str], url: str, name: str, messages: int, rounds: int
) -> list[list[str]]:
    """Let all peers send or receive one payload; return the table's rows."""
    runs = {
        peer: partial(in_fresh_process, move, peer=peer, url=url, name=name, messages=messages)
        for peer in peers
    }
    return figures(name, medians(rounds, runs))


def figures(name: str, results: Mapping[str, Result | None]) -> list[list[str]]:
    """Return the table's rows of one payload, where the median of each peer is known."""
    bare = results["websockets"]
    assert bare is not None
    return [
        [peer, name, *map(number, (result["cpu"], result["wall"], result["cpu"] / bare["cpu"]))]
        if result
        else [peer, name, "not installed", "-", "-"]
        for peer, result in results.items()
    ]
