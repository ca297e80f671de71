"""TLS: a private CA, client certificates, and what is said where trust or TLS itself is missing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import psutil
import pytest
import trustme
from bytepeer import BytePeer, ByteServer, answer_to
from websockets.asyncio.server import ServerConnection, serve

import wsnotebook
from wsnotebook import FrameLog
from wsnotebook.errors import ConnectError, HandshakeError, InvalidURL, SessionClosed
from wsnotebook.session.capacity import Channels
from wsnotebook.session.connection import TlsConnection
from wsnotebook.session.pump import Pump
from wsnotebook.wire.wire import Wire

Io: TypeAlias = Literal["kernel", "thread"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


def server_context(authority: trustme.CA, *, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    if wants_client:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def serving(
    handler: Callable[[ServerConnection], Awaitable[None]] = echo, **options: Any
) -> AsyncIterator[int]:
    """Serve on loopback; yields the port."""
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def test_a_private_ca_is_trusted_when_its_context_is_given(authority: trustme.CA, io: Io) -> None:
    """The session lives over TLS, a large message included, and its call says which TLS it is."""
    async with serving(ssl=server_context(authority), max_size=None) as port:
        context = client_context(authority)
        async with wsnotebook.connect(f"wss://localhost:{port}/", ssl=context, proxy=None, io=io) as session:
            for message in ("secret", b"\x00" * 3_000_000):
                await session.send(message)
                assert await session.receive() == message
            assert session.call.tls is not None
            assert session.call.tls["version"].startswith("TLS")
            assert ("DNS", "localhost") in session.call.tls["certificate"]["subjectAltName"]
            assert await session.ping() > 0
    assert session.close_reason_now == (1000, "")
    assert session.close_received == (1000, "")


async def test_a_client_certificate_opens_a_server_that_wants_one(authority: trustme.CA, io: Io) -> None:
    """load_cert_chain on the context is all that it takes; the server sees whose it is."""
    seen: list[Any] = []

    async def remember(connection: ServerConnection) -> None:
        seen.append(connection.transport.get_extra_info("peercert"))
        await echo(connection)

    context = client_context(authority)
    authority.issue_cert("me@example.org").configure_cert(context)
    async with serving(remember, ssl=server_context(authority, wants_client=True)) as port:
        async with wsnotebook.connect(f"wss://localhost:{port}/", ssl=context, proxy=None, io=io) as session:
            await session.send("mutual")
            assert await session.receive() == "mutual"
    assert ("email", "me@example.org") in seen[0]["subjectAltName"]


async def test_without_a_client_certificate_the_error_names_the_remedy(authority: trustme.CA, io: Io) -> None:
    """TLS 1.3 refuses it only after the handshake, TLS 1.2 within; both say load_cert_chain()."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client_context(authority)
        context.maximum_version = context.minimum_version = version
        async with serving(ssl=server_context(authority, wants_client=True)) as port:
            with pytest.raises((ConnectError, HandshakeError), match="load_cert_chain"):
                await wsnotebook.connect(f"wss://localhost:{port}/", ssl=context, proxy=None, io=io)


async def test_an_untrusted_certificate_is_refused_with_the_remedy(authority: trustme.CA, io: Io) -> None:
    """The system does not know this CA: the error says how to trust it; nothing was asked over HTTP."""
    async with serving(ssl=server_context(authority)) as port:
        with pytest.raises(ConnectError, match="not trusted.*cafile=") as caught:
            await wsnotebook.connect(f"wss://localhost:{port}/", proxy=None, io=io)
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert caught.value.call.request.url == f"wss://localhost:{port}/"


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, io: Io) -> None:
    """Trusting the CA is not enough: the name has to be the one that was dialled."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    async with serving(ssl=context) as port:
        with pytest.raises(ConnectError, match="localhost"):
            await wsnotebook.connect(
                f"wss://localhost:{port}/", ssl=client_context(authority), proxy=None, io=io
            )


async def test_wss_to_a_plain_port_says_so(authority: trustme.CA, io: Io) -> None:
    """The server speaks no TLS: ConnectError asks whether the port does."""
    async with serving() as port:
        with pytest.raises(ConnectError, match="Does the server speak TLS on this port"):
            await wsnotebook.connect(
                f"wss://localhost:{port}/", ssl=client_context(authority), proxy=None, io=io
            )


async def test_ws_to_a_tls_port_says_so(authority: trustme.CA, io: Io) -> None:
    """What comes back is not HTTP: the error asks about ws:// and wss://."""
    async with serving(ssl=server_context(authority)) as port:
        with pytest.raises((HandshakeError, ConnectError), match="wss://"):
            await wsnotebook.connect(f"ws://localhost:{port}/", proxy=None, io=io)


async def test_a_context_for_a_plain_address_is_refused_before_anything_is_sent(
    authority: trustme.CA,
) -> None:
    """A context given for ws:// is a mistake that would send in the clear what was meant to be secret."""
    with pytest.raises(InvalidURL, match="wss://"):
        wsnotebook.connect("ws://localhost:1/", ssl=client_context(authority))


async def test_a_redirect_is_followed_and_stays_in_the_call(io: Io) -> None:
    """302 with another path on the same server: the session is that of the new address."""

    def redirect(connection: ServerConnection, request: Any) -> Any:
        if request.path != "/old":
            return None
        response = connection.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = "/new?limit=1"
        return response

    async with serving(process_request=redirect) as port:
        async with wsnotebook.connect(f"ws://localhost:{port}/old", proxy=None, io=io) as session:
            await session.send("moved")
            assert await session.receive() == "moved"
            assert session.call.request.url == f"ws://localhost:{port}/new?limit=1"
    opened = session.log.connections
    assert [connection.url for connection in opened] == [f"ws://localhost:{port}/new?limit=1"]


async def test_a_redirect_from_wss_to_ws_is_refused(authority: trustme.CA, io: Io) -> None:
    """What was to be secret is not sent in the clear because a server says so: the plain server hears nothing."""
    heard = asyncio.Event()

    async def plain(connection: ServerConnection) -> None:
        heard.set()

    async with serving(plain) as plain_port:

        def redirect(connection: ServerConnection, request: Any) -> Any:
            response = connection.respond(HTTPStatus.MOVED_PERMANENTLY, "")
            response.headers["Location"] = f"ws://localhost:{plain_port}/"
            return response

        async with serving(ssl=server_context(authority), process_request=redirect) as port:
            with pytest.raises(HandshakeError, match="redirect"):
                await wsnotebook.connect(
                    f"wss://localhost:{port}/", ssl=client_context(authority), proxy=None, io=io
                )
    assert not heard.is_set()


async def test_the_peers_end_of_tls_is_a_plain_end(authority: trustme.CA, io: Io) -> None:
    """A server that goes without a close frame, over TLS: incoming ends, close_reason is 1006."""

    async def vanish(connection: ServerConnection) -> None:
        await connection.send("last")
        connection.transport.abort()

    async with serving(vanish, ssl=server_context(authority)) as port:
        context = client_context(authority)
        session = await wsnotebook.connect(f"wss://localhost:{port}/", ssl=context, proxy=None, io=io)
        assert [message async for message in session] == ["last"]
        assert (await session.close_reason).code == 1006
        await session.close()


class TlsPeer:
    """A server's end of TLS over a connection of bytes, so that a test can write what is no TLS."""

    def __init__(self, context: ssl.SSLContext, peer: BytePeer) -> None:
        self._peer = peer
        self._come, self._go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._come, self._go, server_side=True)

    async def _until(self, step: Callable[[], Any]) -> Any:
        """Repeat a step of TLS, with what it wants to read and write in between, until it is done."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                done = None
            await self._peer.send(self._go.read())
            if done is not None:
                return done
            self._come.write(await self._peer.reader.read(1 << 16))

    async def upgrade(self, *, damage: bytes = b"") -> None:
        """Shake hands, read the request and answer 101, or damage instead."""
        await self._until(lambda: self._tls.do_handshake() or True)
        request = await self._until(lambda: self._tls.read(1 << 16))
        if damage:
            await self.damage(damage)
            return
        await self.write(answer_to(request))

    async def write(self, data: bytes) -> None:
        """Write as TLS."""
        self._tls.write(data)
        await self._peer.send(self._go.read())

    async def damage(self, data: bytes) -> None:
        """Write as it is."""
        await self._peer.send(data)


DAMAGE = {
    "no TLS": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a record that cannot be decrypted": b"\x17\x03\x03\x00\x20" + bytes(32),
    "an alert in the clear": b"\x15\x03\x03\x00\x02\x02\x2e",
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_bad_record_after_the_handshake_of_tls_is_ours(
    authority: trustme.CA, io: Io, byte_server: ByteServer, damage: str
) -> None:
    """Before the 101: ConnectError with a hint, and no ValueError of the ssl module, which then knows no certificate."""
    url = byte_server.url.replace("ws://", "wss://")
    opening = asyncio.ensure_future(wsnotebook.connect(url, ssl=client_context(authority), proxy=None, io=io))
    peer = TlsPeer(server_context(authority), await byte_server.accept())
    await peer.upgrade(damage=DAMAGE[damage])
    with pytest.raises(ConnectError, match=r"TLS failed: [A-Z_]+\. Does the server speak TLS"):
        await opening


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_bad_record_within_a_session_ends_it_with_a_hint(
    authority: trustme.CA, io: Io, byte_server: ByteServer, damage: str
) -> None:
    """What came before is handed over and in the log, and the error says that it was TLS."""
    url = byte_server.url.replace("ws://", "wss://")
    opening = asyncio.ensure_future(
        wsnotebook.connect(url, ssl=client_context(authority), proxy=None, io=io, compression=None)
    )
    peer = TlsPeer(server_context(authority), await byte_server.accept())
    await peer.upgrade()
    session = await opening
    await peer.write(b"\x81\x04last")
    await peer.damage(DAMAGE[damage])
    assert await session.receive() == "last"
    with pytest.raises(SessionClosed, match=r"1006.*\[SSL: .*\]") as caught:
        await session.receive()
    assert caught.value.reason is not None and caught.value.reason.code == 1006
    await session.close()
    assert session.df.text.tolist() == ["last"]
    assert "[SSL: " in session.log.events.query("kind == 'closed'").detail.iloc[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_of_another_authority_is_refused_with_a_hint(
    authority: trustme.CA, io: Io, version: ssl.TLSVersion
) -> None:
    """TLS 1.3 refuses it after its handshake, and its alert may be lost to a reset; the error names the remedy."""
    context = client_context(authority)
    context.maximum_version = context.minimum_version = version
    trustme.CA().issue_cert("me@example.org").configure_cert(context)
    async with serving(ssl=server_context(authority, wants_client=True)) as port:
        with pytest.raises((ConnectError, HandshakeError), match=r"load_cert_chain"):
            await wsnotebook.connect(f"wss://localhost:{port}/", ssl=context, proxy=None, io=io)


def test_a_quiet_connection_over_tls_has_no_memory_to_read_into() -> None:
    """Each has a place of its own for the records of a read, whose pages come with the first bytes: 40 are no 10 MB."""
    pump = Pump(
        FrameLog(),
        "quiet",
        raw=False,
        channels=Channels(),
        close_timeout=None,
        masking=True,
        answers_pings=True,
        notify=lambda: None,
    )
    process = psutil.Process()
    before = process.memory_info().rss
    connections = [TlsConnection(Wire(), pump) for _ in range(40)]
    assert process.memory_info().rss - before < 5 << 20
    assert len({id(connection.get_buffer(-1)) for connection in connections}) == 40
