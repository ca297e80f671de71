"""Both directions of a conversation together: which order their rows have."""

from __future__ import annotations

from captures import ANSWER, GET

from wsnotebook.files.pcapng.conversation import Conversation
from wsnotebook.files.pcapng.findings import Findings
from wsnotebook.files.pcapng.tcpstream import Gap, Piece

ENDS = ("10.0.0.1", 40_000), ("10.0.0.2", 8765)
CLIENT, SERVER = range(2)


def text(payload: bytes, opcode: int = 0x81, mask: bytes = b"") -> bytes:
    return bytes([opcode, len(payload) | (0x80 if mask else 0)]) + mask + payload


def test_a_side_that_waits_for_a_search_keeps_the_order_of_its_stream() -> None:
    """Its first fragment was sent again, and has a later time than the second; the sides are merged by time all the same."""
    findings, zeros = Findings(), bytes(4)
    talk = Conversation(findings, ENDS, CLIENT, is_begun=False)
    talk.receive(CLIENT, Piece(GET, 1))
    talk.receive(SERVER, Piece(ANSWER, 2))
    talk.receive(SERVER, Gap(100, 3, False))  # from here on the server is searched
    talk.receive(SERVER, Piece(text(b"early"), 4))
    for data, time_ns in ((text(b"hel", 0x01, zeros), 7), (text(b"lo", 0x80, zeros), 5)):
        talk.receive(CLIENT, Piece(data, time_ns))
    talk.receive(CLIENT, Piece(text(b"bye", mask=zeros), 10))
    for time_ns in (8, 9, 11, 12, 13, 14):
        talk.receive(SERVER, Piece(text(b"at %d" % time_ns), time_ns))
    talk.finish()
    texts = [bytes(payload).decode() for payload in findings.log.df["payload"]]
    assert texts == ["early", "hel", "lo", "at 8", "at 9", "bye", "at 11", "at 12", "at 13", "at 14"]
