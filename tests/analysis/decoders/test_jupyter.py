"""Messages of a Jupyter kernel: what jupyter_client and jupyter_server write, cut ones, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders

MESSAGE = {
    "header": {"msg_id": "1", "msg_type": "comm_msg", "date": "2026-01-01T00:00:00Z"},
    "parent_header": {},
    "metadata": {},
    "content": {"data": {"é": 1}},
}
BUFFERS = [b"\x00\xff", b""]


def of_default(buffers: list[bytes]) -> bytes:
    """Write a message as jupyter_server does without a subprotocol."""
    base = pytest.importorskip("jupyter_server.services.kernels.connection.base")
    return bytes(base.serialize_binary_message({**MESSAGE, "channel": "iopub", "buffers": buffers}))


def of_v1(buffers: list[bytes]) -> bytes:
    """Write a message as jupyter_server does with the subprotocol."""
    base = pytest.importorskip("jupyter_server.services.kernels.connection.base")
    parts = [json.dumps(part).encode() for part in MESSAGE.values()]
    return bytes(base.serialize_msg_to_ws_v1([*parts, *buffers], "iopub"))


@pytest.mark.long
@pytest.mark.parametrize("write", [of_default, of_v1])
def test_what_the_server_writes_is_read(decoded: Any, write: Any) -> None:
    """With its channel and its buffers; each of its beginnings is an error."""
    data = write(BUFFERS)
    (found,) = decoded("jupyter", data)
    assert found.kind == "comm_msg" and found.value["channel"] == "iopub"
    assert found.value["content"] == {"data": {"é": 1}} and found.value["buffers"] == BUFFERS
    for cut in range(len(data) - 2):
        assert decoded("jupyter", data[:cut])[0].error


def test_a_text_is_the_message(decoded: Any) -> None:
    """As long as there are no buffers."""
    (found,) = decoded("jupyter", json.dumps({**MESSAGE, "channel": "shell"}))
    assert found.kind == "comm_msg" and found.value["channel"] == "shell" and "buffers" not in found.value


@pytest.mark.parametrize(
    "payload", ["5", "{}", '{"header":[],"content":{}}', b"", b"\xff" * 40, bytes(40), "[" * 100_000]
)
def test_what_is_none_is_an_error(decoded: Any, payload: Any) -> None:
    """Never an exception, however many parts its beginning promises."""
    assert decoded("jupyter", payload)[0].error


def test_it_is_guessed() -> None:
    """By the subprotocol, or by messages with a header."""
    known = list(decoders().values())
    for subprotocol, samples in (
        ("v1.kernel.websocket.jupyter.org", []),
        ("", [[json.dumps(MESSAGE)]]),
        ("", [[of_v1([])]]),
    ):
        assert guess(known, subprotocol, samples)[0] == (decoders()["jupyter"],)
