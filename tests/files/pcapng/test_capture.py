"""Captures that somebody else made: every link layer, reassembly, upgrades, deflate, and tcpdump itself."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import websockets
from captures import ANSWER, CLIENT, GET, SERVER, Packet, ip4, pcap, talk
from tcpdump import capturing

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load

HELLO = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7
MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # the same


def ip6(sent: bool, tcp: bytes) -> bytes:
    (source, _), (target, _) = (CLIENT, SERVER) if sent else (SERVER, CLIENT)
    return struct.pack(">IHBB", 0x60000000, len(tcp), 6, 64) + bytes(12) + source + bytes(12) + target + tcp


TWO = [(True, MASKED_HELLO), (False, HELLO)]


@pytest.mark.parametrize(
    ("link", "head", "ip"),
    [
        (101, b"", ip4),
        (12, b"", ip4),
        (228, b"", ip4),
        (101, b"", ip6),
        (229, b"", ip6),
        (1, bytes(12) + b"\x08\0", ip4),
        (1, bytes(12) + b"\x86\xdd", ip6),
        (1, bytes(12) + b"\x81\0\0\x05\x08\0", ip4),
        (113, bytes(14) + b"\x08\0", ip4),
        (276, b"\x08\0" + bytes(18), ip4),
        (276, b"\x86\xdd" + bytes(18), ip6),
        (0, b"\x02\0\0\0", ip4),
        (0, b"\x1e\0\0\0", ip6),
        (108, b"\0\0\0\x02", ip4),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_link_layer_is_read(
    link: int, head: bytes, ip: Callable[..., bytes], order: str, tmp_path: Path
) -> None:
    """Ethernet with and without a VLAN tag, Linux cooked, loopback, raw; IPv4 and IPv6; either byte order."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(talk(*TWO), link, head, ip, order))
    log = load(path)
    assert log.df["text"].tolist() == ["Hello", "Hello"]
    assert log.df["direction"].tolist() == ["out", "in"]
    assert log.df["masked"].tolist() == [True, False]
    assert log.df["mask_key"].iloc[0] == bytes.fromhex("37fa213d")
    assert log.df["time"].iloc[0].value == 1_000_005_000_000
    (connection,) = log.connections
    assert (connection.url, connection.request, connection.response) == (
        "ws://feed.test:8765/feed",
        GET,
        ANSWER,
    )
    assert (
        connection.has_secrets
        and connection.local_address is not None
        and connection.local_address[1] == 40_000
    )


@pytest.mark.parametrize("start", [1000, (1 << 32) - 250])
def test_segments_are_put_in_order(start: int, tmp_path: Path) -> None:
    """Swapped, repeated and overlapping segments, also where the sequence numbers turn over."""
    stream = b"".join(b"\x81\x05tick" + b"%d" % (number % 10) for number in range(40))
    pieces = [(False, stream[place : place + 13]) for place in range(0, len(stream), 13)]
    packets = talk(*pieces, start=start)
    body = packets[5:]
    body[2], body[5] = body[5], body[2]
    body.insert(4, body[0])
    sent, seq, data, flags = body[8]
    body.insert(9, (sent, seq + 3, data[3:] + body[9][2][:4], flags))
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets[:5] + body))
    assert load(path).df["text"].tolist() == [f"tick{number % 10}" for number in range(40)]


def test_a_lost_packet_costs_its_frames_and_an_event(tmp_path: Path) -> None:
    """The rest of the direction is there; the event has the size of the gap."""
    packets = talk((False, HELLO), (False, HELLO), (False, HELLO), (True, MASKED_HELLO))
    del packets[6]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    log = load(path)
    assert sorted(log.df["direction"]) == ["in", "in", "out"] and log.df["status"].eq("ok").all()
    assert log.events["detail"].tolist() == ["7 bytes of the server are not in the capture"]


def cut(data: bytes, most: int) -> bytes:
    """Return a pcap with a snap length."""
    parts, place = [data[:24]], 24
    while place < len(data):
        head, size = data[place : place + 8], int.from_bytes(data[place + 8 : place + 12], "little")
        kept = data[place + 16 : place + 16 + min(size, most)]
        parts += [head, len(kept).to_bytes(4, "little"), data[place + 12 : place + 16], kept]
        place += 16 + size
    return b"".join(parts)


@pytest.mark.parametrize("most", [60, 100, 200])
def test_a_snap_length_cuts_frames_and_not_the_stream(most: int, tmp_path: Path) -> None:
    """Heads and frames are cut: each row is there, with its true length, and says what it lacks."""
    said = [(bool(number % 2), large(number)) for number in range(20)]
    path = tmp_path / "x.pcap"
    path.write_bytes(cut(pcap(talk(*said)), most))
    log = load(path)
    kept = most - 40 - 2 - 4 * (log.df["direction"] == "out")
    assert log.df["length"].tolist() == [100 + number for number in range(20)]
    assert log.df["status"].eq("truncated").all() == (most < 140)
    assert all(
        len(payload) == min(100 + number, size - 0)
        for number, (payload, size) in enumerate(zip(log.df["payload"], kept, strict=True))
    )
    texts = " ".join(log.events["detail"])
    assert "capture with -s 0" in texts or most == 200
    assert log.connections[0].url.endswith("/feed")


def large(number: int) -> bytes:
    """Return a frame of 100 to 125 bytes; those of odd numbers are masked."""
    payload = bytes((97 + number,)) * (100 + number)
    if number % 2:
        return bytes((0x82, 0x80 | len(payload))) + bytes(4) + payload
    return bytes((0x82, len(payload))) + payload


def test_a_snap_length_below_the_header_is_said(tmp_path: Path) -> None:
    """Nothing can be read, and the error says how to capture."""
    path = tmp_path / "x.pcap"
    for most, what in ((30, "TCP header"), (10, "IP header")):
        path.write_bytes(cut(pcap(talk(*TWO)), most))
        with pytest.raises(
            FileError, match=f"the snap length left no {what} in 7 packets: capture with -s 0"
        ):
            load(path)


@pytest.mark.parametrize("ending", [b"", b"lost"])
def test_a_port_that_is_used_again_is_another_connection(ending: bytes, tmp_path: Path) -> None:
    """Without a FIN: a SYN with another number begins it."""
    packets = talk(*TWO, start=1000) + talk(*TWO, *TWO, start=5_000_000)
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    log = load(path)
    assert len(log.connections) == 2 and log.df["session"].value_counts().tolist() == [4, 2]


def test_a_conversation_in_the_middle_is_found_by_itself(tmp_path: Path) -> None:
    """Both directions leave no doubt, also where the first segments are the ends of frames."""
    said = [(bool(number % 2), large(number)) for number in range(26)]
    packets = talk(*said)[5:]
    packets[0] = (packets[0][0], packets[0][1] + 50, packets[0][2][50:], 0x18)
    packets[1] = (packets[1][0], packets[1][1] + 50, packets[1][2][50:], 0x18)
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    log = load(path)
    assert log.df["length"].tolist() == [100 + number for number in range(2, 26)]
    assert log.df["masked"].eq(log.df["direction"] == "out").all() and log.df["status"].eq("ok").all()
    assert log.df["time"].is_monotonic_increasing
    assert "begins after the handshake" in log.events["detail"].iloc[0]


def test_one_direction_is_read_where_its_port_is_given(tmp_path: Path) -> None:
    """A feed whose client is silent: the error names the argument, and with it the rows are there."""
    packets = talk(*[(False, large(number)) for number in range(0, 26, 2)])[5:]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    with pytest.raises(FileError, match=r"only one direction shows it: load\(path, port=8765\) reads it"):
        load(path)
    df = load(path, port=8765).df
    assert df["length"].tolist() == list(range(100, 126, 2)) and df["direction"].eq("in").all()
    with pytest.raises(FileError):
        load(path, port=80)


def test_compressed_frames_in_the_middle_are_not_guessed(tmp_path: Path) -> None:
    """Nothing says what was negotiated, and the window is not known: each says that it was not decoded."""
    compressor = zlib.compressobj(wbits=-15)
    said = []
    for number in range(20):
        body = (compressor.compress(b"Hello %d" % number) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        mask = b"" if number % 2 else bytes(4)
        said.append((not number % 2, bytes((0xC1, len(body) | (0x80 if mask else 0))) + mask + body))
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(talk(*said)[9:]))
    df = load(path).df
    assert len(df) == 16 and df["status"].eq("ok").all() and df["text"].isna().all()
    assert df["detail"].str.startswith("not decoded").all()


@pytest.mark.long
def test_a_long_feed_without_its_beginning_is_read_where_its_port_is_given(tmp_path: Path) -> None:
    """70 MB of one direction are more than is kept until the other one says something; the end is no error of ours."""
    frame = bytes((0x82, 127)) + (60_000 * 10).to_bytes(8, "big") + bytes(600_000)
    stream = frame * 120
    pieces = [(False, stream[at : at + 60_000]) for at in range(0, len(stream), 60_000)]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([*talk(*[(False, HELLO)] * 5)[5:], *talk(*pieces, start=1035 - len(ANSWER))[5:]]))
    with pytest.raises(FileError, match="port=8765"):
        load(path)
    assert len(load(path, port=8765)) > 100


def test_bytes_like_those_of_tls_in_a_body_do_not_end_the_search(tmp_path: Path) -> None:
    """A segment of a download may begin with any bytes; after a CONNECT they are TLS."""
    for request, texts in (
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", ["Hello"]),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", None),
    ):
        said = [(True, request), (True, b"\x16\x03\x01"), (True, GET), (False, ANSWER), (False, HELLO)]
        packets = talk(*said)
        del packets[3:5]  # another request and its answer
        shift = {True: len(GET), False: len(ANSWER)}
        packets = [
            (sent, seq - shift[sent] * (place > 2), data, flags)
            for place, (sent, seq, data, flags) in enumerate(packets)
        ]
        path = tmp_path / "x.pcap"
        path.write_bytes(pcap(packets))
        if texts is None:
            with pytest.raises(FileError, match="1 connection of TLS"):
                load(path)
        else:
            assert load(path).df["text"].tolist() == texts


def test_keywords_of_captures_are_refused_elsewhere(tmp_path: Path) -> None:
    """A HAR has no port to look at."""
    path = tmp_path / "x.har"
    path.write_text('{"log": {"entries": []}}')
    with pytest.raises(ValueError, match="is no capture"):
        load(path, port=80)
    with pytest.raises(ValueError, match="is no capture"):
        load(path, keylog="keys.txt")


@pytest.mark.long
@pytest.mark.parametrize("size", [1460, 65_483])
@pytest.mark.parametrize("is_text", [True, False])
def test_a_feed_with_a_lost_packet_lacks_a_handful(size: int, is_text: bool, tmp_path: Path) -> None:
    """500,000 frames in segments that are cut without regard to them: beside those in the lost packet a few are missing,
    and none is wrong.
    """
    numbers = [b"%06d" % number for number in range(500_000)]
    frames = [bytes((0x81 if is_text else 0x82, 30)) + number * 5 for number in numbers]
    stream = b"".join(frames)
    pieces = [(False, stream[at : at + size]) for at in range(0, len(stream), size)]
    packets = talk(*pieces)
    lost = len(packets) // 2
    del packets[lost]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    df = load(path).df
    got = df["payload"].tolist()
    whole = set(got) - {row for row, status in zip(got, df["status"], strict=True) if status != "ok"}
    assert whole <= {number * 5 for number in numbers} and df["status"].isin(["ok", "truncated"]).all()
    assert len(numbers) - len(whole) <= size // 32 + 10
    assert len(df) - len(whole) <= 1


def test_frames_in_the_segment_of_the_101_are_there(tmp_path: Path) -> None:
    """What follows the empty line of either head belongs to the WebSocket."""
    packets = talk()
    packets[4] = (False, packets[4][1], ANSWER + HELLO, 0x18)
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    assert load(path).df["text"].tolist() == ["Hello"]


def test_a_refused_upgrade_before_the_accepted_one_is_followed(tmp_path: Path) -> None:
    """HTTP on the same connection, with a body, then the WebSocket."""
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
    first, at = (True, 1001, GET, 0x18), 1001 + len(refusal)
    packets = [(True, 1000, b"", 2), (False, 1000, b"", 0x12), first, (False, 1001, refusal, 0x18)]
    packets += [
        (True, 1001 + len(GET), GET, 0x18),
        (False, at, ANSWER, 0x18),
        (False, at + len(ANSWER), HELLO, 0x18),
    ]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    log = load(path)
    assert log.df["text"].tolist() == ["Hello"] and log.connections[0].response == ANSWER


def test_deflate_is_negotiated_from_the_headers(tmp_path: Path) -> None:
    """With context takeover, and without it where the answer says so."""
    for parameters, flush in ((b"", zlib.Z_SYNC_FLUSH), (b"; server_no_context_takeover", zlib.Z_FULL_FLUSH)):
        compressor = zlib.compressobj(wbits=-15)
        frames = []
        for _ in range(3):
            body = (compressor.compress(b"Hello Hello") + compressor.flush(flush))[:-4]
            frames.append(bytes((0xC1, len(body))) + body)
        packets = talk((False, b"".join(frames)))
        extension = b"Sec-WebSocket-Extensions: permessage-deflate" + parameters + b"\r\n\r\n"
        answer = ANSWER[:-2] + extension
        packets[4] = (False, packets[4][1], answer, 0x18)
        packets[5] = (False, packets[4][1] + len(answer), packets[5][2], 0x18)
        path = tmp_path / "x.pcap"
        path.write_bytes(pcap(packets))
        df = load(path).df
        assert df["text"].tolist() == ["Hello Hello"] * 3 and df["status"].eq("ok").all()
        assert df["rsv1"].all() and df["wire_length"].lt(df["length"] + 3).all()


def test_violations_of_either_side_are_marked(tmp_path: Path) -> None:
    """A client that does not mask, a server that does, text that is not UTF-8, a reserved opcode."""
    wrong_text = b"\x81\x01\xff"
    packets = talk((True, HELLO), (False, MASKED_HELLO), (False, wrong_text), (False, b"\x83\x00"))
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    df = load(path).df
    assert df["status"].tolist() == ["violation"] * 4
    assert [detail.split(" (")[0] for detail in df["detail"]] == [
        "a client must mask",
        "a server must not mask",
        "a text that is not UTF-8",
        "the opcode is a reserved one",
    ]


def test_a_frame_cut_off_at_the_end_is_truncated(tmp_path: Path) -> None:
    """As in a log."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(talk((False, HELLO + HELLO[:4]))))
    assert load(path).df["status"].tolist() == ["ok", "truncated"]


@pytest.mark.parametrize("packets", [[], talk(*TWO)[5:6], [(True, 1, b"\x16\x03\x01 TLS", 0x18)]])
def test_a_capture_without_a_handshake_says_what_to_do(packets: list[Packet], tmp_path: Path) -> None:
    """Empty, begun too late and of one direction, or encrypted."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    with pytest.raises(FileError, match="start the capture before connecting"):
        load(path)


async def test_what_tcpdump_writes_loads(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    """A capture of loopback while a client and a server of another library talk, compressed: both sides, in order."""
    texts = [f"message {number} " * (number % 50) for number in range(300)]
    path = tmp_path / "lo.pcap"

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with capturing(port, path, missing):
            async with websockets.connect(f"ws://127.0.0.1:{port}/") as client:
                for text in texts:
                    await client.send(text)
                    assert await client.recv() == text
    log = load(path)
    for direction in ("out", "in"):
        df = log.df[log.df["direction"] == direction]
        assert df[df["opcode"] == "text"]["text"].tolist() == texts
        assert df["masked"].eq(direction == "out").all()
    assert log.df["status"].eq("ok").all() and log.df["rsv1"].any()
