"""Captures made with real tools, whole, cut, without packets and without their beginning, beside what tshark sees."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import websockets
from tcpdump import capturing

from wsnotebook.files.loading import load
from wsnotebook.wire.frames import OPCODE_NAMES

pytestmark = pytest.mark.long
FIELDS = ("opcode", "fin", "mask", "payload_length")


def told(path: Path, port: int, protocol: str) -> list[tuple[str, ...]]:
    """Return what tshark decodes: direction and FIELDS of each frame, in the order of the file."""
    options = ["-r", str(path), "-d", f"tcp.port=={port},{protocol}", "-Y", "websocket", "-T", "fields"]
    wanted = [f"-e{name}" for name in ("tcp.dstport", *(f"websocket.{field}" for field in FIELDS))]
    # Lengths over 125 are in fields of their own.
    wanted += ["-ewebsocket.payload_length_ext_16", "-ewebsocket.payload_length_ext_64"]
    run = subprocess.run(["tshark", *options, *wanted], capture_output=True, text=True, check=True)
    rows = []
    for line in run.stdout.splitlines():
        target, *columns, short, long = (field.split(",") for field in line.split("\t"))
        extended = {"126": iter(short), "127": iter(long)}
        for opcode, fin, mask, length in zip(*columns, strict=True):
            size = next(extended[length]) if length in extended else length
            rows.append(("out" if target[0] == str(port) else "in", opcode, fin, mask, size))
    return rows


def ours(df: Any) -> list[tuple[str, ...]]:
    """Return the same of a DataFrame; lengths are those on the wire."""
    sizes = df["wire_length"].where(df["status"] != "truncated", df["length"])
    return [
        (
            row.direction,
            str(OPCODE_NAMES.index(row.opcode)),
            str(int(row.fin)),
            str(int(row.masked)),
            str(size),
        )
        for row, size in zip(df.itertuples(), sizes, strict=True)
    ]


def of(rows: list[tuple[str, ...]], direction: str) -> list[tuple[str, ...]]:
    return [row for row in rows if row[0] == direction]


@pytest.fixture
async def captured(peer_url: str, tmp_path: Path, missing: Callable[[str], NoReturn]) -> tuple[Path, int]:
    """A capture of a talk with an echo server of another maker, and its port."""
    for program in ("tshark", "editcap"):
        if shutil.which(program) is None:
            missing(program)
    chance = random.Random(peer_url)
    path, port = tmp_path / "lo.pcap", urlsplit(peer_url).port or 80
    async with capturing(port, path, missing):
        async with websockets.connect(peer_url, max_size=None) as client:
            for number in range(120):
                size = (
                    chance.choice((0, 1, 125, 126, 3000, 70_000))
                    if number % 10 == 0
                    else chance.randrange(400)
                )
                data = chance.randbytes(size)
                await client.send(data.hex() if number % 2 else data)
                await client.recv()
            await (await client.ping())
    return path, port


def edited(path: Path, *arguments: str) -> Path:
    """Return a copy that editcap made."""
    target = path.with_name("edited.pcap")
    options = [argument for argument in arguments if argument.startswith("-")]
    subprocess.run(
        [
            "editcap",
            "-F",
            "pcap",
            *arguments[: 2 * len(options)],
            path,
            target,
            *arguments[2 * len(options) :],
        ],
        check=True,
        capture_output=True,
    )
    return target


def packets(path: Path, of_what: str) -> list[int]:
    """Return the numbers of the packets that a display filter of tshark matches."""
    command = ["tshark", "-r", str(path), "-Y", of_what, "-T", "fields", "-e", "frame.number"]
    return [
        int(line)
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    ]


async def test_a_whole_capture_has_the_frames_that_tshark_sees(captured: tuple[Path, int]) -> None:
    """Opcode, FIN, mask and length of each frame of both directions."""
    path, port = captured
    df = load(path).df
    seen = told(path, port, "http")
    for direction in ("in", "out"):
        assert of(ours(df), direction) == of(seen, direction)
    assert df["status"].eq("ok").all() and len(df) > 240


async def test_a_lost_packet_costs_what_it_carried(captured: tuple[Path, int]) -> None:
    """Any of ten: every other frame is there, and none is wrong."""
    path, port = captured
    whole = load(path).df
    data = packets(path, f"tcp.srcport == {port} && tcp.len > 0")[2:]
    for lost in data[5::20][:10]:
        log = load(edited(path, str(lost)))
        incoming = log.df[(log.df["direction"] == "in") & (log.df["status"] == "ok")]
        before = whole[whole["direction"] == "in"]["payload"].tolist()
        decoded = incoming[~incoming["detail"].fillna("").str.startswith("not decoded")]["payload"].tolist()
        rest = iter(before)
        assert all(payload in rest for payload in decoded)  # in order
        assert len(before) - len(incoming) <= 8
        assert "are not in the capture" in " ".join(log.events["detail"])


async def test_a_snap_length_keeps_every_header(captured: tuple[Path, int], compression: str) -> None:
    """Of a plain feed each frame that begins in a captured part is there, with the length that its header says."""
    path, _ = captured
    whole, cut = load(path).df, load(edited(path, "-s", "160")).df
    if compression == "plain":
        for direction in ("in", "out"):
            known = iter(of(ours(whole), direction))
            rows = of(ours(cut), direction)
            assert all(row in known for row in rows) and len(rows) > 100
    assert cut["status"].eq("truncated").any() and cut["status"].isin(["ok", "truncated"]).all()


async def test_a_capture_without_its_beginning_is_decoded_as_tshark_is_told_to(
    captured: tuple[Path, int],
) -> None:
    """Found by itself: opcode, mask and length as those of "decode as WebSocket"."""
    path, port = captured
    first = packets(path, "tcp.len > 0")[1] + 20
    tail = edited(path, f"1-{first}")
    log, asked = load(tail), load(tail, port=port)
    seen = told(tail, port, "websocket")
    for direction in ("in", "out"):
        expected = of(seen, direction)
        for df in (log.df, asked.df):
            rows = of(ours(df), direction)
            assert len(expected) - len(rows) <= 5 and rows == expected[len(expected) - len(rows) :]
    assert log.df["status"].eq("ok").all()
