"""A stream of messages through one decoder, by its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wsnotebook.analysis.decoders.decoder import Payload
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.stream import Item, run


@pytest.fixture
def decoded() -> Callable[..., list[Item]]:
    """A function that decodes messages: ``decoded("json", "1", "2")``."""

    def decode(name: str, *payloads: Payload) -> list[Item]:
        return run(decoders()[name].start, [Item(at, at, payload) for at, payload in enumerate(payloads)])

    return decode
