"""MessagePack and CBOR: bytes of the specifications, several values in a message, cut ones, a library that is missing."""

from __future__ import annotations

import sys
from typing import Any

import pytest

WRITTEN = {
    "msgpack": bytes.fromhex("82a7636f6d70616374c3a6736368656d6100"),  # the example of msgpack.org
    "cbor": bytes.fromhex("a26161016162820203"),  # RFC 8949, appendix A
}
VALUES = {"msgpack": {"compact": True, "schema": 0}, "cbor": {"a": 1, "b": [2, 3]}}
LIBRARIES = {"msgpack": "msgpack", "cbor": "cbor2"}


@pytest.mark.parametrize("name", WRITTEN)
def test_values_of_a_message_are_rows(decoded: Any, name: str) -> None:
    """One, two, and one that is cut after a whole one."""
    pytest.importorskip(LIBRARIES[name])
    data = WRITTEN[name]
    found = decoded(name, data, data + data[:-1], b"", "text")
    assert [each.value for each in found] == [VALUES[name], VALUES[name], None, None, None]
    assert [bool(each.error) for each in found] == [False, False, True, True, True]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_missing_library_is_named(decoded: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what installs it."""
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'wsnotebook\[{LIBRARIES[name]}\]'"):
        decoded(name, b"\x01")
