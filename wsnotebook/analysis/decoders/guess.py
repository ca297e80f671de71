"""Which decoder a connection needs: by its subprotocol, or by its first messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decoder, Payload

__all__ = ["SAMPLE", "guess", "subprotocol_in", "subprotocol_of"]

SAMPLE = 20
"""Messages of each direction that a guess looks at."""


def guess(
    decoders: Sequence[Decoder], subprotocol: str, samples: Sequence[Sequence[Payload]]
) -> tuple[Decoder | None, str]:
    """Return a decoder, or None, and the reason.

    Args:
        decoders: in the order in which they are tried.
        subprotocol: that of the handshake, or an empty string.
        samples: the first messages of each direction.
    """
    for decoder in decoders:
        if subprotocol and subprotocol in decoder.subprotocols:
            return decoder, f"the subprotocol is {subprotocol}"
    firsts = [sample for sample in samples if sample]
    for decoder in decoders:
        for sample in firsts:
            like = sum(map(decoder.looks, sample))
            if like == len(sample) or (decoder.by_first and decoder.looks(sample[0])):
                return decoder, f"{like} of its first {len(sample)} messages look like it"
    return None, "neither the subprotocol nor the first messages are known: name a decoder, decode('json')"


def subprotocol_of(attrs: dict[Any, Any], of: Mapping[Any, Any]) -> str:
    """Return the subprotocol of a connection, in lower case; empty if it has none.

    Args:
        attrs: ``df.attrs``, with the handshakes.
        of: values of the columns IDENTITY that the rows of the connection have.
    """
    known = attrs.get("wsnotebook", {}).get("connections", ())
    heads = [
        str(each["response"])
        for each in known
        if all(each.get(name, value) == value for name, value in of.items())
    ]
    return subprotocol_in(heads[0]) if heads else ""


def subprotocol_in(response: str) -> str:
    """Return the subprotocol that a response head names, in lower case; empty if it names none."""
    for line in response.split("\n"):  # bytes of UTF-8 are no line ends
        name, _, value = line.partition(":")
        if name.strip().lower() == "sec-websocket-protocol":
            return value.strip().lower()
    return ""
