"""MessagePack and CBOR, each read by its library; every value of a message is one row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, missing_library

__all__ = ["start_cbor", "start_msgpack"]


def start_msgpack() -> Decode:
    """Begin a stream of messages in MessagePack.

    Raises:
        ModuleNotFoundError: the library is not installed; the message names the extra.
    """
    try:
        import msgpack
    except ImportError as error:
        raise missing_library("msgpack", "msgpack") from error

    def decode(payload: Payload) -> Iterator[Any]:
        data = _bytes(payload)
        unpacker = msgpack.Unpacker(
            strict_map_key=False, timestamp=0, max_buffer_size=max(len(data), 1)
        )  # a size of its own, because the default refuses what a message may have
        unpacker.feed(data)
        while unpacker.tell() < len(data):
            try:
                yield unpacker.unpack()
            except msgpack.OutOfData:
                raise ValueError("the last value is cut short") from None

    return decode


def start_cbor() -> Decode:
    """Begin a stream of messages in CBOR.

    Raises:
        ModuleNotFoundError: the library is not installed; the message names the extra.
    """
    try:
        import cbor2
    except ImportError as error:
        raise missing_library("cbor", "cbor2") from error

    def decode(payload: Payload) -> Iterator[Any]:
        data = _bytes(payload)
        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            yield cbor2.load(stream)

    return decode


def _bytes(payload: Payload) -> bytes:
    if not payload:
        raise ValueError("the message is empty")
    if isinstance(payload, str):
        raise ValueError("a text is expected to be bytes: the format is binary")
    return payload
