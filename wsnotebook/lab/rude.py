"""The behaviour ``rude``: a server that sends frames which break RFC 6455, one chosen rule at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import Behaviour, named

__all__ = ["VIOLATIONS", "rude"]

VIOLATIONS: dict[str, bytes] = {
    "rsv1": b"\xc1\x02hi",  # §5.2: no extension was negotiated that gives RSV1 a meaning
    "rsv2": b"\xa1\x02hi",
    "rsv3": b"\x91\x02hi",
    "reserved-data-opcode": b"\x83\x02hi",  # §5.2: 0x3 to 0x7
    "reserved-control-opcode": b"\x8b\x00",  # §5.2: 0xB to 0xF
    "masked": b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",  # §5.1: a server does not mask
    "bad-utf8": b"\x81\x02\xc3\x28",  # §8.1
    "truncated-utf8": b"\x81\x02\xe2\x82",  # §8.1: two of the three bytes of the euro sign
    "long-control": b"\x89\x7e\x00\x7e" + b"x" * 126,  # §5.5: at most 125 bytes
    "fragmented-control": b"\x09\x01x",  # §5.5: never fragmented
    "continuation-first": b"\x80\x02hi",  # §5.4: nothing to continue
    "new-message-inside": b"\x01\x01a\x81\x01b",  # §5.4: the first message was not finished
    "length-top-bit": b"\x82\x7f\x80" + bytes(7),  # §5.2: the most significant bit is 0
    "huge-length": b"\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00",  # legal, but 1 TiB: over every limit
    "close-one-byte": b"\x88\x01\x03",  # §5.5.1: a code has two bytes
    "close-reserved-code": b"\x88\x02\x03\xed",  # §7.4.1: 1005 never crosses the wire
    "close-unknown-code": b"\x88\x02\x03\xe7",  # §7.4.2: 999
    "close-bad-utf8": b"\x88\x04\x03\xe8\xc3\x28",  # §5.5.1: the reason is UTF-8
    "after-close": b"\x88\x02\x03\xe8\x81\x02hi",  # §5.5.1: nothing follows a close
}
"""Name → server bytes that break the rule. A new violation is one row here; sections are of RFC 6455."""


@named()
def rude(violations: Iterable[str] = ()) -> Behaviour:
    """Make a behaviour that sends frames which RFC 6455 forbids.

    It sends ``violations`` in order when a client connects. Afterwards a text with the name of a violation is
    answered with that violation, and any other message with the list of names as JSON. With compression RSV1 is
    legal, so ``rsv1`` is a violation only for ``connect(url, compression=None)``. Example::

        async with embedded_server(rude(["bad-utf8"])) as server:
            session = await connect(server.url)
            await session.close_reason  # 1007

    Args:
        violations: names in VIOLATIONS.

    Raises:
        ValueError: a name that is not in VIOLATIONS.
    """
    chosen = [violations] if isinstance(violations, str) else list(violations)
    unknown = [name for name in chosen if name not in VIOLATIONS]
    if unknown:
        raise ValueError(f"there is no violation {unknown[0]!r}: choose from {', '.join(VIOLATIONS)}")

    async def run(session: LabConnection) -> None:
        for name in chosen:
            await session.send_raw(VIOLATIONS[name])
        async for message in session:
            if message in VIOLATIONS:
                await session.send_raw(VIOLATIONS[str(message)])
            else:
                await session.send(json.dumps({"type": "violations", "names": list(VIOLATIONS)}))

    return run
