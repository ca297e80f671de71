"""TypeReader: the types of messages, frame by frame, as the panel's filter meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wsnotebook.analysis.decoders.decoder import Decoder, Payload
from wsnotebook.analysis.decoders.guess import SAMPLE, guess
from wsnotebook.analysis.decoders.jsontext import kind_of
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.stream import Item, Stream
from wsnotebook.analysis.discriminator import event_names, named_type

__all__ = ["TypeReader"]

_CONTROL = 8  # the first opcode of a control frame (RFC 6455 §5.5)
_TEXT = 1
_MOST = 1000  # names that are remembered; a peer can send new ones without end
_NONE: frozenset[str] = frozenset()


class TypeReader:
    """Reads the frames of connections in their order, and tells the types of the messages that end with each.

    A message has the kind that the decoder of its connection gives it, and the type that a JSON object names itself. The
    decoder is guessed as ``decode()`` guesses it, from the messages so far, so that one found later never changes what
    was told.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()
        """Types that there were, a thousand at most."""
        self._decoders = decoders()
        self._conversations: dict[int, _Conversation] = {}

    def knows(self, connection: int) -> bool:
        """Return whether a connection has begun."""
        return connection in self._conversations

    def begin(self, connection: int, subprotocol: str) -> None:
        """Begin a connection, by its number, with the subprotocol of its handshake; empty if it has none."""
        self._conversations[connection] = _Conversation(self._decoders, subprotocol)

    def read(
        self, connection: int, is_sent: bool, opcode: int, is_final: bool, payload: bytes | None
    ) -> frozenset[str]:
        """Return the types of the protocol messages that end with a frame of a connection that has begun.

        Args:
            payload: None where not all of it came.
        """
        if opcode >= _CONTROL:
            return _NONE
        found = self._conversations[connection].read(is_sent, opcode, is_final, payload)
        if found and len(self.seen) < _MOST:
            self.seen |= found
        return found


class _Conversation:
    """Both directions of one connection."""

    def __init__(self, known: Mapping[str, Decoder], subprotocol: str) -> None:
        self._known = known
        self._subprotocol = subprotocol
        self._samples: tuple[list[Payload], list[Payload]] = ([], [])
        self._parts: list[list[bytes] | None] = [None, None]
        self._is_text = [False, False]
        self._used = ""
        self._streams: list[list[Stream]] = []  # of each direction, one for each decoder of the chain

    def read(self, is_sent: bool, opcode: int, is_final: bool, payload: bytes | None) -> frozenset[str]:
        """Return the types of what ends with a data frame."""
        parts = self._parts[is_sent]
        if opcode:
            if parts is not None:
                self._lose(is_sent)
            parts, self._is_text[is_sent] = [], opcode == _TEXT
        if parts is None or payload is None:  # a fragment without a beginning, or not all of one
            return self._lose(is_sent)
        parts.append(payload)
        self._parts[is_sent] = None if is_final else parts
        if not is_final:
            return _NONE
        message = _value(b"".join(parts), is_text=self._is_text[is_sent])
        self._learn(is_sent, message)
        items = self._decode(is_sent, message)
        if any(item.error is not None for item in items):  # the decoder knows nothing of it: its JSON may
            items += Stream(self._known["json"].start).read(Item(0, 0, message))
        return frozenset(_types(items))

    def _lose(self, is_sent: bool) -> frozenset[str]:
        """End what is open: of a message not all came."""
        self._parts[is_sent] = None
        for stream in self._streams[is_sent] if self._streams else ():
            stream.read(Item(0, 0, error="not whole"))
        return _NONE

    def _learn(self, is_sent: bool, message: Payload) -> None:
        """Guess the decoder anew, as long as there are few messages; another one first reads what was before."""
        samples = self._samples[is_sent]
        if len(samples) == SAMPLE:
            return
        count = len(self._samples[0]) + len(self._samples[1]) + 1
        if not count & (count - 1):  # at 1, 2, 4, …: each guess reads all samples with every decoder
            tried = [[*each, message] if each is samples else each for each in self._samples]
            chain, _ = guess(list(self._known.values()), self._subprotocol, tried)
            self._use(chain or (self._known["json"],))
        samples.append(message)

    def _use(self, chain: tuple[Decoder, ...]) -> None:
        name = "+".join(decoder.name for decoder in chain)
        if name == self._used:
            return
        self._used = name
        try:
            starts = [decoder.start_of_connection() for decoder in chain]
            self._streams = [[Stream(start) for start in starts] for _ in range(2)]
        except ModuleNotFoundError:  # its library is not installed: what JSON there is still has types
            self._streams = [[Stream(self._known["json"].start)] for _ in range(2)]
        for is_sent, before in enumerate(self._samples):
            for message in before:
                self._decode(is_sent, message)

    def _decode(self, is_sent: int, message: Payload) -> list[Item]:
        items = [Item(0, 0, message)]
        for stream in self._streams[is_sent]:
            items = [found for item in items for found in stream.read(item)]
        return items


def _value(payload: bytes, *, is_text: bool) -> Payload:
    try:
        return payload.decode() if is_text else payload
    except UnicodeDecodeError:
        return payload


def _types(items: list[Item]) -> Iterator[str]:
    for item in items:
        if item.kind is not None and item.kind != kind_of(item.value):
            yield item.kind
            if isinstance(item.value, Mapping):
                yield from event_names(item.value)
        for value in item.value if isinstance(item.value, list) else (item.value,):
            named = named_type(value) if isinstance(value, Mapping) else None
            if named is not None:
                yield named
