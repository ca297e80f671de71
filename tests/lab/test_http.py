from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from wsnotebook.lab.http import HttpServer, HttpServerSettings, http_server
from wsnotebook.lab.messages import Request, Response
from wsnotebook.lab.multipart import Part, parse_multipart
from wsnotebook.lab.ranges import multiple_ranges_length, write_multiple_ranges

DATA = bytes(range(256)) * 1000


async def hello(request: Request) -> Response:
    return Response.text("hello")


async def get(server: HttpServer, target: str = "/", **options: Any) -> bytes:
    """One GET on a connection of its own: everything that comes back."""
    reader, writer = await asyncio.open_connection(
        *server.server_socket.result().getsockname()[:2], **options
    )
    writer.write(f"GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_it_listens_on_a_free_loopback_port_and_stops() -> None:
    """The future gives the listening socket; behind the block nothing listens and no task is left."""
    async with http_server(HttpServerSettings(), hello) as server:
        host, port = (await server.server_socket).getsockname()
        assert host == "127.0.0.1" and server.url == f"http://127.0.0.1:{port}"
        assert (await get(server)).endswith(b"\r\n\r\nhello")
        assert not server.root_task.done() and not server.accept_task.done()
    assert server.root_task.done() and server.accept_task.done()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("http")] == []


async def test_a_bind_that_fails_fails_the_future_and_the_block() -> None:
    """A port that is taken: server_socket and ``async with`` raise the OSError, the tasks end."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = http_server(HttpServerSettings(port=taken.getsockname()[1]), hello)
        with pytest.raises(OSError):
            await server.server_socket
        with pytest.raises(OSError):
            async with server:
                pytest.fail("entered")
        await server.root_task
        await server.stop()


async def test_a_host_beyond_loopback_is_warned_about() -> None:
    """The warning names the host; loopback in any spelling is silent."""
    with pytest.warns(UserWarning, match="'0.0.0.0'.*whoever can reach"):
        server = http_server(HttpServerSettings(host="0.0.0.0"), hello)
    await server
    await server.stop()
    for host in ("127.0.0.1", "127.9.9.9", "localhost"):
        async with http_server(HttpServerSettings(host=host), hello):
            pass


def test_outside_a_loop_it_says_so() -> None:
    """Without a running loop it raises RuntimeError."""
    with pytest.raises(RuntimeError, match="loop"):
        http_server(HttpServerSettings(), hello)


async def test_the_failure_of_one_connection_does_not_touch_another() -> None:
    """A handler that fails, a peer that sends rubbish and one that resets; the next request is answered."""
    reported: list[BaseException] = []

    async def handler(request: Request) -> Response:
        if request.path == "/boom":
            raise ZeroDivisionError
        return Response.text("hello")

    settings = HttpServerSettings(on_error=lambda error, request: reported.append(error))
    async with http_server(settings, handler) as server:
        assert b" 500 " in await get(server, "/boom")
        address = server.server_socket.result().getsockname()
        with socket.create_connection(address) as rude:
            rude.sendall(b"\xff\x00rubbish")
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # the close is a reset
        assert (await get(server)).endswith(b"hello")
    assert [type(error) for error in reported] == [ZeroDivisionError]


async def test_stop_lets_running_handlers_finish_and_closes_idle_connections() -> None:
    """The idle peer sees the end, the busy one its answer."""
    started, go = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        await go.wait()
        return Response.text("done")

    server = await http_server(HttpServerSettings(idle_timeout=None), handler)
    idle, idle_writer = await asyncio.open_connection(*server.server_socket.result().getsockname())
    busy = asyncio.create_task(get(server))
    await started.wait()
    stopping = asyncio.create_task(server.stop(timeout=None))
    assert await idle.read() == b""
    idle_writer.close()
    await idle_writer.wait_closed()
    go.set()
    assert (await busy).endswith(b"done")
    await stopping
    await server.stop()  # twice is nothing new


async def test_stop_cancels_handlers_that_take_longer() -> None:
    """Behind the timeout they are cancelled and their connection ends."""
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return Response()

    server = await http_server(HttpServerSettings(), handler)
    busy = asyncio.create_task(get(server))
    await started.wait()
    await server.stop(timeout=0)
    assert cancelled.is_set()
    (outcome,) = await asyncio.gather(busy, return_exceptions=True)
    assert outcome == b"" or isinstance(outcome, ConnectionResetError)


async def test_cancelling_accept_leaves_connections_alone() -> None:
    """No new connection, and the one that is open goes on until it ends by itself; then so does the root."""
    server = await http_server(HttpServerSettings(), hello)
    address = server.server_socket.result().getsockname()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    await reader.readuntil(b"hello")
    server.accept_task.cancel()
    await asyncio.wait([server.accept_task])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    assert not server.root_task.done()
    writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
    await writer.wait_closed()
    await server.root_task


async def test_cancelled_before_it_listens_its_future_is_cancelled() -> None:
    """Whoever waits for the socket is released."""
    server = http_server(HttpServerSettings(), hello)
    server.accept_task.cancel()
    await server.root_task
    assert server.server_socket.cancelled()


async def test_tls_is_spoken_with_a_context() -> None:
    """With ssl in the settings the url is https, and a client that trusts the certificate is answered."""
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    async with http_server(HttpServerSettings(ssl=server_side), hello) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert (await get(server, ssl=client_side)).endswith(b"hello")


# -- curl, which we did not write -----------------------------------------------------------------------------


async def site(request: Request) -> Response:
    """A login that gives a token, an upload, a download in ranges, a stream."""
    if request.path == "/login":
        return Response.json({"token": (await request.read()).decode()[::-1]})
    if request.path == "/upload":
        form = parse_multipart(request, request.headers)
        return Response.json({event.name: len(event.body) async for event in form if isinstance(event, Part)})
    if request.path == "/stream":
        return Response(body=numbers())
    if request.path == "/size":
        return Response.json(len(await request.read()))
    return download(request)


async def numbers() -> AsyncIterator[bytes]:
    for number in range(1000):
        yield b"%d\n" % number


def download(request: Request) -> Response:
    wanted = request.headers.get("range", "").removeprefix("bytes=")
    if not wanted:
        return Response(body=DATA)
    ranges = [
        (int(first), int(last)) for first, _, last in (pair.partition("-") for pair in wanted.split(","))
    ]
    described = (ranges, len(DATA), "3d6b6a416f9b5", "application/octet-stream")
    return Response(
        206,
        write_multiple_ranges(lambda first, last: DATA[first : last + 1], *described),
        {"Content-Type": "multipart/byteranges; boundary=3d6b6a416f9b5"},
        multiple_ranges_length(*described),
    )


async def curl(*arguments: str) -> bytes:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed: apt-get install curl")
    process = await asyncio.create_subprocess_exec(
        program,
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


async def test_curl_logs_in_uploads_and_downloads(tmp_path: Path) -> None:
    """A POST, a form with a file, a whole and a ranged download, HEAD, chunks both ways, HTTP/1.0, reuse."""
    upload = tmp_path / "upload.bin"
    upload.write_bytes(DATA * 8)  # over 1 MiB: curl then sends Expect: 100-continue
    async with http_server(HttpServerSettings(), site) as server:
        assert json.loads(await curl("--data", "abc", f"{server.url}/login")) == {"token": "cba"}
        form = ("--form", f"file=@{upload}", "--form", "field=1234")
        assert json.loads(await curl(*form, f"{server.url}/upload")) == {"file": len(DATA) * 8, "field": 4}
        assert await curl(f"{server.url}/") == DATA
        ranged = await curl("--range", "0-0,2-2", f"{server.url}/")
        assert ranged.count(b"Content-Range: bytes 2-2/256000\r\n\r\n\x02\r\n") == 1
        assert b"Content-Length: 256000\r\n" in await curl("--head", f"{server.url}/")
        whole = b"".join([piece async for piece in numbers()])
        assert await curl(f"{server.url}/stream") == whole
        assert await curl("--http1.0", f"{server.url}/stream") == whole
        chunked = ("--header", "Transfer-Encoding: chunked", "--data-binary", f"@{upload}")
        assert await curl(*chunked, f"{server.url}/size") == str(len(DATA) * 8).encode()
        connects = ("--output", "/dev/null", "--write-out", "%{num_connects} ")
        assert await curl(*connects, f"{server.url}/", *connects[:2], f"{server.url}/stream") == b"1 0 "


async def test_curl_gets_the_reason_for_a_refusal(tmp_path: Path) -> None:
    """A form with a boundary that is none is a 400 whose text says why."""
    async with http_server(HttpServerSettings(), site) as server:
        answer = await curl(
            "--header", "Content-Type: multipart/form-data", "--data", "x", f"{server.url}/upload"
        )
        assert answer == b"the content type must name one boundary, not 0\n"
