"""Tabs: which sessions have a tab, and who chooses one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsnotebook.widgets.tabs import MOST, Tab, Tabs


def names_of(tabs: Tabs) -> list[str]:
    """Return the names in the strip."""
    return [name for name, *_ in tabs.tabs]


def test_all_is_the_first_tab_where_there_is_one() -> None:
    """Names are escaped in titles only."""
    tabs = Tabs("clients", "All")
    tabs.show([Tab("a\u202eb", "open", 3)], 4)
    assert tabs.tabs == [["", "All", "", 4], ["a\u202eb", "a\\u202eb", "open", 3]]
    tabs = Tabs("sessions")
    tabs.show([Tab("a", "open", 3)])
    assert names_of(tabs) == ["a"]


def test_of_too_many_those_have_tabs_that_go_on_and_the_newest() -> None:
    """And the one that was chosen; in their order. The others are counted."""
    tabs = Tabs("clients", "All")
    tabs.chosen = "client-7"
    every = [Tab(f"client-{n}", "open" if n % 100 == 0 else "closed", n) for n in range(2000)]
    tabs.show(every)
    names = names_of(tabs)
    assert len(names) == MOST + 1 and tabs.unlisted == 2000 - MOST
    assert names[:4] == ["", "client-0", "client-7", "client-100"] and names[-1] == "client-1999"
    assert names == sorted(names, key=lambda name: int(name[7:] or -1))


@pytest.mark.parametrize("thread", [False, True], ids=["loop", "thread"])
async def test_a_click_chooses_from_any_thread(thread: bool) -> None:
    tabs, chosen = Tabs("clients", "All"), asyncio.Event()
    tabs.observe(lambda _: chosen.set(), "chosen")
    message: dict[str, Any] = {"id": "1", "verb": "choose", "name": "a"}
    await asyncio.to_thread(tabs._receive, tabs, message, ()) if thread else tabs._receive(tabs, message, ())
    async with asyncio.timeout(60):
        await chosen.wait()
    assert tabs.chosen == "a"
