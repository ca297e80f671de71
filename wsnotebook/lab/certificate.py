"""A temporary certificate for ``wss://`` on loopback. Only the client context returned with it trusts it."""

from __future__ import annotations

import ssl
from typing import NamedTuple

__all__ = ["Certificate", "certificate"]


class Certificate(NamedTuple):
    """A server context and a client context that trusts it.

    Example::

        own = certificate()
        async with embedded_server("echo", ssl=own.server) as server:
            session = await connect(server.url, ssl=own.client)
    """

    server: ssl.SSLContext
    """For ``embedded_server(ssl=…)``."""
    client: ssl.SSLContext
    """For ``connect(url, ssl=…)``: trusts only the issuer of this certificate."""
    pem: bytes
    """The issuer's certificate in PEM, for other programs: ``curl --cacert``."""
    client_pem: bytes | None = None
    """The client's certificate and key in PEM, for ``load_cert_chain`` and ``curl --cert``; None unless ``mutual``."""


def certificate(*names: str, mutual: bool = False) -> Certificate:
    """Make a certificate for ``names``, by default ``localhost``, ``127.0.0.1`` and ``::1``.

    The key stays in memory and is freed with the context; nothing is installed on the machine. Example::

        tls = certificate()
        async with embedded_server("echo", ssl=tls.server) as server:
            session = await connect(server.url, ssl=tls.client)

    Args:
        names: host names and IP addresses that a client may connect to.
        mutual: the server demands a certificate of the client too, from the same issuer; the client context has one.

    Raises:
        ImportError: ``trustme`` is not installed; the message has the command that installs it.
    """
    try:
        import trustme
    except ImportError as error:
        raise ImportError(
            "a certificate on the spot needs trustme: pip install 'wsnotebook[trustme]'"
        ) from error
    issuer = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*(names or ("localhost", "127.0.0.1", "::1"))).configure_cert(server)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    issuer.configure_trust(client)
    if not mutual:
        return Certificate(server, client, issuer.cert_pem.bytes())
    server.verify_mode = ssl.CERT_REQUIRED
    issuer.configure_trust(server)
    own = issuer.issue_cert("client@lab.example")
    own.configure_cert(client)
    return Certificate(server, client, issuer.cert_pem.bytes(), own.private_key_and_cert_chain_pem.bytes())
