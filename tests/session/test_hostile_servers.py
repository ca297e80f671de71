"""Servers that want to exhaust their client: its memory stays bounded, its loop turns, and a row says what happened."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.wire.limits import fragments_in

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
MEBIBYTE = 1 << 20
LONGEST_GAP = 0.25
"""Seconds of processor time for which the loop may stand still: five times what we aim at, as machines differ."""
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
CLOSE = b"\x88\x02\x03\xe8"


class Server(threading.Thread):
    """Accepts one connection, upgrades it, writes pieces while it reads, and keeps what it has read.

    Args:
        pieces: what is written, one ``send`` each.
        headers: further lines of the answer.
        reads: False reads nothing before all is written.
    """

    def __init__(self, pieces: Iterable[bytes], headers: str = "", *, reads: bool = True) -> None:
        super().__init__(daemon=True)
        self._pieces = pieces
        self._headers = headers
        self._reads = reads
        self.frames: list[tuple[int, bytes]] = []
        """First byte and payload of each frame that came."""
        self._rest = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/"

    def run(self) -> None:
        with self._listener, self._listener.accept()[0] as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._upgrade(connection)
            reading = threading.Thread(target=self._read, args=(connection,), daemon=True)
            if self._reads:
                reading.start()
            try:
                for piece in self._pieces:
                    connection.sendall(piece)
            except ConnectionError:  # the client has had enough
                pass
            if not self._reads:
                reading.start()
            reading.join()

    def _upgrade(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(65536)
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
        assert key is not None
        digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n{self._headers}\r\n"
        )
        connection.sendall(answer.encode())

    def _read(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(MEBIBYTE):
                self._take(data)
                if self.close_code is not None:  # as a server does: the end of TCP is its part
                    connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _take(self, data: bytes) -> None:
        """Split what was read into frames, which are all short and masked."""
        self._rest += data
        place = 0
        while place + 6 <= len(self._rest):
            stop = place + 6 + (self._rest[place + 1] & 0x7F)
            if stop > len(self._rest):
                break
            key, body = self._rest[place + 2 : place + 6], self._rest[place + 6 : stop]
            payload = bytes(byte ^ key[number % 4] for number, byte in enumerate(body))
            self.frames.append((self._rest[place], payload))
            place = stop
        del self._rest[:place]

    @property
    def pongs(self) -> list[bytes]:
        """Payloads of the client's pongs."""
        return [payload for head, payload in self.frames if head == 0x8A]

    @property
    def close_code(self) -> int | None:
        """The code of the close frame with which the client ended."""
        if not self.frames or self.frames[-1][0] != 0x88:
            return None
        return int.from_bytes(self.frames[-1][1][:2], "big")


def frame(head: int, payload: bytes) -> bytes:
    """Return an unmasked frame."""
    length = len(payload)
    if length < 126:
        return bytes((head, length)) + payload
    return bytes((head, 127)) + length.to_bytes(8, "big") + payload


Attack = Callable[..., tuple[dict[str, Any], Server]]


@pytest.fixture
def attack(io: str) -> Iterator[Attack]:
    """Let a server of these pieces have a session in a process of its own; return what both came to."""
    servers: list[Server] = []

    def run(
        pieces: Iterable[bytes], headers: str = "", *, raw: bool = False, reads: bool = True
    ) -> tuple[dict[str, Any], Server]:
        server = Server(pieces, headers, reads=reads)
        servers.append(server)
        server.start()
        victim = [sys.executable, str(ROOT / "tests/session/peers/victim.py"), server.url, io]
        done = subprocess.run(
            [*victim, "raw" if raw else "default"],
            capture_output=True,
            timeout=250,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr.decode()
        facts = json.loads(done.stdout)
        gaps = f"{facts['gap'] * 1000:.0f} ms of its own, {facts['wall'] * 1000:.0f} ms on the clock"
        print(f"largest gap {gaps}; memory grew by {facts['grown'] / 1e6:.0f} MB")
        assert facts["gap"] < LONGEST_GAP
        return facts, server

    yield run
    for server in servers:
        server.join(10)
        assert not server.is_alive()


def bomb() -> bytes:
    """Return 1 MB that inflates to 1 GiB: one mebibyte of zeros, deflated once and repeated."""
    encoder = zlib.compressobj(wbits=-15)
    block = encoder.compress(bytes(MEBIBYTE)) + encoder.flush(zlib.Z_FULL_FLUSH)
    return block * 1024


def test_a_bomb_of_a_gibibyte_in_a_megabyte_costs_no_more_than_the_limit(attack: Attack) -> None:
    """max_frame_size is the default: 1009, FrameTooBig, and the row keeps what came on the wire."""
    facts, server = attack([frame(0xC2, bomb())], DEFLATE)
    assert (facts["code"], server.close_code, facts["fault"]) == (1009, 1009, "FrameTooBig")
    assert facts["rows"] == {"in binary violation": 1, "out close ok": 1}
    assert str(64 * MEBIBYTE) in facts["violation"]
    assert facts["grown"] < 2 * 64 * MEBIBYTE


def test_a_bomb_in_many_fragments_is_no_better(attack: Attack) -> None:
    """Each fragment alone would pass: the sum is what counts."""
    blocks = bomb()
    size = len(blocks) // 1024 * 16  # 16 MiB each
    parts = [blocks[place : place + size] for place in range(0, len(blocks), size)]
    pieces = [frame(0x42, parts[0]), *(frame(0x00, part) for part in parts[1:])]
    facts, server = attack(pieces, DEFLATE)
    assert (facts["code"], server.close_code, facts["fault"]) == (1009, 1009, "FrameTooBig")
    assert facts["rows"]["in continuation violation"] == 1
    assert facts["grown"] < 4 * 64 * MEBIBYTE


def test_a_hundred_small_bombs_in_one_read_are_messages_like_others(attack: Attack) -> None:
    """Each is under every limit, and 250 KB of them are 250 MB: the loop turns, and memory is that of the rows."""
    encoder = zlib.compressobj(wbits=-15)
    small = encoder.compress(bytes(1900 << 10)) + encoder.flush(zlib.Z_FINISH) + b"\x00"
    header = b"\xc2\x7e" + len(small).to_bytes(2, "big")
    facts, _ = attack([(header + small) * 130 + CLOSE], DEFLATE)
    assert (facts["frames"], facts["length"], facts["code"]) == (130, 1900 << 10, 1000)
    assert facts["grown"] < 2 * 130 * (1900 << 10)


def test_empty_fragments_end_at_the_limit_of_fragments(attack: Attack) -> None:
    """1009, and the row of the fragment that was one too many says so."""
    limit = fragments_in(64 * MEBIBYTE)
    assert limit == 1 << 20
    facts, server = attack([b"\x02\x00" + b"\x00\x00" * (limit + 100_000)])
    assert (facts["code"], server.close_code, facts["frames"]) == (1009, 1009, 0)
    assert "too many fragments" in facts["violation"]
    assert facts["rows"]["in continuation violation"] == 1
    assert facts["rows"]["in continuation ok"] >= limit - 1
    assert facts["grown"] < 200 * MEBIBYTE


def test_a_raw_session_takes_a_million_empty_fragments_and_lives(attack: Attack) -> None:
    """Every one is a row and a frame of ``incoming``; the close after them is the last."""
    facts, _ = attack([b"\x02\x00" + b"\x00\x00" * 999_999 + CLOSE, b""], raw=True)
    assert facts["frames"] == 1_000_001
    assert facts["rows"]["in continuation ok"] == 999_999
    assert facts["grown"] < 200 * MEBIBYTE


@pytest.mark.parametrize(
    ("length", "code"), [(1 << 63, 1002), ((1 << 64) - 1, 1002), ((1 << 63) - 1, 1009), (1 << 40, 1009)]
)
def test_a_length_beyond_all_reason_is_refused_before_its_body(
    attack: Attack, length: int, code: int
) -> None:
    """The top bit breaks the protocol, anything else over the limit is too big; 100 MB of its body are not kept."""
    header = b"\x82\x7f" + length.to_bytes(8, "big")
    facts, server = attack([header, *repeat(bytes(MEBIBYTE), 100)])
    assert (facts["code"], server.close_code) == (code, code)
    status = "violation" if code == 1002 else "oversized"
    assert facts["rows"] == {f"in binary {status}": 1, "out close ok": 1}
    assert facts["violation"]
    assert facts["length"] == 0
    assert facts["grown"] < 50 * MEBIBYTE


def test_twenty_thousand_pings_in_a_row_are_all_answered_in_order(attack: Attack) -> None:
    """A server that reads gets every pong; each is a row beside its ping."""
    pings = b"".join(frame(0x89, b"%d" % number) for number in range(20_000))
    facts, server = attack([pings, CLOSE])
    assert server.pongs == [b"%d" % number for number in range(20_000)]
    assert facts["rows"] == {
        "in ping ok": 20_000,
        "out pong ok": 20_000,
        "in close ok": 1,
        "out close ok": 1,
    }
    assert facts["code"] == 1000


def test_pings_of_a_server_that_reads_nothing_do_not_pile_up(attack: Attack) -> None:
    """RFC 6455 §5.5.3: the newest is answered; memory is that of the rows, and reading goes on."""
    ping = frame(0x89, b"p" * 125)
    facts, server = attack([*repeat(ping * 1000, 200), CLOSE], reads=False)
    assert facts["rows"]["in ping ok"] == 200_000
    assert facts["code"] == 1000
    assert facts["grown"] < 200 * MEBIBYTE
    assert 0 < len(server.pongs) == facts["rows"]["out pong ok"]


def test_a_mebibyte_in_one_byte_reads_is_one_frame(attack: Attack) -> None:
    """A million sends of one byte each: the frame is whole."""
    data = frame(0x82, os.urandom(MEBIBYTE)) + CLOSE
    facts, server = attack(data[place : place + 1] for place in range(len(data)))
    assert (facts["frames"], facts["length"], facts["code"]) == (1, MEBIBYTE, 1000)
    assert server.close_code == 1000
    assert facts["grown"] < 50 * MEBIBYTE


def test_half_a_million_empty_final_deflate_blocks_are_an_empty_message(attack: Attack) -> None:
    """1 MB of BFINAL=1 blocks inflates to nothing: each needs a decoder of its own, and the loop gets its turns."""
    facts, _ = attack([frame(0xC2, b"\x03\x00" * 500_000), CLOSE], DEFLATE)
    assert facts["rows"]["in binary ok"] == 1
    assert (facts["frames"], facts["length"], facts["code"]) == (1, 2, 1000)
    assert facts["grown"] < 50 * MEBIBYTE


def test_final_blocks_of_one_byte_behind_a_full_window_are_no_worse(attack: Attack) -> None:
    """Each new decoder takes over the 32 KiB before it, which change each time, and the loop gets its turns."""
    encoder = zlib.compressobj(wbits=-15)
    window = encoder.compress(os.urandom(32768)) + encoder.flush(zlib.Z_FINISH)
    encoder = zlib.compressobj(wbits=-15)
    block = encoder.compress(b"x") + encoder.flush(zlib.Z_FINISH)
    facts, _ = attack([frame(0xC2, window + block * 250_000), CLOSE], DEFLATE)
    assert (facts["frames"], facts["length"], facts["code"]) == (1, 32768 + 250_000, 1000)


def test_131072_empty_frames_in_one_read_are_all_delivered(attack: Attack) -> None:
    """256 KiB of two-byte frames: batches are bounded, so that the loop turns between them."""
    facts, _ = attack([b"\x81\x00" * 131_072 + CLOSE])
    assert facts["frames"] == 131_072
    assert facts["rows"] == {"in text ok": 131_072, "in close ok": 1, "out close ok": 1}
    assert facts["code"] == 1000


def test_a_million_tiny_texts_do_not_hold_up_the_loop(attack: Attack) -> None:
    """A flood of right frames is a flood too."""
    facts, _ = attack([b"\x81\x01a" * 1_000_000 + CLOSE])
    assert facts["frames"] == 1_000_000
    assert facts["grown"] < 300 * MEBIBYTE
