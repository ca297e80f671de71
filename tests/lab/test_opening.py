"""What the lab answers to requests that are odd, ambiguous or no opening handshake: a status and a reason, and no 500."""

from __future__ import annotations

import asyncio

import pytest

from wsnotebook import lab
from wsnotebook.lab.http import HttpServerSettings, http_server
from wsnotebook.lab.messages import Request, Response

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3
VERSION = "Sec-WebSocket-Version: 13"
UPGRADE = ("Host: {host}", "Upgrade: websocket", "Connection: Upgrade")
WEBSOCKET = (*UPGRADE, KEY, VERSION)
CHUNKED = ("POST / HTTP/1.1", "Host: {host}", "Transfer-Encoding: chunked", "")


async def answer(port: int, lines: tuple[str, ...]) -> tuple[int, str, str]:
    """Return status, fields and body of the answer to lines, the last one without its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        host = f"127.0.0.1:{port}"
        writer.write("\r\n".join(line.format(host=host) for line in lines).encode("latin-1"))
        async with asyncio.timeout(60):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = int(head.split(" ")[1])
            body = "" if status == 101 else (await reader.read()).decode()
        return status, head.partition("\r\n")[2], body
    finally:
        writer.transport.abort()


async def read_body(request: Request) -> Response:
    """A handler that reads the whole body."""
    return Response.text(f"{len(await request.read())} bytes", headers={"Connection": "close"})


@pytest.mark.parametrize(
    ("lines", "status", "reason"),
    [
        (("GET / HTTP/1.1", *WEBSOCKET), 101, ""),
        (("GET http://{host}/ HTTP/1.1", *WEBSOCKET), 101, ""),
        (("GET WS://{host}?a=1 HTTP/1.1", *WEBSOCKET), 101, ""),
        (("GET http://evil.test/ HTTP/1.1", *WEBSOCKET), 403, "the host 'evil.test' of the target"),
        (("GET http://evil.test/ HTTP/1.1", "Host: {host}"), 403, "the host 'evil.test' of the target"),
        (("GET http://{host}@evil.test/ HTTP/1.1", *WEBSOCKET), 400, "neither a path nor a URL"),
        (("GET evil.test HTTP/1.1", *WEBSOCKET), 400, "neither a path nor a URL"),
        (("GET /#part HTTP/1.1", *WEBSOCKET), 400, "neither a path nor a URL"),
        (("GET * HTTP/1.1", "Host: {host}"), 400, "neither a path nor a URL"),
        (("CONNECT evil.test:443 HTTP/1.1", "Host: {host}"), 405, "CONNECT is for a proxy"),
        (("GET / HTTP/1.0", *WEBSOCKET), 426, "needs HTTP/1.1"),
        (("get / HTTP/1.1", *WEBSOCKET), 405, "in capitals"),
        (("get / HTTP/1.1", "Host: {host}"), 405, "in capitals"),
        (("POST / HTTP/1.1", *WEBSOCKET), 405, "is a GET"),
        (("GET / HTTP/1.1", *WEBSOCKET, "Upgrade: h2c"), 426, "other protocols beside websocket"),
        (
            ("GET / HTTP/1.1", "Host: {host}", "Upgrade: websocket", KEY, VERSION),
            426,
            "Upgrade without Connection",
        ),
        (("GET / HTTP/1.1", *UPGRADE, KEY, "Sec-WebSocket-Version: 8"), 426, "has to be 13"),
        (("GET / HTTP/1.1", *UPGRADE, KEY), 426, "has to be 13"),
        (("GET / HTTP/1.1", *UPGRADE, VERSION), 400, "16 bytes in base64"),
        (("GET / HTTP/1.1", *UPGRADE, VERSION, "Sec-WebSocket-Key: eA=="), 400, "16 bytes in base64"),
        (("GET / HTTP/1.1", *UPGRADE, VERSION, "Sec-WebSocket-Key: ?"), 400, "16 bytes in base64"),
        (("GET / HTTP/1.1", *UPGRADE, VERSION, KEY, KEY), 400, "16 bytes in base64"),
        (("GET / HTTP/1.1", *WEBSOCKET, "Sec-WebSocket-Protocol: a\x01b"), 400, "a control character"),
        (("GET / HTTP/1.1", *WEBSOCKET, "X: \x7f"), 400, "a control character"),
    ],
)
@pytest.mark.parametrize("has_handler", [False, True])
async def test_a_request_is_answered_with_its_reason(
    lines: tuple[str, ...], status: int, reason: str, has_handler: bool
) -> None:
    """To the client, but for a 403, and in the server's record; a handler of HTTP hears of none of them."""
    handler = read_body if has_handler else None
    async with lab.embedded_server("echo", http=handler) as server:
        found, fields, body = await answer(server.port, (*lines, "", ""))
        assert found == status
        assert [(refusal.status, reason in refusal.reason) for refusal in server.refusals] == (
            [] if status == 101 else [(status, True)]
        )
        assert reason in body or status == 403
        assert ("Upgrade: websocket" in fields) is (status in (101, 426))
        assert ("Allow: " in fields) is (status == 405)
        assert server.errors == []


async def test_another_upgrade_is_named_and_left_to_a_handler() -> None:
    """RFC 9110 §7.8: a server may ignore it; curl asks for h2c whenever it may."""
    lines = (
        "GET / HTTP/1.1",
        "Host: {host}",
        "Upgrade: h2c",
        "Connection: Upgrade, HTTP2-Settings, close",
        "",
        "",
    )
    async with lab.embedded_server("echo") as server:
        status, _, body = await answer(server.port, lines)
        assert (status, body.split(".")[0]) == (426, "h2c is not spoken here")
    async with lab.embedded_server("echo", http=read_body) as server:
        assert (await answer(server.port, lines))[0] == 200


@pytest.mark.parametrize(
    "chunks",
    [
        "1;a=\nb\r\nx\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "1\r\nxx0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
    ],
)
async def test_odd_chunks_are_a_400(chunks: str) -> None:
    """In the lab and in a server of HTTP alone."""
    async with lab.embedded_server("echo", http=read_body) as server:
        status, _, body = await answer(server.port, (*CHUNKED, chunks))
        assert status == 400 and body and server.errors == []
    async with http_server(HttpServerSettings(), read_body) as plain:
        port = (await plain.server_socket).getsockname()[1]
        assert (await answer(port, (*CHUNKED, chunks)))[0] == 400


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_handler_that_upgrades_what_asks_for_none_answers_426(version: str) -> None:
    """It need not look before."""

    async def take_over(request: Request) -> Response:
        await request.upgrade()
        return Response(200)

    async with http_server(HttpServerSettings(), take_over) as server:
        port = (await server.server_socket).getsockname()[1]
        asked = WEBSOCKET if version == "HTTP/1.0" else ("Host: {host}",)
        status, fields, body = await answer(port, (f"GET / {version}", *asked, "", ""))
        assert status == 426 and "Upgrade: websocket" in fields and "asks for no upgrade" in body
