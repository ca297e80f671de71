"""map_engine_exceptions: what the platform raises becomes ours, chained."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect as platform_connect
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
)
from websockets.frames import Close
from websockets.http11 import Response

from wsnotebook import (
    CloseReason,
    ConnectError,
    HandshakeError,
    InvalidURL,
    SessionClosed,
    SocketTimeout,
    lab,
    map_engine_exceptions,
)
from wsnotebook.session.call import HttpCall, HttpRequest

CALL = HttpCall(HttpRequest("ws://h/"))


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (TimeoutError(), SocketTimeout),
        (ConnectionRefusedError(111, "refused"), ConnectError),
        (socket.gaierror(-2, "Name or service not known"), ConnectError),
        (ssl.SSLCertVerificationError(1, "bad certificate"), ConnectError),
        (ssl.SSLError(1, "wrong version"), ConnectError),
        (FileNotFoundError(2, "no file"), ConnectError),
        (OSError(113, "No route to host"), ConnectError),
        (InvalidStatus(Response(404, "Not Found", Headers(), b"nothing")), HandshakeError),
        (InvalidProxy("x://", "what is x"), ConnectError),
        (ConnectionClosedOK(Close(1000, "bye"), None), SessionClosed),
        (InvalidURI("http://h/", "scheme"), InvalidURL),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_what_a_block_raises_becomes_ours(raised: Exception, ours: type[Exception]) -> None:
    """The platform's exception is the cause; those of a call have it."""
    with pytest.raises(ours) as caught:
        with map_engine_exceptions(CALL):
            raise raised
    assert caught.value.__cause__ is raised
    call = getattr(caught.value, "call", CALL)
    assert call.request is CALL.request


def test_a_bad_status_keeps_the_response() -> None:
    """Status, reason and body are on the call."""
    with pytest.raises(HandshakeError, match="expected status 101, got 404 Not Found.*nothing") as caught:
        with map_engine_exceptions(CALL):
            raise InvalidStatus(Response(404, "Not Found", Headers(), b"nothing"))
    assert caught.value.call.response.body == b"nothing"


@pytest.mark.parametrize(("received", "code"), [(Close(1013, "later"), 1013), (None, 1006)])
def test_a_closed_connection_becomes_session_closed_with_its_reason(
    received: Close | None, code: int
) -> None:
    """1006 where no close frame came."""
    with pytest.raises(SessionClosed) as caught:
        with map_engine_exceptions(CALL):
            raise ConnectionClosedError(received, None)
    assert caught.value.reason == CloseReason(code, received.reason if received else "")


@pytest.mark.parametrize(
    "error", [KeyError("a user's"), SessionClosed(), asyncio.CancelledError(), KeyboardInterrupt()]
)
def test_what_is_ours_or_nobodys_passes(error: BaseException) -> None:
    """As it is, without a cause."""
    with pytest.raises(type(error)) as caught:
        with map_engine_exceptions(CALL):
            raise error
    assert caught.value is error
    assert caught.value.__cause__ is None


def test_a_block_that_raises_nothing_is_left_alone() -> None:
    """The usual case."""
    with map_engine_exceptions(CALL):
        pass


async def test_a_stream_is_wrapped_too() -> None:
    """What came before the exception is had."""

    async def source() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise TimeoutError

    got: list[int] = []
    with pytest.raises(SocketTimeout):
        async for item in map_engine_exceptions(CALL).stream(source()):
            got.append(item)
    assert got == [1, 2]


async def test_a_real_connection_of_the_platform_under_it() -> None:
    """websockets' own client, a closing server: SessionClosed."""
    async with lab.embedded_server(lab.closer(4000, "go")) as server:
        with pytest.raises(SessionClosed, match="4000"):
            with map_engine_exceptions(CALL):
                async with platform_connect(server.url, proxy=None) as connection:
                    await connection.recv()
