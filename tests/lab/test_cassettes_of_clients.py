"""Cassettes of clients of other makers: each gets from its own recording what it got from its server, with ids of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pandas as pd
import pytest
from chromium import debugged_chromium
from programs import PROGRAMS, RECORDINGS, check_facts
from serverprocess import server_process
from websockets.asyncio.client import connect

import wsnotebook
from wsnotebook.lab import embedded_server, playback

pytestmark = pytest.mark.long

BEATS = [b"\n", b'{"type":6}\x1e', b"\x02\x91\x06"]
"""Of STOMP and of SignalR in JSON and in MessagePack."""
PEERS = Path(__file__).parents[1] / "peers"
Ask = Callable[[str], Any]


async def run(*command: str | Path) -> str:
    """Return what a client prints."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=subprocess.PIPE)
    try:
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    return output.decode()


async def check(server: str, client: Callable[[str], Any], **options: Any) -> tuple[Any, pd.DataFrame]:
    """Record a client with its server, play that to the client again, and return what it got both times, and the frames."""
    async with wsnotebook.proxy(server) as p:
        real = await client(p.url)
    recording = p.df[p.df["session"] == "client-1"]
    async with embedded_server(playback(recording, speed=None, **options)) as lab:
        played = await client(lab.url)
        await lab.stop(grace=5)
        assert lab.errors == []
    assert played == real
    return real, recording


async def check_replay(
    recording: pd.DataFrame, server: str, speed: float | None = None, **options: Any
) -> None:
    """Send what a recorded client sent to its real server, and assert that each recorded message comes again."""
    (handshake,) = (
        each for each in recording.attrs["wsnotebook"]["connections"] if each["session"] == "client-1"
    )
    url = urlsplit(handshake["url"])._replace(netloc=urlsplit(server).netloc).geturl()
    is_beat = recording["payload"].isin(BEATS)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "secrets of the recording")
        done = await wsnotebook.replay(recording[~is_beat], url, speed=speed, timeout=60, **options)
    live = done.log.df[~done.log.df["payload"].isin(BEATS)]
    found = wsnotebook.compare(done.recorded, live)
    assert done.unanswered == () and found.missing.empty and found.reordered.empty, found
    assert set(found.extra["message"]) <= {"close 1000"}, found  # of a client that never said it


@pytest.fixture(scope="module")
def node_client(npm: Callable[..., Path]) -> Callable[[str], tuple[AbstractContextManager[str], Ask]]:
    """A function that returns a server to enter and a client to run, both of a script of tests/peers."""
    folder = npm(
        *(
            "graphql-ws@6",
            "graphql@16",
            "ws@8",
            "socket.io@4",
            "socket.io-client@4",
            "@stomp/stompjs@7",
            "phoenix@1.8",
        ),
        "home-assistant-js-websocket@9.7.0",
        *("phoenix1@npm:phoenix@1.2.1", "@microsoft/signalr@10", "@microsoft/signalr-protocol-msgpack@10"),
    )

    def peers(name: str, *options: str) -> tuple[AbstractContextManager[str], Ask]:
        script = PEERS / f"{name}.mjs"
        server = server_process("node", script, folder, "serve")
        return server, lambda url: run("node", script, folder, url, *options)

    return peers


@pytest.fixture(scope="module")
def python_client(
    tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Callable[..., tuple[AbstractContextManager[str], Ask]]:
    """A function that returns a server to enter and a client to run, both of a script, with packages of their own."""
    folder = tmp_path_factory.mktemp("python")
    made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
    python = folder / "bin" / "python"
    packages = [
        "autobahn==26.10.2",
        "xconn==0.5.1",
        "cbor2",
        "msgpack",
        "pygls[ws]==2.1.1",
        "mcp[ws]==1.30.0",
    ]
    command = [python, "-m", "pip", "install", "-q", *packages]
    if made.returncode or (made := subprocess.run(command, capture_output=True, text=True)).returncode:
        missing(f"autobahn, xconn, pygls or mcp from the package index ({made.stderr.strip()[-200:]})")

    def peers(name: str, *options: str) -> tuple[AbstractContextManager[str], Ask]:
        script = PEERS / f"{name}.py"
        return server_process(python, script, "serve"), lambda url: run(python, script, url, *options)

    return peers


async def test_graphql_ws_makes_new_ids_each_time(node_client: Any) -> None:
    """A query, and two subscriptions side by side, of which the client ends one."""
    server, client = node_client("graphql")
    with server as url:
        found, frames = await check(url, client, key="id", rewrite=True, unordered=True)
    assert json.loads(found) == [["hello me"], [1, 2], [1, 2, 3]]
    streams = frames.ws.pairs("graphql")
    assert sorted(streams[["replies", "outcome"]].itertuples(index=False, name=None)) == [
        (2, "answered"), (3, "answered"), (3, "cancelled"),
    ]  # fmt: skip


async def test_socket_io_counts_its_acknowledgements(node_client: Any) -> None:
    """Acknowledgements, an event, and bytes in frames of their own."""
    server, client = node_client("socketio")
    with server as url:
        found, frames = await check(url, client, unordered=True)
    assert json.loads(found) == [3, [3, 2, 1], {"well": True}]
    acknowledged = frames.ws.pairs("socketio")
    assert acknowledged["outcome"].tolist() == ["answered"] * 2
    assert frames.ws.decode("socketio").ws.types()["type"].tolist().count("BINARY_ACK") == 1


async def check_again(
    name: str,
    peers: Callable[[], tuple[AbstractContextManager[str], Ask]],
    ignore: str | None = None,
    speed: float | None = None,
) -> None:
    """Check a program whose recording is kept, and keep a new one where it is gone; replay it at a speed."""
    server, client = peers()
    with server as url:
        _, frames = await check(url, client, unordered=True, ignore=ignore)
    with peers()[0] as url:  # a server that counts begins anew
        await check_replay(frames, url, speed)
    check_facts(PROGRAMS[name], frames)
    path = RECORDINGS / f"{name}.jsonl"
    if not path.exists():
        frames.ws.to_log().save(path)
    is_beat = frames["text"].eq("\n").fillna(False)
    data = frames["opcode"].isin(["text", "binary"]) & frames["direction"].eq("out") & ~is_beat
    last = data.to_numpy().nonzero()[0][-1]
    longer = pd.concat([frames[: last + 1], frames[last:]])  # the client has said its last message twice
    async with embedded_server(playback(longer, speed=None, unordered=True, ignore=ignore, timeout=3)) as lab:
        await asyncio.gather(client(lab.url), return_exceptions=True)
        await lab.stop(grace=5)
        error = str(lab.errors[0])  # some connect once more
    assert re.search(r"^row \d+, request .*(did not come within 3 s|left after (\d+) of )", error)


@pytest.mark.parametrize(
    ("name", "script", "options"),
    [
        ("homeassistant", "homeassistant", []),
        ("stomp", "stomp", []),
        ("phoenix-1", "phoenix", ["phoenix1", "1.0.0"]),
        ("phoenix-2", "phoenix", ["phoenix", "2.0.0"]),
        ("signalr-json", "signalr", ["json"]),
        ("signalr-messagepack", "signalr", ["messagepack"]),
    ],
    ids=["homeassistant", "stomp", "phoenix-1", "phoenix-2", "signalr-json", "signalr-messagepack"],
)
async def test_a_library_of_npm(node_client: Any, name: str, script: str, options: list[str]) -> None:
    """What is known of its recording is true today; a tape with one request more is not played to its end in silence."""
    ignore = {"stomp": r"/^\n$/", "signalr": '"type":6'}.get(script)
    await check_again(name, lambda: node_client(script, *options), ignore)


@pytest.mark.parametrize(
    ("package", "version", "key"), [("phoenix1", "1.0.0", "ref"), ("phoenix", "2.0.0", "[1]")], ids=["1", "2"]
)
async def test_phoenix_by_the_ids_of_its_requests(
    node_client: Any, package: str, version: str, key: str
) -> None:
    """The end of a channel has the id of its join, and comes when the client leaves."""
    server, client = node_client("phoenix", package, version)
    with server as url:
        found, _ = await check(url, client, key=key, rewrite=True)
    assert any("shout" in each for each in json.loads(found))


@pytest.mark.timeout(500)  # the packages are many
@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
async def test_autobahn_with_a_router(python_client: Any, serializer: str) -> None:
    """Of another maker, in each serialisation; in the same way."""
    await check_again(f"wamp-{serializer}", lambda: python_client("wamp", serializer))


@pytest.mark.timeout(500)
async def test_a_language_server_asks_back(python_client: Any) -> None:
    """The ids of the client are new each time, those of the server as recorded."""
    server, client = python_client("lsp")
    with server as url:
        _, frames = await check(url, client, key="id", rewrite=True, unordered=True)
    with python_client("lsp")[0] as url:  # a server ends with its first client
        await check_replay(frames, url)
    found, known = frames.ws.pairs(), PROGRAMS["lsp"].pairs
    assert list(zip(found["what"], found["outcome"], strict=True)) == [(each[1], each[4]) for each in known]


@pytest.mark.timeout(500)
async def test_a_model_context_server_asks_the_model_of_its_client(python_client: Any) -> None:
    """With an id that the client has used too; the ids of the client come in the order of its calls."""
    server, client = python_client("modelcontext")
    with server as url:
        await check(url, client, key="id", rewrite=True, unordered=True)
    # A server that gets a cancel before it has begun with the call does not know it, and says nothing.
    await check_again("mcp", lambda: python_client("modelcontext"), speed=1.0)


async def test_a_python_client_asks_in_another_order() -> None:
    """With ids that go on from where the last run ended."""
    ids, orders = itertools.count(1), iter(["abc", "cab"])

    async def client(url: str) -> dict[str, str]:
        asked = {str(next(ids)): text for text in next(orders)}
        async with connect(url, proxy=None) as peer:
            for id, text in asked.items():
                await peer.send(json.dumps({"id": id, "text": text}))
            answers = [json.loads(await peer.recv()) for _ in asked]
        return {asked[each["id"]]: each["text"] for each in answers}

    with server_process(sys.executable, PEERS / "echo_aiohttp.py", "plain") as url:
        found, _ = await check(url, client, key="id", rewrite=True, unordered=True)
    assert found == dict(zip("abc", "abc", strict=True))


async def test_devtools_of_chromium(chromium: str, tmp_path: Path) -> None:
    """Commands with ids of another run, and events between their answers."""
    firsts = itertools.count(1, 1000)

    async def client(url: str) -> list[Any]:
        ids = itertools.count(next(firsts))
        async with connect(url, proxy=None, max_size=None) as peer:

            async def ask(method: str, session: str | None = None, **params: Any) -> Any:
                command = {"id": next(ids), "method": method, "params": params}
                await peer.send(json.dumps(command | ({"sessionId": session} if session else {})))
                while True:
                    answer = json.loads(await peer.recv())
                    if answer.get("id") == command["id"]:
                        return answer["result"]

            target = (await ask("Target.createTarget", url="about:blank"))["targetId"]
            session = (await ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            await ask("Runtime.enable", session)
            value = await ask("Runtime.evaluate", session, expression="6 * 7")
            await ask("Target.closeTarget", targetId=target)
        return [target, session, value["result"]["value"]]

    with debugged_chromium(chromium, tmp_path):
        port, path = (tmp_path / "DevToolsActivePort").read_text().split("\n")
        found, frames = await check(f"ws://127.0.0.1:{port}{path}", client, key="id", rewrite=True)
    assert found[2] == 42
    commands = frames.ws.pairs("cdp")
    assert commands["what"].str.contains(r"^\w+\.\w+$").all() and set(commands["outcome"]) == {"answered"}
    assert len(commands) == 5 == frames.ws.decode("cdp")["kind"].eq("result").sum()
