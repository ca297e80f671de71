"""on_one_line(): what a cell shows of an error that was raised below it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bytepeer import ByteServer
from IPython.core.interactiveshell import InteractiveShell

import wsnotebook
from wsnotebook.errors import HandshakeError
from wsnotebook.oneline import on_one_line

REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 11\r\n\r\nno token\x1b[2J"


async def test_a_refused_connection_is_one_line_with_status_and_body(byte_server: ByteServer) -> None:
    """As ``%ws connect`` says it; the exception keeps what it knows, and can be caught."""
    opening = asyncio.ensure_future(wsnotebook.connect(byte_server.url, proxy=None))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(REFUSAL)
    peer.hang_up()
    with pytest.raises(HandshakeError) as caught:
        await opening
    error: Any = caught.value
    lines = error._render_traceback_()
    assert (
        lines[0] == f"HandshakeError: {error}" and "401 Unauthorized" in lines[0] and "no token" in lines[0]
    )
    assert "\x1b" not in lines[0] and error.call.response.status == 401


SHELL = """
import wsnotebook

async def load():
    return await wsnotebook.connect("ws://127.0.0.1:1/")
"""


@pytest.fixture
def run(ipython: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Awaitable[str]]:
    """A function that runs a cell in an IPython, and returns what it shows."""

    async def run_cell(code: str) -> str:
        await ipython.run_cell_async(code, transformed_cell=code)
        return "".join(capsys.readouterr())

    return run_cell


async def test_a_cell_shows_the_sentence_alone(run: Any) -> None:
    """Not the frames of the package and of asyncio."""
    shown = (await run("import wsnotebook; await wsnotebook.connect('ws://127.0.0.1:1/')")).strip()
    assert shown.startswith("ConnectError: ws://127.0.0.1:1/") and "\n" not in shown


async def test_a_cell_names_the_functions_of_the_user_that_it_went_through(run: Any) -> None:
    """Their own traceback is what they need; ours is left out."""
    await run(SHELL)
    first, cell, function = (await run("await load()")).strip().split("\n")
    assert first.startswith("ConnectError") and "load" in function and "<module>" in cell


async def test_an_address_that_is_none_is_one_line_too(run: Any) -> None:
    """The commonest slip of all."""
    shown = (await run("import wsnotebook; await wsnotebook.connect('http://127.0.0.1/')")).strip()
    assert shown.startswith("InvalidURL:") and "\n" not in shown


def test_a_peers_control_characters_stay_escapes() -> None:
    """A reason phrase could move the cursor."""
    assert "\x1b" not in on_one_line(ValueError("\x1b[2J"))[0]
