"""The certificate that the bridge shows to who connects from another machine.

Given by the studio, or one of its own: made once, kept beside the journal, trusted by no browser
but by every client that was paired with this bridge, which notes its fingerprint.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import ListenError
from bridge.state import write_private
from bridge.wire.trust import fingerprint_of

if TYPE_CHECKING:
    from cryptography import x509

CERTIFICATE, KEY = "bridge.crt", "bridge.key"
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")
_PORT = re.compile(r":\d+$")
_DAYS = 3650  # clients compare the certificate itself, and would have to be paired anew


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its chain, its key, and what clients know it by."""

    certificate: Path
    key: Path
    fingerprint: str


def given(certificate: Path, key: Path) -> Identity:
    """Return the identity in two PEM files; raises ListenError when they cannot be used."""
    try:
        text = certificate.read_text("ascii")
        # A password that is not asked for: a bridge that starts with the machine has no terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
        first, dash, _ = text[text.index("-----BEGIN CERTIFICATE") :].partition("-----END C")
        leaf = ssl.PEM_cert_to_DER_cert(f"{first}{dash}ERTIFICATE-----")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ListenError(
            f"The certificate {certificate} and the key {key} cannot be used ({error}). Give a"
            " certificate with its chain and its unencrypted key as PEM files in tls_certificate"
            " and tls_key."
        ) from error
    return Identity(certificate, key, fingerprint_of(leaf))


def own(folder: Path, names: Iterable[str]) -> Identity:
    """Return this bridge's own identity, made at the first call; raises StateFolderError.

    `names` are those by which clients call it, besides this machine's own.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    if not (certificate.is_file() and key.is_file()):
        made, secret = _made([*_OWN_NAMES, *(_PORT.sub("", name) for name in names)])
        write_private(key, secret)
        write_private(certificate, made)
    return given(certificate, key)


def _made(names: Iterable[str]) -> tuple[bytes, bytes]:
    """Return a certificate for the names and its key, PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mahlstick bridge")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks of a studio disagree
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([_general(text) for text in dict.fromkeys(names)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)
