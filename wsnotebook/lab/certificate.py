"""A certificate made on the spot, for ``wss://`` on loopback. It is trusted by nobody but the context beside it."""

from __future__ import annotations

import ssl
from typing import NamedTuple

__all__ = ["Certificate", "certificate"]


class Certificate(NamedTuple):
    """Two ends of TLS that trust each other."""

    server: ssl.SSLContext
    """For ``embedded_server(ssl=…)``."""
    client: ssl.SSLContext
    """For ``connect(url, ssl=…)``: trusts only this certificate's issuer."""
    pem: bytes
    """The issuer's certificate, for other programs: ``curl --cacert``."""


def certificate(*names: str) -> Certificate:
    """Make a certificate for ``names``, by default those of loopback.

    The key lives in memory as long as the context; nothing is installed.

    Args:
        names: host names and IP addresses that a client may connect to.

    Raises:
        ImportError: ``trustme`` is missing; the sentence says how to install it.
    """
    try:
        import trustme
    except ImportError as error:
        raise ImportError("a certificate on the spot needs trustme: pip install trustme") from error
    issuer = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*(names or ("localhost", "127.0.0.1", "::1"))).configure_cert(server)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    issuer.configure_trust(client)
    return Certificate(server, client, issuer.cert_pem.bytes())
