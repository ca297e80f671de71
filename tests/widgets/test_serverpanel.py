"""ServerPanel: what a lab server shows of itself, and its Stop button."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import connect

from wsnotebook.lab import embedded_server
from wsnotebook.widgets.serverpanel import server_panel_for


async def test_it_shows_who_is_connected_and_what_was_counted() -> None:
    """URL, behaviour, counters, and a tab a client, which stays when it has gone; the same panel each time."""
    async with embedded_server("echo") as server:
        panel = server_panel_for(server)
        assert server_panel_for(server) is panel
        assert panel.where.value == f"{server.url}  echo" and server.url in panel.table.placeholder
        assert panel.counters.value.startswith("0 connected · 0 accepted")
        async with connect(server.url) as client:
            await client.send("hello")
            await client.recv()
            panel.refresh()
            assert panel.counters.value == "1 connected · 1 accepted · 0 refused · 0 errors · 2 frames"
            assert panel.frames.tabs.tabs == [["", "All", "", 2], ["client-1", "client-1", "open", 2]]
            assert panel.table.span == (0, 2)
        await panel.server.stop()
        await panel._ticking
        assert panel.frames.tabs.tabs[1][2] == "closed"


async def test_stop_stops_from_any_thread() -> None:
    """A click that comes on another thread stops the server in its own loop; the panel says so."""
    server = await embedded_server("echo")
    panel = server_panel_for(server)
    async with connect(server.url) as client:
        await asyncio.to_thread(panel.button.click)
        await client.wait_closed()
        assert client.close_code == 1001
    await panel._ticking
    assert panel.counters.value.startswith("stopped") and panel.button.disabled


async def test_a_behaviour_that_raised_is_told() -> None:
    """The last error stands in the panel, as text."""

    async def broken(session: object) -> None:
        raise RuntimeError("<b>no</b>")

    async with embedded_server(broken) as server:
        panel = server_panel_for(server)
        async with connect(server.url) as client:
            await client.wait_closed()
        panel.refresh()
        assert "<b>no</b>" in panel.problem.value and type(panel.problem).__name__ == "Label"
        await server.stop()
        await panel._ticking


async def test_a_server_as_the_last_line_of_a_cell_is_its_panel() -> None:
    """Its bundle is that of the widget while it runs, and a line of text when it has stopped."""
    server = await embedded_server("echo")
    bundle = server._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    await server.stop()
    await server_panel_for(server)._ticking
    assert list(server._repr_mimebundle_()) == ["text/plain"]
