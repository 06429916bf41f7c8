from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.embedded.world import Scene, Thing, drawn
from engine.embedded.world.palette import COLOURS, shade
from engine.embedded.world.scenes import MANNERS
from engine.embedded.world.shapes import SHAPES, coverage
from engine.evaluation.colours import colour_name, lab
from engine.evaluation.outlines import parted, shape_name
from engine.evaluation.seeing import SIDE, seen


@pytest.mark.parametrize("name", COLOURS)
def test_a_shade_has_the_name_it_was_mixed_for(name: str) -> None:
    rng = np.random.default_rng(77)  # other shades than the judge compares with
    named = [colour_name(lab(shade(name, rng))) for _ in range(20)]
    assert Counter(named)[name] >= 19


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turn", [-13.0, 0.0, 7.0])
def test_an_outline_has_its_name_wherever_it_lies(shape: str, turn: float) -> None:
    mask = coverage(shape, (128, 128), (0.4, 0.6), 0.17, turn)
    name, overlap = shape_name(mask)
    assert name == shape
    assert overlap > 0.9


def test_two_circles_that_touch_are_two() -> None:
    left, right = (coverage("circle", (96, 96), (x, 0.5), 0.16, 0) for x in (0.32, 0.63))
    parts = parted((np.maximum(left, right) > 0.5).astype(np.uint8))
    assert [shape_name(part.astype(np.float32))[0] for part in parts] == ["circle", "circle"]


def test_a_single_shape_stays_whole() -> None:
    mask = (coverage("cross", (96, 96), (0.5, 0.5), 0.3, 5) > 0.5).astype(np.uint8)
    assert len(parted(mask)) == 1


@pytest.mark.parametrize("manner", [manner for manner in MANNERS if manner != "photo"])
def test_every_manner_shows_the_same_things(manner: str) -> None:
    things = (
        Thing("star", (0.3, 0.35), 0.2, "red"),
        Thing("square", (0.7, 0.65), 0.18, "yellow", group=1),
    )
    scene = Scene("shape", 5, things=things, manner=manner, layout="two", ground="teal", soft=0.5)
    shown = seen(drawn(scene, SIDE).pixels)
    assert shown.ground == "teal"
    found = {(t.shape, t.colour): t for t in shown.things}
    assert set(found) == {("star", "red"), ("square", "yellow")}
    for thing in things:
        centre = found[thing.noun, thing.colour].centre
        assert np.hypot(*np.subtract(centre, thing.centre)) < 0.03


def test_a_small_thing_inside_a_large_one_is_seen_and_leaves_it_whole() -> None:
    things = (
        Thing("heart", (0.5, 0.5), 0.14, "white"),
        Thing("circle", (0.5, 0.5), 0.36, "blue", group=1),
    )
    scene = Scene("shape", 5, things=things, layout="two", relation="inside", ground="orange")
    shown = seen(drawn(scene, SIDE).pixels)
    assert {(t.shape, t.colour) for t in shown.things} == {("heart", "white"), ("circle", "blue")}


def test_a_ground_alone_shows_nothing() -> None:
    shown = seen(drawn(Scene("shape", 5, ground="purple"), SIDE).pixels)
    assert (shown.ground, shown.things) == ("purple", ())


def test_pictures_of_other_sizes_are_seen_alike() -> None:
    scene = Scene("shape", 9, things=(Thing("hexagon", (0.4, 0.6), 0.2, "green"),), ground="white")
    for height in (128, 512):
        (thing,) = seen(drawn(scene, height).pixels).things
        assert (thing.shape, thing.colour) == ("hexagon", "green")
        assert thing.centre == pytest.approx((0.4, 0.6), abs=0.02)
