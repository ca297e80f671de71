"""What only tshark reads: link layers, tunnels, fragments and TLS, side by side with what is read here."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from captures import Packet, ip4, talk, tcp

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.pcapngblocks import SECRETS, Block, block, read

CASES = Path(__file__).parents[1] / "cases"
HELLO = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7
MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # the same
TALK = talk((True, MASKED_HELLO), (False, HELLO), (False, HELLO))


@pytest.fixture(autouse=True)
def installed(missing: Callable[[str], NoReturn]) -> None:
    """tshark is there."""
    if shutil.which("tshark") is None:
        missing("tshark")


def outer(protocol: int, data: bytes) -> bytes:
    """Return an IPv4 packet between two other hosts."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0)
    return head + b"\xc0\0\2\1" + b"\xc0\0\2\2" + data


def written(path: Path, packets: list[bytes], link: int) -> Path:
    """Write some packets to a pcap, one a millisecond."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for number, packet in enumerate(packets):
        parts += [struct.pack("<IIII", 1000, number * 1000, len(packet), len(packet)), packet]
    path.write_bytes(b"".join(parts))
    return path


def inner(packets: list[Packet]) -> list[bytes]:
    return [ip4(sent, tcp(sent, seq, data, flags)) for sent, seq, data, flags in packets]


ETHERNET = bytes(12) + b"\x08\0"
WRAPS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "GRE": (101, lambda ip: outer(47, b"\0\0\x08\0" + ip)),
    "IP in IP": (101, lambda ip: outer(4, ip)),
    "PPPoE": (
        1,
        lambda ip: bytes(12) + b"\x88\x64\x11\0\0\1" + struct.pack(">H", len(ip) + 2) + b"\0\x21" + ip,
    ),
    "PPP": (9, lambda ip: b"\xff\x03\0\x21" + ip),
    "MPLS": (1, lambda ip: bytes(12) + b"\x88\x47\0\1\x41\x40" + ip),
    "VXLAN": (
        101,
        lambda ip: outer(
            17, struct.pack(">HHHH", 5000, 4789, 16 + 14 + len(ip), 0) + b"\x08\0\0\0\0\0\1\0" + ETHERNET + ip
        ),
    ),
    "LLC": (1, lambda ip: bytes(12) + struct.pack(">H", len(ip) + 8) + b"\xaa\xaa\x03\0\0\0\x08\0" + ip),
}


@pytest.mark.parametrize("name", WRAPS)
def test_a_tunnel_is_read_by_tshark_or_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows, times and ends are those of what it carries; without tshark the error says what to install."""
    link, wrap = WRAPS[name]
    path = written(tmp_path / "x.pcap", [wrap(ip) for ip in inner(TALK)], link)
    log = load(path)
    assert log.df["text"].tolist() == ["Hello"] * 3 and log.df["direction"].tolist() == ["out", "in", "in"]
    assert [time.value for time in log.df["time"]] == [1_000_000_000_000 + at * 1_000_000 for at in (5, 6, 7)]
    (connection,) = log.connections
    assert (connection.local_address, connection.remote_address) == (("10.0.0.1", 40_000), ("10.0.0.2", 8765))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileError, match=rf"not read here \(apt install tshark.*\): 8 packets with {name}"):
        load(path)


def test_fragments_of_ip_are_put_together(tmp_path: Path) -> None:
    """A connection of which one packet came in fragments is read by tshark in whole, another one here."""
    packets = inner(TALK)
    whole = packets[3]  # the request
    first = whole[: 20 + 64]
    first = first[:2] + struct.pack(">HHH", 84, 7, 0x2000) + first[8:]
    second = whole[:2] + struct.pack(">HHH", len(whole) - 64, 7, 8) + whole[8:20] + whole[84:]
    other = [ip.replace(b"\x0a\0\0\x01", b"\x0a\0\0\x03") for ip in inner(talk((False, HELLO)))]
    path = written(
        tmp_path / "x.pcap", [*packets[:3], first, second, *other[:4], *packets[4:], *other[4:]], 101
    )
    df = load(path).df
    assert df["connection" if "connection" in df else "session"].nunique() == 2
    assert df["text"].tolist() == ["Hello"] * 4 and df["time"].is_monotonic_increasing


def test_a_gap_in_a_tunnel_is_a_gap(tmp_path: Path) -> None:
    """tshark says how many bytes are missing, and what follows is there."""
    said = [(False, HELLO), (False, HELLO), (False, HELLO), (False, HELLO), (True, MASKED_HELLO)]
    packets = talk(*said)
    del packets[6]
    acks = {True: 0, False: 0}
    ips = []
    for sent, seq, data, flags in packets:
        acks[sent] = seq + len(data) + (flags & 2 > 0)
        segment = tcp(sent, seq, data, flags)
        segment = segment[:8] + struct.pack(">I", acks[not sent]) + segment[12:]
        ips.append(outer(4, ip4(sent, segment)))
    log = load(written(tmp_path / "x.pcap", ips, 101))
    assert log.df["text"].tolist() == ["Hello"] * 4
    assert log.events["detail"].tolist() == ["7 bytes of the server are not in the capture"]


def test_tls_is_read_with_the_secrets_in_the_file() -> None:
    """Five frames of the client and six of the server; what is beside them is said."""
    log = load(CASES / "tls-with-secrets.pcapng")
    opcodes = log.df.groupby("direction", observed=True)["opcode"].apply(list)
    assert opcodes["out"] == ["text", "text", "text", "binary", "close"]
    assert opcodes["in"] == ["text", "text", "text", "text", "binary", "close"]
    assert [connection.url for connection in log.connections] == ["wss://localhost:18805/secret"]
    assert log.events["detail"].tolist() == ["1 connection of HTTP/2, in which WebSockets are not seen"]


def without_secrets(path: Path) -> tuple[bytes, bytes]:
    """Return a capture without its secrets, and the secrets."""
    kept, secrets = [], b""
    with path.open("rb") as file:
        for found in read(path, file):
            assert isinstance(found, Block)
            if found.kind == SECRETS:
                size = int.from_bytes(found.body[4:8], "little")
                secrets += found.body[8 : 8 + size]
            else:
                kept.append(block(found.kind, found.body))
    return b"".join(kept), secrets


@pytest.mark.long
def test_tls_is_read_with_a_keylog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys the error names the argument, with wrong ones the keys; without tshark what to install."""
    data, secrets = without_secrets(CASES / "tls-with-secrets.pcapng")
    path, keys = tmp_path / "x.pcapng", tmp_path / "keys.txt"
    path.write_bytes(data)
    with pytest.raises(
        FileError, match=r"2 connections of TLS: with their keys load\(path, keylog='keys.txt'\)"
    ):
        load(path)
    with pytest.raises(FileNotFoundError):
        load(path, keylog=keys)
    keys.write_bytes(b"")
    with pytest.raises(FileError, match="no keys were found for 2 connections of TLS"):
        load(path, keylog=keys)
    keys.write_bytes(secrets)
    assert len(load(path, keylog=keys)) == 11 == len(load(path, keylog=str(keys)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileError, match=r"not read here \(apt install tshark.*\): 2 connections of TLS"):
        load(path, keylog=keys)


def test_a_capture_of_another_format_is_read_by_tshark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sun's snoop: its times are those of tshark, as nothing of it is read here."""
    packets = [ETHERNET + ip for ip in inner(TALK)]
    parts = [b"snoop\0\0\0" + struct.pack(">II", 2, 4)]
    for number, packet in enumerate(packets):
        padding = -len(packet) % 4
        head = struct.pack(
            ">IIIIII", len(packet), len(packet), 24 + len(packet) + padding, 0, 1000, number * 1000
        )
        parts += [head, packet, bytes(padding)]
    path = tmp_path / "x.cap"
    path.write_bytes(b"".join(parts))
    log = load(path)
    assert log.df["text"].tolist() == ["Hello"] * 3
    assert abs(log.df["time"].iloc[0].value - 1_000_005_000_000) < 1000
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileError, match=r"neither pcap nor pcapng \(apt install tshark"):
        load(path)
    path.write_bytes(b"garbage")
    with pytest.raises(FileError, match="neither pcap nor pcapng"):
        load(path)


def test_what_tshark_cannot_read_is_an_error_of_the_file(tmp_path: Path) -> None:
    """Its own words are in it."""
    path = tmp_path / "x.cap"
    path.write_bytes(b"garbage " * 99)
    with pytest.raises(FileError, match="tshark cannot read it: .*isn't a capture file"):
        load(path)
