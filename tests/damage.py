"""Damage to a file: what disks, cut transfers and other programs do to one."""

from __future__ import annotations

import os
import random

BYTES = (0, 1, 2, 4, 0x7F, 0x80, 0xFF)


def count_of(require_all: bool, everyday: int) -> int:
    """Return how many files to damage: few on each day, with --require-all 400 or WSN_DAMAGED.

    A seed makes the same files each time: more of them show something once, with WSN_DAMAGED and another seed.
    """
    return int(os.environ.get("WSN_DAMAGED", 400)) if require_all else everyday


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the data with some damage: bytes changed, cut out, doubled, or the end cut off."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 30))):
        place = chance.randrange(max(1, len(damaged) - 64))
        if len(damaged) < 128:
            break
        kind = chance.randrange(6)
        if kind == 0:
            damaged[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            damaged[place] = chance.choice(BYTES)
        elif kind == 2:
            damaged[place : place + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80")
            )
        elif kind == 3:
            del damaged[place : place + chance.choice((1, 2, 4, 50))]
        elif kind == 4:
            damaged[place:place] = damaged[place : place + chance.choice((1, 4, 64))]
        else:
            del damaged[max(1, place) :]
    return bytes(damaged)
