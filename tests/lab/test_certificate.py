"""A certificate made on the spot: who trusts it, for which names, and what is said where it cannot be made."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from wsnotebook.lab import certificate, embedded_server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_it_is_good_for_loopback(host: str):
    """Without names it serves the address and the name of loopback."""
    pair = certificate()
    async with embedded_server("echo", ssl=pair.server) as server:
        async with connect(f"wss://{host}:{server.port}", ssl=pair.client) as client:
            await (await client.ping())


async def test_it_is_good_for_its_names_only():
    """A certificate for another name is refused by a client that checks."""
    pair = certificate("feed.example")
    async with embedded_server("echo", ssl=pair.server) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(server.url, ssl=pair.client)


async def test_the_pem_is_for_other_programs():
    """A context that was given the PEM text trusts the server."""
    pair = certificate()
    context = ssl.create_default_context(cadata=pair.pem.decode())
    async with embedded_server("echo", ssl=pair.server) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
        writer.close()
        await writer.wait_closed()
        del reader


async def test_a_mutual_one_demands_a_certificate_of_the_client(tmp_path: Path):
    """The context of the pair has one, its file is one for others, and without one the server hangs up."""
    pair = certificate(mutual=True)
    assert pair.client_pem is not None
    file = tmp_path / "client.pem"
    file.write_bytes(pair.client_pem)
    trusting = ssl.create_default_context(cadata=pair.pem.decode())
    async with embedded_server("echo", ssl=pair.server) as server:
        with pytest.raises((ssl.SSLError, ConnectionError, InvalidHandshake)):
            await connect(server.url, ssl=trusting)
        trusting.load_cert_chain(file)
        for context in (pair.client, trusting):
            async with connect(server.url, ssl=context) as client:
                await (await client.ping())
        assert server.accepted == 2
    assert certificate().client_pem is None


def test_without_trustme_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ImportError, match=r"pip install 'wsnotebook\[trustme\]'"):
        certificate()
