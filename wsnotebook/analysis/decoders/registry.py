"""The decoders by name: those that are shipped, those of entry points, and those that a notebook registers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from wsnotebook.analysis.decoders.compressed import (
    ZlibStream,
    inflating,
    looks_like_gzip,
    looks_like_zlib,
    looks_like_zlib_stream,
    looks_like_zstd,
    start_brotli,
    start_zstd,
)
from wsnotebook.analysis.decoders.decoder import Decode, Decoder
from wsnotebook.analysis.decoders.devtools import devtools, is_devtools
from wsnotebook.analysis.decoders.jsontext import (
    by_item,
    decode_json,
    graphql,
    homeassistant,
    is_graphql,
    is_jsonrpc,
    jsonrpc,
    looks_like_json,
    looks_like_login,
    looks_like_object,
)
from wsnotebook.analysis.decoders.jupyter import decode_jupyter, looks_like_jupyter
from wsnotebook.analysis.decoders.mqtt import Mqtt, MqttVersion, looks_like_mqtt
from wsnotebook.analysis.decoders.packed import start_cbor, start_msgpack
from wsnotebook.analysis.decoders.phoenix import decode_phoenix, looks_like_phoenix
from wsnotebook.analysis.decoders.protobuf import is_protobuf, protobuf_decoder
from wsnotebook.analysis.decoders.signalr import SignalR, looks_like_signalr
from wsnotebook.analysis.decoders.socketio import EngineIo, SocketIo, looks_like_socketio
from wsnotebook.analysis.decoders.stomp import Stomp, StompVersion, looks_like_stomp
from wsnotebook.analysis.decoders.wamp import Wamp, looks_like_wamp

__all__ = ["SHIPPED", "decoder", "decoder_names", "decoder_of", "decoders"]

GROUP = "wsnotebook.decoders"


def _each(decode: Decode) -> Callable[[], Decode]:
    """Return the ``start`` of a decoder that keeps nothing between messages."""
    return lambda: decode


_WAMP = (
    "wamp",
    *(f"wamp.2.{form}{more}" for form in ("json", "msgpack", "cbor") for more in ("", ".batched")),
)
SHIPPED = (
    Decoder(
        "jsonrpc", _each(by_item(jsonrpc)), looks_like_object(is_jsonrpc), subprotocols=("jsonrpc", "mcp")
    ),
    Decoder(
        "graphql",
        _each(by_item(graphql)),
        looks_like_object(is_graphql),
        subprotocols=("graphql-transport-ws", "graphql-ws"),
    ),
    Decoder("homeassistant", _each(by_item(homeassistant)), looks_like_login, by_first=True),
    Decoder("cdp", _each(by_item(devtools)), looks_like_object(is_devtools)),
    Decoder(
        "jupyter",
        _each(decode_jupyter),
        looks_like_jupyter,
        subprotocols=("v1.kernel.websocket.jupyter.org",),
    ),
    Decoder("signalr", SignalR, looks_like_signalr, by_first=True),
    Decoder("wamp", Wamp, looks_like_wamp, by_first=True, subprotocols=_WAMP),
    Decoder("phoenix", _each(decode_phoenix), looks_like_phoenix),
    Decoder("socketio", SocketIo, looks_like_socketio, by_first=True, shared=EngineIo.of_url),
    Decoder("socketio2", lambda: SocketIo(EngineIo(3))),
    Decoder("socketio4", lambda: SocketIo(EngineIo(4))),
    Decoder(
        "stomp",
        Stomp,
        looks_like_stomp,
        subprotocols=("v10.stomp", "v11.stomp", "v12.stomp"),
        shared=lambda url: StompVersion(),
    ),
    Decoder("json", _each(decode_json), looks_like_json),
    Decoder("gzip", _each(inflating(31)), looks_like_gzip, is_packing=True),
    Decoder("zlib-stream", ZlibStream, looks_like_zlib_stream, by_first=True, is_packing=True),
    Decoder("zlib", _each(inflating(15)), looks_like_zlib, is_packing=True),
    Decoder("deflate", _each(inflating(-15))),
    Decoder("brotli", start_brotli),
    Decoder("zstd", start_zstd, looks_like_zstd, is_packing=True),
    Decoder(
        "mqtt",
        Mqtt,
        looks_like_mqtt,
        by_first=True,
        subprotocols=("mqtt", "mqttv3.1"),
        shared=lambda url: MqttVersion(),
    ),
    Decoder("mqtt3", lambda: Mqtt(MqttVersion(4))),
    Decoder("mqtt5", lambda: Mqtt(MqttVersion(5))),
    Decoder("msgpack", start_msgpack, subprotocols=("msgpack",)),
    Decoder("cbor", start_cbor, subprotocols=("cbor",)),
)
"""In the order in which a protocol is guessed: the more special before the more general."""

_registered: dict[str, Decoder] = {}


def decoder(name: str) -> Callable[[Any], Any]:
    """Register a decoder under a name: a decorator of a function, or of a class.

    A function is called with each message, a str or bytes, and returns what it means; as a generator it yields one
    value for each protocol message. A class is made once for each stream, one direction of one connection, and its
    instance is called in the same way. An exception becomes the ``error`` of the row. An instance may have ``end()``,
    called after the last message, and where one is missing or not whole: it returns what it makes of what it keeps,
    and forgets it.

    Example::

        @wsnotebook.decoder("prices")
        def prices(payload):
            return struct.unpack("<Id", payload)


        session.df.ws.decode("prices")

    Raises:
        ValueError: the name has a ``+``, which joins names to a chain, or is that of a decoder that is shipped.
    """
    if not name or "+" in name or name in {each.name for each in SHIPPED}:
        raise ValueError(f"{name!r} cannot be the name of a decoder: take one without + that is not shipped")

    def register(made: Any) -> Any:
        _registered[name] = decoder_of(made, name)
        return made

    return register


def decoder_of(made: Any, name: str | None = None) -> Decoder:
    """Return the decoder that a function or a class is; a class of messages of Protocol Buffers, or its descriptor, is one.

    Raises:
        TypeError: it is neither.
    """
    if is_protobuf(made):
        return protobuf_decoder(made)
    if not callable(made):
        raise TypeError(f"a decoder is a name, a function or a class, not {made!r}")
    start: Callable[[], Decode] = made if inspect.isclass(made) else _each(made)  # type: ignore[assignment]  # its instances are called
    return Decoder(name or str(getattr(made, "__name__", "function")), start)


def decoders() -> dict[str, Decoder]:
    """Return the decoders by name, in the order in which a protocol is guessed; one that is shipped keeps its name."""
    shipped = {each.name: each for each in SHIPPED}
    foreign = {
        point.name: Decoder(point.name, _loaded(point))
        for point in entry_points(group=GROUP)
        if point.name not in shipped
    }
    return shipped | foreign | _registered


def _loaded(point: Any) -> Callable[[], Decode]:
    """Return the ``start`` of an entry point, whose module is loaded when it is used."""
    return lambda: decoder_of(point.load()).start()


def decoder_names() -> tuple[str, ...]:
    """Return all names, sorted."""
    return tuple(sorted(decoders()))
