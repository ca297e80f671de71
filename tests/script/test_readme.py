"""The script of the README."""

from __future__ import annotations

import re
from pathlib import Path

from wsnotebook.lab import embedded_server
from wsnotebook.script.parser import parse_script
from wsnotebook.script.runner import run_script
from wsnotebook.session.client import connect

README = Path(__file__).parents[2] / "README.md"


async def test_the_script_of_the_readme_passes():
    """Against the lab's ticker, which acknowledges what it receives."""
    blocks = re.findall(r"```\n(# login\.ws.*?)```", README.read_text("utf-8"), re.DOTALL)
    (text,) = blocks
    async with embedded_server("ticker") as server, connect(server.url) as session:
        df = await run_script(parse_script(text), session)
    assert "close" in df["opcode"].astype(str).tolist()
