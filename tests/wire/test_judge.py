"""One judge: the same bytes have the same status and detail wherever they are judged, and what follows differs."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from captures import ANSWER, pcap, talk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate as LabDeflate
from websockets.uri import parse_uri
from websockets.utils import accept_key

from wsnotebook.errors import FrameTooBig, ProtocolViolation
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.side import Side
from wsnotebook.files.pcapng.tcpstream import Piece
from wsnotebook.lab.recorder import Recorder
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import RSV1, STATUSES, Flag, Single
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.direction import Direction, Sender
from wsnotebook.wire.extensions import PerMessageDeflate
from wsnotebook.wire.frames import Frame
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.rules import Rule, Rules
from wsnotebook.wire.scanner import ScannedBatch, Scanner
from wsnotebook.wire.serializer import outgoing
from wsnotebook.wire.wire import Wire

Deflate = Literal["", "takeover", "no takeover"]
"""What is negotiated: nothing, or permessage-deflate with or without context takeover in both directions."""

DEFLATED = bytes.fromhex("f248cdc9c90700")
"""Hello (RFC 7692 §7.2.3.1)."""
LOST = "not decoded: an earlier payload could not be decoded"
KEY = b"\x37\xfa\x21\x3d"
LIMIT = 5000
"""Bytes to which a message may inflate in these tests, as a bomb of 64 MiB takes its time."""


class Row(NamedTuple):
    """Everything that a judge says of one frame."""

    head: int
    status: str
    detail: str | None
    payload: bytes
    flags: int


def rows_of(log: FrameLog, direction: str) -> list[Row]:
    """Return the rows of one direction of a log."""
    place = ("out", "in").index(direction)
    return [
        Row(
            int(rows.heads[number]),
            STATUSES[int(rows.flags[number]) & Flag.STATUS],
            rows.details.get(number),
            rows.payload_at(number),
            int(rows.flags[number]) & ~Flag.STATUS,
        )
        for rows in log.rows(0, len(log))
        for number in range(len(rows))
        if (log.df["direction"].iloc[rows.first + number] == ("out", "in")[place])
    ]


def frame(head: int, payload: bytes = b"", key: bytes | None = None, *, width: int = 0) -> bytes:
    """Return the bytes of a frame; ``width`` 2 or 8 forces an extended length."""
    length, bit = len(payload), 0x80 if key else 0
    width = max(width, 0 if length < 126 else 2 if length < 0x10000 else 8)
    short = length if not width else 126 if width == 2 else 127
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if key else payload
    return (
        bytes((head, bit | short)) + (length.to_bytes(width, "big") if width else b"") + (key or b"") + masked
    )


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut the data at some places, which may lie beyond its end."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[low:high] for low, high in zip(edges, edges[1:], strict=False)]


def one_by_one(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


# The places where frames are judged


def judge_of(sender: Sender, raw: bool, deflate: Deflate, limits: Limits) -> Judge:
    """Return the judge of a session, for either side."""
    judge = Judge(sender, raw=raw, limits=limits)
    if deflate:
        judge.negotiate(RSV1, (DeflateDecoder(context_takeover=deflate == "takeover"),))
    return judge


def judged(judge: Judge, pieces: Iterable[bytes], sender: Sender) -> tuple[FrameLog, list[Reading]]:
    """Feed pieces and the end of the stream, as a session does; return the log and the readings."""
    log, readings = FrameLog(), []
    number = log.register(Connection("a"))
    direction: Any = "in" if sender == "server" else "out"
    for piece in pieces:
        single = judge.receive_single(piece)
        if single is None:
            readings += [reading for reading in judge.receive(piece) if reading is not None]
        else:
            readings.append(reading_of(single, raw=judge._raw))
    last = judge.receive_end()
    for reading in [*readings, *([last] if last is not None else [])]:
        log.append(reading.batch, number, direction, 0, 0)
    return log, [*readings, *([last] if last is not None else [])]


def reading_of(single: Single, *, raw: bool) -> Reading:
    """Return the reading that means the same as a frame that was read alone."""
    head, flags, payload, wire_payload = single
    batch = ScannedBatch()
    batch.add(head, payload, flags)
    if wire_payload is not None:
        batch.set_wire(0, wire_payload, payload)
    if head & 0x08:
        return Reading(batch, closes=[payload], end=int(raw), deliverable=int(raw))
    return Reading(batch, deliverable=1)


def extension_header(deflate: Deflate) -> str:
    """Return the server's Sec-WebSocket-Extensions with its CR LF."""
    if not deflate:
        return ""
    forgets = "; server_no_context_takeover; client_no_context_takeover" if deflate == "no takeover" else ""
    return f"Sec-WebSocket-Extensions: permessage-deflate{forgets}\r\n"


def wire_of(deflate: Deflate, *, raw: bool = False, **options: Any) -> Wire:
    """Return a client's wire after its handshake."""
    forgets = deflate == "no takeover"
    offer = PerMessageDeflate(server_no_context_takeover=forgets, client_no_context_takeover=forgets)
    wire = Wire(raw=raw, **options)
    handshake = HandshakeProtocol(parse_uri("ws://feed.test/"), wire, extensions=[offer] if deflate else [])
    handshake.request()
    accept = accept_key(handshake.key)
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    handshake.receive_data(
        f"{head}Sec-WebSocket-Accept: {accept}\r\n{extension_header(deflate)}\r\n".encode()
    )
    assert handshake.is_open
    return wire


def captured(data: Iterable[bytes], sender: Sender, deflate: Deflate) -> FrameLog:
    """Return the log of a capture of somebody else, through its file."""
    answer = ANSWER[:-2] + extension_header(deflate).encode() + b"\r\n"
    packets = talk(*((sender == "client", piece) for piece in data if piece), answer=answer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pcap"
        path.write_bytes(pcap(packets))
        return load(path)


def decoded(data: Iterable[bytes], sender: Sender, deflate: Deflate, limits: Limits) -> FrameLog:
    """Return the log of the same capture with another limit, without the file."""
    forgets = {"server_no_context_takeover": None, "client_no_context_takeover": None}
    parameters = None if not deflate else forgets if deflate == "no takeover" else {}
    notes: list[tuple[int, str]] = []
    side = Side(sender, parameters, lambda *note: notes.append(note), limits)
    log = FrameLog()
    number = log.register(Connection("a"))
    batches = [batch for piece in data for batch, _ in side.receive(Piece(piece, 0))]
    for batch in [*batches, *(batch for batch, _ in side.finish())]:
        log.append(batch, number, "in" if sender == "server" else "out", 0, 0)
    assert not notes
    return log


def recorded(data: Iterable[bytes], sender: Sender, deflate: Deflate, limits: Limits) -> FrameLog:
    """Return the log of a lab server that sent or received the bytes."""
    log = FrameLog()
    recorder = Recorder(log, "client-1", limits)
    forgets = deflate == "no takeover"
    recorder.open(Connection("client-1"), LabDeflate(forgets, forgets, 15, 15) if deflate else None)
    for piece in data:
        (recorder.received if sender == "client" else recorder.sent)(piece)
    recorder.close("1000")
    return log


def saved(log: FrameLog) -> FrameLog:
    """Return the log as our own pcapng gives it back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pcapng"
        log.save(path)
        return load(path)


def everywhere(pieces: list[bytes], sender: Sender, deflate: Deflate = "") -> dict[str, list[Row]]:
    """Return the rows of all places where frames are judged."""
    limits = Limits(inflated=LIMIT)
    ours, theirs = ("in", "out") if sender == "server" else ("out", "in")
    raw, _ = judged(judge_of(sender, True, deflate, limits), pieces, sender)
    default, _ = judged(judge_of(sender, False, deflate, limits), pieces, sender)
    return {
        "raw": rows_of(raw, ours),
        "default": rows_of(default, ours),
        "own pcapng": rows_of(saved(raw), ours),
        "capture": rows_of(decoded(pieces, sender, deflate, limits), ours),
        "lab": rows_of(recorded(pieces, sender, deflate, limits), theirs),
    }


def same_everywhere(pieces: list[bytes], sender: Sender, deflate: Deflate = "") -> list[Row]:
    """Return the rows, which all places agree on."""
    places = everywhere(pieces, sender, deflate)
    raw = places["raw"]
    for name, rows in places.items():
        assert rows == raw, name
    return raw


# Faults that there were while four places judged


@pytest.mark.parametrize("sender", ["server", "client"])
def test_a_frame_after_the_close_frame_is_a_violation_everywhere(sender: Sender) -> None:
    """RFC 6455 §5.5.1; its text flag stays true, and a compressed one is not inflated."""
    key = KEY if sender == "client" else None
    close, text, wrong = frame(0x88, b"\x03\xe8", key), frame(0x81, b"hi", key), frame(0x81, b"\xff", key)
    rows = same_everywhere([close + text + wrong + frame(0xC1, DEFLATED, key)], sender, "takeover")
    assert [row.status for row in rows] == ["ok", "violation", "violation", "violation"]
    assert {row.detail for row in rows[1:]} == {str(Rules.AFTER_CLOSE)}
    assert [row.flags & Flag.TEXT for row in rows[1:]] == [Flag.TEXT, 0, 0]
    assert rows[3].payload == DEFLATED


@pytest.mark.parametrize("sender", ["server", "client"])
@pytest.mark.parametrize("cut_at", [0, 1, 4])
def test_pings_and_pongs_after_the_close_frame_are_right(sender: Sender, cut_at: int) -> None:
    """RFC 6455 §5.5.2: a ping is answered until a close frame was received, and this side has only sent one."""
    key = KEY if sender == "client" else None
    right = [frame(head, payload, key) for head in (0x89, 0x8A) for payload in (b"", b"?")]
    wrong = [frame(head, b"?", key) for head in (0x80, 0x01, 0x88, 0x8B)]
    broken = [frame(0x09, b"", key), frame(0x9A, b"", key), frame(0x89, b"", None if key else KEY)]
    broken.append(frame(0x8A, bytes(126), key))
    data = frame(0x88, b"\x03\xe8", key) + b"".join(right + wrong + broken)
    rows = same_everywhere([data[:cut_at], data[cut_at:]], sender)
    assert [row.status for row in rows] == ["ok"] * 5 + ["violation"] * 8
    masking = Rules.UNMASKED if key else Rules.MASKED
    of_broken = [Rules.CONTROL_FRAGMENTED, Rules.RSV, masking, Rules.CONTROL_LENGTH]
    assert [row.detail for row in rows[5:]] == [*[str(Rules.AFTER_CLOSE)] * 4, *map(str, of_broken)]


def test_a_ping_over_the_limit_after_the_close_frame_is_oversized() -> None:
    """Its body is not kept, as before the close frame."""
    data = frame(0x88, b"") + frame(0x89, bytes(9)) + frame(0x89, bytes(8))
    log, readings = judged(judge_of("server", True, "", Limits(8)), [data], "server")
    assert [row.status for row in rows_of(log, "in")] == ["ok", "oversized", "ok"]
    assert [(reading.pings, reading.fault) for reading in readings] == [([], None)]


@pytest.mark.parametrize("payload", [b"\x03", b"\x03\xed", b"\x03\xe8\xff"])
def test_a_broken_close_frame_ends_no_direction(payload: bytes) -> None:
    """The peer may say it again, and right; only that is the end."""
    rows = same_everywhere([frame(0x88, payload) + b"\x81\x01a\x88\x00\x81\x01b"], "server")
    assert [row.status for row in rows] == ["violation", "ok", "ok", "violation"]


@pytest.mark.parametrize("sender", ["server", "client"])
def test_rsv1_on_a_continuation_is_a_violation_everywhere(sender: Sender) -> None:
    """RFC 7692 §6.1; the payload is inflated all the same, as the message is a compressed one."""
    key = KEY if sender == "client" else None
    data = frame(0x41, DEFLATED[:3], key) + frame(0xC0, DEFLATED[3:], key)
    for deflate in ("takeover", "no takeover"):
        rows = same_everywhere([data], sender, deflate)
        assert [row.detail for row in rows] == [None, str(Rules.RSV1_CONTINUATION)]
        assert b"".join(row.payload for row in rows) == b"Hello"


@pytest.mark.parametrize(
    ("sender", "data", "rule"),
    [
        ("server", frame(0xA1, b"a", KEY), Rules.RSV),
        ("client", frame(0xA1, b"a"), Rules.RSV),
        ("server", frame(0x80, b"a", KEY), Rules.NOTHING_TO_CONTINUE),
        ("server", frame(0x89, b"a" * 126, KEY), Rules.MASKED),
        ("server", frame(0x81, b"\xff", KEY), Rules.MASKED),
        ("client", frame(0x81, b"\xff"), Rules.UNMASKED),
        ("client", frame(0x88, b"\x03\xed"), Rules.UNMASKED),
        ("server", b"\x8b\x7f\xff" + bytes(7), Rules.OPCODE),
    ],
)
def test_a_frame_that_breaks_two_rules_has_one_verdict(sender: Sender, data: bytes, rule: Rule) -> None:
    """The rule whose bytes come first."""
    for pieces in ([data], one_by_one(data)):
        (row,) = same_everywhere(pieces, sender)
        assert (row.status, row.detail) == ("violation", str(rule))


def test_after_a_failure_frames_are_judged_as_before() -> None:
    """A default session delivers nothing more and fails once; status, detail, payload and flags are a raw session's."""
    data = b"\x83\x00" + b"\x01\x02a\xc3" + b"\x80\x01\xa4" + b"\x81\x01\xff" + b"\xc1\x00" + b"\x89\x01p"
    _, readings = judged(judge_of("server", False, "", Limits()), one_by_one(data), "server")
    assert [reading.fault is not None for reading in readings].count(True) == 1
    assert sum(reading.deliverable for reading in readings) == 0
    assert not any(reading.pings for reading in readings)
    rows = same_everywhere([data], "server")
    assert [row.status for row in rows] == ["violation", "ok", "ok", "violation", "violation", "ok"]
    assert [row.flags for row in rows[1:3]] == [0, Flag.CONTINUES]


def test_the_peers_close_after_a_failure_is_its_answer() -> None:
    """Also one that breaks the rule for which it was failed; a broken one is none, nor is the frame that failed."""
    for answer, payloads in (
        (b"\x88\x02\x03\xea", [b"\x03\xea"]),
        (frame(0x88, b"\x03\xea", KEY), [b"\x03\xea"]),
        (b"\x88\x01\x03", []),
    ):
        for fault in (b"\x83\x00", b"\x88\x01\x03", frame(0x88, b"\x03\xe8", KEY)):
            for pieces in ([fault + answer], one_by_one(fault + answer)):
                _, readings = judged(judge_of("server", False, "", Limits()), pieces, "server")
                assert [close for reading in readings for close in reading.closes] == payloads


def test_a_reserved_opcode_between_fragments_leaves_the_message_open() -> None:
    """Final or not, it is not a part of it; the text after it is a new message before the last one was finished."""
    for odd in (b"\x83\x00", b"\x03\x00"):
        rows = same_everywhere([b"\x01\x01a" + odd + b"\x81\x01b"], "server")
        assert rows[2].detail == str(Rules.MESSAGE_OPEN)


# The beginning of a frame

BEGINNINGS: list[tuple[str, bytes, Rule]] = [
    ("a reserved bit", b"\xa1", Rules.RSV),
    ("a reserved opcode", b"\x83", Rules.OPCODE),
    ("a ping that is not final", b"\x09", Rules.CONTROL_FRAGMENTED),
    ("nothing to continue", b"\x80", Rules.NOTHING_TO_CONTINUE),
    ("a message within a message", b"\x01\x00\x81", Rules.MESSAGE_OPEN),
    ("one fragment too many", b"\x01\x00" + b"\x00\x00" * 3 + b"\x80", Rules.FRAGMENTS),
    ("masked by a server", b"\x81\x85", Rules.MASKED),
    ("a ping that declares more than 125 bytes", b"\x89\x7e", Rules.CONTROL_LENGTH),
    ("a close that declares 64 bits of length", b"\x88\x7f", Rules.CONTROL_LENGTH),
    ("a close of one byte", b"\x88\x01", Rules.CLOSE_LENGTH),
]


@pytest.mark.parametrize(("name", "data", "rule"), BEGINNINGS, ids=[name for name, *_ in BEGINNINGS])
def test_the_beginning_of_a_frame_is_enough_to_fail(name: str, data: bytes, rule: Rule) -> None:
    """Fault and end come without a row; the row comes with the rest of the frame, or at the end, without a second fault."""
    limits = Limits(fragments=4)
    for pieces in ([data], one_by_one(data)):
        judge = judge_of("server", False, "", limits)
        readings = [reading for piece in pieces for reading in judge.receive(piece) if reading is not None]
        early = readings[-1]
        assert (len(early.batch), early.end, early.deliverable) == (0, 0, 0)
        assert early.fault is not None and early.fault.code == rule.code
        assert isinstance(early.fault.exception, ProtocolViolation) and early.fault.exception.rule == str(
            rule
        )
        last = judge.receive_end()
        assert last is not None and (last.fault, last.end) == (None, 0)
        assert last.batch.flags[0] & Flag.STATUS == Flag.VIOLATION
        assert last.batch.details == {0: str(rule)}
    rest = bytes(300) if data[-1] != 0x85 else KEY + bytes(300)
    judge = judge_of("server", False, "", limits)
    readings = [reading for piece in (data, rest) for reading in judge.receive(piece) if reading is not None]
    assert [reading.fault is not None for reading in readings].count(True) == 1
    assert str(rule) in readings[-1].batch.details.values()


def test_rsv1_on_the_beginning_of_a_continuation_is_enough_to_fail() -> None:
    """It needs deflate, without which it is an unclaimed bit."""
    judge = judge_of("server", False, "takeover", Limits())
    readings = [
        reading for reading in judge.receive(frame(0x41, DEFLATED[:3]) + b"\xc0") if reading is not None
    ]
    assert readings[-1].fault is not None
    assert str(Rules.RSV1_CONTINUATION) in str(readings[-1].fault.exception)


def test_a_declared_length_over_the_limit_of_the_message_is_enough_to_fail() -> None:
    """Where no extension changes it: with the header, before the body."""
    data = frame(0x02, bytes(600)) + b"\x80\x7e\x02\x58"
    judge = judge_of("server", False, "takeover", Limits(1000, 1000, 1000))
    readings = [reading for reading in judge.receive(data) if reading is not None]
    assert readings[-1].fault is not None and readings[-1].fault.code == 1009
    assert isinstance(readings[-1].fault.exception, FrameTooBig)
    assert readings[-1].fault.exception.frame_size == 1200


def test_a_frame_that_is_right_so_far_is_truncated_by_the_end() -> None:
    """And a raw session, like a capture, does not fail by a beginning."""
    for data, status in ((b"\x81", "truncated"), (b"\x89\x05ab", "truncated"), (b"\x89\x7e", "violation")):
        assert [row.status for row in same_everywhere([data], "server")] == [status]
        _, readings = judged(judge_of("server", True, "", Limits()), [data], "server")
        assert [reading.fault for reading in readings] == [None]


# Frames over the limit


def test_a_frame_over_the_limit_is_oversized() -> None:
    """Its body is not kept; the message goes on, and its text is not judged across the hole."""
    parts = [frame(0x01, b"a\xc3"), frame(0x00, bytes(11)), frame(0x00, b"\xa4"), frame(0x80, b"b")]
    for raw in (True, False):
        judge = judge_of("server", raw, "", Limits(frame=10))
        rows = rows_of(judged(judge, [b"".join([*parts, frame(0x81, b"c")])], "server")[0], "in")
        assert [row.status for row in rows] == ["ok", "oversized", "ok", "ok", "ok"]
        assert rows[1].detail == str(FrameTooBig(11, 10)) and rows[1].payload == b""
        assert [row.flags & Flag.CONTINUES for row in rows] == [0, *[Flag.CONTINUES] * 3, 0]
        assert [row.flags & Flag.TEXT for row in rows] == [0, 0, 0, Flag.TEXT, Flag.TEXT]


def test_a_rule_that_an_oversized_frame_breaks_stands_beside_its_size() -> None:
    """The row looks empty, so its status says why; a raw session fails by the size, a default one by the rule."""
    data = frame(0x81, bytes(11), KEY)
    for raw, code in ((True, 1009), (False, 1002)):
        log, readings = judged(judge_of("server", raw, "", Limits(frame=10)), [data], "server")
        (row,) = rows_of(log, "in")
        assert (row.status, row.detail) == ("oversized", f"{FrameTooBig(11, 10)} Also: {Rules.MASKED}")
        assert readings[0].fault is not None and readings[0].fault.code == code


def test_a_message_over_the_limit_whose_bodies_are_kept_is_a_violation() -> None:
    """The frame that goes over it, and no other one."""
    data = frame(0x02, bytes(8)) + frame(0x00, bytes(8)) + frame(0x00, bytes(8)) + frame(0x80)
    log, _ = judged(judge_of("server", True, "", Limits(message=10)), [data], "server")
    rows = rows_of(log, "in")
    assert [row.status for row in rows] == ["ok", "violation", "ok", "ok"]
    assert rows[1].detail == str(FrameTooBig(16, 10))


# What does not inflate


@pytest.mark.parametrize("sender", ["server", "client"])
def test_what_is_wrong_with_compressed_bytes_is_said_once_and_the_same(sender: Sender) -> None:
    """One sentence with its section, and the reason of zlib."""
    key = KEY if sender == "client" else None
    (row,) = same_everywhere([frame(0xC1, b"\xff\xff\xff", key)], sender, "takeover")
    assert row.detail is not None and row.detail.count("RFC 7692") == row.detail.count("inflate") == 1
    assert row.detail.startswith(Rules.INFLATE.sentence) and "invalid block type" in row.detail
    assert row.payload == b"\xff\xff\xff"


def test_with_context_takeover_nothing_is_inflated_after_what_did_not() -> None:
    """The window is lost: later compressed frames keep their wire payload and say why; others are as ever."""
    data = (
        frame(0xC1, b"\xff\xff\xff")
        + frame(0xC1, DEFLATED)
        + b"\x81\x01a"
        + frame(0x41, DEFLATED)
        + b"\x80\x00"
    )
    rows = same_everywhere([data], "server", "takeover")
    assert [row.status for row in rows] == ["violation", "ok", "ok", "ok", "ok"]
    assert [row.payload for row in rows[1:]] == [DEFLATED, b"a", DEFLATED, b""]
    assert [row.detail for row in rows[1:]] == [LOST, None, LOST, LOST]
    assert [row.flags & Flag.TEXT for row in rows] == [0, 0, Flag.TEXT, 0, 0]


def test_without_context_takeover_the_next_message_is_inflated() -> None:
    """The rest of the message that did not inflate is not."""
    data = (
        frame(0x41, b"\xff\xff\xff") + frame(0x80, DEFLATED) + frame(0xC1, DEFLATED) + frame(0x41, DEFLATED)
    )
    rows = same_everywhere([data], "server", "no takeover")
    assert [row.status for row in rows] == ["violation", "ok", "ok", "ok"]
    assert [row.detail for row in rows[1:]] == [LOST, None, None]
    assert [row.payload for row in rows[1:]] == [DEFLATED, b"Hello", b"Hello"]


@pytest.mark.parametrize("deflate", ["takeover", "no takeover"])
def test_after_a_bomb_nothing_is_inflated(deflate: Deflate) -> None:
    """Or each one would cost as much again."""
    bomb = zlib.compressobj(wbits=-15)
    bytes_of_bomb = (bomb.compress(bytes(LIMIT + 1)) + bomb.flush(zlib.Z_SYNC_FLUSH))[:-4]
    rows = same_everywhere([frame(0xC2, bytes_of_bomb) + frame(0xC1, DEFLATED)], "server", deflate)
    assert [row.status for row in rows] == ["violation", "ok"]
    assert rows[0].detail == str(FrameTooBig(LIMIT + 1, LIMIT))
    assert rows[1].payload == DEFLATED and rows[1].detail is not None and "over the limit" in rows[1].detail


@pytest.mark.parametrize(("deflate", "payload"), [("takeover", DEFLATED), ("no takeover", b"Hello")])
def test_a_compressed_body_that_was_not_kept_leaves_a_hole_in_the_window(
    deflate: Deflate, payload: bytes
) -> None:
    """With context takeover nothing after it is inflated; a plain body over the limit does no harm."""
    for head, follows in ((0xC2, payload), (0x82, b"Hello")):
        judge = judge_of("server", True, deflate, Limits(frame=10))
        log, _ = judged(judge, [frame(head, bytes(11)) + frame(0xC1, DEFLATED)], "server")
        rows = rows_of(log, "in")
        assert [row.status for row in rows] == ["oversized", "ok"]
        assert rows[1].payload == follows


# Streams, right and wrong


class Part(NamedTuple):
    """A frame to be, whose payload may still have to be compressed."""

    head: int
    payload: bytes
    is_compressed: bool
    key: bytes | None
    width: int


HEADS = st.sampled_from((0x81, 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0xC1, 0xC2, 0x41, 0xC0, 0x89, 0x8A, 0x83))
PAYLOADS = (
    st.text(max_size=8).map(str.encode)
    | st.binary(max_size=12)
    | st.sampled_from((b"\xc3", b"\xa4", b"x" * 126, b"y" * 1500, b"z" * (LIMIT + 1)))
)
WIDTHS = st.sampled_from((0, 0, 0, 0, 2, 8))
CLOSES = st.sampled_from(
    (b"\x03\xe8", b"\x03\xe8bye", b"", b"\x03", b"\x03\xed", b"\x03\xe8\xff", b"a" * 126)
)


def parts(sender: Sender) -> st.SearchStrategy[list[Part]]:
    right, wrong = (st.just(KEY), st.none()) if sender == "client" else (st.none(), st.just(KEY))
    keys = st.one_of(right, right, right, right, wrong)
    plain = st.builds(
        Part,
        st.sampled_from((0x81, 0x82)),
        st.text(max_size=8).map(str.encode),
        st.just(False),
        right,
        st.just(0),
    )
    any_frame = st.builds(Part, HEADS | st.integers(0, 255), PAYLOADS, st.booleans(), keys, WIDTHS)
    whole = st.builds(Part, st.sampled_from((0xC1, 0xC2)), PAYLOADS, st.just(True), right, st.just(0))
    close = st.builds(Part, st.just(0x88), CLOSES, st.just(False), keys, WIDTHS)
    return st.lists(plain | any_frame | any_frame | whole | close, max_size=10)


ENDS = st.binary(max_size=6) | st.sampled_from((b"\x81\x7f" + b"\xff" * 8, b"\x82\x7e\x00\x05", b"\x89\x7e"))
CUTS = st.lists(st.integers(0, 1 << 13), max_size=6)
DEFLATES = st.sampled_from(("", "takeover", "no takeover"))


def stream(parts: Iterable[Part], deflate: Deflate) -> bytes:
    """Return the bytes of the frames, those to be compressed so that a right receiver can inflate them."""
    compressor = zlib.compressobj(wbits=-15)
    data = b""
    for head, payload, is_compressed, key, width in parts:
        if is_compressed and head & 0x0F < 3:
            payload = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
            if head & 0x80:
                payload = payload[:-4]
                if deflate == "no takeover":
                    compressor = zlib.compressobj(wbits=-15)
        data += frame(head, payload, key, width=width)
    return data


@pytest.mark.parametrize("sender", ["server", "client"])
@settings(deadline=None)
@given(st.data(), DEFLATES, ENDS, CUTS)
def test_the_same_bytes_are_judged_the_same_everywhere(
    sender: Sender, data: Any, deflate: Deflate, end: bytes, places: list[int]
) -> None:
    """Raw and default session, foreign capture, own pcapng, lab: same status, detail, payload and flags, at any cuts."""
    whole = stream(data.draw(parts(sender)), deflate) + end
    rows = same_everywhere([whole], sender, deflate)
    assert same_everywhere(cut(whole, places), sender, deflate) == rows
    for row in rows:
        if row.flags & Flag.TEXT:
            row.payload.decode()


@pytest.mark.parametrize("sender", ["server", "client"])
@settings(deadline=None)
@given(st.data(), DEFLATES, ENDS, CUTS)
def test_the_quick_ways_come_to_the_verdicts_of_the_slow_one(
    sender: Sender, data: Any, deflate: Deflate, end: bytes, places: list[int]
) -> None:
    """Runs, whole compressed messages and frames that need no look: as if each frame were judged for itself."""
    whole = stream(data.draw(parts(sender)), deflate) + end
    log, _ = judged(judge_of(sender, True, deflate, Limits(inflated=LIMIT)), cut(whole, places), sender)
    assert rows_of(log, "in" if sender == "server" else "out") == slowly_judged(whole, sender, deflate)


@pytest.mark.parametrize("raw", [True, False])
@settings(deadline=None)
@given(st.data(), DEFLATES, ENDS, st.sampled_from((None, 3, 125, 126, 1000)))
def test_a_frame_a_read_means_what_it_means_among_others(
    raw: bool, data: Any, deflate: Deflate, end: bytes, limit: int | None
) -> None:
    """The short way of a frame alone: same rows, same count of what is handed over, same fault and place of the end."""
    pieces = [stream([part], "no takeover") for part in data.draw(parts("server"))] + [end]
    limits = Limits(limit) if raw else Limits(limit, limit, LIMIT, 3)
    log, readings = judged(judge_of("server", raw, deflate, limits), pieces, "server")
    judge = judge_of("server", raw, deflate, limits)
    expected = [reading for piece in pieces for reading in judge.receive(piece) if reading is not None]
    assert [meaning(reading) for reading in readings][: len(expected)] == [meaning(each) for each in expected]
    rows = rows_of(log, "in")
    assert rows == rows_of(
        judged(judge_of("server", raw, deflate, limits), [b"".join(pieces)], "server")[0], "in"
    )


@pytest.mark.parametrize("head", [head for head in range(256) if head & 0x0F != 0x8])
def test_only_a_close_frame_is_taken_for_one(head: int) -> None:
    """On a raw session too, whatever other rule a frame with another opcode breaks, with a payload and without."""
    judge = judge_of("server", True, "", Limits())
    _, readings = judged(judge, [frame(head, b""), frame(head, b"\x03\xe8")], "server")
    assert [reading.closes for reading in readings if reading.closes] == []


@pytest.mark.parametrize("pieces", [1, 2, 130])
def test_a_ping_that_is_too_long_counts_once(pieces: int) -> None:
    """On a raw session, however it is cut."""
    ping = frame(0x89, b"a" * 126)
    size = -(-len(ping) // pieces)
    cuts = [ping[at : at + size] for at in range(0, len(ping), size)]
    _, readings = judged(judge_of("server", True, "", Limits()), cuts, "server")
    assert [payload for reading in readings for payload in reading.pings] == [b"a" * 126]


def consequences(readings: Iterable[Reading]) -> dict[str, object]:
    """Return what all readings of a stream mean together, places counted from its first frame."""
    found: dict[str, object] = {}
    pings: list[bytes] = []
    pongs: list[bytes] = []
    closes: list[bytes] = []
    count = delivered = 0
    for reading in readings:
        pings += reading.pings
        pongs += reading.pongs
        closes += reading.closes
        delivered += reading.deliverable
        if reading.fault is not None:
            found["fault"] = (str(reading.fault.exception), reading.fault.code)
        if reading.end is not None:
            found.setdefault("end", count + reading.end)
        count += len(reading.batch)
    return found | {"pings": pings, "pongs": pongs, "closes": closes, "delivered": delivered}


@pytest.mark.parametrize("raw", [True, False])
@settings(deadline=None, max_examples=50)
@given(st.data(), DEFLATES, ENDS, CUTS, st.sampled_from((None, 3, 125, 126, 1000)))
def test_what_a_stream_means_does_not_depend_on_its_cuts(
    raw: bool, data: Any, deflate: Deflate, end: bytes, places: list[int], limit: int | None
) -> None:
    """Pings, pongs and closes, in order and each once, the fault, where the end is, and how much is handed over."""
    whole = stream(data.draw(parts("server")), deflate) + end
    limits = Limits(limit) if raw else Limits(limit, limit, LIMIT, 3)
    meanings = [
        consequences(judged(judge_of("server", raw, deflate, limits), pieces, "server")[1])
        for pieces in ([whole], cut(whole, places), one_by_one(whole))
    ]
    assert meanings[1] == meanings[0]
    assert meanings[2] == meanings[0]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b"\x82\x7f" + (1 << 17).to_bytes(8, "big") + bytes(119), id="129 bytes of a 64-bit length"
        ),
        pytest.param(
            b"\x82\x80" + KEY + b"\x81\x7a" + b"a" * 122, id="a masked empty binary, and a text of 122 bytes"
        ),
        pytest.param(b"\x81\xff" + bytes(255), id="257 bytes of a masked 64-bit length"),
        pytest.param(b"\x82\x7e\x00\x80" + bytes(127), id="a byte less than is declared"),
        pytest.param(b"\x82\x7e\x00", id="a part of a 16-bit length"),
    ],
)
def test_a_read_that_is_as_long_as_its_second_byte_says_is_no_frame_alone(data: bytes) -> None:
    """The second byte is a length only up to 125: above it are the mask and the two extended forms (RFC 6455 §5.2)."""
    judge = Judge("server")
    assert judge.receive_single(data) is None
    log, _ = judged(judge, [data], "server")
    assert rows_of(log, "in") == rows_of(judged(Judge("server"), one_by_one(data), "server")[0], "in")


def meaning(reading: Reading) -> tuple[Any, ...]:
    """Return what an endpoint has to do about a reading."""
    fault = None if reading.fault is None else (str(reading.fault.exception), reading.fault.code)
    return reading.deliverable, reading.pings, reading.pongs, reading.closes, fault, reading.end


@pytest.mark.parametrize("sender", ["server", "client"])
def test_an_empty_payload_that_inflates_to_nothing_is_not_kept_twice(sender: Sender) -> None:
    """The quick way for a whole compressed message finds what the slow one finds: nothing has changed."""
    whole = stream([Part(0xC1, b"", False, b"key!" if sender == "client" else None, 0)], "takeover")
    log, _ = judged(judge_of(sender, True, "takeover", Limits(inflated=LIMIT)), [whole], sender)
    rows = rows_of(log, "in" if sender == "server" else "out")
    assert rows == slowly_judged(whole, sender, "takeover")
    assert not rows[0].flags & Flag.CHANGED


@pytest.mark.parametrize("sender", ["server", "client"])
def test_without_context_takeover_a_message_that_was_given_up_leaves_nothing_to_the_next(
    sender: Sender,
) -> None:
    """A compressed message begins, a plain one takes its place, and a compressed one follows: it inflates by itself."""
    key = KEY if sender == "client" else None
    given_up = Part(0x41, b"0", False, key, 0)
    whole = stream(
        [given_up, Part(0x81, b"", False, key, 0), Part(0xC1, b"next", True, key, 0)], "no takeover"
    )
    log, _ = judged(judge_of(sender, True, "no takeover", Limits(inflated=LIMIT)), [whole], sender)
    rows = rows_of(log, "in" if sender == "server" else "out")
    assert rows == slowly_judged(whole, sender, "no takeover")
    assert rows[2].payload == b"next" and rows[2].status == "ok"


def slowly_judged(data: bytes, sender: Sender, deflate: Deflate) -> list[Row]:
    """Judge the whole frames of a stream one by one, and the rest as cut off."""
    direction = Direction(sender, Limits(inflated=LIMIT))
    if deflate:
        direction.negotiate(RSV1, (DeflateDecoder(context_takeover=deflate == "takeover"),))
    scanner, log = Scanner(), FrameLog()
    number = log.register(Connection("a"))
    scanner.feed(data)
    while (batch := scanner.scan()) is not None:
        for place in range(len(batch)):
            if direction.is_closed:
                direction.judge_after_close(batch, place)
                break
            declared = batch.declared.get(place)
            if direction.changes(batch.heads[place]):
                list(direction.judge_encoded(batch, place, declared))
            else:
                direction.judge(batch, place, declared)
        log.append(batch, number, "in", 0, 0)
    begun, last = scanner.begun, scanner.finish()
    if begun is not None and last is not None:
        direction.judge_cut(last, begun)
        log.append(last, number, "in", 0, 0)
    return rows_of(log, "in")


@pytest.mark.parametrize("sender", ["server", "client"])
@settings(deadline=None, max_examples=25)
@given(st.data(), DEFLATES, ENDS, CUTS)
def test_a_capture_file_is_judged_as_the_session(
    sender: Sender, data: Any, deflate: Deflate, end: bytes, places: list[int]
) -> None:
    """Through packets, TCP and the headers of the handshake; received bytes through the whole wire of a client."""
    whole = stream(data.draw(parts(sender)), deflate) + end
    direction = "in" if sender == "server" else "out"
    rows = rows_of(captured(cut(whole, places), sender, deflate), direction)
    judge = judge_of(sender, True, deflate, Limits())
    assert rows == rows_of(judged(judge, [whole], sender)[0], direction)
    if sender == "server":
        for raw in (True, False):
            assert rows == rows_of(judged(wire_of(deflate, raw=raw).judge, [whole], sender)[0], direction)


SENT = st.tuples(
    st.builds(
        Frame.nonstandard,
        st.integers(0, 15) | st.sampled_from((0, 1, 2)),
        PAYLOADS,
        st.booleans(),
        st.sampled_from((False, False, False, True)),
    ),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(SENT, max_size=8), st.booleans())
def test_a_frame_sent_alone_is_the_same_row_and_the_same_bytes(
    items: list[tuple[Frame, bool]], compressed: bool
) -> None:
    """serialize_single() says None, or what serialize() says, where the random source knows one key only."""
    deflate: Deflate = "takeover" if compressed else ""
    short, long = (wire_of(deflate, raw=True, random=lambda size: b"key!" * (size // 4)) for _ in range(2))
    taken = 0
    for sent, masking in items:
        short.masking = long.masking = masking
        batch, data = long.serializer.serialize([outgoing(sent)])
        single = short.serializer.serialize_single(outgoing(sent))
        if single is None:
            assert short.serializer.serialize([outgoing(sent)])[1] == data
            continue
        taken += 1
        row = batch.heads[0], batch.flags[0], batch.payloads[0], batch.wire.get(0)
        assert single == (row, batch.mask_keys[0], data)
        assert not (batch.headers or batch.details)
    is_plain = items and items[0][1] and items[0][0] == Frame.binary(items[0][0].data)
    assert taken or not is_plain


@settings(deadline=None)
@given(st.lists(SENT, max_size=8), st.booleans())
@example([(Frame(8, b"\x03\xe8"), True), (Frame(1, b"late"), True)], False)
@example([(Frame(8, b""), True), (Frame(1, b"", fin=False), True)], False)
def test_what_we_send_is_judged_as_who_overhears_it_judges_it(
    items: list[tuple[Frame, bool]], compressed: bool
) -> None:
    """The serializer knows payloads before they are compressed, and comes to the same verdicts."""
    deflate: Deflate = "takeover" if compressed else ""
    wire = wire_of(deflate, raw=True)
    log, written = FrameLog(), b""
    number = log.register(Connection("a"))
    for sent, masking in items:
        wire.masking = masking
        batch, data = wire.serializer.serialize([outgoing(sent)])
        log.append(batch, number, "out", 0, 0)
        written += data
    sent_rows = rows_of(log, "out")
    overheard = rows_of(decoded([written], "client", deflate, Limits()), "out")
    assert [row[:3] for row in sent_rows] == [row[:3] for row in overheard]
    # After a close frame, which a session sends nothing after, whoever overhears it inflates nothing.
    until = next((n for n, row in enumerate(sent_rows) if row.detail == str(Rules.AFTER_CLOSE)), None)
    assert sent_rows[:until] == overheard[:until]
