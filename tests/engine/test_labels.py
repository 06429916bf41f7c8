"""What a picture file says of itself, and what is read from it again."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from engine import Box, Extension, Layout, Mode, PaintRequest, Plan, Size
from engine.labels import labelled, parameters, recorded, source_type, xmp
from engine.provenance import described, of_candidate

PICTURE = np.random.default_rng(1).integers(0, 255, (12, 20, 4)).astype(np.uint8)
REQUEST = PaintRequest(
    mode=Mode.OUTPAINT,
    prompt="a «мoon», over\nthe <sea> & 🌙",
    negative_prompt="rain",
    image=PICTURE,
    extension=Extension(left=4, bottom=2),
    strength=0.9,
    candidates=3,
    seed=2**62,
    steps=8,
    guidance=2.5,
    sampler="euler",
    schedule="karras",
    model="tiny",
)
KINDS: dict[str, dict[str, object]] = {"png": {}, "jpeg": {}, "webp": {"lossless": True}}

WORDS = (REQUEST.prompt, REQUEST.negative_prompt)


@pytest.fixture
def record() -> dict[str, Any]:
    box = Box(0, 0, 24, 14)
    layout = Layout(Size(24, 14), (4, 0), box, Size(32, 16), box, np.zeros((14, 24), np.uint8))
    plan = Plan(((0, 2), (1,)), threads=2, tile=64, stop_step=3)
    return of_candidate(
        described(REQUEST, layout, plan, "ab" * 32), 1, 2**62 + 1, {"shift": [0]}, WORDS
    )


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"])
    image.load()
    return image


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_record_back(kind: str, record: dict[str, Any]) -> None:
    file = labelled(Image.fromarray(PICTURE[..., :3]), kind, record, **KINDS[kind])
    assert recorded(opened(file)) == json.loads(json.dumps(record))


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_lossless_files_hold_the_very_pixels(kind: str, record: dict[str, Any]) -> None:
    exact = {"lossless": True, "exact": True} if kind == "webp" else {}
    file = labelled(Image.fromarray(PICTURE), kind, record, **exact)
    assert np.array_equal(np.asarray(opened(file)), PICTURE)


def test_a_png_says_its_parameters_as_text(record: dict[str, Any]) -> None:
    image = opened(labelled(Image.fromarray(PICTURE), "png", record))
    assert image.info["parameters"] == parameters(record)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_other_files_say_their_parameters_in_the_exif_comment(
    kind: str, record: dict[str, Any]
) -> None:
    image = opened(labelled(Image.fromarray(PICTURE[..., :3]), kind, record))
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-be") == parameters(record)


def test_the_packet_is_sound_xml_and_names_the_source(record: dict[str, Any]) -> None:
    packet = xmp(record)
    tree = ElementTree.fromstring(packet[packet.index("<x:") : packet.rindex("<?xpacket")])  # noqa: S314
    source = tree.find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert source is not None
    assert source.text == source_type("outpaint")
    told = tree.find(".//{https://mahlstick.org/xmp/1/}Record")
    assert told is not None
    assert json.loads(told.text or "") == json.loads(json.dumps(record))


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        ("generate", "/trainedAlgorithmicMedia"),
        ("vary", "/trainedAlgorithmicMedia"),
        ("inpaint", "/compositeWithTrainedAlgorithmicMedia"),
        ("outpaint", "/compositeWithTrainedAlgorithmicMedia"),
        ("refine", "/compositeWithTrainedAlgorithmicMedia"),
        ("upscale", "/compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_paint_on_a_picture_is_told_from_a_painted_picture(mode: str, ending: str) -> None:
    assert source_type(mode).endswith(ending)


def test_a_picture_without_a_record_has_none() -> None:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "PNG")
    assert recorded(opened(file.getvalue())) is None


def test_a_broken_record_is_no_record(record: dict[str, Any]) -> None:
    file = labelled(Image.fromarray(PICTURE), "png", record)
    image = opened(file)
    image.text["mahlstick"] = "{half"  # type: ignore[attr-defined]
    assert recorded(image) is None


def test_the_parameters_are_the_three_lines_other_tools_read(record: dict[str, Any]) -> None:
    prompt, negative, settings = parameters(record).split("\n")
    assert prompt == "a «мoon», over the <sea> & 🌙"
    assert negative == "Negative prompt: rain"
    pairs = dict(pair.split(": ", 1) for pair in settings.split(", "))
    assert pairs["Steps"] == "8"
    assert pairs["Seed"] == str(2**62 + 1)
    assert pairs["Size"] == "24x14"
    assert pairs["Denoising strength"] == "0.9"
    assert pairs["Model hash"] == "abababab" + "ab"


def test_without_a_negative_prompt_its_line_is_left_out(record: dict[str, Any]) -> None:
    record["negative_prompt"] = ""
    record["strength"] = 1.0
    assert len(parameters(record).split("\n")) == 2
    assert "Denoising" not in parameters(record)


def test_words_that_were_drawn_for_one_candidate_are_told_as_its_own(
    record: dict[str, Any],
) -> None:
    record["candidate_prompt"] = "a red moon"
    assert parameters(record).startswith("a red moon\n")
