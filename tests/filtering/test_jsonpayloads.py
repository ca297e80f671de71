"""Payloads parsed together: the same values as each by itself, whatever a peer sends."""

from __future__ import annotations

import json
import random

import pytest

from wsnotebook.filtering import jsonpayloads
from wsnotebook.filtering.jsonpayloads import NO_JSON, parsed_payloads

PIECES = [
    b'{"a": 1}', b'{"a": 2', b"}", b"[1", b"2]", b"1, 2", b"3", b"", b" ", b'"', b'"x', b'y"', b"\\", b'"\\', b"null", b"NaN", b"tru", b"e",
    b'{"pr\\u0069ce": 18446744073709551617}', b'{"a": 1, "a": 2}', b'"caf\xc3\xa9"', b"\xc3", b"\xa9", b"\xef\xbb\xbf1", b"1 2", b"//", b"]", b"[",
    b"," , b"1,", b",1", b'":', b"\x00", b'"\\ud800"', b"-", b"1e400", b"[" * 5000 + b"]" * 5000, b"9" * 5000,
]  # fmt: skip


def alone(payload: bytes) -> object:
    try:
        return json.JSONDecoder().decode(payload.decode())
    except (ValueError, RecursionError):
        return NO_JSON


def same(found: object, expected: object) -> bool:
    return found is expected if expected is NO_JSON or found is NO_JSON else repr(found) == repr(expected)


@pytest.mark.parametrize("seed", range(20))
def test_each_payload_has_the_value_that_it_has_alone(seed: int) -> None:
    """Pieces of JSON that would be one value, or other values, when they are put together."""
    rng = random.Random(seed)
    for _ in range(50):
        payloads = rng.choices(PIECES, k=rng.randint(0, 40))
        found = parsed_payloads(payloads)
        assert len(found) == len(payloads)
        wrong = [each for each, value in zip(payloads, found, strict=True) if not same(value, alone(each))]
        assert not wrong


def test_payloads_that_balance_their_number_are_not_mistaken() -> None:
    """One that holds what stands between two has too many values, two that hold each other too few: as many as there should be."""
    between = "".join(f"\\u{ord(letter):04x}" for letter in "0" * 32).encode()
    payloads = [b'1,"' + between + b'",2', b"[3", b"4]"]
    assert parsed_payloads(payloads) == [NO_JSON] * 3
    assert len(jsonpayloads._BETWEEN) == 32  # as random as that


def test_no_payload_is_no_value() -> None:
    """An empty run."""
    assert parsed_payloads([]) == []
