"""The plug-in in the real GIMP 3.0: without a window, and with its window on a virtual screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.editors.bridges import running_bridge
from tests.editors.gimp.pictures import Pixels, outside_and_inside, raw
from tests.editors.gimp.studio import Studio
from tests.editors.scripted_bridge import Part, Script, scripted_bridge
from tests.engine import tiny
from tests.engine.tiny import write_model

pytestmark = pytest.mark.editor

WIDTH, HEIGHT = 960, 640


def painted_inside_only(out: Path, after: Pixels) -> None:
    """No pixel outside the selection differs, and most inside do."""
    before = raw(out / "before.rgb", WIDTH, HEIGHT, 3)
    selection = raw(out / "selection.gray", WIDTH, HEIGHT, 1)
    outside, inside = outside_and_inside(before, after[..., :3], selection)
    assert outside == 0
    assert inside > 0.9 * (selection > 0).sum()


def test_a_script_fills_a_selection_and_nothing_else(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    picture = studio.bring(photograph, "sunset.jpg")
    told = {"picture": picture, "prompt": "a móon ☾", "candidates": "2", "steps": "3"}
    part = Part({told["prompt"]: Script(steps=3, step_s=0.01)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.headless("fill_selection", told, connection)
    facts = report.facts
    assert facts["status"] == "success", facts["message"]
    assert report.complaints() == []
    assert facts["layers"] == ["a móon ☾", "Background"]
    assert facts["returned"] == ["a móon ☾", "4711", ""]
    assert (facts["active"], facts["edits_mask"]) == (["Background"], False)
    assert facts["has_mask"]
    assert facts["selection_kept"]
    assert facts["xcf_equal"]

    painted_inside_only(studio.out, np.asarray(Image.open(studio.out / "filled.png")))


def test_the_real_engine_paints_what_the_prompt_says(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    """With a model of colours in closed form: what it paints can be known."""
    picture = studio.bring(photograph, "sunset.jpg")
    told = {"picture": picture, "prompt": "red", "candidates": "2", "steps": "0", "model": "tiny"}
    models = [write_model(tmp_path / "tiny")]
    with running_bridge(tmp_path, models, [Path(tiny.__file__)]) as bridge:
        report = studio.headless("fill_selection", told, bridge.connection_file)
    assert report.facts["status"] == "success", report.facts["message"]
    after = np.asarray(Image.open(studio.out / "filled.png"))
    painted_inside_only(studio.out, after)
    selection = raw(studio.out / "selection.gray", WIDTH, HEIGHT, 1)[..., 0]
    red, green, blue = after[selection == 255].mean(0)[:3]
    assert red > green + 60
    assert red > blue + 60
    recipe = report.facts["recipe"]
    assert isinstance(recipe, dict)
    assert (recipe["model"], recipe["seed"]) == ("tiny", 12345)
    assert recipe["record"]


def test_the_embedded_model_paints_into_the_selection_only(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    picture = studio.bring(photograph, "sunset.jpg")
    told = {"picture": picture, "prompt": "a full moon", "candidates": "1", "steps": "0"}
    with running_bridge(tmp_path) as bridge:
        report = studio.headless("fill_selection", told, bridge.connection_file)
    assert report.facts["status"] == "success", report.facts["message"]
    assert report.facts["layers"] == ["a full moon", "Background"]
    painted_inside_only(studio.out, np.asarray(Image.open(studio.out / "filled.png")))


def test_a_script_sends_what_was_asked_for_and_remembers_it_on_the_layer(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    picture = studio.bring(photograph, "sunset.jpg")
    told = {"picture": picture, "prompt": "clouds", "candidates": "2", "steps": "3"}
    part = Part({told["prompt"]: Script(steps=3, step_s=0.01)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.headless("fill_selection", told, connection)
    (sent,) = part.submitted()
    assert (sent.mode, sent.prompt, sent.seed, sent.candidates) == ("inpaint", "clouds", 12345, 2)
    assert (sent.steps, sent.strength, sent.model, sent.sampler) == (3, 1.0, None, None)
    assert sent.on_disconnect == "cancel"
    assert sent.image is not None
    assert sent.mask is not None
    pixels = np.frombuffer(sent.image.data, np.uint8).reshape(HEIGHT, WIDTH, 4)
    assert (pixels[..., :3] == raw(studio.out / "before.rgb", WIDTH, HEIGHT, 3)).all()
    assert sent.mask.data == (studio.out / "selection.gray").read_bytes()
    recipe = report.facts["recipe"]
    assert isinstance(recipe, dict)
    assert recipe["prompt"] == "clouds"
    assert (recipe["seed"], recipe["candidate"], recipe["candidates"]) == (4711, 1, 2)


def test_a_painter_paints_undoes_redoes_and_cancels_in_the_window(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg"), "prompt": "a full moon"}
    told["slow prompt"] = "a slow moon"
    slow = Script(steps=500, step_s=0.4)  # nobody's change of mind comes too late
    part = Part({"a full moon": Script(steps=6, step_s=0.8), "a slow moon": slow})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.on_screen("window", told, connection)
    facts = report.facts
    assert facts["status"] == "success", facts["message"]
    assert report.complaints() == []
    assert facts["layers"] == ["a full moon", "Background"]
    assert facts["active"] == ["Background"]
    assert facts["undone_equal"]
    assert facts["redone_equal"]

    prompts = [submit.prompt for submit in part.submitted()]
    assert prompts == ["a full moon", "a slow moon", "a slow moon", "a full moon"]
    assert part.cancelled() == ["a slow moon"] * 2
    assert facts["layers_after_cancel"] == ["Background"]
    assert facts["cancelled_equal"]
    assert facts["layers_after_undo"] == ["Background"]
    assert facts["abandoned_equal"]
    assert facts["layers_after_repeating"] == ["a full moon", "Background"]

    # The photograph, at least two previews, and the result.
    assert len(facts["colours_seen"]) >= 4  # pyright: ignore[reportArgumentType]
    painted_inside_only(studio.out, raw(studio.out / "painted.rgb", WIDTH, HEIGHT, 3))


def test_every_kind_of_image_is_filled_and_no_byte_outside_changes(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg"), "prompt": "a moon"}
    part = Part({told["prompt"]: Script(steps=1, step_s=0.0)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.headless("kinds", told, connection)
    assert report.complaints() == []
    assert len(report.facts) == 7
    (result,) = part.results.values()
    sent = np.frombuffer(result.data, np.uint8).reshape(-1, 4)[:, :3].astype(int)
    for kind, facts in report.facts.items():
        assert isinstance(facts, dict)
        assert facts["status"] == "success", (kind, facts["message"])
        assert (facts["layers"], facts["changed_outside"], facts["changed"]) == (2, 0, True), kind
        if kind not in ("gray", "indexed"):  # these cannot hold what was sent
            paint = np.frombuffer(bytes.fromhex(facts["paint"]), np.uint8).reshape(-1, 3)
            assert abs(paint - sent).max() <= 1, kind


def test_every_trouble_is_a_sentence_and_leaves_the_image_as_it_was(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg")}
    scripts = {"failing": Script(fail_at=2), "vanishing": Script(vanish_at=2)}
    with scripted_bridge(Part(scripts), tmp_path) as connection:
        report = studio.headless("troubles", told, connection)
    heard = report.facts["told"]
    assert isinstance(heard, dict)
    assert heard["no selection"].startswith("execution-error: Nothing is selected")
    assert heard["wrong seed"].startswith("execution-error: The seed is “a moon”")
    assert heard["failing"].startswith("execution-error: The painter ran out of paint.")
    assert heard["vanishing"].startswith("execution-error: The bridge closed the connection")
    assert heard["no bridge"].startswith("execution-error: No bridge is running")
    assert "mahlstick serve" in heard["no bridge"]
    assert report.facts["layers"] == ["Background"]
    assert report.facts["as_before"]
    assert [line for line in report.complaints() if "WARNING" in line or "Trace" in line] == []


def test_a_painter_watches_the_embedded_model_paint(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg"), "prompt": "a full moon"}
    with running_bridge(tmp_path) as bridge:
        report = studio.on_screen("window", told, bridge.connection_file)
    facts = report.facts
    assert facts["status"] == "success", facts["message"]
    assert report.complaints() == []
    assert facts["layers"] == ["a full moon", "Background"]
    assert (facts["undone_equal"], facts["redone_equal"]) == (True, True)
    assert len(facts["colours_seen"]) >= 4  # pyright: ignore[reportArgumentType]
    painted_inside_only(studio.out, raw(studio.out / "painted.rgb", WIDTH, HEIGHT, 3))


def test_a_painter_chooses_among_candidates_and_it_stays_one_undo_step(
    studio: Studio, photograph: Path, tmp_path: Path
) -> None:
    told = {"picture": studio.bring(photograph, "sunset.jpg"), "prompt": "moons"}
    part = Part({told["prompt"]: Script(steps=4, step_s=0.5)})
    with scripted_bridge(part, tmp_path) as connection:
        report = studio.on_screen("candidates", told, connection)
    facts = report.facts
    assert report.complaints() == []
    assert facts["layers"] == ["moons", "Background"]
    assert facts["undone_equal"]
    recipe = facts["recipe"]
    assert isinstance(recipe, dict)
    assert (recipe["candidates"], recipe["candidate"]) == (3, 0)
    sent = np.frombuffer(part.results[0].data, np.uint8).reshape(-1, 4)[:, :3]
    paint = facts["paint"]
    assert isinstance(paint, str)
    assert bytes.fromhex(paint) == sent.tobytes()
