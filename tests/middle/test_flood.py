"""Many frames through a proxy, and a proxy that dies: what is recorded is all that passed."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import websockets.asyncio.client

import wsnotebook
from wsnotebook.lab import embedded_server

from .conftest import Converse, framed

COUNT = 40_000
ROUNDS = 3


async def test_a_flood_is_handed_on_and_recorded_whole_with_the_panel_open(converse: Converse) -> None:
    """In order, on both connections; the panel looks at it ten times a second."""
    sent = b"".join(framed(0x81, b"%099d" % number) for number in range(COUNT))
    async with converse() as ends:
        panel = ends.proxy._panel()
        sending = asyncio.create_task(ends.upstream.send(sent))
        assert await ends.client.read(len(sent)) == sent
        await sending
        panel.refresh()
        assert f"{2 * COUNT:,} frames" in panel.counters.value
    for name in ("client-1", "upstream-1"):
        df = ends.proxy.log.df
        rows = df[df["session"] == name]
        assert rows["text"].astype("int64").tolist() == list(range(COUNT))
        assert (rows["status"] == "ok").all()


@pytest.mark.long
async def test_a_kill_loses_no_more_than_the_last_moment(tmp_path: Path) -> None:
    """At random moments: what a client had its answer to a second before is in the file, in order and whole."""
    chance = random.Random(1)
    async with embedded_server("echo") as server:
        for number in range(ROUNDS):
            path = tmp_path / f"{number}.pcapng"
            command = [sys.executable, "-m", "wsnotebook", "proxy", server.url, "--record", path]
            process = await asyncio.create_subprocess_exec(
                *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().strip()
            asyncio.get_running_loop().call_later(chance.uniform(1.2, 2.0), process.kill)
            answered: list[float] = []
            with pytest.raises(websockets.ConnectionClosedError):
                async with websockets.asyncio.client.connect(url, proxy=None, compression=None) as client:
                    while True:
                        await client.send(f"frame {len(answered)}")
                        await client.recv()
                        answered.append(time.monotonic())
            await process.wait()
            old = sum(1 for at in answered if at < answered[-1] - 1)
            sent = (
                wsnotebook.load(path).df.query("direction == 'out'").groupby("session", observed=True)["text"]
            )
            assert len(sent) == 2
            for _, texts in sent.agg(list).items():
                assert texts == [f"frame {seq}" for seq in range(len(texts))]
                assert len(texts) >= old > 0
