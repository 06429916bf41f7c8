"""Whom a client trusts on an encrypted connection: a pinned certificate, an authority, the system.

A studio's bridge usually has a certificate that no public authority signed. So pairing notes its
fingerprint, and only that very certificate is accepted then, whatever names it holds. It is looked
at inside the handshake: before the token, or anything else, is sent.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl

from .connection import Connection


class WrongCertificateError(ssl.SSLError):
    """The bridge shows another certificate than the one that was pinned."""


def context_for(connection: Connection) -> ssl.SSLContext | None:
    """Return how a connection is encrypted; None for one that is not.

    Raises `ssl.SSLError` for an authority that is no certificate.
    """
    if not connection.url.startswith("wss://"):
        return None
    if connection.fingerprint:
        return pinned(connection.fingerprint)
    return ssl.create_default_context(cadata=connection.authority or None)


def pinned(fingerprint: str) -> ssl.SSLContext:
    """Return a context that accepts the certificate of this fingerprint and no other."""

    class Pinned(ssl.SSLSocket):
        """A socket whose handshake fails on any other certificate."""

        def do_handshake(self, block: bool = False) -> None:
            """Shake hands, then look."""
            super().do_handshake(block)
            shown = fingerprint_of(self.getpeercert(binary_form=True) or b"")
            if not hmac.compare_digest(shown, fingerprint):
                raise WrongCertificateError("the certificate is not the one that was pinned")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate itself is compared, not a name in it
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = Pinned
    return context


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER) in hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()
