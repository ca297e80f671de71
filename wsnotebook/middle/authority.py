"""Authority: certificates for the hosts whose TLS a proxy opens, from a CA in the user's state directory.

The CA is never installed: a program has to be told to trust it. It is constrained to the hosts that it was made for.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from wsnotebook.files.paths import state_path, unfinished_name
from wsnotebook.files.privatefile import make_private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["Authority", "check_allow", "covers"]

_CA_DAYS = 3650
_LEAF_DAYS = 90  # browsers accept at most 398
_HOST = re.compile(r"\*|(\*\.)?[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*|[0-9a-fA-F:]*:[0-9a-fA-F:.]*")
_CLOCK = timedelta(days=1)  # by which another clock may be behind


def covers(names: Sequence[str], host: str) -> bool:
    """Tell whether a host is one of some names: itself, ``*.example.org`` for one below it, or ``*`` for any."""
    host = host.lower()
    return any(
        name == "*" or host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in names
    )


def check_allow(names: Iterable[str], *, is_opening: bool) -> tuple[str, ...]:
    """Return the hosts whose TLS is opened.

    Args:
        names: see covers().
        is_opening: whether any is.

    Raises:
        ValueError: names without opening, opening without names, or something that is no host.
        TypeError: one str instead of a list.
    """
    if isinstance(names, str):
        raise TypeError(f"allow is a list: allow=[{names!r}]")
    checked = tuple(names)
    if is_opening and not checked:
        raise ValueError('mitm=True opens the TLS of the hosts in allow: name them, as allow=["example.org"]')
    if checked and not is_opening:
        raise ValueError("allow names hosts whose TLS is opened: add mitm=True")
    for name in checked:
        if not _HOST.fullmatch(name):
            raise ValueError(
                f"{name!r} is no host: write 'example.org', '*.example.org', an IP address, or '*'"
            )
    return checked


class Authority:
    """A CA, and a context for each host.

    Args:
        names: of the hosts; see covers(). One CA is kept for each set of names.

    Raises:
        ImportError: cryptography is not installed; the message has the command that installs it.
        OSError: the state directory cannot be written.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = sorted({name.lower() for name in names})
        self._contexts: dict[str, ssl.SSLContext] = {}
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives import serialization
        except ImportError as error:
            raise ImportError("mitm=True needs cryptography: pip install 'wsnotebook[mitm]'") from error
        self.path = state_path("ca") / f"ca-{_mark(self._names)}.pem"
        """The certificate in PEM, for programs that are to trust it: ``SSL_CERT_FILE``, ``curl --cacert``."""
        key_path = self.path.with_suffix(".key")
        if not (self.path.exists() and key_path.exists()):
            _make(self._names, self.path, key_path)
        self._certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
        self._key: EllipticCurvePrivateKey = serialization.load_pem_private_key(key_path.read_bytes(), None)  # type: ignore[assignment]  # _make wrote it

    def context(self, host: str) -> ssl.SSLContext:
        """Return the context with which a proxy is the server of a host."""
        context = self._contexts.get(host)
        if context is None:
            context = self._contexts[host] = self._issue(host)
        return context

    def _issue(self, host: str) -> ssl.SSLContext:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder("wsnotebook proxy", key, _LEAF_DAYS, issuer=self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.TemporaryDirectory(prefix="wsnotebook-") as folder:  # ssl reads keys from files only
            path = Path(folder) / "host.pem"
            _write(path, _key_bytes(key) + _certificate_bytes(builder, self._key))
            context.load_cert_chain(path)
        return context


def _mark(names: Sequence[str]) -> str:
    return "any" if "*" in names else hashlib.blake2b(" ".join(names).encode(), digest_size=4).hexdigest()


def _make(names: Sequence[str], path: Path, key_path: Path) -> None:
    """Make a CA that can issue certificates for some hosts, and write it for this user only."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(f"wsnotebook proxy CA ({path.stem.removeprefix('ca-')})", key, _CA_DAYS)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if "*" not in names:
        permitted = [_subtree(name) for name in names]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(key_path, _key_bytes(key))
    _write(path, _certificate_bytes(builder, key))


def _builder(
    name: str, key: EllipticCurvePrivateKey, days: int, *, issuer: x509.Name | None = None
) -> x509.CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK)
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subtree(name: str) -> x509.GeneralName:
    """Return the constraint to one name: an address alone, or a host with what stands below it (RFC 5280 §4.2.1.10)."""
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name.removeprefix("*."))


def _key_bytes(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate_bytes(builder: x509.CertificateBuilder, signer: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization

    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    """Write a file that only this user can read, whole or not at all."""
    unfinished = path.with_name(unfinished_name(path.name))
    make_private(unfinished)
    unfinished.write_bytes(data)
    unfinished.replace(path)
