"""Which decoder a connection needs: by its subprotocol, or by its first messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decoder, Payload
from wsnotebook.analysis.decoders.stream import Item, Stream

__all__ = ["SAMPLE", "guess", "subprotocol_in", "subprotocol_of", "url_of"]

SAMPLE = 20
"""Messages of each direction that a guess looks at."""


def guess(
    decoders: Sequence[Decoder], subprotocol: str, samples: Sequence[Sequence[Payload]]
) -> tuple[tuple[Decoder, ...], str]:
    """Return the decoders of a chain, mostly one, none where nothing is known; and the reason.

    Of the decoders that one direction tells, the one is taken that leaves the fewest messages of both directions unread,
    and of several the first: objects that look like those of GraphQL are JSON if what is answered does not.

    Args:
        decoders: in the order in which they are tried.
        subprotocol: that of the handshake, or an empty string.
        samples: the first messages of each direction.
    """
    for decoder in decoders:
        if subprotocol and subprotocol in decoder.subprotocols:
            return (decoder,), f"the subprotocol is {subprotocol}"
    said = [sample for sample in samples if sample]
    known = [decoder for decoder in decoders if any(_is_known(decoder, sample) for sample in said)]
    if not known:
        return (
            (),
            "neither the subprotocol nor the first messages are known: name a decoder, decode('json')",
        )
    others = [sum(_count_others(decoder, sample) for sample in said) for decoder in known]
    fewest, count = min(others), sum(map(len, said))
    best = known[others.index(fewest)]
    inner = _guess_packed(best, decoders, said) if best.is_packing else ()
    return (best, *inner), f"{count - fewest} of its first {count} messages look like it"


def _guess_packed(
    packing: Decoder, decoders: Sequence[Decoder], samples: Sequence[Sequence[Payload]]
) -> tuple[Decoder, ...]:
    """Return the decoder of what is in packed messages, and between them; none where nothing is known of it."""
    try:
        streams = [Stream(packing.start) for _ in samples]
    except ModuleNotFoundError:
        return ()  # who decodes will say which library is missing
    unpacked = [
        [item.value for payload in sample for item in stream.read(Item(0, 0, payload)) if item.error is None]
        for stream, sample in zip(streams, samples, strict=True)
    ]
    return guess([each for each in decoders if not each.is_packing], "", unpacked)[0]


def _is_known(decoder: Decoder, sample: Sequence[Payload]) -> bool:
    """Return whether the messages of one direction tell the protocol."""
    if decoder.by_first and decoder.looks(sample[0]):
        return True
    is_told = False
    for payload in sample:
        looks = decoder.looks(payload)
        if looks is False:
            return False
        is_told |= looks is True
    return is_told


def _count_others(decoder: Decoder, sample: Sequence[Payload]) -> int:
    """Return how many messages of one direction are none of the protocol."""
    if not decoder.by_first:
        return sum(decoder.looks(payload) is False for payload in sample)
    stream = Stream(decoder.start)
    read = (stream.read(Item(0, 0, payload)) for payload in sample)
    return sum(any(item.error is not None for item in found) for found in read)


def subprotocol_of(attrs: dict[Any, Any], of: Mapping[Any, Any]) -> str:
    """Return the subprotocol of a connection, in lower case; empty if it has none.

    Args:
        attrs: ``df.attrs``, with the handshakes.
        of: values of the columns IDENTITY that the rows of the connection have.
    """
    return subprotocol_in(str(_connection(attrs, of).get("response", "")))


def url_of(attrs: dict[Any, Any], of: Mapping[Any, Any]) -> str:
    """Return the URL of a connection; empty if it is not known. The arguments are those of subprotocol_of."""
    return str(_connection(attrs, of).get("url", ""))


def _connection(attrs: dict[Any, Any], of: Mapping[Any, Any]) -> Mapping[str, Any]:
    known = attrs.get("wsnotebook", {}).get("connections", ())
    found = (each for each in known if all(each.get(name, value) == value for name, value in of.items()))
    return next(found, {})


def subprotocol_in(response: str) -> str:
    """Return the subprotocol that a response head names, in lower case; empty if it names none."""
    for line in response.split("\n"):  # bytes of UTF-8 are no line ends
        name, _, value = line.partition(":")
        if name.strip().lower() == "sec-websocket-protocol":
            return value.strip().lower()
    return ""
