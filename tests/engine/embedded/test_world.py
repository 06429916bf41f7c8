from __future__ import annotations

import numpy as np
import pytest

from engine.embedded.tokenizer import LENGTH, read_vocabulary
from engine.embedded.world import caption, drawn, imagined, object_caption
from engine.embedded.world.captions import SAID, vocabulary
from engine.embedded.world.palette import COLOURS, shade
from engine.embedded.world.scenes import KINDS, Kind, Scene
from engine.embedded.world.shapes import SHAPES, coverage


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_picture(kind: Kind) -> None:
    scenes = [imagined(7, kind=kind) for _ in range(2)]
    first, second = (drawn(scene, 64).pixels for scene in scenes)
    assert scenes[0] == scenes[1]
    assert np.array_equal(first, second)


def test_another_seed_draws_another_picture() -> None:
    assert not np.array_equal(drawn(imagined(1), 64).pixels, drawn(imagined(2), 64).pixels)


@pytest.mark.parametrize(("aspect", "width"), [(1.0, 64), (1.5, 96), (0.5, 32)])
def test_a_picture_has_the_size_that_was_asked_for(aspect: float, width: int) -> None:
    pixels = drawn(imagined(3, aspect), 64).pixels
    assert pixels.shape == (64, width, 3)
    assert pixels.dtype == np.uint8


def test_every_scene_can_be_drawn() -> None:
    for seed in range(60):
        pixels = drawn(imagined(seed), 32).pixels
        assert np.isfinite(pixels).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_its_colour_and_the_ground_its_own(shape: str) -> None:
    scene = Scene(kind="shape", seed=5, shape=shape, colour="red", ground="blue", radius=0.3)
    pixels = drawn(scene, 128).pixels.astype(int)
    covered = coverage(shape, (128, 128), scene.centre, scene.radius * 0.8, 0.0) > 0.5
    if shape == "ring":
        covered = np.zeros_like(covered)
        covered[64, 34:36] = True  # on the band of the ring
    red, blue = pixels[covered].mean(0), pixels[:8].mean((0, 1))
    assert red[0] > red[2] + 40
    assert blue[2] > blue[0] + 40


def test_a_ring_has_a_hole_and_a_circle_has_none() -> None:
    ring = coverage("ring", (64, 64), (0.5, 0.5), 0.4, 0.0)
    circle = coverage("circle", (64, 64), (0.5, 0.5), 0.4, 0.0)
    assert ring[32, 32] == 0
    assert circle[32, 32] == 1


@pytest.mark.parametrize("name", COLOURS)
def test_colours_of_different_names_never_meet(name: str) -> None:
    rng = np.random.default_rng(0)
    ours = np.array([shade(name, rng) for _ in range(50)])
    for other in COLOURS:
        theirs = np.array([shade(other, rng) for _ in range(50)])
        if other != name:
            distance = np.abs(ours[:, None] - theirs[None]).sum(-1).min()
            assert distance > 0.05


def test_captions_name_what_the_scene_shows() -> None:
    for seed in range(200):
        scene = imagined(seed, kind="shape")
        said = caption(scene, np.random.default_rng(seed))
        assert any(word in said for word in SAID[scene.shape])
        assert any(word in said for word in SAID[scene.colour])
        assert any(word in said for word in SAID[scene.ground])


def test_captions_never_name_a_sun_or_moon_that_is_not_there() -> None:
    for seed in range(300):
        scene = imagined(seed, kind="sky")
        words = caption(scene, np.random.default_rng(seed)).replace(",", " ").split()
        if scene.body == "none":
            assert not {"sun", "moon", "crescent"} & set(words)
        elif scene.body == "sun":
            assert "moon" not in words


def test_words_for_a_selection_name_the_object_alone() -> None:
    scene = Scene(kind="sky", seed=1, body="full moon", time="night", land="sea")
    words = object_caption(scene, np.random.default_rng(1)).split()
    assert "moon" in words
    assert "sea" not in words


def test_the_same_scene_is_told_in_many_ways() -> None:
    scene = imagined(11, kind="sky")
    told = {caption(scene, np.random.default_rng(n)) for n in range(40)}
    assert len(told) > 20


def test_the_vocabulary_file_holds_every_word_that_captions_use() -> None:
    words = set(read_vocabulary())
    assert words == set(vocabulary())
    for seed in range(400):
        said = caption(imagined(seed), np.random.default_rng(seed)).replace(",", " , ").split()
        assert set(said) <= words
        assert len(said) + 2 <= LENGTH
