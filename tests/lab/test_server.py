"""embedded_server: where it listens, how it starts and stops, what a behaviour's failure leads to."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from wsnotebook.lab import Expect, LabConnection, Send, certificate, embedded_server, playback, slow
from wsnotebook.lab.messages import Request, Response


async def test_listens_on_loopback_and_a_free_port():
    """Without host and port nobody but this machine can reach it, and two servers do not collide."""
    async with embedded_server() as one, embedded_server() as two:
        assert one.port != two.port
        assert one.url == f"ws://127.0.0.1:{one.port}"
        assert one.http_url == f"http://127.0.0.1:{one.port}"


async def test_await_starts_it_and_stop_ends_it():
    """``await embedded_server()`` gives a running server; after stop() the port is closed, and stop may be repeated."""
    server = await embedded_server("echo")
    async with connect(server.url) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
    await server.stop()
    await server.stop()
    with pytest.raises(OSError):
        await connect(server.url)


async def test_a_server_that_was_not_started_says_how():
    """Asking for the url of a server that nobody started is answered with the remedy."""
    server = embedded_server()
    with pytest.raises(RuntimeError, match="async with embedded_server"):
        _ = server.url
    assert "not started" in repr(server)


async def test_unknown_behaviour_lists_the_known():
    """A misspelt name raises before anything listens, and the sentence lists all names."""
    with pytest.raises(ValueError, match="chat, closer, echo, fragments, pings, rude, silent, slow, ticker"):
        embedded_server("eco")
    with pytest.raises(TypeError, match="not int"):
        embedded_server(5)
    with pytest.raises(ValueError, match="no column 'payload'"):
        embedded_server({"direction": [], "opcode": []})
    with pytest.raises(TypeError, match="colour"):
        embedded_server(colour="red")  # type: ignore[call-arg]  # that it is refused is the fact


async def test_stop_closes_peers_with_1001():
    """Clients learn that the server goes away: code 1001."""
    server = await embedded_server("silent")
    client = await connect(server.url)
    await server.stop()
    with pytest.raises(ConnectionClosed):
        await client.recv()
    assert client.close_code == 1001


async def test_stop_gives_behaviours_their_grace():
    """With a grace, a behaviour that is about to finish ends by itself with 1000."""
    server = await embedded_server(slow(delay=0.05))
    client = await connect(server.url)
    await client.send("last")
    stopping = asyncio.create_task(server.stop(grace=5.0))
    assert await client.recv() == "last"
    await client.close()
    await stopping
    assert client.close_code == 1000


async def test_a_stop_that_is_interrupted_leaves_no_connection():
    """As ■ does in a notebook while stop() waits for a behaviour: the connections are cut off all the same."""
    playing = asyncio.Event()

    async def endless(session: LabConnection) -> None:
        playing.set()
        await asyncio.Event().wait()

    server = await embedded_server(endless)
    async with connect(server.url) as client:
        await playing.wait()
        stopping = asyncio.create_task(server.stop(grace=600))
        await asyncio.sleep(0)  # it runs up to its first wait, of which nothing tells
        assert server.is_stopped
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert not server.sessions
        with pytest.raises(ConnectionClosed):
            await client.recv()


async def test_stop_cuts_off_a_peer_that_does_not_answer(raw_upgrade):
    """A peer that never answers the close does not hold the server for more than the timeout."""
    server = await embedded_server("echo")
    async with raw_upgrade(server.port) as (reader, _):
        async with asyncio.timeout(60):
            await server.stop(timeout=0.05)
        assert await reader.read() == b"\x88\x0e\x03\xe9server stops"


async def test_stop_ends_connections_that_never_sent_a_request():
    """A connection that is still waiting for its request head ends with the server."""
    server = await embedded_server("echo")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HT")
    await writer.drain()
    await server.stop()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_behaviour_that_raises_closes_with_1011_and_is_reported(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    """The session gets 1011 and the exception's name, server.errors the exception, the log a record, stderr nothing."""

    async def fails(session: LabConnection) -> None:
        raise KeyError("price")

    with caplog.at_level(logging.WARNING, "wsnotebook.lab"):
        async with embedded_server(fails) as server:
            client = await connect(server.url)
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (1011, "KeyError")
            assert [repr(error) for error in server.errors] == ["KeyError('price')"]
    assert "KeyError('price')" in caplog.text
    assert capfd.readouterr().err == ""


async def test_a_fault_stays_off_stderr_where_nobody_listens_to_the_log():
    """Without a logging configuration Python prints warnings to stderr; the lab's logger has a handler that does not."""
    assert any(
        isinstance(handler, logging.NullHandler) for handler in logging.getLogger("wsnotebook.lab").handlers
    )


async def test_a_behaviour_that_is_not_async_is_named():
    """``def behaviour(session)`` without async is an error that says so."""
    async with embedded_server(lambda session: None) as server:
        client = await connect(server.url)
        await client.wait_closed()
        assert client.close_code == 1011
        assert "async def" in str(server.errors[0])


async def test_own_behaviour_returning_closes_with_1000():
    """When a behaviour returns the session is closed normally."""

    async def greets(session: LabConnection) -> None:
        await session.send(f"hello at {session.path}")

    async with embedded_server(greets) as server:
        client = await connect(f"{server.url}/door?key=1")
        assert await client.recv() == "hello at /door"
        await client.wait_closed()
        assert client.close_code == 1000
        assert not server.errors


async def test_a_client_that_leaves_is_no_error(until):
    """A connection that is cut while the behaviour reads is how sessions end: nothing is reported."""
    async with embedded_server("echo") as server:
        client = await connect(server.url)
        client.transport.abort()
        await until(lambda: not server.sessions)
        assert not server.errors


async def test_routes_choose_by_path():
    """A path in routes has its own behaviour; the query does not matter; the others have the first one."""
    async with embedded_server("echo", routes={"/bye": "closer"}) as server:
        async with connect(f"{server.url}/anything") as client:
            await client.send("x")
            assert await client.recv() == "x"
        client = await connect(f"{server.url}/bye?now")
        await client.wait_closed()
        assert client.close_code == 1000


async def test_without_a_default_other_paths_are_404():
    """behaviour=None serves the routes and nothing else."""
    async with embedded_server(None, routes={"/echo": "echo"}) as server:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{server.url}/other")
        assert refused.value.response.status_code == 404


async def test_sessions_and_repr_count(until):
    """sessions are those that are open now; the repr shows url, behaviour and counters."""
    async with embedded_server("echo") as server:
        async with connect(server.url), connect(server.url):
            await until(lambda: len(server.sessions) == 2)
            assert (
                repr(server)
                == f"<embedded_server {server.url} echo: 2 connected, 2 accepted, 0 refused, 0 errors, 0 frames>"
            )
        await until(lambda: not server.sessions)
        assert server.accepted == 2


async def test_tls():
    """With a certificate made on the spot, wss:// works for who trusts it and for nobody else."""
    pair = certificate()
    async with embedded_server("echo", ssl=pair.server) as server:
        assert server.url.startswith("wss://")
        async with connect(server.url, ssl=pair.client) as client:
            await client.send("secret")
            assert await client.recv() == "secret"
        with pytest.raises(OSError):  # ssl.SSLCertVerificationError
            await connect(server.url)


async def test_tls_refusal():
    """The guard answers inside TLS too, and its own origin is https there."""
    pair = certificate()
    async with embedded_server("echo", ssl=pair.server) as server:
        async with connect(server.url, ssl=pair.client, origin=f"https://127.0.0.1:{server.port}"):
            pass
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.url, ssl=pair.client, origin=f"http://127.0.0.1:{server.port}")
        assert refused.value.response.status_code == 403


async def test_compression_is_accepted_when_offered():
    """The server takes permessage-deflate from who offers it, and does without for who does not."""
    async with embedded_server("echo") as server:
        async with connect(server.url) as client:
            assert [extension.name for extension in client.protocol.extensions] == ["permessage-deflate"]
        async with connect(server.url, compression=None) as client:
            assert client.protocol.extensions == []


async def test_the_first_subprotocol_offered_is_taken():
    """A lab has no protocol of its own: it agrees to the client's first choice, and to none where none is offered."""
    async with embedded_server("echo") as server:
        async with connect(server.url, subprotocols=["v2.json", "v1.json"]) as client:
            assert client.subprotocol == "v2.json"
        async with connect(server.url) as client:
            assert client.subprotocol is None


@pytest.mark.parametrize(
    ("behaviour", "name"),
    [
        ("slow", "slow"),
        (slow, "slow"),
        (slow(delay=1), "slow"),
        ([Expect(), Send("x")], "script"),
        ({"direction": [], "opcode": [], "payload": [], "monotonic": []}, "playback"),
        (playback({"direction": [], "opcode": [], "payload": []}, speed=None), "playback"),
        (LabConnection.close_empty, "close_empty"),
        (None, "routes"),
    ],
)
def test_the_repr_names_the_behaviour(behaviour: object, name: str):
    """Whatever was given as a behaviour has a short name in the server's repr."""
    assert repr(embedded_server(behaviour)) == (
        f"<embedded_server {name}, not started: write server = await embedded_server(…)>"
    )


async def test_stop_does_not_wait_for_an_unfinished_tls_handshake():
    """A TCP connection that never begins TLS does not hold the server."""
    server = await embedded_server("echo", ssl=certificate().server)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(60):
        await server.stop()
    writer.close()


@pytest.mark.long
async def test_a_message_of_64_mib_passes():
    """No size limit of the server surprises a test: 64 MiB come back whole."""
    data = bytes(2**26)
    async with (
        embedded_server("echo") as server,
        connect(server.url, max_size=None, compression=None) as client,
    ):
        await client.send(data)
        assert await client.recv() == data


async def test_another_interface_warns():
    """Listening where other machines can connect is possible, by name, and says so."""
    with pytest.warns(UserWarning, match="other machines can reach it") as warned:
        server = await embedded_server("echo", host="0.0.0.0")
    assert warned[0].filename == __file__
    async with connect(server.url) as client:
        await client.send("x")
        assert await client.recv() == "x"
    await server.stop()
    with pytest.raises(ValueError, match="host"):
        embedded_server(host="")


async def test_localhost_and_ipv6():
    """The name localhost and the IPv6 loopback serve without a warning."""
    for host, shown in (("localhost", "localhost"), ("::1", "[::1]")):
        async with embedded_server(host=host) as server:
            assert server.url == f"ws://{shown}:{server.port}"
            async with connect(server.url) as client:
                await client.send("x")
                assert await client.recv() == "x"


async def test_a_taken_port_raises():
    """A port that somebody else listens on is an OSError at the start."""
    async with embedded_server() as server:
        with pytest.raises(OSError):
            await embedded_server(port=server.port)


async def test_many_clients_at_once():
    """A hundred clients each get their own echo."""
    async with embedded_server("echo") as server:

        async def one(n: int) -> str | bytes:
            async with connect(server.url) as client:
                await client.send(str(n))
                return await client.recv()

        assert await asyncio.gather(*map(one, range(100))) == [str(n) for n in range(100)]
        assert server.accepted == 100


# ---- HTTP on the same port ----


async def ask(port: int, request: str) -> bytes:
    """Send a request by hand and return every byte of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.format(port=port).encode())
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


GET = "GET /login?user=a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"


async def handler(request: Request) -> Response:
    """Answer with what was asked for."""
    if request.path == "/fail":
        raise KeyError("secret")
    return Response.json(
        {"method": request.method, "path": request.path, "body": (await request.read()).decode()}
    )


async def test_http_and_websockets_live_on_one_port():
    """A handler answers what is not a WebSocket; the WebSocket beside it works."""
    async with embedded_server("echo", http=handler) as server:
        answer = await ask(server.port, GET)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b'{"method": "GET", "path": "/login", "body": ""}')
        async with connect(server.url) as client:
            await client.send("x")
            assert await client.recv() == "x"


async def test_http_bodies_and_keep_alive():
    """Two requests on one connection, one with a body, are answered in order."""
    request = (
        "POST /up HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 5\r\n\r\nhello"
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )
    async with embedded_server("echo", http=handler) as server:
        answer = await ask(server.port, request)
        assert answer.count(b"HTTP/1.1 200 OK") == 2
        assert answer.index(b'"body": "hello"') < answer.index(b'"path": "/"')


async def test_the_guard_asks_every_request_of_a_connection():
    """A second request with a foreign Host on a kept connection gets 403 and no body."""
    request = (
        "GET /a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        "GET /b HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        "GET /c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    )
    async with embedded_server("echo", http=handler) as server:
        answer = await ask(server.port, request)
        assert b'"path": "/a"' in answer and b"/b" not in answer and b"/c" not in answer
        assert b"HTTP/1.1 403 Forbidden" in answer and answer.endswith(b"\r\n\r\n")
        assert [refusal.status for refusal in server.refusals] == [403]


async def test_an_upgrade_on_a_kept_connection(until):
    """After an HTTP request the same connection can become a WebSocket, frames of the same segment included."""
    request = (
        "GET /a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with embedded_server("echo", http=handler) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request.format(port=server.port).encode() + b"\x81\x82\0\0\0\0hi")
        assert b"200 OK" in await reader.readuntil(b'"body": ""}')
        assert b"101 Switching" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == b"\x81\x02hi"
        writer.write(b"\x88\x80\0\0\0\0")
        assert await reader.read() == b"\x88\x00"
        writer.close()
        await until(lambda: not server.sessions)
        assert not server.errors


async def test_a_handler_that_raises_is_500_and_reported(capfd: pytest.CaptureFixture[str]):
    """The client gets 500 without the details, server.errors the exception, stderr nothing."""
    async with embedded_server("echo", http=handler) as server:
        answer = await ask(server.port, GET.replace("/login", "/fail"))
        assert answer.startswith(b"HTTP/1.1 500 ") and b"secret" not in answer
        assert [repr(error) for error in server.errors] == ["KeyError('secret')"]
    assert capfd.readouterr().err == ""


async def test_without_a_handler_http_is_426():
    """Plain HTTP to a WebSocket server is told what it is, with or without a body."""
    async with embedded_server("echo") as server:
        for request in (
            GET,
            GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi"),
        ):
            answer = await ask(server.port, request)
            assert answer.startswith(b"HTTP/1.1 426 Upgrade Required\r\n") and b"ws://" in answer


async def test_stop_ends_idle_http_connections():
    """A kept HTTP connection does not hold the server."""
    server = await embedded_server("echo", http=handler)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    await reader.readuntil(b"}")
    async with asyncio.timeout(60):
        await server.stop()
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


def test_an_http_handler_takes_a_request():
    """The older handler of four arguments belongs to http_server, and a wrong one is refused at once."""
    with pytest.raises(TypeError, match="handler"):
        embedded_server(http=lambda request, read, write, upgraded: None)
