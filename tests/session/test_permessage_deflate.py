"""permessage-deflate on a session: negotiation, fragments, context, BFINAL, and extensions of one's own."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from websockets.extensions import Extension
from websockets.typing import ExtensionName, ExtensionParameter

from wsnotebook import (
    Frame,
    HandshakeError,
    PerMessageDeflate,
    ProtocolViolation,
    WebSocketExtension,
    WebSocketExtensionFactory,
    connect,
    lab,
)

if TYPE_CHECKING:
    from tests.session.conftest import Io, Opener

HEADER = "Sec-WebSocket-Extensions: permessage-deflate"


def _deflated(data: bytes, encoder: Any = None, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    encoder = encoder or zlib.compressobj(wbits=-15)
    coded: bytes = encoder.compress(data) + encoder.flush(flush)
    return coded[:-4] if flush == zlib.Z_SYNC_FLUSH else coded


def _frame(head: int, payload: bytes) -> bytes:
    assert len(payload) < 126
    return bytes((head, len(payload))) + payload


async def test_b53_random_buffers_come_back_as_they_were(io: Io) -> None:
    """Empty ones and up to 9,990 bytes, compressible and not: deflate then inflate is identity."""
    source = random.Random(7)
    buffers = [b"", *(source.randbytes(size) if size % 20 else bytes(size) for size in range(10, 10_000, 10))]
    async with lab.embedded_server("echo") as server, connect(server.url, io=io, proxy=None) as session:
        assert session.extensions[0].factory.key == "permessage-deflate"

        async def send() -> None:
            for buffer in buffers:
                await session.send(buffer)

        sending = asyncio.create_task(send())
        assert [await session.receive() for _ in buffers] == buffers
        await sending
    rows = session.df.query("opcode == 'binary' and direction == 'in'")
    assert rows.rsv1.all()
    assert (rows.wire_length < rows.length).any()


async def test_b54_equal_messages_with_context_kept_inflate_right(opened: Opener) -> None:
    """RFC 7692 §7.2.3.2: the second "Hello" refers to the first."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await peer.send(bytes.fromhex("c107 f248cdc9c90700 c105 f200110000"))
    assert [await session.receive(), await session.receive()] == ["Hello", "Hello"]
    assert session.df.wire_length.tolist() == [7, 5]
    assert session.df.length.tolist() == [5, 5]


async def test_b55_fragments_are_compressed_as_one_message(opened: Opener) -> None:
    """RFC 7692 §7.2.3.1: RSV1 on the first fragment only; both decode."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await peer.send(bytes.fromhex("4103 f248cd 8004 c9c90700"))
    assert await session.receive() == "Hello"
    assert session.df.rsv1.tolist() == [True, False]


async def test_b55_our_fragments_carry_rsv1_once(opened: Opener) -> None:
    """And inflate to the message."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await session.send(Frame.text("Hel", fin=False))
    await session.send(Frame.text("lo"))
    first, second = await peer.read_frame(), await peer.read_frame()
    assert (first.head, second.head) == (0x41, 0x80)
    assert zlib.decompressobj(-15).decompress(first.payload + second.payload + b"\0\0\xff\xff") == b"Hello"


async def test_rsv1_on_a_continuation_is_a_violation(opened: Opener) -> None:
    """RFC 7692 §6.1."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await peer.send(bytes.fromhex("4103 f248cd c004 c9c90700"))
    with pytest.raises(ProtocolViolation):
        await session.receive()


async def test_an_uncompressed_message_between_compressed_ones(opened: Opener) -> None:
    """RFC 7692 §6: a sender chooses message by message; the context is that of the compressed ones."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await peer.send(
        bytes.fromhex("c107 f248cdc9c90700") + b"\x81\x05plain" + bytes.fromhex("c105 f200110000")
    )
    assert [await session.receive() for _ in range(3)] == ["Hello", "plain", "Hello"]


async def test_final_blocks_with_context_takeover_give_the_exact_text(opened: Opener) -> None:
    """RFC 7692 §7.2.3.4: a server may end each message with BFINAL=1 and go on with its window."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    text, seen = b"Hello, Hello, Hello", b""
    for number in range(5):
        message = text + b"%d" % number
        encoder = (
            zlib.compressobj(9, zlib.DEFLATED, -15, zdict=seen)
            if seen
            else zlib.compressobj(9, zlib.DEFLATED, -15)
        )
        payload = _deflated(message, encoder, zlib.Z_FINISH) + (b"\x00" if number % 2 else b"")
        await peer.send(_frame(0xC1, payload))
        seen += message
    assert [await session.receive() for _ in range(5)] == [
        f"Hello, Hello, Hello{number}" for number in range(5)
    ]


async def test_b56_server_no_context_takeover_resets_incoming_only(opened: Opener) -> None:
    """Each incoming message starts anew; ours keep their window."""
    session, peer = await opened(
        HEADER + "; server_no_context_takeover",
        extensions=[PerMessageDeflate(server_no_context_takeover=True)],
    )
    await peer.send(_frame(0xC1, _deflated(b"Hello")) * 2)
    assert [await session.receive(), await session.receive()] == ["Hello", "Hello"]
    await peer.send(bytes.fromhex("c105 f200110000"))  # refers to a window that is gone
    with pytest.raises(ProtocolViolation):
        await session.receive()


@pytest.mark.parametrize("keeps", [True, False])
async def test_b56_client_no_context_takeover_resets_outgoing_only(opened: Opener, keeps: bool) -> None:
    """With it two equal messages have equal bytes; without it the second is shorter. Incoming keeps its window."""
    header = HEADER if keeps else HEADER + "; client_no_context_takeover"
    session, peer = await opened(header, extensions=[PerMessageDeflate(client_no_context_takeover=not keeps)])
    await session.send("Hello Hello Hello World")
    await session.send("Hello Hello Hello World")
    first, second = await peer.read_frame(), await peer.read_frame()
    assert (len(second.payload) < len(first.payload)) is keeps
    assert (second.payload == first.payload) is not keeps
    await peer.send(bytes.fromhex("c107 f248cdc9c90700 c105 f200110000"))
    assert [await session.receive(), await session.receive()] == ["Hello", "Hello"]


async def test_compress_if_says_which_messages_are_compressed(opened: Opener) -> None:
    """All predicates have to say yes, of the first frame of the message; its other frames follow."""
    factory = PerMessageDeflate(
        compress_if=[lambda frame: len(frame.data) > 3, lambda frame: frame.opcode == 1]
    )
    session, peer = await opened(HEADER, extensions=[factory])
    for item in ("abc", "abcd", b"abcd", Frame.text("ab", fin=False), Frame.text("cdefgh")):
        await session.send(item)
    assert [(await peer.read_frame()).head for _ in range(5)] == [0x81, 0xC1, 0x82, 0x01, 0x80]
    assert session.df.rsv1.tolist() == [False, True, False, False, False]


async def test_both_payloads_are_in_the_log(opened: Opener) -> None:
    """The application's as a column, the wire's in the bytes that are rebuilt; both lengths."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await session.send("a" * 1000)
    frame = await peer.read_frame()
    row = session.df.iloc[0]
    assert (row.length, row.wire_length) == (1000, len(frame.payload))
    assert row.frame_length == len(frame.payload) + 6 == len(session.log.wire_bytes("out"))


async def test_a_payload_that_does_not_inflate_fails_with_1007(opened: Opener) -> None:
    """The row names the rule; the wire's bytes are kept."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await peer.send(b"\xc1\x03\xff\xff\xff")
    with pytest.raises(ProtocolViolation, match="does not inflate"):
        await session.receive()
    assert (await session.close_reason).code == 1007
    assert session.log.wire_bytes("in") == b"\xc1\x03\xff\xff\xff"


# Negotiation


async def test_the_offer_says_what_was_asked(opened: Opener) -> None:
    """Parameters of RFC 7692 §7.1."""
    factory = PerMessageDeflate(
        client_max_window_bits=12, server_max_window_bits=11, server_no_context_takeover=True
    )
    answer = HEADER + "; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"
    session, peer = await opened(answer, extensions=[factory])
    offer = next(
        line for line in peer.request.decode().split("\r\n") if line.lower().startswith("sec-websocket-ext")
    )
    for part in (
        "permessage-deflate",
        "server_no_context_takeover",
        "server_max_window_bits=11",
        "client_max_window_bits=12",
    ):
        assert part in offer
    extension: Any = session.extension(factory)
    assert (extension.server_max_window_bits, extension.client_max_window_bits) == (10, 9)
    assert (extension.server_no_context_takeover, extension.client_no_context_takeover) == (True, False)
    assert session.extensions == (extension,)
    assert session.extension(PerMessageDeflate) is extension


async def test_b50_no_compression_is_no_extension_header(opened: Opener) -> None:
    """Neither offered nor there."""
    session, peer = await opened(compression=None)
    assert b"sec-websocket-extensions" not in peer.request.lower()
    assert session.extensions == ()
    with pytest.raises(LookupError, match="'permessage-deflate' was not negotiated; nothing was"):
        session.extension(PerMessageDeflate)
    assert session.extension_or_none(PerMessageDeflate) is None


async def test_compression_is_offered_by_default_and_the_server_may_decline(opened: Opener) -> None:
    """Then nothing is compressed and RSV1 is a violation."""
    session, peer = await opened(compression="deflate")
    assert b"permessage-deflate" in peer.request.lower()
    assert session.extensions == ()
    await session.send("plain")
    assert (await peer.read_frame())[::2] == (0x81, b"plain")


@pytest.mark.parametrize(
    "answer",
    [
        "permessage-deflate; no_such_parameter",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits=16",
    ],
)
async def test_an_answer_to_what_was_not_asked_is_refused(opened: Opener, answer: str) -> None:
    """HandshakeError, and the call has the response."""
    with pytest.raises(HandshakeError) as caught:
        await opened(f"Sec-WebSocket-Extensions: {answer}", compression="deflate")
    assert caught.value.call.response.status == 101


# Extensions of one's own


class Reversing(WebSocketExtension):
    """Turns payloads round, without any RSV bit."""

    name = ExtensionName("x-reverse")

    def __init__(self, factory: Reverse) -> None:
        self.factory = factory

    def encode(self, frame: Frame) -> Frame:  # type: ignore[override]  # our Frame, as in the class above it
        return frame.copy(data=frame.data[::-1])

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:  # type: ignore[override]  # the same
        return frame.copy(data=frame.data[::-1])


class Reverse(WebSocketExtensionFactory):
    """Offers x-reverse."""

    key = "x-reverse"
    name = ExtensionName("x-reverse")

    def get_request_params(self) -> Sequence[ExtensionParameter]:
        return [("depth", "16")]

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> Reversing:
        return Reversing(self)


class Failing(Reverse):
    """Makes an extension whose decode is broken."""

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> Reversing:
        class Broken(Reversing):
            def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:  # type: ignore[override]  # the same
                raise KeyError("a mistake of the extension")

        return Broken(self)


async def test_an_extension_of_ones_own_sees_every_data_frame_and_no_other(opened: Opener) -> None:
    """Plain frames too; control frames pass beside it; both payloads are in the log."""
    session, peer = await opened("Sec-WebSocket-Extensions: x-reverse", extensions=[Reverse()])
    assert b"x-reverse; depth=16" in peer.request
    await peer.send(b"\x81\x03abc\x82\x02de\x89\x02pq\x01\x02fg\x80\x02hi")
    assert [await session.receive() for _ in range(3)] == ["cba", b"ed", "gfih"]
    assert (await peer.read_frame()).payload == b"pq"
    await session.send("xyz")
    assert (await peer.read_frame()).payload == b"zyx"
    assert session.df.text.tolist()[0] == "cba"
    assert session.log.wire_bytes("in").startswith(b"\x81\x03abc")


async def test_extensions_stand_in_negotiated_order(opened: Opener) -> None:
    """The server's, which may differ from the offer's; outgoing passes them in it, incoming in reverse."""
    deflate, reverse = PerMessageDeflate(), Reverse()
    session, peer = await opened(
        "Sec-WebSocket-Extensions: x-reverse, permessage-deflate", extensions=[deflate, reverse]
    )
    assert [extension.factory for extension in session.extensions] == [reverse, deflate]
    await session.send("Hello")
    frame = await peer.read_frame()
    assert zlib.decompressobj(-15).decompress(frame.payload) == b"olleH"
    await peer.send(_frame(0xC1, _deflated(b"dlroW")) + _frame(0x81, b"nialp"))
    assert [await session.receive(), await session.receive()] == ["World", "plain"]
    with pytest.raises(LookupError, match="x-reverse, permessage-deflate was"):
        session.extension(Failing)


async def test_an_extension_that_raises_fails_the_connection_and_not_the_loop(opened: Opener) -> None:
    """The frame is in the log as it came, the sentence names what was raised."""
    session, peer = await opened("Sec-WebSocket-Extensions: x-reverse", extensions=[Failing()])
    await peer.send(b"\x81\x03abc")
    with pytest.raises(ProtocolViolation, match="KeyError: 'a mistake of the extension'"):
        await session.receive()
    assert session.log.wire_bytes("in") == b"\x81\x03abc"


async def test_b51_a_header_of_two_extensions_is_parsed_with_parameters(opened: Opener) -> None:
    """ "superspeed, colormode; depth=16": two, the second with one parameter."""
    asked: dict[str, Sequence[ExtensionParameter]] = {}

    def named(name: str) -> WebSocketExtensionFactory:
        class Named(Reverse):
            key = name

            def process_response_params(
                self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
            ) -> Reversing:
                asked[name] = list(params)
                return super().process_response_params(params, accepted_extensions)

        Named.name = ExtensionName(name)
        return Named()

    session, _ = await opened(
        "Sec-WebSocket-Extensions: superspeed, colormode; depth=16",
        extensions=[named("superspeed"), named("colormode")],
    )
    assert asked == {"superspeed": [], "colormode": [("depth", "16")]}
    assert [extension.factory.key for extension in session.extensions] == ["superspeed", "colormode"]


async def test_two_extensions_that_claim_a_bit_are_refused_at_once() -> None:
    """The sentence names both and the bit."""
    with pytest.raises(ValueError, match="permessage-deflate and permessage-deflate both claim RSV1"):
        connect("ws://127.0.0.1/", extensions=[PerMessageDeflate(), PerMessageDeflate(level=1)])
    with pytest.raises(TypeError, match="WebSocketExtensionFactory objects"):
        connect("ws://127.0.0.1/", extensions=["permessage-deflate"])  # type: ignore[list-item]  # that is what is tried


@pytest.mark.parametrize(
    "options",
    [
        {"level": 10},
        {"level": -1},
        {"client_max_window_bits": 7},
        {"client_max_window_bits": 16},
        {"server_max_window_bits": 16},
    ],
)
async def test_parameters_out_of_range_are_refused(options: dict[str, Any]) -> None:
    """When the factory is made."""
    with pytest.raises(ValueError):
        PerMessageDeflate(**options)


async def test_a_reserved_data_opcode_passes_beside_the_extensions(opened: Opener) -> None:
    """The user's Frame(3) goes as it is, though deflate was negotiated."""
    session, peer = await opened(HEADER, extensions=[PerMessageDeflate()])
    await session.send(Frame.nonstandard(3, b"odd"))
    assert (await peer.read_frame())[::2] == (0x83, b"odd")
