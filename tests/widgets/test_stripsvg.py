"""The timeline as a picture for pages without a kernel."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.density import SHORTEST_NS
from wsnotebook.widgets.logtable import LogTable
from wsnotebook.widgets.panel import Panel
from wsnotebook.widgets.strip import Strip
from wsnotebook.wire.batch import Batch
from wsnotebook.wire.frames import CloseReason, Frame

SVG = "{http://www.w3.org/2000/svg}"


def drawn(log: FrameLog) -> tuple[str, ElementTree.Element]:
    """The words, and the picture as a parser of XML sees it."""
    made = Strip(log, None).svg()
    words, picture = re.fullmatch(r"<p>(.*)</p>(<svg.*</svg>)", made).groups()  # type: ignore[union-attr]
    return words, ElementTree.fromstring(picture)


@pytest.fixture
def noted(make_session: Any) -> Any:
    """A session whose events happen when its frames do."""
    return make_session(FrameLog(clock=lambda: 1_700_000_000_123_456_789))


def test_bars_are_those_of_both_directions_and_marks_of_what_happened(noted: Any) -> None:
    """With the words that the strip in the panel has; no text of anybody else is in it."""
    noted.record(*[Frame.text("x")] * 3)
    noted.record(Frame.text("x"), Frame.close(CloseReason(1000)), sent=True)
    noted.log.note("kernel stall", "a cell", "ws-1", seconds=2.0)
    noted.log.note("<script>", "</svg><script>1</script>")
    words, picture = drawn(noted.log)
    begin = "2023-11-14 22:13:20.123"
    assert words == f"{begin} – {begin} UTC: 3 received, 2 sent, 1 close, 1 stall, 1 event"
    assert picture.get("aria-label") == f"timeline, {words}" and picture.get("role") == "img"
    sent, received = picture.findall(f"{SVG}path")
    assert [sent.get("d"), received.get("d")] == ["M0.0 3.7H1000.0v16.3H0.0z", "M0.0 20.0H1000.0v20.0H0.0z"]
    marks = ["".join(mark.itertext()) for mark in picture.findall(f"{SVG}text")]
    assert marks == ["1 close×", "1 stall◆", "1 event⚑"]
    assert len({mark.get("y") for mark in picture.findall(f"{SVG}text")}) == 3  # none hides another
    assert {each.tag for each in picture.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "path", "text", "title")
    }


def test_a_span_without_frames_is_marked(noted: Any) -> None:
    """From ten bins on, as in the panel."""
    log = noted.log
    for at in (0, 20, 25):
        batch = Batch()
        batch.add(0x81, b"x", 0)
        log.append(batch, 0, "in", 1_700_000_000_000_000_000 + at * SHORTEST_NS, at)
    words, picture = drawn(log)
    gap, received = picture.findall(f"{SVG}path")
    assert (
        gap.get("fill-opacity") and gap.get("d", "").count("M") == 1 and received.get("d", "").count("M") == 3
    )


def test_a_log_without_frames_has_none() -> None:
    """Nor has its table."""
    assert Strip(FrameLog(), None).svg() == ""


async def test_what_stays_of_a_panel_and_of_a_table_has_it(session: Any) -> None:
    """In the HTML, below the last rows."""
    session.record(Frame.text("x"))
    panel, table = Panel(session), LogTable(session.log)
    for shown in (panel._still.bundle(), table._still.bundle()):
        assert "<svg" in shown["text/html"] and "1 received, 0 sent" in shown["text/html"]
        assert "<svg" not in shown["text/plain"]
    panel.close()
    table.close()
