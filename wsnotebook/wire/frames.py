"""The values of RFC 6455: Frame, Opcode, CloseCode and CloseReason.

Nothing here reads or writes bytes of a stream; see scanner.py and serializer.py for that.
"""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, Self, TypeAlias

__all__ = [
    "MAX_CLOSE_MESSAGE",
    "MAX_CONTROL_PAYLOAD",
    "OPCODES",
    "OPCODE_NAMES",
    "BytesLike",
    "CloseCode",
    "CloseReason",
    "Frame",
    "Opcode",
    "is_close_code",
    "reason_in_payload",
    "truncate_utf8",
]

BytesLike: TypeAlias = bytes | bytearray | memoryview

MAX_CONTROL_PAYLOAD = 125  # RFC 6455 §5.5
MAX_CLOSE_MESSAGE = MAX_CONTROL_PAYLOAD - 2  # the code takes two


class Opcode(enum.IntEnum):
    """Type of a frame (RFC 6455 §5.2). The reserved opcodes 0x3–0x7 and 0xB–0xF are plain ints in a Frame.

    Example: ``[opcode.name for opcode in Opcode if opcode.is_control]``.
    """

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    @property
    def is_control(self) -> bool:
        """True for close, ping and pong."""
        return self >= Opcode.CLOSE


OPCODES: tuple[int, ...] = tuple(Opcode(n) if n in set(Opcode) else n for n in range(16))
"""Opcode by its four bits; a reserved one is the plain int."""

OPCODE_NAMES: tuple[str, ...] = tuple(
    opcode.name.lower() if isinstance(opcode, Opcode) else f"0x{opcode:x}" for opcode in OPCODES
)
"""Name by the four bits, as in the column ``opcode``; a reserved opcode is hexadecimal."""


class CloseCode(enum.IntEnum):
    """Close codes of RFC 6455 §7.4.1 and the IANA registry.

    Example: ``await session.close(CloseCode.GOING_AWAY)``.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    CANNOT_ACCEPT = 1003
    NO_STATUS_RCVD = 1005
    """Receive-only: the peer's close frame was empty."""
    ABNORMAL_CLOSURE = 1006
    """Receive-only: the connection ended without a close frame."""
    NOT_CONSISTENT = 1007
    VIOLATED_POLICY = 1008
    TOO_BIG = 1009
    NO_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    """Receive-only."""
    TLS_HANDSHAKE = 1015
    """Receive-only: TLS failed."""

    @property
    def may_be_sent(self) -> bool:
        """True where a close frame on the wire may carry this code from us."""
        return is_close_code(self)


_CODE_NAMES = {int(code): f" {code.name}" for code in CloseCode}  # each end of a session is told four times


def is_close_code(code: int) -> bool:
    """Tell whether ``code`` may stand in a close frame on the wire (RFC 6455 §7.4, IANA registry)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))


def truncate_utf8(text: str, limit: int) -> str:
    """Cut ``text`` to at most ``limit`` UTF-8 bytes without splitting a code point."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


class CloseReason(NamedTuple):
    """Why a session ended: a close code and a message of at most 123 UTF-8 bytes (RFC 6455 §5.5.1).

    Example: ``await session.close(CloseReason(4000, "my own code"))``.
    """

    code: int
    """Close code; 1005 and 1006 are never on the wire (RFC 6455 §7.4.1)."""
    message: str = ""
    """The peer's or the user's words."""

    @property
    def known_reason(self) -> CloseCode | None:
        """The CloseCode of this code, or None where no standard names it."""
        try:
            return CloseCode(self.code)
        except ValueError:
            return None

    def to_payload(self) -> bytes:
        """Return the payload of a close frame: two bytes of code, then the message in UTF-8.

        Raises:
            ValueError: the message has more than 123 UTF-8 bytes, or the code does not fit into two bytes.
        """
        if not 0 <= self.code <= 0xFFFF:
            raise ValueError(f"close code {self.code} does not fit into two bytes")
        message = self.message.encode()
        if len(message) > MAX_CLOSE_MESSAGE:
            raise ValueError(
                f"a close message has at most {MAX_CLOSE_MESSAGE} UTF-8 bytes, this one has {len(message)}: shorten it"
            )
        return self.code.to_bytes(2, "big") + message

    def __str__(self) -> str:
        name = _CODE_NAMES.get(self.code, "")
        return f"{self.code}{name}" + (f": {self.message!r}" if self.message else "")


def reason_in_payload(payload: bytes) -> CloseReason | None:
    """Return the reason in the payload of a close frame, or None where it has under two bytes."""
    if len(payload) < 2:
        return None
    return CloseReason(int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace"))


class _Fields(NamedTuple):
    opcode: int
    data: bytes
    fin: bool = True
    rsv1: bool = False
    rsv2: bool = False
    rsv3: bool = False


class Frame(_Fields):
    """One WebSocket frame as a value: frozen, hashable, equal where all six fields are equal.

    It is a tuple underneath because frames are made a hundred thousand a second: C code makes a batch of them
    four times faster than a frozen dataclass would.

    Example: ``await session.send(Frame(Opcode.TEXT, b"hello"))``.

    Args:
        opcode: Opcode, or one of the reserved ints.
        data: payload; a mutable buffer is copied.
        fin: last frame of its message.
        rsv1, rsv2, rsv3: reserved bits, free for extensions.

    Raises:
        ValueError: a ping, pong or close of more than 125 bytes, or an opcode that is not four bits.
            ``Frame.nonstandard`` makes those that this refuses, for raw sessions.
    """

    __slots__ = ()

    def __new__(
        cls,
        opcode: int,
        data: BytesLike = b"",
        fin: bool = True,
        rsv1: bool = False,
        rsv2: bool = False,
        rsv3: bool = False,
    ) -> Self:
        frame = cls.nonstandard(opcode, data, fin, rsv1, rsv2, rsv3)
        if opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG) and len(frame.data) > MAX_CONTROL_PAYLOAD:
            raise ValueError(
                f"a {Opcode(opcode).name.lower()} frame carries at most {MAX_CONTROL_PAYLOAD} bytes "
                f"(RFC 6455 §5.5), this one has {len(frame.data)}; Frame.nonstandard() makes it all the same"
            )
        return frame

    @classmethod
    def nonstandard(
        cls,
        opcode: int,
        data: BytesLike = b"",
        fin: bool = True,
        rsv1: bool = False,
        rsv2: bool = False,
        rsv3: bool = False,
    ) -> Self:
        """Return a frame without a check: to see on a raw session how a peer reacts to it.

        Example: ``Frame.nonstandard(0x3, b"a reserved opcode", rsv2=True)``.
        """
        if not 0 <= opcode <= 15:
            raise ValueError(f"an opcode has four bits, {opcode} does not fit")
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}; Frame.text() takes a str")
        fields = (OPCODES[opcode], bytes(data), bool(fin), bool(rsv1), bool(rsv2), bool(rsv3))
        return tuple.__new__(cls, fields)

    @classmethod
    def text(cls, data: str | BytesLike, fin: bool = True) -> Self:
        """Return a text frame; a str is encoded as UTF-8.

        Example: ``Frame.text("hello")``.
        """
        return cls(Opcode.TEXT, data.encode() if isinstance(data, str) else data, fin)

    @classmethod
    def binary(cls, data: BytesLike, fin: bool = True) -> Self:
        r"""Return a binary frame.

        Example: ``Frame.binary(b"\x00\x01")``.
        """
        return cls(Opcode.BINARY, data, fin)

    @classmethod
    def ping(cls, data: BytesLike = b"") -> Self:
        """Return a ping of at most 125 bytes.

        Example: ``Frame.ping(b"1")``.
        """
        return cls(Opcode.PING, data)

    @classmethod
    def pong(cls, data: BytesLike = b"") -> Self:
        """Return a pong of at most 125 bytes.

        Example: ``Frame.pong(b"1")``.
        """
        return cls(Opcode.PONG, data)

    @classmethod
    def close(cls, reason: CloseReason | None = None) -> Self:
        """Return a close frame; without a reason its payload is empty.

        Example: ``Frame.close(CloseReason(1000, "done"))``.

        Raises:
            ValueError: the message of the reason has more than 123 UTF-8 bytes.
        """
        return cls(Opcode.CLOSE, b"" if reason is None else CloseReason(*reason).to_payload())

    @classmethod
    def by_type(
        cls,
        opcode: int,
        data: BytesLike = b"",
        fin: bool = True,
        rsv1: bool = False,
        rsv2: bool = False,
        rsv3: bool = False,
    ) -> Self:
        """Return a frame of ``opcode``; a control type is always final with its RSV bits clear.

        Example: ``Frame.by_type(Opcode.PING, b"1")``.
        """
        if opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG):
            return cls(opcode, data)
        return cls(opcode, data, fin, rsv1, rsv2, rsv3)

    def read_text(self) -> str:
        """Return the payload of a final frame as text.

        Example: ``Frame.text("hello").read_text()``.

        Raises:
            ValueError: the frame is not final: its message goes on in other frames.
            UnicodeDecodeError: not UTF-8; the bytes stay readable with read_bytes().
        """
        if not self.fin:
            raise ValueError(
                "read_text() is for final frames: a part of a message may end inside a character; use read_bytes()"
            )
        return str(self.data, "utf-8")

    def read_bytes(self) -> bytes:
        """Return the payload.

        Example: ``Frame.text("hello").read_bytes()``.
        """
        return self.data

    def read_reason(self) -> CloseReason | None:
        """Return the reason in a close frame's payload, or None where it has under two bytes. Never raises.

        Example: ``Frame.close(CloseReason(1000, "done")).read_reason().message``.
        """
        return reason_in_payload(self.data)

    def copy(self, **changes: Any) -> Self:
        """Return this frame with some fields changed, held to the same rules as a new one.

        Example: ``Frame.text("hello").copy(fin=False)``.

        Raises:
            TypeError: a field that a frame does not have.
        """
        return type(self)(**{**self._asdict(), **changes})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        name = self.opcode.name if isinstance(self.opcode, Opcode) else f"0x{self.opcode:x}"
        shown = repr(self.data[:64]) + (f"… {len(self.data)} bytes" if len(self.data) > 64 else "")
        bits = "".join(f", {bit}=True" for bit in ("rsv1", "rsv2", "rsv3") if getattr(self, bit))
        return f"Frame({name}, {shown}{'' if self.fin else ', fin=False'}{bits})"
