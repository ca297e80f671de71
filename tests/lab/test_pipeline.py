from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from wsnotebook.lab.http import HttpServerSettings, http_server
from wsnotebook.lab.messages import HttpSyntaxError, Request, Response
from wsnotebook.lab.pipeline import start_connection_pipeline, start_server_connection_pipeline

GET = b"GET /%s HTTP/1.1\r\nHost: test\r\n\r\n"
LAST = b"GET /%s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
UPGRADE = b"GET /up HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n"


class Client:
    """The peer's end of a connection that a pipeline serves."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        self.reader, self.writer, self.task = reader, writer, task

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def response(self, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """One response with Content-Length, or without a body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head[:-4].split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        size = int(headers.get("content-length", "0")) if body else 0
        return int(status.split(" ")[1]), headers, await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        return await self.reader.read()


@contextlib.asynccontextmanager
async def serving(handler: Any, *, tcp: bool = False, **options: Any) -> AsyncIterator[Client]:
    near, far = tcp_pair() if tcp else socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=far)
    options.setdefault("idle_timeout", None)
    options.setdefault("on_error", lambda error, request: pytest.fail(f"{request}: {error!r}"))
    task = start_server_connection_pipeline(reader, writer, handler, **options)
    client = Client(*await asyncio.open_connection(sock=near), task)
    try:
        yield client
    finally:
        client.writer.close()
        with contextlib.suppress(OSError):
            await client.writer.wait_closed()
        task.cancel()
        await asyncio.wait([task])


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Two ends on loopback: only TCP knows a reset."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


async def turns(count: int = 50) -> None:
    """Let everything that is ready run: to see that something has not happened."""
    for _ in range(count):
        await asyncio.sleep(0)


async def path(request: Request) -> Response:
    return Response.text(request.path[1:])


async def echo(request: Request) -> Response:
    return Response(body=await request.read())


# -- requests ------------------------------------------------------------------------------------------------


async def test_a_handler_sees_the_request_as_it_was_sent() -> None:
    """Method, target, version, header order and case, raw head, body and peer are those on the wire."""
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response.text((await request.read()).decode())

    head = (
        b"BREW /pot?a=1&b=%20 HTTP/1.1\r\nhOST: test\r\nX-Two:  a \r\nx-two: b\r\nCONTENT-length: 5\r\n\r\n"
    )
    async with serving(handler) as client:
        client.send(head + b"hello")
        assert (await client.response())[2] == b"hello"
    (request,) = seen
    assert (request.method, request.target, request.http_version) == ("BREW", "/pot?a=1&b=%20", "1.1")
    assert (request.path, request.query) == ("/pot", "a=1&b=%20")
    assert list(request.headers) == [
        ("hOST", "test"),
        ("X-Two", "a"),
        ("x-two", "b"),
        ("CONTENT-length", "5"),
    ]
    assert (request.headers.get("HOST"), request.headers.get_all("X-TWO")) == ("test", ["a", "b"])
    assert request.head == head
    assert request.upgraded is None


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (
            b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            b"hello",
        ),
        (b"\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n", b""),
    ],
)
async def test_a_request_is_read_byte_by_byte_and_truncated_anywhere_is_refused(
    sent: bytes, body: bytes
) -> None:
    """Any split gives the same request; any proper beginning of it is never answered with a success."""
    async with serving(echo) as client:
        for byte in sent + LAST % b"next":
            client.send(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.response())[2] == body
        assert (await client.response())[0] == 200
    for end in range(len(sent)):
        async with serving(echo) as client:
            client.send(sent[:end])
            client.writer.write_eof()
            answer = await client.rest()
            assert answer == b"" if sent[:end] in (b"", b"\r\n") else answer.startswith(b"HTTP/1.1 400 ")


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
REFUSED = {
    "not a request": b"hello\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "duplicate Host": b"GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n",
    "duplicate Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\ncontent-length: 4\r\n\r\nabcd",
    "different Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n",
    "list Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4, 4\r\n\r\nabcd",
    "signed Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: +4\r\n\r\nabcd",
    "hexadecimal Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0x4\r\n\r\nabcd",
    "negative Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n",
    "empty Content-Length": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length:\r\n\r\n",
    "CL and TE": b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two TE": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "other TE": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "TE identity": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "TE in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded TE": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "vertical tab in TE": b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "LF line ends": b"GET / HTTP/1.1\nHost: test\n\n",
    "one LF line end": b"GET / HTTP/1.1\r\nHost: test\nX: y\r\n\r\n",
    "CR in a value": b"GET / HTTP/1.1\r\nHost: test\r\nX: a\rb\r\n\r\n",
    "CR CR LF": b"GET / HTTP/1.1\r\nHost: test\r\nX: a\r\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: test\r\nX: a\0b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: test\r\nX\r\n\r\n",
    "space in the target": b"GET /a b HTTP/1.1\r\nHost: test\r\n\r\n",
    "two empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n",
    "endless line": b"GET /" + b"a" * 300_000,
    "endless head": b"GET / HTTP/1.1\r\nHost: test\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "too many fields": b"GET / HTTP/1.1\r\nHost: test\r\n" + b"X: y\r\n" * 100 + b"\r\n",
    "upgrade with a body": UPGRADE[:-2] + b"Content-Length: 4\r\n\r\nabcd",
    "upgrade with TE": UPGRADE[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(name: str) -> None:
    """A 4xx (505 for another version) with a reason and Connection: close; no handler runs, nothing is smuggled."""
    called: list[Request] = []

    async def handler(request: Request) -> Response:
        called.append(request)
        return Response()

    async with serving(handler) as client:
        client.send(REFUSED[name] + SMUGGLED)
        status, headers, body = await client.response()
        assert await client.rest() == b""
    assert status == {"HTTP/2": 505, "endless line": 431, "endless head": 431}.get(name, 400)
    assert headers["connection"] == "close"
    assert body.strip() and b"Traceback" not in body
    assert not called


async def test_a_bad_chunk_in_a_body_answers_400_and_ends_the_connection() -> None:
    """What is wrong behind the head reaches the handler as HttpSyntaxError, and the peer as a 400."""
    async with serving(echo) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + SMUGGLED)
        status, headers, body = await client.response()
        assert (status, headers["connection"]) == (400, "close")
        assert b"chunk" in body
        assert await client.rest() == b""


# -- order, concurrency, the end ------------------------------------------------------------------------------


async def test_responses_leave_in_the_order_of_requests_although_handlers_finish_in_another() -> None:
    """Three handlers run at once and finish last to first."""
    gates = {name: asyncio.Event() for name in "abc"}
    finished: list[str] = []

    async def handler(request: Request) -> Response:
        name = request.path[1:]
        await gates[name].wait()
        finished.append(name)
        if name != "a":
            gates[chr(ord(name) - 1)].set()
        return Response.text(name)

    async with serving(handler) as client:
        client.send(GET % b"a" + GET % b"b" + GET % b"c")
        gates["c"].set()
        assert [(await client.response())[2] for _ in range(3)] == [b"a", b"b", b"c"]
    assert finished == ["c", "b", "a"]


async def test_at_most_three_requests_are_ahead_of_the_one_that_is_answered() -> None:
    """The fifth request is not begun before the first has been answered, then it is."""
    gates = [asyncio.Event() for _ in range(6)]
    started: asyncio.Queue[int] = asyncio.Queue()

    async def handler(request: Request) -> Response:
        number = int(request.path[1:])
        started.put_nowait(number)
        await gates[number].wait()
        return Response()

    async with serving(handler) as client:
        client.send(b"".join(GET % b"%d" % number for number in range(6)))
        assert [await started.get() for _ in range(4)] == [0, 1, 2, 3]
        gates[3].set()  # finished, but not sent: it still counts
        await turns()
        assert started.empty()
        gates[0].set()
        assert await started.get() == 4


async def test_connection_close_gets_one_response_and_then_the_end() -> None:
    """Behaviour 64: what is pipelined behind such a request is not read, and no handler sees it."""
    called: list[str] = []

    async def handler(request: Request) -> Response:
        called.append(request.path)
        return await path(request)

    async with serving(handler) as client:
        client.send(LAST % b"a" + GET % b"b")
        status, headers, body = await client.response()
        assert (status, headers["connection"], body) == (200, "close", b"a")
        assert await client.rest() == b""
        client.writer.close()
        await client.task
    assert called == ["/a"]


async def test_a_response_that_says_close_is_the_last() -> None:
    """Requests already under way behind it are not answered."""

    async def handler(request: Request) -> Response:
        return Response.text(request.path, headers={"Connection": "close"})

    async with serving(handler) as client:
        client.send(GET % b"a" + GET % b"b" + GET % b"c")
        assert (await client.response())[2] == b"/a"
        assert await client.rest() == b""
        client.writer.close()
        await client.task


async def test_an_idle_timeout_ends_the_connection_but_not_a_running_handler() -> None:
    """Behaviour 65: the handler outlives the timeout many times over and is answered, then the end comes."""

    async def handler(request: Request) -> Response:
        await asyncio.sleep(0.2)  # the timeout has no event to wait for
        return Response.text("late")

    async with serving(handler, idle_timeout=0.01) as client:
        client.send(GET % b"a")
        assert (await client.response())[2] == b"late"
        assert await client.rest() == b""


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    """Nothing sent, or half a head: the connection ends and nothing is answered."""
    for sent in (b"", b"GET / HT"):
        async with serving(path, idle_timeout=0.01) as client:
            client.send(sent)
            assert await client.rest() == b""


async def test_a_body_that_stops_arriving_answers_408() -> None:
    """The idle timeout counts inside a body too, so a silent peer does not hold a handler for ever."""
    async with serving(echo, idle_timeout=0.05) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab")
        assert (await client.response())[0] == 408
        assert await client.rest() == b""


async def test_a_half_closed_peer_still_gets_its_answers() -> None:
    """End of stream ends the reading, not the answering."""
    async with serving(path) as client:
        client.send(GET % b"a" + GET % b"b")
        client.writer.write_eof()
        assert [(await client.response())[2] for _ in range(2)] == [b"a", b"b"]
        await client.task


async def test_cancelling_the_task_cancels_its_handlers_and_the_connection() -> None:
    """No task is left, and the peer sees the end."""
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return Response()

    async with serving(handler) as client:
        client.send(GET % b"a")
        await started.wait()
        client.task.cancel()
        await asyncio.wait([client.task])
        assert client.task.cancelled() and cancelled.is_set()
        with contextlib.suppress(ConnectionResetError):
            assert await client.rest() == b""


# -- failures -------------------------------------------------------------------------------------------------


async def test_a_failing_handler_answers_500_is_reported_and_the_connection_goes_on() -> None:
    """The peer learns nothing of the exception; on_error gets it and the request."""
    reported: list[tuple[BaseException, Request]] = []

    async def handler(request: Request) -> Any:
        if request.path == "/none":
            return None
        if request.path == "/cancelled":
            other = asyncio.get_running_loop().create_future()
            other.cancel()
            await other
        raise KeyError("secret")

    async with serving(handler, on_error=lambda error, request: reported.append((error, request))) as client:
        for name in (b"boom", b"none", b"cancelled"):
            client.send(GET % name)
            status, _, body = await client.response()
            assert status == 500
            assert b"secret" not in body and b"Traceback" not in body
    assert [(type(error), request.path) for error, request in reported] == [
        (KeyError, "/boom"),
        (TypeError, "/none"),
        (asyncio.CancelledError, "/cancelled"),
    ]


async def test_without_on_error_a_failure_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """An error of one line names request and exception; the traceback is for DEBUG only, the query for nobody."""

    async def handler(request: Request) -> Response:
        raise KeyError("why")

    with caplog.at_level(logging.DEBUG, "wsnotebook.lab.pipeline"):
        async with serving(handler, on_error=None) as client:
            client.send(GET % b"boom?token=secret")
            await client.response()
    records = [record for record in caplog.records if record.name == "wsnotebook.lab.pipeline"]
    assert [(record.levelno, bool(record.exc_info)) for record in records] == [
        (logging.ERROR, False),
        (logging.DEBUG, True),
    ]
    assert records[0].getMessage() == "handler of GET /boom failed: KeyError: 'why'"


async def test_an_http_syntax_error_of_a_handler_is_answered_with_its_reason() -> None:
    """What a handler's parser refuses is the peer's fault: its status and reason, no report."""

    async def handler(request: Request) -> Response:
        raise HttpSyntaxError("the body is no form", 415)

    async with serving(handler) as client:
        client.send(GET % b"a")
        status, _, body = await client.response()
        assert (status, body) == (415, b"the body is no form\n")


@pytest.mark.parametrize("content_length", [None, 5])
async def test_a_body_that_fails_half_way_is_seen_to_be_incomplete(content_length: int | None) -> None:
    """The connection ends without the end of the body, and the failure is reported."""
    reported: list[BaseException] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        raise OSError("disk")

    async def handler(request: Request) -> Response:
        return Response(body=pieces(), content_length=content_length)

    async with serving(handler, on_error=lambda error, request: reported.append(error)) as client:
        client.send(GET % b"a" + GET % b"b")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    assert body == (b"2\r\nab\r\n" if content_length is None else b"ab")
    assert [str(error) for error in reported][:1] == ["disk"]


async def test_a_body_that_fails_is_a_reset_for_http_1_0() -> None:
    """There the end of the connection is the end of the body, so an end that is none must not look like one."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        await go.wait()
        raise OSError("disk")

    async def handler(request: Request) -> Response:
        return Response(body=pieces())

    go = asyncio.Event()
    async with serving(handler, tcp=True, on_error=lambda error, request: None) as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        await client.reader.readuntil(b"ab")
        go.set()
        with pytest.raises(ConnectionResetError):
            await client.rest()


async def test_an_iterable_is_closed_when_the_peer_has_gone() -> None:
    """Its aclose is awaited before the connection ends."""

    class Endless:
        closed = False

        def __aiter__(self) -> Endless:
            return self

        async def __anext__(self) -> bytes:
            return bytes(65536)

        async def aclose(self) -> None:
            self.closed = True

    body = Endless()

    async def handler(request: Request) -> Response:
        return Response(body=body)

    async with serving(handler) as client:
        client.send(GET % b"a")
        await client.reader.readexactly(65536)
        client.writer.transport.abort()
        await client.task
    assert body.closed


@pytest.mark.parametrize("declared", [1, 3])
async def test_a_body_of_another_size_than_declared_is_an_error(declared: int) -> None:
    """Too many or too few bytes for content_length end the connection and are reported."""
    reported: list[BaseException] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"

    async def handler(request: Request) -> Response:
        return Response(body=pieces(), content_length=declared)

    async with serving(handler, on_error=lambda error, request: reported.append(error)) as client:
        client.send(GET % b"a")
        assert len((await client.rest()).partition(b"\r\n\r\n")[2]) < declared
    assert len(reported) == 1


# -- responses ------------------------------------------------------------------------------------------------


async def test_head_204_and_304_have_no_body() -> None:
    """HEAD shows the length of the body that it leaves out; 204 and 304 show none; the next response follows."""

    async def handler(request: Request) -> Response:
        return Response(int(request.path[1:]), b"four")

    async with serving(handler) as client:
        client.send(b"HEAD /200 HTTP/1.1\r\nHost: test\r\n\r\n" + GET % b"204" + GET % b"304" + GET % b"200")
        status, headers, _ = await client.response(body=False)
        assert (status, headers["content-length"]) == (200, "4")
        for expected in (204, 304):
            status, headers, _ = await client.response(body=False)
            assert (
                status == expected and "content-length" not in headers and "transfer-encoding" not in headers
            )
        assert (await client.response())[2] == b"four"


async def test_an_iterable_goes_out_chunked_or_with_its_length_or_until_the_end() -> None:
    """Chunked for HTTP/1.1, Content-Length where given, and for HTTP/1.0 until the connection closes."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"ab", b"", b"c"):
            yield piece

    async def handler(request: Request) -> Response:
        return Response(body=pieces(), content_length=3 if request.path == "/sized" else None)

    async with serving(handler) as client:
        client.send(GET % b"sized")
        assert (await client.response())[2] == b"abc"
        client.send(GET % b"")
        assert (await client.response())[1]["transfer-encoding"] == "chunked"
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        headers = (await client.response())[1]
        assert "transfer-encoding" not in headers and headers["connection"] == "close"
        assert await client.rest() == b"abc"


async def test_a_peer_that_does_not_read_holds_back_the_body_and_gets_all_of_it() -> None:
    """The iterable is not asked for more than the buffers take; its own cleanup has run at the end."""
    made = 0
    cleaned = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made
        try:
            for _ in range(200):
                made += 1
                yield bytes(65536)
        finally:
            cleaned.set()

    async def handler(request: Request) -> Response:
        return Response(body=pieces(), content_length=200 * 65536)

    async with serving(handler) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer that does not read
        client.send(GET % b"a")
        before = -1
        while made != before:
            before = made
            await turns(200)
        assert 0 < made < 200
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert (await client.response())[2] == bytes(200 * 65536)
        await cleaned.wait()


# -- bodies ---------------------------------------------------------------------------------------------------


async def test_a_body_over_the_limit_answers_413() -> None:
    """Equal passes, one more is refused: by its declared length before it is read, chunked as it comes."""
    async with serving(echo, body_limit=4) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nabcd")
        assert (await client.response())[2] == b"abcd"
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n")
        assert (await client.response())[0] == 413
    async with serving(echo, body_limit=4) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
        assert (await client.response())[0] == 413
        assert await client.rest() == b""


async def test_a_short_body_that_no_one_reads_is_skipped() -> None:
    """The next request is found behind it, and the body is not taken for one."""
    async with serving(path) as client:
        client.send(
            b"POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
        )
        client.send(GET % b"b")
        assert [(await client.response())[2] for _ in range(2)] == [b"a", b"b"]


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 10000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n989680\r\n"],
    ids=["sized", "chunked"],
)
async def test_a_long_body_that_no_one_reads_ends_the_connection_and_the_answer_arrives(head: bytes) -> None:
    """The response says close, and comes through although the peer is still sending."""
    async with serving(path) as client:
        client.send(b"POST /a HTTP/1.1\r\nHost: test\r\n" + head + bytes(5_000_000))
        status, headers, body = await client.response()
        assert (status, headers["connection"], body) == (200, "close", b"a")
        assert await client.rest() == b""


async def test_100_continue_is_sent_when_the_body_is_asked_for() -> None:
    """A handler that reads sends for the body; one that does not answers at once and closes."""

    async def handler(request: Request) -> Response:
        return await (path if request.path == "/refuse" else echo)(request)

    ask = b"POST /%s HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    async with serving(handler) as client:
        client.send(ask % b"read")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hi")
        assert (await client.response())[2] == b"hi"
        client.send(ask % b"refuse")
        status, headers, _ = await client.response()
        assert (status, headers["connection"]) == (200, "close")


async def test_100_continue_does_not_overtake_an_earlier_response() -> None:
    """It belongs to the second request and waits for its turn like the response itself."""
    reading = asyncio.Event()

    async def handler(request: Request) -> Response:
        if request.method == "POST":
            reading.set()
            return await echo(request)
        await reading.wait()
        await turns()
        return await path(request)

    async with serving(handler) as client:
        client.send(GET % b"first")
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await client.response())[2] == b"first"
        assert (await client.response())[0] == 100
        client.send(b"hi")
        assert (await client.response())[2] == b"hi"


async def test_a_body_read_by_its_exact_size_lets_the_next_request_begin() -> None:
    """A handler that has all bytes and goes on working does not hold up the connection."""
    second = asyncio.Event()

    async def handler(request: Request) -> Response:
        if request.method == "GET":
            second.set()
            return Response()
        body = await request.read(5)
        await second.wait()
        return Response(body=body)

    async with serving(handler) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello" + GET % b"b")
        assert (await client.response())[2] == b"hello"


async def test_a_read_that_was_cancelled_makes_the_rest_unreadable() -> None:
    """Where the body ends is then not known: a further read raises, and the connection closes."""

    async def handler(request: Request) -> Response:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(request.read(), 0.01)
        with pytest.raises(HttpSyntaxError, match="interrupted"):
            await request.read()
        return Response()

    async with serving(handler) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\na")
        status, headers, _ = await client.response()
        assert (status, headers["connection"]) == (200, "close")


# -- leaving HTTP ---------------------------------------------------------------------------------------------


async def test_an_upgrade_hands_over_every_byte_behind_the_head() -> None:
    """Bytes in the same segment as the head reach the new owner; earlier responses have left before."""
    release = asyncio.Event()

    async def handler(request: Request) -> Response | None:
        if request.upgraded is None:
            await release.wait()
            return Response.text("first")
        release.set()
        reader, writer = await request.upgrade()
        assert request.upgraded.result() is True
        with pytest.raises(RuntimeError, match="taken over before"):
            await request.upgrade()
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        while piece := await reader.read(100):
            writer.write(piece)
        return None

    async with serving(handler) as client:
        client.send(GET % b"a" + UPGRADE + b"GET / not a request\x00\xff")
        assert (await client.response())[2] == b"first"
        assert (await client.response())[0] == 101
        assert await client.reader.readexactly(21) == b"GET / not a request\x00\xff"
        client.send(b"later")
        client.writer.write_eof()
        assert await client.rest() == b"later"
        await client.task


async def test_an_upgrade_may_be_given_up_while_it_waits_for_its_turn() -> None:
    """Cancelling request.upgrade() harms neither the response before it nor its own."""
    given_up = asyncio.Event()

    async def handler(request: Request) -> Response:
        if request.upgraded is None:
            await given_up.wait()
            return Response.text("first")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(request.upgrade(), 0.01)
        given_up.set()
        return Response.text("second", 503)

    async with serving(handler) as client:
        client.send(GET % b"a" + UPGRADE)
        assert [(await client.response())[2] for _ in range(2)] == [b"first", b"second"]


async def test_an_upgrade_that_is_not_taken_goes_on_as_http() -> None:
    """A 403 and the next request on the same connection; request.upgrade() elsewhere raises a sentence."""

    async def handler(request: Request) -> Response:
        if request.upgraded is None:
            with pytest.raises(RuntimeError, match="answer it with a Response"):
                await request.upgrade()
            return Response.text("plain")
        return Response.text("no", 403)

    async with serving(handler) as client:
        client.send(UPGRADE + GET % b"a")
        assert [(await client.response())[2] for _ in range(2)] == [b"no", b"plain"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: test\r\nUpgrade: echo\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    ],
)
async def test_upgraded_is_given_for_upgrade_requests_only(head: bytes) -> None:
    """Both fields are needed, and HTTP/1.1 (RFC 9110 §7.8)."""

    async def handler(request: Request) -> Response:
        return Response.text(str(request.upgraded))

    async with serving(handler) as client:
        client.send(head)
        assert (await client.response())[2] == b"None"


async def test_a_websocket_of_another_library_lives_beside_http_on_one_port() -> None:
    """websockets' client talks to ServerProtocol behind request.upgrade(), and the same handler answers a GET."""

    async def handler(request: Request) -> Response | None:
        if request.upgraded is None:
            return Response.text("plain")
        reader, writer = await request.upgrade()
        protocol = ServerProtocol()
        protocol.receive_data(request.head)
        (event,) = protocol.events_received()
        protocol.send_response(protocol.accept(event))  # type: ignore[arg-type]  # the request, as it is fed above
        while not protocol.close_expected():
            writer.write(b"".join(protocol.data_to_send()))
            protocol.receive_data(await reader.read(65536))
            for frame in protocol.events_received():
                if isinstance(frame, Frame) and frame.opcode is Opcode.TEXT:
                    protocol.send_text(frame.data)
        writer.write(b"".join(protocol.data_to_send()))
        return None

    async with http_server(HttpServerSettings(), handler) as server:
        async with connect(server.url.replace("http", "ws"), proxy=None) as websocket:
            await websocket.send("hello")
            assert await websocket.recv() == "hello"
        reader, writer = await asyncio.open_connection(*server.server_socket.result().getsockname())
        writer.write(LAST % b"")
        assert (await reader.read()).endswith(b"plain")
        writer.close()
        await writer.wait_closed()


# -- the older handler ----------------------------------------------------------------------------------------


async def test_a_four_argument_handler_writes_its_responses_itself_and_in_order() -> None:
    """It reads the decoded body from a StreamReader; the second finishes first and its bytes come second."""
    second_done = asyncio.Event()

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        assert upgraded is None and isinstance(input, asyncio.StreamReader)
        body = await input.read()
        if request.path == "/a":
            await second_done.wait()
        else:
            second_done.set()
        output.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        output.writelines([body[:1], body[1:]])

    post = b"POST /%s HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n%s\r\n0\r\n\r\n"
    async with serving(handler) as client:
        client.send(post % (b"a", b"one") + post % (b"b", b"two"))
        assert [(await client.response())[2] for _ in range(2)] == [b"one", b"two"]


async def test_a_four_argument_handler_takes_over_by_its_future() -> None:
    """upgraded.set_result(True) makes input and output the connection itself."""

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        upgraded.set_result(True)
        output.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        output.write((await input.readline()).upper())
        await output.drain()

    start = start_connection_pipeline
    assert start is start_server_connection_pipeline
    async with serving(handler) as client:
        client.send(UPGRADE + b"hello\n")
        assert (await client.response())[0] == 101
        assert await client.rest() == b"HELLO\n"


async def test_a_four_argument_handler_that_fails_or_is_silent_answers_500() -> None:
    """Before its first byte a failure is a 500; behind it the connection is cut."""
    reported: list[BaseException] = []

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        if request.path == "/late":
            output.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        if request.path != "/silent":
            raise KeyError(request.path)

    async with serving(handler, on_error=lambda error, request: reported.append(error)) as client:
        for name in (b"silent", b"early"):
            client.send(GET % name)
            assert (await client.response())[0] == 500
        client.send(GET % b"late")
        assert (await client.rest()).endswith(b"\r\n\r\nab")
    assert [type(error) for error in reported] == [RuntimeError, KeyError, KeyError]


async def test_a_four_argument_handler_is_told_of_a_bad_body() -> None:
    """Its StreamReader raises what is wrong; let through, it is a 400."""

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        await input.read()

    async with serving(handler) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert (await client.response())[0] == 400


@pytest.mark.parametrize("failure", [KeyError("a"), HttpSyntaxError("a")], ids=["cut", "refused"])
async def test_nothing_is_written_behind_the_last_response(failure: Exception) -> None:
    """A second four-argument handler writes after the first was the last: its bytes go nowhere, unreported."""
    reported: list[str] = []
    second_begun, second_ended, go = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        if request.path == "/a":
            await second_begun.wait()
            if isinstance(failure, KeyError):
                output.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\n")
            raise failure
        second_begun.set()
        await go.wait()
        output.write(b"behind")
        with pytest.raises(ConnectionResetError):
            await output.drain()
        second_ended.set()
        raise KeyError("b")

    async with serving(handler, on_error=lambda error, request: reported.append(request.path)) as client:
        client.send(GET % b"a" + GET % b"b")
        await client.reader.readuntil(b"\r\n\r\n")
        go.set()
        assert await client.rest() == b"a\n"
        await second_ended.wait()
        client.writer.close()
        await client.task
    assert reported == (["/a"] if isinstance(failure, KeyError) else [])


async def test_a_four_argument_handler_is_not_flooded_by_a_body_it_does_not_read() -> None:
    """Its StreamReader holds back the connection, and a peer that goes on later is read on."""
    started, go = asyncio.Event(), asyncio.Event()
    size = 4_000_000

    async def handler(request: Request, input: asyncio.StreamReader, output: Any, upgraded: Any) -> None:
        started.set()
        await go.wait()
        output.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Held: %d\r\n\r\n" % len(input._buffer))  # type: ignore[attr-defined]  # how much it holds is not public
        assert len(await input.read()) == size
        await output.drain()

    async with serving(handler) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        await started.wait()
        await turns(500)
        go.set()
        assert int((await client.response())[1]["x-held"]) < 500_000


@pytest.mark.parametrize("handler", [lambda: None, lambda a, b: None, lambda a, b, c, d, e: None])
async def test_a_handler_of_another_shape_is_refused_at_once(handler: Any) -> None:
    """Neither one argument nor four: a TypeError that names both."""
    with pytest.raises(TypeError, match="takes \\(request\\), or the older"):
        http_server(HttpServerSettings(), handler)
