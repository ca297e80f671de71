"""SessionTable: a tab is a term of the filter, whoever sets which."""

from __future__ import annotations

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.sessiontable import SessionTable
from wsnotebook.widgets.table import FrameTable


def test_a_filter_that_is_typed_chooses_the_tab_that_shows_it() -> None:
    """And none, where no tab shows that."""
    frames = SessionTable(FrameTable(FrameLog()), "clients", lambda: [("a", "open"), ("b", "open")])
    for query, chosen in (
        ("session:a", "a"),
        ("op:text session:b", "b"),
        ("session:a session:b", "a b"),
        ("-session:a", ""),
        ("session:other", "other"),
        ("", ""),
    ):
        frames.table.query = query
        assert (frames.tabs.chosen, frames.table.query) == (chosen, query)


def test_a_tab_that_is_chosen_leaves_the_other_terms() -> None:
    frames = SessionTable(FrameTable(FrameLog()), "clients", lambda: [("a", "open")])
    frames.table.query = "session:b hello"
    frames.tabs.chosen = "a"
    assert frames.table.query == "session:a hello"
    frames.tabs.chosen = ""
    assert frames.table.query == "hello"


def test_two_sides_of_one_conversation_are_one_tab() -> None:
    """Where its owner says so."""
    table = FrameTable(FrameLog())
    frames = SessionTable(table, "conversations", lambda: [("a", "open")], lambda name: (name, f"{name}2"))
    frames.tabs.chosen = "a"
    assert table.query == "session:a session:a2"
    table.query = "session:a"
    assert frames.tabs.chosen == "a" and table.query == "session:a"
