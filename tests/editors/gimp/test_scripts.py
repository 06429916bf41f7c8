"""Every procedure in the real GIMP, called by scripts without a window."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.editors.gimp.conftest import PROMPT, Played
from tests.editors.gimp.pictures import outside_and_inside, raw

pytestmark = pytest.mark.editor

WIDTH, HEIGHT = 960, 640
AI = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
MODES = {
    "generate-layer": "generate",
    "refine": "refine",
    "vary-layer": "vary",
    "outpaint": "outpaint",
    "upscale": "upscale",
}


@pytest.mark.parametrize("scene", ["scripted", "tiny", "embedded"])
def test_a_selection_is_filled_and_nothing_else(headless: Played, scene: str) -> None:
    facts = headless.report.scene(scene)
    assert facts["status"] == "success", facts["message"]
    before, after = (
        raw(headless.out / f"{scene}-{name}.rgb", WIDTH, HEIGHT, 3) for name in ("before", "after")
    )
    selection = raw(headless.out / f"{scene}-selection.gray", WIDTH, HEIGHT, 1)
    outside, inside = outside_and_inside(before, after, selection)
    assert outside == 0
    assert inside > 0.9 * (selection > 0).sum()
    exported = np.asarray(Image.open(headless.out / f"{scene}.png").convert("RGB"))
    assert (exported == after).all()


def test_a_script_gets_a_masked_layer_and_keeps_everything_else(headless: Played) -> None:
    facts = headless.report.scene("scripted")
    assert facts["layers"] == [PROMPT, "Background"]
    assert facts["returned"] == [PROMPT, "4711", ""]
    assert (facts["active"], facts["edits_mask"]) == (["Background"], False)
    assert facts["has_mask"]
    assert facts["selection_kept"]
    assert facts["xcf_equal"]


def test_a_layer_without_a_mask_shows_the_same(headless: Played) -> None:
    facts = headless.report.scene("embedded")
    assert facts["layers"] == ["a full moon", "Background"]
    assert not facts["has_mask"]
    assert facts["xcf_equal"]


def test_the_real_engine_paints_what_the_prompt_says(headless: Played) -> None:
    facts = headless.report.scene("tiny")
    after = raw(headless.out / "tiny-after.rgb", WIDTH, HEIGHT, 3)
    selection = raw(headless.out / "tiny-selection.gray", WIDTH, HEIGHT, 1)[..., 0]
    red, green, blue = after[selection == 255].mean(0)
    assert red > green + 60
    assert red > blue + 60
    assert (facts["recipe"]["model"], facts["recipe"]["seed"]) == ("tiny", 12345)
    assert facts["recipe"]["record"]


def test_the_bridge_gets_the_context_and_what_was_asked_for(headless: Played) -> None:
    facts = headless.report.scene("scripted")
    (sent,) = [submit for submit in headless.part.submitted() if submit.prompt == PROMPT]
    assert (sent.mode, sent.seed, sent.candidates, sent.steps) == ("inpaint", 12345, 2, 3)
    assert (sent.strength, sent.model, sent.sampler) == (1.0, None, None)
    assert sent.on_disconnect == "cancel"
    assert sent.image is not None
    assert sent.mask is not None
    (left, top), width, height = sent.origin, sent.image.width, sent.image.height
    assert width * height < WIDTH * HEIGHT
    pixels = np.frombuffer(sent.image.data, np.uint8).reshape(height, width, 4)
    there = (slice(top, top + height), slice(left, left + width))
    before = raw(headless.out / "scripted-before.rgb", WIDTH, HEIGHT, 3)
    selection = raw(headless.out / "scripted-selection.gray", WIDTH, HEIGHT, 1)
    assert (pixels[..., :3] == before[there]).all()
    assert sent.mask.data == selection[there].tobytes()
    assert selection[there].sum() == selection.sum()
    recipe = facts["recipe"]
    assert (recipe["prompt"], recipe["seed"], recipe["candidate"]) == (PROMPT, 4711, 1)
    assert facts["history"] == [PROMPT]


@pytest.mark.parametrize("name", ["scripted.png", "scripted.jpg"])
def test_an_exported_picture_tells_that_a_machine_painted_in_it(
    headless: Played, name: str
) -> None:
    headless.report.scene("scripted")
    with Image.open(headless.out / name) as picture:
        xmp = picture.info["xmp"].decode("utf-8")
    packet = xmp[xmp.index("<x:xmpmeta") : xmp.index("</x:xmpmeta>") + len("</x:xmpmeta>")]
    tags: dict[str, str] = {}
    for element in ElementTree.fromstring(packet).iter():  # noqa: S314 - GIMP's own
        tags.update(element.attrib)
        tags[element.tag] = element.text or ""
    assert tags["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == AI
    recipe = json.loads(tags["{http://ns.adobe.com/photoshop/1.0/}History"])["mahlstick"]
    assert (recipe["prompt"], recipe["seed"], recipe["candidates"]) == (PROMPT, 4711, 2)


@pytest.mark.parametrize("verb", MODES)
def test_every_procedure_adds_one_layer(headless: Played, verb: str) -> None:
    facts = headless.report.scene("actions")[verb]
    assert facts["status"] == "success", facts["message"]
    assert facts["layers"] == ["red", "Background"]
    assert facts["mode"] == MODES[verb]
    sizes = {"outpaint": [304, 176], "upscale": [360, 240]}
    assert facts["size"] == sizes.get(verb, [240, 160])


def test_outpainting_keeps_the_old_pixels_and_every_layer_its_place(headless: Played) -> None:
    facts = headless.report.scene("actions")["outpaint"]
    assert facts["background_at"] == [40, 0]
    assert facts["background_size"] == [240, 160]
    assert facts["old_pixels_kept"]
    grown = np.asarray(Image.open(headless.out / "outpaint.png").convert("RGB")).astype(int)
    added = np.concatenate([grown[:160, :40].reshape(-1, 3), grown[160:].reshape(-1, 3)])
    assert added.any(axis=1).mean() > 0.9


def test_upscaling_enlarges_the_layers_below_too(headless: Played) -> None:
    facts = headless.report.scene("actions")["upscale"]
    assert facts["background_size"] == [360, 240]


def test_without_a_selection_what_is_transparent_is_filled(headless: Played) -> None:
    facts = headless.report.scene("actions")["fill-transparent"]
    assert facts["status"] == "success", facts["message"]
    assert (facts["layers"], facts["holes"]) == (["red", "Background"], 0)


def test_a_layer_is_painted_once_more_with_another_seed(headless: Played) -> None:
    facts = headless.report.scene("repainting")
    assert facts["status"] == "success", facts["message"]
    assert facts["layers"] == ["red #1", "red", "Background"]
    assert facts["visible"] == [True, False, True]
    first, second = facts["recipes"]
    assert (first["seed"], first["prompt"], second["prompt"]) == (7, "red", "red")
    assert second["seed"] != 7
    assert second["model"] == "tiny"
    assert facts["outside_kept"]
    assert facts["inside_differs"]
    assert facts["same_place"]


def test_every_kind_of_image_is_filled_and_no_byte_outside_changes(headless: Played) -> None:
    kinds = headless.report.scene("kinds")
    filled = {kind: facts for kind, facts in kinds.items() if "status" in facts}
    assert len(filled) == 9
    sent = headless.part.painted["a plain moon"].reshape(-1, 4)[:, :3].astype(int)
    for kind, facts in filled.items():
        assert facts["status"] == "success", (kind, facts["message"])
        assert (facts["layers"], facts["changed"]) == (2, True), kind
        # GIMP itself rounds a float gray image anew wherever it has a second layer, an empty one
        # included: RGB and gray take turns there.
        assert facts["changed_outside"] <= (1e-6 if kind == "gray, linear float" else 0), kind
        if not kind.startswith(("gray", "indexed")):  # these cannot hold what was sent
            paint = np.frombuffer(bytes.fromhex(facts["paint"]), np.uint8).reshape(-1, 3)
            assert abs(paint - sent).max() <= 1, kind


def test_mid_gray_survives_the_way_there_and_back_in_every_kind_of_image(headless: Played) -> None:
    kinds = headless.report.scene("kinds")
    assert len(kinds) == 18
    for kind, facts in kinds.items():
        sent, seen = np.array(facts["mid_gray"]).reshape(2, 3)
        assert abs(sent - seen).max() <= 1, kind
        # A palette may lack the gray, and 8 linear bits have no finer one.
        if not kind.startswith(("indexed", "u8-linear")):
            assert abs(sent - 128).max() <= 1, kind


def test_a_batch_paints_ten_pictures_unattended(headless: Played) -> None:
    ended = headless.report.scene("ten")["ended"]
    assert ended == [["success", ["red", "Background"], True]] * 10
    assert all((headless.out / f"ten-{number}.png").exists() for number in range(10))


def test_of_a_very_large_picture_only_the_context_is_sent(headless: Played) -> None:
    facts = headless.report.scene("large")
    assert (facts["filled"], facts["grown"]) == ("success", "success")
    assert facts["untouched"] == 3 * 4096 * (4096 - 200)
    assert facts["size"] == [4096 + 64, 4096]
    assert facts["old_pixels_kept"]
    (sent,) = [s for s in headless.part.submitted() if s.prompt == "a moon in a large sky"]
    assert sent.image is not None
    assert sent.image.width * sent.image.height < 4096 * 4096 / 4


def test_what_gimps_own_cancel_kills_is_given_up_by_the_bridge(headless: Played) -> None:
    facts = headless.report.scene("killed")
    assert headless.killer is not None
    assert headless.killer.killed
    assert headless.killer.cancelled
    assert facts["status"] != "success"
    assert facts["layers"] == ["Background"]
    assert facts["as_before"]


SENTENCES = {
    "no selection": "Nothing is selected",
    "wrong seed": "The seed is “a moon”",
    "failing": "The painter ran out of paint.",
    "vanishing": "The bridge closed the connection",
    "not ours": "Select the one layer",
    "no sides": "The picture is to grow by 0 pixels",
    "no screen": "The panel is a window",
    "unknown model": "",
    "wrong token": "",
    "no bridge": "No bridge is running",
}


@pytest.mark.parametrize("trouble", SENTENCES)
def test_every_trouble_is_a_sentence(headless: Played, trouble: str) -> None:
    status, _, sentence = headless.report.scene("troubles")["told"][trouble].partition(": ")
    assert status == "execution-error"
    assert sentence.startswith(SENTENCES[trouble])
    assert len(sentence) > 30
    assert sentence.rstrip().endswith(".")


def test_after_every_trouble_the_image_is_as_it_was(headless: Played) -> None:
    facts = headless.report.scene("troubles")
    assert facts["layers"] == ["Background"]
    assert facts["as_before"]
    assert facts["size"] == [WIDTH, HEIGHT]


def test_gimp_never_sees_a_traceback_or_a_warning_of_ours(headless: Played) -> None:
    told = [line for line in headless.report.complaints() if "WARNING" in line or "Trace" in line]
    assert told == []
