"""A session on a page without a kernel: a summary and the last rows."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from wsnotebook.widgets.static import html_of, text_of
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
    lines = text_of(session).split("\n")
    assert lines[0] == "WebSocket session ws-1, ws://127.0.0.1:9/feed: open, 13 frames when this was shown"
    assert len(lines) == 11 and lines[1].split() == ["3", "↓", "text", "8", "tick", "3\\r\\n"]
    assert lines[-1].split() == ["12", "↑", "binary", "2", "00", "ff"]


def test_html_is_a_paragraph_and_a_table_that_is_not_typeset(session: Any) -> None:
    """A hostile payload, name and URL are text: no element or attribute comes from them, and no mathematics."""
    session.name = session.url = "<script>1</script>"
    session.record(Frame.text("</td><img src=x onerror=alert(1)>"))
    tags = Tags()
    tags.feed(html_of(session))
    assert tags.tags == {"div", "p", "table", "tr", "td"}
    assert tags.attributes == [("class", "tex2jax_ignore mathjax_ignore")]
    assert "</td><img src=x onerror=alert(1)>" in tags.text and "<script>" in tags.text


def test_long_payloads_are_cut(session: Any) -> None:
    """A saved notebook does not grow with the size of a frame."""
    session.record(Frame.text("x" * 1_000_000))
    assert len(text_of(session)) < 300 and len(html_of(session)) < 500
