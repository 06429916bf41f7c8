from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embedded.world import Scene, Thing, drawn, imagined
from engine.embedded.world.drawing import paint_of
from engine.embedded.world.nouns import NOUNS, TINTS
from engine.embedded.world.palette import COLOURS, shade
from engine.embedded.world.scenes import KINDS, MANNERS, NEARS, WEATHERS, Kind
from engine.embedded.world.shapes import SHAPES, coverage
from engine.embedded.world.sprites import box_of, sprite

PAINTED = ("flat", "watercolour", "oil", "ink", "pastel", "pixel")


def of(scene: Scene, height: int) -> NDArray[np.float64]:
    return drawn(scene, height).pixels.astype(float)


def nearest(colour: NDArray[np.floating]) -> str:
    rng = np.random.default_rng(0)
    lab = {
        name: cv2.cvtColor(np.array([[shade(name, rng) for _ in range(40)]]), cv2.COLOR_RGB2LAB)[0]
        for name in COLOURS
    }
    ours = cv2.cvtColor((colour / 255).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0]
    return min(lab, key=lambda name: float(np.linalg.norm(lab[name] - ours, axis=-1).min()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_same_seed_draws_the_same_picture(kind: Kind, seed: int) -> None:
    scene = imagined(seed, kind=kind)
    assert np.array_equal(of(scene, 64), of(scene, 64))


def test_another_seed_draws_another_picture() -> None:
    assert not np.array_equal(of(imagined(1), 64), of(imagined(2), 64))


@pytest.mark.parametrize(("aspect", "width"), [(1.0, 64), (1.5, 96), (0.5, 32)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_has_the_size_that_was_asked_for(kind: Kind, aspect: float, width: int) -> None:
    pixels = drawn(imagined(3, aspect, kind), 64).pixels
    assert pixels.shape == (64, width, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("manner", MANNERS)
def test_a_scene_is_the_same_picture_at_every_size(manner: str) -> None:
    kinds: tuple[Kind, ...] = ("photo",) if manner == "photo" else ("shape", "land")
    for kind in kinds:
        for seed in range(4):
            scene = replace(imagined(seed, kind=kind), manner=manner)
            small = of(scene, 128)
            large = cv2.resize(of(scene, 256), (128, 128), interpolation=cv2.INTER_AREA)
            soft = [cv2.GaussianBlur(picture, (0, 0), 3) for picture in (small, large)]
            assert np.abs(soft[0] - soft[1]).mean() < 5


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("near", NEARS)
def test_every_land_is_drawn_in_every_manner_and_weather(near: str, manner: str) -> None:
    base = next(
        scene
        for scene in (imagined(seed, kind="land") for seed in range(400))
        if scene.near == near
    )
    for weather in WEATHERS:
        pixels = of(replace(base, manner=manner, weather=weather), 48)
        assert pixels.std() > 2


@pytest.mark.parametrize("manner", PAINTED)
def test_drawn_colours_are_where_the_scene_says(manner: str) -> None:
    right = total = 0
    for seed in range(160):
        scene = imagined(seed, kind="shape")
        if scene.relation == "inside":
            continue
        picture = of(replace(scene, manner=manner, soft=0.5), 128)
        for thing in scene.things:
            if thing.noun in SHAPES and thing.radius > 0.1:
                inner = coverage(thing.noun, (128, 128), thing.centre, thing.radius, thing.turn)
                core = cv2.erode(inner, np.ones((5, 5), np.uint8)) > 0.95
                right += nearest(np.median(picture[core], axis=0)) == thing.colour
                total += 1
    assert total > 80
    assert right / total > 0.9


@pytest.mark.parametrize("noun", NOUNS)
def test_a_thing_covers_its_place_and_not_more(noun: str) -> None:
    colour = TINTS.get(noun, ("none",))[0]
    thing = Thing(noun, (0.5, 0.5), 0.3, colour, turn=9, word="Stop" if noun == "sign" else "")
    scene = Scene("shape", 3, things=(thing,), ground="purple")
    bare = replace(scene, things=())
    changed = np.abs(of(scene, 128) - of(bare, 128)).sum(-1) > 30
    rows, columns = np.nonzero(changed)
    box = box_of(thing)
    assert columns.min() / 128 == pytest.approx(box.left, abs=0.016)
    assert (columns.max() + 1) / 128 == pytest.approx(box.right, abs=0.016)
    assert rows.min() / 128 == pytest.approx(box.top, abs=0.016)
    assert (rows.max() + 1) / 128 == pytest.approx(box.bottom, abs=0.016)


@pytest.mark.parametrize("noun", NOUNS)
def test_the_nominal_box_holds_a_thing_that_is_not_turned(noun: str) -> None:
    for mirrored in (False, True):
        thing = Thing(noun, (0.5, 0.5), 0.3, mirrored=mirrored)
        exact, nominal = box_of(thing), thing.box
        assert nominal.left - 0.02 < exact.left < exact.right < nominal.right + 0.02
        assert nominal.top - 0.02 < exact.top < exact.bottom < nominal.bottom + 0.02


@pytest.mark.parametrize("noun", [noun for noun in TINTS if noun not in SHAPES])
def test_a_thing_shows_its_colour(noun: str) -> None:
    for colour in TINTS[noun]:
        thing = Thing(noun, (0.5, 0.5), 0.4, colour)
        paint = shade(colour, np.random.default_rng(1))
        made = sprite(thing, paint, 128)
        whole = made.cover > 0.99
        distance = np.abs(made.paint[whole] - paint).max(-1)
        assert (distance < 0.24).mean() > 0.22


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
            assert np.abs(ours[:, None] - theirs[None]).sum(-1).min() > 0.05


def test_manners_look_different() -> None:
    scene = next(s for s in (imagined(n, kind="land") for n in range(50)) if len(s.things) > 2)
    pictures = {manner: of(replace(scene, manner=manner), 128) for manner in PAINTED}
    for one in PAINTED:
        for other in PAINTED:
            if one < other:
                assert np.abs(pictures[one] - pictures[other]).mean() > 4


def test_things_of_one_group_share_their_paint() -> None:
    scene = next(
        s
        for s in (imagined(n, kind="shape") for n in range(200))
        if s.layout == "count" and len(s.things) > 2
    )
    assert np.array_equal(paint_of(scene, 0), paint_of(scene, 2))


def test_a_sign_bears_its_word() -> None:
    thing = Thing("sign", (0.5, 0.5), 0.4, "red", word="Stop")
    scene = Scene("sign", 1, things=(thing,), ground="blue")
    other = replace(scene, things=(replace(thing, word="Open"),))
    board = np.s_[40:70, 20:108]
    assert np.abs(of(scene, 128)[board] - of(other, 128)[board]).mean() > 8
