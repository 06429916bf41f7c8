"""Who signs: made once, kept private, renewed in time, or the studio's own."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.errors import SettingsError
from bridge.signing import Authority
from bridge.signing.authority import CHAIN, KEY


def test_the_same_identity_signs_after_a_restart(tmp_path: Path) -> None:
    first = Authority(tmp_path).identity()
    assert Authority(tmp_path).identity() == first
    assert Authority(tmp_path / "other").identity() != first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    Authority(tmp_path / "signing").identity()
    assert stat.S_IMODE((tmp_path / "signing").stat().st_mode) == 0o700
    for name in (CHAIN, KEY):
        assert stat.S_IMODE((tmp_path / "signing" / name).stat().st_mode) == 0o600


def test_the_leaf_is_certified_by_an_authority_and_may_certify_nobody(tmp_path: Path) -> None:
    leaf, root = x509.load_pem_x509_certificates(Authority(tmp_path).identity().chain)
    assert leaf.issuer == root.subject != leaf.subject
    above = root.public_key()
    assert isinstance(above, EllipticCurvePublicKey)
    above.verify(leaf.signature, leaf.tbs_certificate_bytes, ECDSA(SHA256()))
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_certificates_name_the_program_and_nobody_else(tmp_path: Path) -> None:
    for certificate in x509.load_pem_x509_certificates(Authority(tmp_path).identity().chain):
        for part in (certificate.subject, certificate.issuer):
            assert all(str(name.value).startswith("Mahlstick") for name in part)


def test_a_leaf_that_ends_soon_is_renewed(tmp_path: Path) -> None:
    first = Authority(tmp_path).identity()
    nearly = datetime.now(UTC) + timedelta(days=365 * 10 - 20)
    assert Authority(tmp_path, now=lambda: nearly).identity() != first


@pytest.mark.parametrize("lost", [CHAIN, KEY])
def test_half_an_identity_is_made_anew(tmp_path: Path, lost: str) -> None:
    first = Authority(tmp_path).identity()
    (tmp_path / lost).unlink()
    again = Authority(tmp_path).identity()
    assert again.key != first.key
    assert Authority(tmp_path).identity() == again


def test_a_studio_signs_with_its_own(tmp_path: Path) -> None:
    own = Authority(tmp_path).identity()
    elsewhere = Authority(tmp_path / "unused", tmp_path / CHAIN, tmp_path / KEY)
    assert elsewhere.identity() == own
    assert not (tmp_path / "unused").exists()


def test_one_half_of_a_studios_identity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"signing_chain.*signing_key"):
        Authority(tmp_path, chain=tmp_path / CHAIN)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    Authority(tmp_path / "a").identity()
    Authority(tmp_path / "b").identity()
    with pytest.raises(SettingsError, match="does not belong"):
        Authority(tmp_path, tmp_path / "a" / CHAIN, tmp_path / "b" / KEY)


def test_a_file_that_is_no_certificate_is_refused_with_what_is_accepted(tmp_path: Path) -> None:
    for name in (CHAIN, KEY):
        (tmp_path / name).write_text("nothing of the kind")
    with pytest.raises(SettingsError, match="Accepted are PEM files"):
        Authority(tmp_path / "x", tmp_path / CHAIN, tmp_path / KEY)


def test_an_identity_never_shows_its_key(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(Authority(tmp_path).identity())
