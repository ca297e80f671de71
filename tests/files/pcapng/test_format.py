"""pcapng: what Wireshark decodes and what comes back exactly are one file."""

from __future__ import annotations

import random
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.pcapngblocks import ENHANCED, OURS, Block, read
from wsnotebook.files.pcapng.pcapngblocks import block as encode
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import OPCODE_NAMES

GET = (
    b"GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def told(tshark: str, path: Path, *fields: str) -> list[list[str]]:
    """Return what tshark decodes: a list of values of each WebSocket frame, in the order of the file."""
    options = [
        "-o",
        "gui.max_tree_depth:1000000",
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
    ]
    wanted = [part for field in fields for part in ("-e", f"websocket.{field}")]
    run = subprocess.run(
        [tshark, "-r", path, *options, "-Y", "websocket", "-T", "fields", *wanted],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    rows = []
    for line in run.stdout.splitlines():
        rows += map(list, zip(*(field.split(",") for field in line.split("\t")), strict=True))
    return rows


def test_wireshark_decodes_every_frame(
    make_log: Any, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """tshark, given nothing but the file, sees the log's fin, RSV, opcode and mask of each frame that was sent."""
    tshark = shutil.which("tshark") or missing("tshark")
    log = make_log(40)
    df = log.df[log.df["status"].ne("unsent")].iloc[
        :-3
    ]  # then come frames whose bodies the log does not have
    expected = [
        [
            str(int(row.fin)),
            f"0x{row.rsv1 << 2 | row.rsv2 << 1 | row.rsv3:02x}",
            str(OPCODE_NAMES.index(row.opcode)),
            str(int(row.masked)),
        ]
        for row in df.itertuples()
    ]
    found = told(tshark, log.save(tmp_path / "log.pcapng"), "fin", "rsv", "opcode", "mask")
    assert found[: len(expected)] == expected


def test_wireshark_inflates(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    """Compressed text with context takeover, in both directions, 3,000 frames: tshark shows the text of each."""
    tshark = shutil.which("tshark") or missing("tshark")
    log = FrameLog()
    response = ANSWER[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    number = log.register(
        Connection("deflate", 0, "wss://secret.test/", GET, response, 10**18, ("::1", 7), ("::1", 443))
    )
    texts = []
    for sent in (False, True):
        compressor = zlib.compressobj(wbits=-15)
        batch = Batch()
        for place in range(1500):
            text = b"price %d of %d" % (place * 7919 % 1009, place)
            wire = (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
            batch.set_wire(
                batch.add(0xC1, text, Flag.TEXT, b"\x01\x02\x03\x04" if sent else None), wire, text
            )
            texts.append(text.decode())
        log.append(batch, number, "out" if sent else "in", 10**18 + 1, 1)
    path = log.save(tmp_path / "log.pcapng")
    run = subprocess.run(
        [
            tshark,
            "-r",
            path,
            "-o",
            "gui.max_tree_depth:1000000",
            "-T",
            "fields",
            "-e",
            "websocket.payload.text",
        ],
        capture_output=True,
        text=True,
    )
    assert run.stdout.replace("\n", ",").strip(",").split(",") == texts


def test_packets_are_sound(make_log: Any, tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    """Checksums of IP and TCP are right, nothing is lost or retransmitted, times are in ns, directions in epb_flags."""
    tshark = shutil.which("tshark") or missing("tshark")
    path = make_log(30).save(tmp_path / "log.pcapng")
    options = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    fields = (
        "tcp.checksum.status ip.checksum.status tcp.analysis.flags frame.packet_flags_direction tcp.srcport"
    )
    run = subprocess.run(
        [
            tshark,
            "-r",
            path,
            *options,
            "-T",
            "fields",
            *(part for field in fields.split() for part in ("-e", field)),
        ],
        capture_output=True,
        text=True,
    )
    lines = [line.split("\t") for line in run.stdout.splitlines()]
    assert len(lines) > 100
    assert {tuple(line[:3]) for line in lines} == {("1", "1", "")}  # 1: good
    assert {(line[3], line[4] == "80") for line in lines} == {("1", True), ("2", False)} or {
        (int(line[3], 0), line[4] == "80") for line in lines
    } == {(1, True), (2, False)}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_checksums_are_right_at_every_size(
    address: str, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """tshark finds the checksum of each packet right, of odd and even sizes, small and large, of zeros and of ones."""
    tshark = shutil.which("tshark") or missing("tshark")
    log = FrameLog()
    ends = {"local_address": (address, 40_000), "remote_address": (address, 8_000)}
    number = log.register(Connection("sizes", **ends))
    noise = random.Random(6455)
    sizes = [*range(5), *range(1_015, 1_035), 59_000, 60_001, 123_457]
    for size in sizes:
        for payload in (noise.randbytes(size), bytes(size), b"\xff" * size):
            batch = Batch()
            batch.add(0x82, payload)
            log.append(batch, number, "in", 1, 1)
    path = log.save(tmp_path / "log.pcapng")
    options = ["-o", "tcp.check_checksum:TRUE", "-T", "fields", "-e", "tcp.checksum.status"]
    run = subprocess.run([tshark, "-r", path, *options], capture_output=True, text=True)
    found = run.stdout.split()
    assert len(found) > 3 * len(sizes)
    assert set(found) == {"1"}  # good


def test_a_large_frame_is_cut_into_packets(tmp_path: Path, same_log: Any) -> None:
    """5 MB in one frame: no packet has more than 60,000 bytes, and it comes back."""
    log = FrameLog()
    number = log.register(Connection("large"))
    batch = Batch()
    batch.add(0x82, bytes(range(256)) * 20_000)
    log.append(batch, number, "in", 1, 1)
    path = log.save(tmp_path / "log.pcapng")
    with path.open("rb") as file:
        packets = [block for block in read(path, file) if isinstance(block, Block) and block.kind == ENHANCED]
    sizes = [int.from_bytes(packet.body[12:16], "little") - 40 for packet in packets]
    assert max(sizes) == 60_000
    same_log(log, load(path))


def test_without_our_own_blocks_it_is_a_capture(make_log: Any, tmp_path: Path) -> None:
    """What a program leaves that drops our blocks still loads, decoded from the packets."""
    log = make_log()
    path = log.save(tmp_path / "log.pcapng")
    with path.open("rb") as file:
        kept = [block for block in read(path, file) if isinstance(block, Block) and block.kind != OURS]
    path.write_bytes(b"".join(encode(block.kind, block.body) for block in kept))
    found = load(path)
    names = [connection.session for connection in found.connections]
    for direction in ("in", "out"):
        ours = log.df[
            (log.df["session"] == "s0") & (log.df["direction"] == direction) & (log.df["status"] != "unsent")
        ]
        theirs = found.df[(found.df["session"] == names[0]) & (found.df["direction"] == direction)]
        for column in (
            "payload",
            "text",
            "opcode",
            "fin",
            "rsv1",
            "mask_key",
            "wire_length",
            "status",
            "detail",
        ):
            assert theirs[column].tolist() == ours[column].tolist()
