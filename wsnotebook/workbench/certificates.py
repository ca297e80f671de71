"""tls_context(): the SSLContext of the options --ca, --cert, --key and --insecure."""

from __future__ import annotations

import os
import ssl

__all__ = ["FILES", "tls_context"]

FILES = ("ca", "cert", "key")
"""The options that name a file."""


def tls_context(
    ca: str | None = None, cert: str | None = None, key: str | None = None, *, insecure: bool = False
) -> ssl.SSLContext:
    """Return a context for ``connect(ssl=…)``.

    Args:
        ca: PEM file of the authorities to trust; None trusts those of the system.
        cert: PEM file of the client's certificate, and of its key unless ``key`` names another.
        key: PEM file of the client's key.
        insecure: accept any certificate of the server.

    Raises:
        ValueError: a file is not there or is no PEM file of that kind, or ``key`` is given without ``cert``.
    """
    if key is not None and cert is None:
        raise ValueError("--key is the key of a certificate: give that too, as --cert FILE")
    for option, path in zip(FILES, (ca, cert, key), strict=True):
        if path is not None and not os.path.isfile(path):
            raise ValueError(f"--{option} {path}: there is no such file")
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise ValueError(f"--ca {ca} is no PEM file of certificates: {error.reason or error}") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        try:
            # An empty password: OpenSSL would otherwise ask for it at the terminal of the kernel.
            context.load_cert_chain(cert, key, password="")
        except (ssl.SSLError, ValueError) as error:
            problem = getattr(error, "reason", None) or error
            raise ValueError(
                f"--cert {cert} and its key cannot be used ({problem}): both are PEM, the key without a password"
            ) from error
    return context
