"""A session on a page without a kernel: a summary and the last rows."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from wsnotebook.log.connections import Connection
from wsnotebook.widgets.static import page_of
from wsnotebook.wire.frames import Frame


class Tags(HTMLParser):
    """Collects what a browser would take for elements and for text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[Any] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_has_a_summary_and_the_last_rows(session: Any) -> None:
    """One line each, the newest last, nothing that moves a cursor."""
    session.record(*[Frame.text(f"tick {n}\r\n") for n in range(12)])
    session.record(Frame.binary(b"\x00\xff"), sent=True)
    lines = page_of(session, 13).plain.split("\n")
    assert lines[0] == "WebSocket session ws-1, ws://127.0.0.1:9/feed: open, 13 frames; the last 10:"
    assert len(lines) == 11 and lines[1].split() == ["3", "↓", "text", "8", "tick", "3\\r\\n"]
    assert lines[-1].split() == ["12", "↑", "binary", "2", "00", "ff"]


def test_html_is_a_paragraph_and_a_table_that_is_not_typeset(session: Any) -> None:
    """A hostile payload, name and URL are text: no element or attribute comes from them, and no mathematics."""
    session.name = session.url = "<script>1</script>"
    session.pump.connection = session.log.register(Connection(session.name))
    session.record(Frame.text("</td><img src=x onerror=alert(1)>"))
    tags = Tags()
    tags.feed(page_of(session, 1).html)
    assert tags.tags == {"div", "p", "table", "tr", "td"}
    assert set(tags.attributes) == {
        ("class", "tex2jax_ignore mathjax_ignore"),
        ("style", "white-space: pre-wrap"),  # runs of spaces are seen
    }
    assert "</td><img src=x onerror=alert(1)>" in tags.text and "<script>" in tags.text


def test_long_payloads_are_cut(session: Any) -> None:
    """A saved notebook does not grow with the size of a frame."""
    session.record(Frame.text("x" * 1_000_000))
    assert len(page_of(session, 1).plain) < 300 and len(page_of(session, 1).html) < 500


def test_the_last_rows_are_those_of_the_session(session: Any, make_session: Any) -> None:
    """Of all its attempts; another session of the log, that says more, does not push them out."""
    other = make_session(session.log)
    other.pump.connection = session.log.register(Connection("other"))
    session.record(*[Frame.text(f"mine {n}") for n in range(3)])
    other.record(*[Frame.text("other")] * 2500)
    session.pump.connection = session.log.register(Connection(session.name, attempt=1))
    session.record(Frame.text("mine 3"))
    lines = page_of(session, 4).plain.split("\n")[1:]
    assert [line.split()[4:] for line in lines] == [["mine", str(n)] for n in range(4)]
