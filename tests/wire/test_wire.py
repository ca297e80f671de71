"""The client's wire: what it makes of right and wrong bytes, at its limits, and what an independent parser reads of its own."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame as PeerFrame
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from wsnotebook.errors import FrameTooBig, ProtocolViolation
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import STATUSES, Flag
from wsnotebook.wire.extensions import PerMessageDeflate
from wsnotebook.wire.frames import CloseReason, Frame, Opcode
from wsnotebook.wire.limits import MIN_FRAGMENTS, fragments_in
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.reading import Fault
from wsnotebook.wire.rules import Rule, Rules
from wsnotebook.wire.serializer import outgoing
from wsnotebook.wire.wire import Wire


def shake_hands(
    *, deflate: PerMessageDeflate | None = None, server_keeps: bool = True, **options: Any
) -> tuple[Wire, ServerProtocol]:
    """Return a wire and an independent server, open, without any I/O."""
    wire = Wire(**options)
    client = HandshakeProtocol(parse_uri("ws://localhost/"), wire, extensions=[deflate] if deflate else [])
    factory = ServerPerMessageDeflateFactory(server_no_context_takeover=not server_keeps)
    server = ServerProtocol(extensions=[factory] if deflate else None, max_size=None)
    server.receive_data(client.request())
    server.send_response(server.accept(server.events_received()[0]))  # type: ignore[arg-type]  # the request
    for data in server.data_to_send():
        client.receive_data(data)
    assert client.is_open and bool(wire.extensions) == bool(deflate)
    return wire, server


@dataclass
class Outcome:
    """Everything that a stream has led to."""

    log: FrameLog = field(default_factory=FrameLog)
    pings: list[bytes] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    closes: list[bytes] = field(default_factory=list)
    fault: Fault | None = None
    end: int | None = None
    deliverable: int = 0
    skipped: int = 0

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "head": int(rows.heads[place]),
                "flags": int(rows.flags[place]) & ~Flag.STATUS,
                "status": STATUSES[int(rows.flags[place]) & Flag.STATUS],
                "payload": rows.payload_at(place),
                "wire": rows.wire_at(place),
                "mask_key": rows.mask_key_at(place),
                "header": rows.header_at(place),
                "detail": rows.details.get(place),
            }
            for rows in self.log.rows(0, len(self.log))
            for place in range(len(rows))
        ]

    @property
    def meaning(self) -> tuple[Any, ...]:
        """What may not depend on cuts; exceptions by their text."""
        fault = None if self.fault is None else (repr(self.fault.exception), self.fault.code)
        return self.rows, self.pings, self.pongs, self.closes, fault, self.end, self.deliverable, self.skipped


def receive(wire: Wire, pieces: Iterable[bytes]) -> Outcome:
    """Feed the pieces and the end of the stream as the pump does."""
    outcome = Outcome()
    connection = outcome.log.register(Connection("test"))

    def take(reading: Any) -> None:
        first = outcome.log.append(reading.batch, connection, "in", 0, 0)
        outcome.pings += reading.pings
        outcome.pongs += reading.pongs
        outcome.closes += reading.closes
        outcome.deliverable += reading.deliverable
        if outcome.end is None and reading.end is not None:
            outcome.end = first + reading.end
        if reading.fault is not None:
            assert outcome.fault is None
            outcome.fault = reading.fault

    for piece in pieces:
        for reading in wire.judge.receive(piece):
            if reading is not None:
                take(reading)
    last = wire.judge.receive_end()
    if last is not None:
        take(last)
    outcome.skipped = wire.judge.skipped
    return outcome


def encode(head: int, payload: bytes = b"", key: bytes | None = None) -> bytes:
    """Return a frame's bytes, written by hand so that no code under test is asked."""
    length, bit = len(payload), 0x80 if key else 0
    if length < 126:
        header = bytes((head, bit | length))
    elif length < 0x10000:
        header = bytes((head, bit | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((head, bit | 127)) + length.to_bytes(8, "big")
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if key else payload
    return header + (key or b"") + masked


def cuts_of(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[low:high] for low, high in zip(edges, edges[1:], strict=False)]


def one_by_one(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def both_ways(data: bytes) -> tuple[list[bytes], list[bytes]]:
    return [data], one_by_one(data)


# Streams, right and wrong

HEADS = st.sampled_from((0x81, 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A)) | st.integers(0, 255)
PAYLOADS = (
    st.text(max_size=8).map(str.encode)
    | st.binary(max_size=12)
    | st.sampled_from((b"\xc3", b"\xa4", b"\xf0\x9f", b"\x03\xe8", b"\x03\xed", b"x" * 126, b"y" * 1500))
)
PLAIN = st.builds(encode, st.sampled_from((0x81, 0x82)), st.text(max_size=8).map(str.encode))
FRAMES = st.builds(encode, HEADS, PAYLOADS, st.none() | st.none() | st.binary(min_size=4, max_size=4))
CLOSES = st.builds(lambda payload: encode(0x88, payload), PAYLOADS)
ENDS = st.binary(max_size=6) | st.sampled_from((b"\x81\x7f" + b"\xff" * 8, b"\x82\x7e\x00\x05"))
STREAMS = st.builds(
    lambda parts, end: b"".join(parts) + end, st.lists(PLAIN | PLAIN | FRAMES | CLOSES, max_size=10), ENDS
)
LIMITS = st.none() | st.sampled_from((3, 20, 126))
CUTS = st.lists(st.integers(0, 1 << 13), max_size=8)


@settings(deadline=None)
@given(STREAMS, st.booleans(), LIMITS, CUTS)
def test_what_a_stream_means_does_not_depend_on_its_cuts(
    data: bytes, raw: bool, limit: int | None, places: list[int]
) -> None:
    """Rows, pings, closes, the fault and where delivery ends are the same whole, byte by byte and at any cuts."""

    def meaning(pieces: list[bytes]) -> tuple[Any, ...]:
        return receive(shake_hands(raw=raw, max_frame_size=limit)[0], pieces).meaning

    whole = meaning([data])
    assert meaning(cuts_of(data, places)) == whole
    assert meaning(one_by_one(data)) == whole


@settings(deadline=None)
@given(STREAMS, st.booleans(), LIMITS)
def test_the_bytes_received_can_be_had_back_from_the_rows(data: bytes, raw: bool, limit: int | None) -> None:
    """wire_bytes("in") is the stream, with wrong and cut off frames; only bodies over the limit are missing, counted."""
    outcome = receive(shake_hands(raw=raw, max_frame_size=limit)[0], [data])
    rebuilt = outcome.log.wire_bytes("in")
    assert len(rebuilt) + outcome.skipped == len(data)
    if not outcome.skipped:
        assert rebuilt == data


@settings(deadline=None)
@given(STREAMS, st.booleans(), LIMITS)
def test_a_row_that_calls_itself_text_is_utf_8(data: bytes, raw: bool, limit: int | None) -> None:
    """The DataFrame's column ``text`` is made of these payloads without another look at them."""
    for row in receive(shake_hands(raw=raw, max_frame_size=limit)[0], [data]).rows:
        if row["flags"] & Flag.TEXT:
            row["payload"].decode()


@dataclass
class Message:
    """A message that an independent server sends, and in how many fragments."""

    data: bytes
    is_text: bool
    cuts: list[int]


MESSAGES = st.lists(
    st.builds(
        Message,
        st.text(max_size=200).map(str.encode) | st.just(b"abc" * 500),
        st.booleans(),
        st.lists(st.integers(0, 200), max_size=3),
    ),
    max_size=6,
)


def send_messages(server: ServerProtocol, messages: Sequence[Message]) -> bytes:
    """Return the bytes with which the server sends the messages."""
    for message in messages:
        parts = cuts_of(message.data, message.cuts)
        send = server.send_text if message.is_text else server.send_binary
        send(parts[0], fin=len(parts) == 1)
        for number, part in enumerate(parts[1:], 2):
            server.send_continuation(part, fin=number == len(parts))
    return b"".join(server.data_to_send())


@settings(deadline=None)
@given(MESSAGES, st.booleans(), CUTS, st.none() | st.tuples(st.integers(0, 500), st.integers(1, 255)), LIMITS)
def test_a_compressed_stream_means_the_same_however_it_is_cut_or_damaged(
    messages: list[Message],
    server_keeps: bool,
    places: list[int],
    damage: tuple[int, int] | None,
    limit: int | None,
) -> None:
    """permessage-deflate, with one byte of the stream perhaps changed: same meaning, every byte in the rows."""
    data = b""

    def outcome(cut: Any) -> Outcome:
        nonlocal data
        wire, server = shake_hands(
            deflate=PerMessageDeflate(), server_keeps=server_keeps, max_frame_size=limit
        )
        data = send_messages(server, messages)
        if damage is not None and data:
            place = damage[0] % len(data)
            data = data[:place] + bytes((data[place] ^ damage[1],)) + data[place + 1 :]
        return receive(wire, cut(data))

    whole = outcome(lambda data: [data])
    assert outcome(one_by_one).meaning == whole.meaning
    assert outcome(lambda data: cuts_of(data, places)).meaning == whole.meaning
    assert len(whole.log.wire_bytes("in")) + whole.skipped == len(data)
    if damage is None and limit is None:
        assert whole.fault is None
        assert whole.deliverable == len(messages)
        assert b"".join(row["payload"] for row in whole.rows) == b"".join(m.data for m in messages)


# Rules


VIOLATIONS: list[tuple[str, bytes, Rule]] = [
    ("RSV1 unclaimed", b"\xc1\x00", Rules.RSV),
    ("RSV2", b"\xa1\x00", Rules.RSV),
    ("RSV3", b"\x92\x00", Rules.RSV),
    ("RSV on a ping", b"\xc9\x00", Rules.RSV),
    ("reserved data opcode", b"\x83\x00", Rules.OPCODE),
    ("reserved control opcode", b"\x8b\x00", Rules.OPCODE),
    ("masked", encode(0x81, b"a", b"\x01\x02\x03\x04"), Rules.MASKED),
    ("masked, not UTF-8", encode(0x81, b"\xff", b"\x01\x02\x03\x04"), Rules.MASKED),
    ("ping not final", b"\x09\x00", Rules.CONTROL_FRAGMENTED),
    ("close not final", b"\x08\x00", Rules.CONTROL_FRAGMENTED),
    ("ping of 126 bytes", encode(0x89, bytes(126)), Rules.CONTROL_LENGTH),
    ("close of 126 bytes", encode(0x88, b"\x03\xe8" + b"a" * 124), Rules.CONTROL_LENGTH),
    ("first frame a continuation", b"\x80\x00", Rules.NOTHING_TO_CONTINUE),
    ("text within a text", b"\x01\x00\x81\x00", Rules.MESSAGE_OPEN),
    ("binary within a text", b"\x01\x00\x02\x00", Rules.MESSAGE_OPEN),
    ("close of one byte", b"\x88\x01\x03", Rules.CLOSE_LENGTH),
    ("close 999", b"\x88\x02\x03\xe7", Rules.CLOSE_CODE),
    ("close 1004", b"\x88\x02\x03\xec", Rules.CLOSE_CODE),
    ("close 1005", b"\x88\x02\x03\xed", Rules.CLOSE_CODE),
    ("close 1006", b"\x88\x02\x03\xee", Rules.CLOSE_CODE),
    ("close 1015", b"\x88\x02\x03\xf7", Rules.CLOSE_CODE),
    ("close 2999", b"\x88\x02\x0b\xb7", Rules.CLOSE_CODE),
    ("close 5000", b"\x88\x02\x13\x88", Rules.CLOSE_CODE),
    ("close message not UTF-8", b"\x88\x03\x03\xe8\xff", Rules.CLOSE_UTF8),
    ("text not UTF-8", b"\x81\x01\xff", Rules.TEXT_UTF8),
    ("text cut inside a character", b"\x81\x01\xc3", Rules.TEXT_UTF8),
    ("fragment not UTF-8", b"\x01\x01\xff", Rules.TEXT_UTF8),
    ("last fragment cut inside a character", b"\x01\x01\xc3\x80\x00", Rules.TEXT_UTF8),
    ("length with its top bit set", b"\x82\x7f\x80" + bytes(7), Rules.LENGTH),
]
IDS = [name for name, _, _ in VIOLATIONS]


@pytest.mark.parametrize(("name", "data", "rule"), VIOLATIONS, ids=IDS)
def test_a_violation_fails_a_default_session_with_the_code_of_its_rule(
    name: str, data: bytes, rule: Rule
) -> None:
    """Behaviour 6 and its kin: the frames before are delivered, the wrong one is a row that names the rule."""
    for pieces in both_ways(b"\x81\x01a\x82\x01b" + data + b"\x8a\x01c"):
        outcome = receive(shake_hands()[0], pieces)
        assert outcome.fault is not None and outcome.fault.code == rule.code
        assert isinstance(outcome.fault.exception, ProtocolViolation)
        assert outcome.fault.exception.rule == str(rule)
        wrong = [row for row in outcome.rows if row["status"] == "violation"]
        assert [row["detail"] for row in wrong] == [str(rule)]
        assert outcome.end == outcome.rows.index(wrong[0])
        assert outcome.deliverable == 2
        assert outcome.closes == []


@pytest.mark.parametrize(("name", "data", "rule"), VIOLATIONS, ids=IDS)
def test_a_raw_session_marks_a_violation_and_goes_on(name: str, data: bytes, rule: Rule) -> None:
    """Every frame is handed over, the wrong one and those after it too."""
    data = b"\x82\x01b" + data + b"\x89\x01c"
    for pieces in both_ways(data):
        outcome = receive(shake_hands(raw=True)[0], pieces)
        assert str(rule) in [row["detail"] for row in outcome.rows if row["status"] == "violation"]
        assert (outcome.fault, outcome.end) == (None, None) or rule is Rules.LENGTH
        if rule is not Rules.LENGTH:
            assert outcome.deliverable == len(outcome.rows)
            assert outcome.pings[-1] == b"c"
            assert outcome.log.wire_bytes("in") == data


def test_fragments_make_one_message_and_control_frames_may_stand_between_them() -> None:
    """Behaviour 5: three frames, one message; on a raw session three."""
    data = b"\x01\x011" + b"\x89\x01p" + b"\x00\x012" + b"\x80\x013"
    for pieces in both_ways(data):
        assert receive(shake_hands()[0], pieces).deliverable == 1
    for pieces in both_ways(data):
        outcome = receive(shake_hands(raw=True)[0], pieces)
        assert outcome.deliverable == 4
        assert outcome.pings == [b"p"]
        assert all(row["status"] == "ok" for row in outcome.rows)


def test_a_character_may_be_split_over_fragments() -> None:
    """The message is UTF-8 although none of its fragments is: none of them calls itself text."""
    character = "🐙".encode()
    data = encode(0x01, character[:1]) + encode(0x00, character[1:3]) + encode(0x80, character[3:])
    for pieces in both_ways(data):
        outcome = receive(shake_hands()[0], pieces)
        assert (outcome.fault, outcome.deliverable) == (None, 1)
        assert not any(row["flags"] & Flag.TEXT for row in outcome.rows)


def test_what_follows_a_close_frame_is_recorded_and_not_delivered() -> None:
    """The first close ends the stream for the application; later frames are rows, and only pings and pongs are right."""
    for pieces in both_ways(b"\x81\x01a\x88\x02\x03\xe8\x81\x01b\x89\x00"):
        outcome = receive(shake_hands()[0], pieces)
        assert (outcome.deliverable, outcome.end, outcome.pings) == (1, 1, [])
        assert outcome.closes == [b"\x03\xe8"]
        assert [row["status"] for row in outcome.rows] == ["ok", "ok", "violation", "ok"]


def test_an_end_in_the_middle_of_a_frame_is_a_truncated_row() -> None:
    """Every prefix of a stream gives back its own bytes."""
    data = encode(0x81, b"whole") + encode(0x82, b"x" * 300)
    for end in range(len(data)):
        outcome = receive(shake_hands()[0], [data[:end]])
        assert outcome.log.wire_bytes("in") == data[:end]
        assert [row["status"] for row in outcome.rows[1:]] == (["truncated"] if end > 7 else [])


# Limits


@pytest.mark.parametrize("size", [1022, 1023, 1024])
@pytest.mark.parametrize("raw", [False, True])
def test_the_limit_of_a_frame(size: int, raw: bool) -> None:
    """Behaviour 41: limit - 1 and limit pass; one byte more fails with 1009, raw or not, before the body is kept."""
    for pieces in both_ways(encode(0x82, b"x" * size)):
        outcome = receive(shake_hands(raw=raw, max_frame_size=1023)[0], pieces)
        if size <= 1023:
            assert (outcome.fault, outcome.deliverable) == (None, 1)
            continue
        assert outcome.fault is not None and outcome.fault.code == 1009
        assert isinstance(outcome.fault.exception, FrameTooBig)
        assert (outcome.fault.exception.frame_size, outcome.fault.exception.limit) == (1024, 1023)
        assert (outcome.deliverable, outcome.skipped) == (0, 1024)
        (row,) = outcome.rows
        assert row["status"] == "oversized" and "1024" in row["detail"] and "1023" in row["detail"]


@pytest.mark.parametrize("size", [1022, 1023, 1024])
def test_the_limit_of_a_joined_message(size: int) -> None:
    """Fragments that each pass may not add up to more; a raw session joins nothing and lets them pass."""
    data = encode(0x02, b"x" * 500) + encode(0x00, b"x" * 500) + encode(0x80, b"x" * (size - 1000))
    for pieces in both_ways(data):
        outcome = receive(shake_hands(max_frame_size=1023)[0], pieces)
        if size <= 1023:
            assert (outcome.fault, outcome.deliverable) == (None, 1)
        else:
            assert outcome.fault is not None and outcome.fault.code == 1009
            assert isinstance(outcome.fault.exception, FrameTooBig)
            assert outcome.fault.exception.frame_size == 1024
            assert outcome.rows[2]["status"] == "violation"
    for pieces in both_ways(data):
        assert receive(shake_hands(raw=True, max_frame_size=1023)[0], pieces).deliverable == 3


@pytest.mark.parametrize("size", [9_999, 10_000, 10_001])
@pytest.mark.parametrize("fragments", [1, 3])
def test_the_limit_of_the_inflated_size(size: int, fragments: int) -> None:
    """A frame of a few bytes that inflates to one byte over the limit fails with 1009."""
    for cut in ("whole", "bytes"):
        wire, server = shake_hands(deflate=PerMessageDeflate(), max_frame_size=10_000)
        message = Message(b"z" * size, False, [size // 3, size // 2][: fragments - 1])
        data = send_messages(server, [message])
        assert len(data) < 200
        outcome = receive(wire, [data] if cut == "whole" else one_by_one(data))
        if size <= 10_000:
            assert (outcome.fault, outcome.deliverable) == (None, 1)
        else:
            assert outcome.fault is not None and outcome.fault.code == 1009
            assert isinstance(outcome.fault.exception, FrameTooBig)
            assert outcome.fault.exception.limit == 10_000
            assert outcome.rows[-1]["status"] == "violation"
        assert outcome.log.wire_bytes("in") == data


@pytest.mark.long
@pytest.mark.parametrize("size", [1000, 5 << 20])
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_the_limit_of_the_number_of_fragments(size: int, over: int) -> None:
    """It follows the size limit; a raw session counts none, nor one without limit."""
    limit = fragments_in(size)
    assert limit == (MIN_FRAGMENTS if size == 1000 else 81_920)
    count = limit + over
    data = b"\x02\x00" + b"\x00\x00" * (count - 2) + b"\x80\x00"
    for pieces in both_ways(data) if size == 1000 else [[data]]:
        outcome = receive(shake_hands(max_frame_size=size)[0], pieces)
        if over <= 0:
            assert (outcome.fault, outcome.deliverable) == (None, 1)
        else:
            assert outcome.fault is not None and outcome.fault.code == 1009
            assert outcome.end == limit
    assert receive(shake_hands()[0], [data]).deliverable == 1
    assert receive(shake_hands(raw=True, max_frame_size=size)[0], [data]).deliverable == count


def test_4_mib_in_fragments_of_64_bytes_are_one_message() -> None:
    """As Autobahn's cases 9.3.1 and 9.4.1 send them, on a session as connect() opens it."""
    fragment = b"\x40" + b"*" * 64
    data = b"\x01" + fragment + (b"\x00" + fragment) * 65_535 + b"\x80\x00"
    outcome = receive(shake_hands(max_frame_size=64 << 20)[0], [data])
    assert (outcome.fault, outcome.deliverable) == (None, 1)


# Compression


def final_block(data: bytes, window: bytes = b"") -> bytes:
    """Return a message that ends with a BFINAL=1 block (RFC 7692 §7.2.3.4)."""
    encoder = zlib.compressobj(wbits=-15, zdict=window) if window else zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush(zlib.Z_FINISH) + b"\x00"


def test_messages_that_end_with_a_final_block_keep_their_text() -> None:
    """Three times "Hello" with BFINAL=1 under context takeover is three times "Hello"; the window lives on."""
    data = b"".join(encode(0xC1, final_block(b"Hello", b"Hello" * number)) for number in range(3))
    for pieces in both_ways(data):
        outcome = receive(shake_hands(deflate=PerMessageDeflate())[0], pieces)
        assert [row["payload"] for row in outcome.rows] == [b"Hello"] * 3
        assert (outcome.fault, outcome.deliverable) == (None, 3)
        assert outcome.log.wire_bytes("in") == data


def test_the_compressed_examples_of_rfc_7692() -> None:
    """§7.2.3: one block, a shared window, no compression, a final block, two blocks: each is "Hello"."""
    for payloads in (
        ["f248cdc9c90700", "f200110000"],
        ["000500faff48656c6c6f00"],
        ["f348cdc9c9070000"],
        ["f248050000 00ffff cac9c90700"],
    ):
        data = b"".join(encode(0xC1, bytes.fromhex(payload)) for payload in payloads)
        for pieces in both_ways(data):
            outcome = receive(shake_hands(deflate=PerMessageDeflate())[0], pieces)
            assert [row["payload"] for row in outcome.rows] == [b"Hello"] * len(payloads)


@pytest.mark.parametrize(
    ("payload", "code"), [(b"\xff\xff\xff", 1007), (b"\x07", 1007), (final_block(b"\xff\xfe"), 1007)]
)
def test_a_compressed_text_that_is_none_fails_with_1007(payload: bytes, code: int) -> None:
    """Neither bytes that do not inflate, nor ones that inflate to something other than UTF-8, are delivered."""
    data = encode(0xC1, payload)
    for pieces in both_ways(data):
        outcome = receive(shake_hands(deflate=PerMessageDeflate())[0], pieces)
        assert outcome.fault is not None and outcome.fault.code == code
        assert outcome.deliverable == 0
        assert outcome.log.wire_bytes("in") == data


def test_rsv1_belongs_to_the_first_fragment_only() -> None:
    """RSV1 on a continuation is a violation of RFC 7692 §6.1."""
    outcome = receive(shake_hands(deflate=PerMessageDeflate())[0], [b"\x41\x00\xc0\x00"])
    assert outcome.fault is not None
    assert "RSV1" in outcome.rows[1]["detail"]


# Sending: an independent parser reads what is written


def read_by_peer(server: ServerProtocol, data: bytes) -> list[PeerFrame]:
    server.receive_data(data)
    return [event for event in server.events_received() if isinstance(event, PeerFrame)]


SENT = st.lists(
    st.builds(Frame.text, st.text(max_size=20) | st.just("long " * 30))
    | st.builds(
        Frame.binary, st.binary(max_size=20) | st.sampled_from((b"x" * 125, b"x" * 126, b"x" * 65536))
    )
    | st.builds(Frame.ping, st.binary(max_size=125))
    | st.builds(Frame.pong, st.binary(max_size=125))
    | st.lists(st.binary(max_size=9), min_size=2, max_size=4),
    max_size=8,
)


def flatten(items: list[Any]) -> list[Frame]:
    """Return frames; a list of parts becomes the fragments of a binary message."""
    frames: list[Frame] = []
    for item in items:
        if isinstance(item, Frame):
            frames.append(item)
            continue
        opcodes = [Opcode.BINARY] + [Opcode.CONTINUATION] * (len(item) - 1)
        fins = [False] * (len(item) - 1) + [True]
        frames += [Frame(opcode, part, fin) for opcode, part, fin in zip(opcodes, item, fins, strict=True)]
    return frames


@settings(deadline=None)
@given(SENT, st.booleans(), st.integers(1, 5))
def test_an_independent_parser_reads_what_is_written(
    items: list[Any], compressed: bool, at_once: int
) -> None:
    """Opcode, FIN and payload arrive as they were, and wire_bytes("out") is exactly what was written."""
    frames = flatten(items)
    wire, server = shake_hands(deflate=PerMessageDeflate() if compressed else None)
    log = FrameLog()
    connection = log.register(Connection("test"))
    written, got = b"", []
    for start in range(0, len(frames), at_once):
        batch, data = wire.serializer.serialize(
            [outgoing(frame) for frame in frames[start : start + at_once]]
        )
        log.append(batch, connection, "out", 0, 0)
        written += data
        got += read_by_peer(server, data)
    assert server.parser_exc is None
    assert [(frame.opcode, bytes(frame.data), frame.fin) for frame in got] == [
        (frame.opcode, frame.data, frame.fin) for frame in frames
    ]
    assert log.wire_bytes("out") == written
    recorded = [rows.payload_at(place) for rows in log.rows(0, len(log)) for place in range(len(rows))]
    assert recorded == [frame.data for frame in frames]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.builds(
                Frame.nonstandard,
                st.integers(0, 15),
                st.binary(max_size=130),
                st.booleans(),
                st.booleans(),
                st.booleans(),
                st.booleans(),
            ),
            st.none() | st.binary(min_size=4, max_size=4),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_frames_that_no_standard_allows_are_written_and_recorded_to_the_bit(
    items: list[tuple[Frame, bytes | None, bool]],
) -> None:
    """Any head, any mask key or none: the bytes are those of an encoder by hand, and the rows give them back."""
    random = iter(range(1 << 30))
    wire, _ = shake_hands(raw=True, random=lambda size: bytes(next(random) % 256 for _ in range(size)))
    log = FrameLog()
    connection = log.register(Connection("test"))
    written = b""
    for frame, key, masking in items:
        wire.masking = masking
        batch, data = wire.serializer.serialize([outgoing(frame, key)])
        log.append(batch, connection, "out", 0, 0)
        used = batch.mask_keys[0] if batch.mask_keys else None
        assert key is None or used == key
        assert (used is None) is (key is None and not masking)
        assert data == encode(batch.heads[0], frame.data, used)
        written += data
    assert log.wire_bytes("out") == written


def test_every_frame_is_masked_with_a_key_of_its_own() -> None:
    """Behaviour 13: a hundred frames, a hundred keys, those that the random source gave."""
    keys = [number.to_bytes(4, "big") for number in range(1, 101)]
    wire, _ = shake_hands(random=lambda size: b"".join(keys)[:size])
    batch, data = wire.serializer.serialize([outgoing(Frame.text("x"))] * 100)
    assert batch.mask_keys == keys
    assert data == b"".join(encode(0x81, b"x", key) for key in keys)


def test_every_frame_that_is_sent_alone_is_masked_with_a_key_of_its_own() -> None:
    """A hundred frames, a hundred keys: those that the random source gave, each once and in order."""
    source = io.BytesIO(b"".join(number.to_bytes(4, "big") for number in range(1_000)))
    wire, _ = shake_hands(random=source.read)
    for number in range(100):
        single = wire.serializer.serialize_single(outgoing(Frame.text("x")))
        key = number.to_bytes(4, "big")
        assert single == ((0x81, Flag.TEXT | Flag.MASKED, b"x", None), key, encode(0x81, b"x", key))


def test_an_unmasked_frame_is_marked_and_a_server_refuses_it() -> None:
    """masking is read for each frame when it is serialised."""
    wire, server = shake_hands(masking=False)
    batch, data = wire.serializer.serialize([outgoing(Frame.text("bare"))])
    assert data == b"\x81\x04bare"
    assert batch.details[0] == str(Rules.UNMASKED)
    read_by_peer(server, data)
    assert server.close_sent is not None and server.close_sent.code == 1002


@pytest.mark.parametrize("compressed", [False, True])
def test_a_text_that_is_not_utf_8_is_marked_where_it_is_sent(compressed: bool) -> None:
    """Among whole masked messages too, which are serialised at once."""
    wire, _ = shake_hands(deflate=PerMessageDeflate() if compressed else None)
    batch, _ = wire.serializer.serialize([outgoing(Frame.text("a")), outgoing(Frame.text(b"\xff"))])
    assert batch.details == {1: str(Rules.TEXT_UTF8)}


def test_a_continuation_without_a_message_is_not_compressed() -> None:
    """A receiver would not inflate it, and its window would differ from ours ever after."""
    wire, _ = shake_hands(deflate=PerMessageDeflate())
    wire.serializer.serialize([outgoing(Frame.text("Hello"))])
    batch, _ = wire.serializer.serialize([outgoing(Frame(Opcode.CONTINUATION, b"Hello"))])
    assert batch.wire == {}


def test_a_close_is_read_with_its_code_and_words() -> None:
    """4321 and a message of 123 bytes arrive unchanged."""
    wire, server = shake_hands()
    reason = CloseReason(4321, "é" * 61 + "!")
    _, data = wire.serializer.serialize([outgoing(Frame.close(reason))])
    read_by_peer(server, data)
    assert server.close_rcvd is not None
    assert (server.close_rcvd.code, server.close_rcvd.reason) == reason
