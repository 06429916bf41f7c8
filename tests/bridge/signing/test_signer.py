"""Signed files, as c2pa's own reader finds them."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bridge.signing import Authority, Origin, Signer, verified
from bridge.signing.manifest import RECORD
from bridge.signing.signer import MIMES, kind_of

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED = SOURCE + "trainedAlgorithmicMedia"
COMPOSITE = SOURCE + "compositeWithTrainedAlgorithmicMedia"
RECORDED = {"mode": "inpaint", "prompt": "a moon", "seed": 7, "versions": {"mahlstick": "1.2.3"}}
PIXELS = np.random.default_rng(2).integers(0, 255, (40, 60, 3), np.uint8)


def a_file(kind: str) -> bytes:
    file = io.BytesIO()
    options = {"lossless": True} if kind == "webp" else {}
    Image.fromarray(PIXELS).save(file, kind.upper(), **options)
    return file.getvalue()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(Authority(tmp_path / "signing"))


def read(content: bytes, kind: str) -> tuple[str, Mapping[str, Any]]:
    """Return the state of validation and the active manifest."""
    told = verified(content, MIMES[kind])
    assert told is not None
    return told["validation_state"], told["manifests"][told["active_manifest"]]


def data_of(manifest: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    return next(a["data"] for a in manifest["assertions"] if a["label"] == label)


@pytest.mark.parametrize("kind", MIMES)
def test_a_signed_file_is_found_intact_and_its_signer_unknown(signer: Signer, kind: str) -> None:
    content = signer.signed(a_file(kind), kind, RECORDED)
    state, manifest = read(content, kind)
    assert state == "Valid"  # "Trusted" would need an authority that everybody knows
    assert manifest["signature_info"]["issuer"].startswith("Mahlstick")
    told = verified(content, MIMES[kind])
    assert told is not None
    codes = [s["code"] for s in told["validation_results"]["activeManifest"]["failure"]]
    assert codes == ["signingCredential.untrusted"]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_signing_changes_no_pixel(signer: Signer, kind: str) -> None:
    content = signer.signed(a_file(kind), kind, RECORDED)
    image = Image.open(io.BytesIO(content), formats=["PNG", "WEBP"])
    assert np.array_equal(np.asarray(image.convert("RGB")), PIXELS)


def test_a_changed_pixel_is_found_out(signer: Signer) -> None:
    content = bytearray(signer.signed(a_file("jpeg"), "jpeg", RECORDED))
    content[-20] ^= 0x10
    assert read(bytes(content), "jpeg")[0] == "Invalid"


def test_the_manifest_carries_the_whole_record(signer: Signer) -> None:
    _, manifest = read(signer.signed(a_file("png"), "png", RECORDED), "png")
    assert data_of(manifest, RECORD) == RECORDED


def actions_of(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(data_of(manifest, "c2pa.actions.v2")["actions"])


def test_paint_in_a_picture_opens_it_and_says_what_was_done(signer: Signer) -> None:
    origin = Origin(a_file("jpeg"), "image/jpeg")
    state, manifest = read(signer.signed(a_file("png"), "png", RECORDED, origin), "png")
    assert state == "Valid"
    opened, edited = actions_of(manifest)
    assert opened["action"] == "c2pa.opened"
    assert edited["action"] == "c2pa.edited"
    assert edited["digitalSourceType"] == COMPOSITE
    assert edited["softwareAgent"] == {"name": "Mahlstick", "version": "1.2.3"}
    assert [part["relationship"] for part in manifest["ingredients"]] == ["parentOf"]


@pytest.mark.parametrize(
    ("mode", "sent", "source", "relations"),
    [
        ("generate", False, GENERATED, []),
        ("vary", True, GENERATED, ["inputTo"]),
        ("inpaint", False, COMPOSITE, []),
    ],
)
def test_what_is_painted_anew_is_created(
    signer: Signer, mode: str, sent: bool, source: str, relations: list[str]
) -> None:
    origin = Origin(a_file("png"), "image/png") if sent else None
    content = signer.signed(a_file("png"), "png", {**RECORDED, "mode": mode}, origin)
    state, manifest = read(content, "png")
    assert state == "Valid"
    (created,) = actions_of(manifest)
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", source)
    assert [part["relationship"] for part in manifest.get("ingredients", [])] == relations


def test_the_history_of_a_picture_that_was_signed_before_is_kept(signer: Signer) -> None:
    first = signer.signed(a_file("png"), "png", {**RECORDED, "mode": "generate"})
    second = signer.signed(a_file("png"), "png", RECORDED, Origin(first, "image/png"))
    told = verified(second, "image/png")
    assert told is not None
    assert len(told["manifests"]) == 2
    assert told["validation_state"] == "Valid"


def test_the_manifest_is_small_beside_the_picture(signer: Signer) -> None:
    plain = a_file("png")
    assert len(signer.signed(plain, "png", RECORDED)) < len(plain) + 8192


def test_nothing_is_vouched_for_without_a_record(signer: Signer) -> None:
    assert signer.signed(a_file("png"), "png", {}) == a_file("png")
    assert verified(a_file("png"), "image/png") is None


def test_a_file_that_cannot_be_signed_goes_out_as_it_was(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert signer.signed(b"no picture", "png", RECORDED) == b"no picture"
    assert "without a signature" in caplog.text


def test_files_are_told_by_their_first_bytes() -> None:
    assert [kind_of(a_file(kind)) for kind in MIMES] == list(MIMES)
    assert kind_of(b"<svg>") is None
