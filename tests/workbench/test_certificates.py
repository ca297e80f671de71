"""The SSLContext of --ca, --cert, --key and --insecure, against a TLS server with a private authority."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from wsnotebook.workbench.certificates import tls_context


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A private authority, and a client's certificate and key by it."""
    authority = trustme.CA()
    client = authority.issue_cert("me@example.org")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    return {name: str(tmp_path / f"{name}.pem") for name in ("ca", "cert", "key", "both")}


async def names(authority: trustme.CA, context: ssl.SSLContext) -> str:
    """Connect to a server that wants a client's certificate, and return what it has read."""
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_context)
    authority.configure_trust(server_context)
    server_context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_context) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost"
        )
        try:
            return (await reader.read()).decode()
        finally:
            writer.close()


@pytest.mark.parametrize("apart", [True, False])
async def test_both_ends_are_trusted(tmp_path: Path, apart: bool) -> None:
    """The server by --ca, the client by --cert with its key in the same file or another."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client = authority.issue_cert("me@example.org")
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    ca = str(tmp_path / "ca.pem")
    if apart:
        context = tls_context(ca, str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    else:
        context = tls_context(ca, str(tmp_path / "both.pem"))
    assert await names(authority, context) == "hello"
    insecure = tls_context(cert=str(tmp_path / "both.pem"), insecure=True)
    assert await names(authority, insecure) == "hello"
    with pytest.raises(ssl.SSLCertVerificationError):
        await names(authority, tls_context(cert=str(tmp_path / "both.pem")))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ca": "nowhere.pem"}, "--ca nowhere.pem: there is no such file"),
        ({"ca": "key"}, "is no PEM file of certificates"),
        ({"key": "key"}, "give that too, as --cert FILE"),
        ({"cert": "cert"}, "and its key cannot be used"),
        ({"cert": "nowhere.pem"}, "--cert nowhere.pem: there is no such file"),
    ],
)
def test_a_wrong_file_is_refused(files: dict[str, str], options: dict[str, str], sentence: str) -> None:
    """With the option that named it."""
    with pytest.raises(ValueError, match=sentence):
        tls_context(**{option: files.get(name, name) for option, name in options.items()})
