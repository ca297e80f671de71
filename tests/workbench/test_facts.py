"""Facts: of a real session, without its secrets; and shown without a peer's markup."""

from __future__ import annotations

from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.workbench.facts import Facts, info_of, stats_of


async def test_info_has_the_handshake_without_secrets_and_the_end() -> None:
    """Heads as they were sent, redacted."""
    async with embedded_server("echo") as server:
        session = await connect(f"{server.url}/?token=hush", headers={"Cookie": "hush=hush"})
        facts = info_of(session)
        assert facts["state"] == "open" and "permessage-deflate" in facts["extensions"][0]
        assert "Sec-WebSocket-Version: 13" in facts["request"] and "101" in facts["response"]
        assert "hush" not in repr(facts) and "hush" not in str(dict(facts))
        await session.close(4000, "bye")
        assert "4000" in info_of(session)["close_sent"] and info_of(session)["ended_by"] == "local"


async def test_stats_count_what_crossed_the_wire() -> None:
    """Values to compute with."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        empty = stats_of(session)
        assert empty["sent_frames"] == 0 and repr(empty)
        await session.send("hello")
        await session.ping()
        facts = stats_of(session)
        assert (facts["sent_frames"], facts["received_frames"], facts["unread"]) == (2, 2, 1)
        assert facts["pings_answered"] == 1 and facts["latency_median"] > 0
        assert facts["counts"].loc[(session.name, "in", "text"), "bytes"] == 5


def test_a_text_is_never_markup_and_moves_no_cursor() -> None:
    """Neither in the table nor in the lines."""
    facts = Facts(url="<img src=x>\x1b[2J", none=None)
    assert "<img" not in facts._repr_html_() and "&lt;img" in facts._repr_html_()
    assert "tex2jax_ignore" in facts._repr_html_()
    assert "\x1b" not in repr(facts) + facts._repr_html_() and "none" not in repr(facts)
