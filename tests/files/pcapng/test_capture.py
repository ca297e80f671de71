"""Captures that somebody else made: every link layer, reassembly, upgrades, deflate, and tcpdump itself."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import websockets
from captures import ANSWER, CLIENT, GET, SERVER, Packet, ip4, pcap, talk

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


def test_a_hole_ends_its_direction_and_is_told(tmp_path: Path) -> None:
    """Bytes that the capture does not have are not guessed: an event counts what came after them."""
    packets = talk((False, HELLO), (False, HELLO), (False, HELLO), (True, MASKED_HELLO))
    del packets[6]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    log = load(path)
    assert log.df["direction"].tolist() == ["in", "out"]
    assert log.events["kind"].tolist() == ["truncated"] and "7 bytes" in log.events["detail"].iloc[0]


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


@pytest.mark.parametrize("packets", [[], talk(*TWO)[5:], [(True, 1, b"\x16\x03\x01 TLS", 0x18)]])
def test_a_capture_without_a_handshake_says_what_to_do(packets: list[Packet], tmp_path: Path) -> None:
    """Empty, begun too late, or encrypted."""
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(packets))
    with pytest.raises(FileError, match="start the capture before connecting"):
        load(path)


async def test_what_tcpdump_writes_loads(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    """A capture of loopback while a client and a server of another library talk, compressed: both sides, in order."""
    tcpdump = shutil.which("tcpdump") or missing("tcpdump")
    texts = [f"message {number} " * (number % 50) for number in range(300)]
    path = tmp_path / "lo.pcap"

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        capture = await asyncio.create_subprocess_exec(
            *(
                tcpdump,
                "-Z",
                getpass.getuser(),
                "-i",
                "lo",
                "-s",
                "0",
                "-U",
                "-B",
                "65536",
                "-w",
                path,
                f"tcp port {port}",
            ),
            stderr=asyncio.subprocess.PIPE,
        )
        assert capture.stderr is not None
        while b"listening" not in (said := await capture.stderr.readline()):
            if not said:
                await capture.wait()
                missing("the right to capture on loopback")
        async with websockets.connect(f"ws://127.0.0.1:{port}/") as client:
            for text in texts:
                await client.send(text)
                assert await client.recv() == text
        # Its last packets are the client's close and the answer; nothing tells when tcpdump has written them.
        while b"\x88\x82" not in path.read_bytes()[-600:]:  # noqa: ASYNC110  # another process's file has no event
            await asyncio.sleep(0.05)
        capture.terminate()
        await capture.communicate()
    log = load(path)
    for direction in ("out", "in"):
        df = log.df[log.df["direction"] == direction]
        assert df[df["opcode"] == "text"]["text"].tolist() == texts
        assert df["masked"].eq(direction == "out").all()
    assert log.df["status"].eq("ok").all() and log.df["rsv1"].any()
