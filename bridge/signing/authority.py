"""The identity that signs: a local authority and a leaf it certifies, or the studio's own files.

C2PA refuses a certificate that signs itself, so the first start makes two: an authority, and a leaf
for signing. Nothing about the person is in them: the names are the program's, the serial numbers
random. A reader finds the picture intact and the signer unknown, which is the truth.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, KeyUsage, Name

CHAIN, KEY = "chain.pem", "key.pem"
_YEARS = 10
_RENEW = timedelta(days=30)  # before the leaf ends


@dataclass(frozen=True, slots=True)
class Identity:
    """What a signature is made with: certificates, leaf first, and the leaf's key; PEM both."""

    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Identity(...)"  # never a key in a log


class Authority:
    """Gives the identity; makes it at the first use where the studio named none of its own."""

    def __init__(
        self,
        folder: Path,
        chain: Path | None = None,
        key: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep `folder` for a local identity; `chain` and `key` are the studio's own PEM files.

        Raises SettingsError when only one of the two is given, or one cannot be used.
        """
        self._folder, self._now = folder, now
        self._own = _studio(chain, key)

    def identity(self) -> Identity:
        """Return what to sign with. Reads and writes files: not for an event loop."""
        if self._own is not None:
            return self._own
        kept = self._kept()
        return kept if kept is not None else self._made()

    def _kept(self) -> Identity | None:
        from cryptography import x509

        try:
            found = Identity((self._folder / CHAIN).read_bytes(), (self._folder / KEY).read_bytes())
            leaf = x509.load_pem_x509_certificates(found.chain)[0]
        except (OSError, ValueError, IndexError):
            return None  # there is none, or half of one: both are made anew
        return found if leaf.not_valid_after_utc - _RENEW > self._now() else None

    def _made(self) -> Identity:
        from cryptography.hazmat.primitives.asymmetric import ec

        above, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _certificate(_name("authority"), _name("authority"), above, above, self._now())
        signs = _certificate(_name("signer"), _name("authority"), leaf, above, self._now())
        made = Identity(_pem(signs) + _pem(root), _secret(leaf))
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._folder / KEY, made.key)
        _write(self._folder / CHAIN, made.chain)
        return made


def _studio(chain: Path | None, key: Path | None) -> Identity | None:
    """Return the studio's identity, read and tried; None where none is named."""
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise SettingsError(
            "To sign with certificates of your own, give both signing_chain (PEM, the leaf first)"
            " and signing_key (PEM, unencrypted); only one of them is set."
        )
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = Identity(chain.read_bytes(), key.read_bytes())
        leaf = x509.load_pem_x509_certificates(found.chain)[0]
        ours = load_pem_private_key(found.key, None).public_key()
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise SettingsError(
            f"The certificates in {chain} with the key in {key} cannot be read ({error}). Accepted"
            " are PEM files, the leaf's certificate first, the key unencrypted."
        ) from error
    if ours != leaf.public_key():
        raise SettingsError(
            f"The key in {key} does not belong to the first certificate in {chain}: put the leaf"
            " first, and give the key it was issued for."
        )
    return found


def _name(part: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Mahlstick, on this machine"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Mahlstick local {part}"),
        ]
    )


def _certificate(
    subject: Name,
    issuer: Name,
    key: EllipticCurvePrivateKey,
    above: EllipticCurvePrivateKey,
    now: datetime,
) -> Certificate:
    """Return a certificate as the C2PA profile wants it; an authority is its own issuer."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root = subject == issuer
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=root, path_length=0 if root else None), True)
        .add_extension(_usage(signs_certificates=root), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), False
        )
    )
    if not root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(purpose, False)
    return made.sign(above, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _secret(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
