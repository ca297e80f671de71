"""A capture by tcpdump, Wireshark or another program: TCP connections that became WebSockets, as rows of a log.

Times are those of the capture, also in ``monotonic``. Nothing is redacted, and the connections say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wsnotebook.files.header import Header
from wsnotebook.files.pcapng.reading import Reading
from wsnotebook.files.pcapng.tshark import INSTALL, Tshark, is_installed
from wsnotebook.log.rows import Rows

__all__ = ["read"]


def read(
    path: Path, *, port: int | None = None, keylog: Path | None = None, strict: bool = False
) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of the WebSockets in a capture.

    The rows are collected first, because the header counts them; beyond the retention of a log they are spilled. What is
    not known here (link layers, tunnels, IP fragments, TLS with its keys) is read by tshark where it is installed.

    Args:
        path: pcap or pcapng, compressed with gzip or not; with tshark also another format.
        port: of a server whose connections are WebSockets, also where the capture begins after their handshakes.
        keylog: file with the keys of TLS, as clients write it to SSLKEYLOGFILE.
        strict: refuse a damaged file; otherwise what is whole is read.

    Raises:
        FileError: the file is damaged, or there is no WebSocket in it.
        OSError: a file does not exist or cannot be read.
    """
    if keylog is not None:
        keylog.open("rb").close()
    reading = Reading(path, port, has_keys=keylog is not None, strict=strict)
    reading.read()
    if not reading.needs_tshark:
        return reading.result("")
    if not is_installed():
        return reading.result(f"{INSTALL}: then it is read")
    tshark = Tshark(path, keylog)
    streams = tshark.streams(reading.is_for_tshark)
    again = Reading(path, port, has_keys=keylog is not None, strict=strict)
    again.read(tshark, streams)
    return again.result("tshark does not see one either")
