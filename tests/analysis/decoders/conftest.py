"""A stream of messages through one decoder, by its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wsnotebook.analysis.decoders.decoder import Payload
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.stream import Item, run, run_connection


@pytest.fixture
def decoded() -> Callable[..., list[Item]]:
    """A function that decodes messages: ``decoded("json", "1", "2")``."""

    def decode(name: str, *payloads: Payload) -> list[Item]:
        return run(decoders()[name].start, [Item(at, at, payload) for at, payload in enumerate(payloads)])

    return decode


@pytest.fixture
def conversed() -> Callable[..., list[Item]]:
    """A function that decodes both directions, each message with its direction: ``conversed("json", ("in", "1"), ("out", "2"))``."""

    def decode(name: str, *messages: tuple[str, Payload]) -> list[Item]:
        streams: dict[str, list[Item]] = {}
        for at, (direction, payload) in enumerate(messages):
            streams.setdefault(direction, []).append(Item(at, at, payload))
        found = run_connection(decoders()[name], list(streams.values()))
        return sorted((item for items in found for item in items), key=lambda item: item.last)

    return decode
