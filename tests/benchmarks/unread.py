"""What a client on this machine has not read yet, as the kernel tells (sock_diag(7)): Linux only."""

from __future__ import annotations

import socket
import struct
import sys

__all__ = ["ReceiveQueue"]

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
ANY_COOKIE = 0xFFFFFFFF
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
QUESTION = struct.Struct("=BBBxI")  # family, protocol, extensions, states
SOCKET = struct.Struct("!HH16s16sIII")  # both ports, both addresses, interface, cookie
RECEIVE_QUEUE_AT = HEADER.size + 4 + SOCKET.size + 4  # behind family to retransmits, the socket, and a timer


class ReceiveQueue:
    """The receive queue of the client at the other end of a TCP connection over IPv4 loopback.

    Raises:
        OSError: the system is not Linux.
    """

    def __init__(self, connection: socket.socket) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError("only Linux tells what another process has not read: this benchmark needs it")
        (server, server_port), (client, client_port) = connection.getsockname(), connection.getpeername()
        body = QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + SOCKET.pack(
            client_port,
            server_port,
            socket.inet_aton(client),
            socket.inet_aton(server),
            0,
            ANY_COOKIE,
            ANY_COOKIE,
        )
        size = HEADER.size + len(body)
        self._question = HEADER.pack(size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body
        self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)

    def size(self) -> int:
        """Return the bytes that wait to be read.

        Raises:
            ConnectionError: the client has left.
        """
        self._kernel.send(self._question)
        answer = self._kernel.recv(4096)
        if HEADER.unpack_from(answer)[1] != SOCK_DIAG_BY_FAMILY:
            raise ConnectionResetError("the client has left")
        (waiting,) = struct.unpack_from("=I", answer, RECEIVE_QUEUE_AT)
        return int(waiting)

    def close(self) -> None:
        """Close the socket to the kernel."""
        self._kernel.close()
