"""A feed as fast as it comes, into a session in a real kernel whose panel is open: nothing is lost, nothing waits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from page import open_page
from serverprocess import server_process

pytestmark = pytest.mark.long

FRAMES = 40_000
"""Frames that have come before the feed is stopped."""

CONNECT = """
import wsnotebook
session = await wsnotebook.connect({url!r}, proxy=None, io={io!r}, compression=None)
session
"""
CHECK = """
texts = session.df[(session.df.direction == "in") & (session.df.opcode == "text")].text
numbers = texts.iloc[:-1].astype("int64")
in_order = numbers.tolist() == list(range(len(numbers)))
"""


@pytest.fixture
def firehose() -> Iterator[str]:
    """The URL of a feed in another process that sends as fast as it is read."""
    with server_process(sys.executable, Path(__file__).parent / "peers" / "firehose.py") as url:
        yield url


@pytest.mark.parametrize("io", ["kernel", "thread"])
async def test_the_kernel_answers_while_a_feed_comes_in_and_the_panel_is_open(io: str, firehose: str) -> None:
    """Cells are answered and the panel gets its rows while the feed runs; then every frame is in the log, in order."""
    async with open_page() as page:
        await page.run(CONNECT.format(url=firehose, io=io))
        await page.run('await session.send("go")')
        lengths = [0]
        while lengths[-1] < FRAMES or page.told < 3 or page.rows_got == 0:
            lengths.append(int((await page.run("", "len(session.log)")).value))
        state = (await page.run("", "str(session.state)")).value
        assert state == "'open'", "the feed ended before it was told to"
        assert lengths == sorted(lengths) and len(set(lengths)) > 3
        await page.run('await session.send("stop"); reason = await session.close_reason')
        await page.run(CHECK)
        assert (await page.run("", "in_order, reason.code")).value == "(True, 1000)"
        assert (await page.run("", "f'sent {len(numbers)}' == texts.iloc[-1]")).value == "True"
        assert page.errors == []
