from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.embedded.world import held_out, imagined
from engine.embedded.world.imagining import WEIGHTS, compositions
from engine.embedded.world.nouns import NOUNS
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.plain import LAYOUT_WEIGHTS
from engine.embedded.world.scenes import (
    FARS,
    KINDS,
    MANNERS,
    NEARS,
    RELATIONS,
    TIMES,
    WEATHERS,
    Kind,
    Scene,
    Thing,
)
from engine.embedded.world.shapes import SHAPES

MANY = [imagined(seed) for seed in range(1500)]


def test_the_same_seed_is_the_same_scene_and_another_is_another() -> None:
    assert imagined(5) == imagined(5)
    assert imagined(5) != imagined(6)


def test_kinds_come_as_often_as_the_table_says() -> None:
    kinds = Counter(scene.kind for scene in MANY)
    for kind, weight in WEIGHTS.items():
        assert kinds[kind] / len(MANY) == pytest.approx(weight, abs=0.05)


def test_layouts_of_plain_scenes_come_as_often_as_the_table_says() -> None:
    plain = [scene for scene in MANY if scene.kind == "shape"]
    layouts = Counter(scene.layout for scene in plain)
    for layout, weight in LAYOUT_WEIGHTS.items():
        assert layouts[layout] / len(plain) == pytest.approx(weight, abs=0.06)
    related = [scene.relation != "none" for scene in plain if scene.layout == "two"]
    assert np.mean(related) == pytest.approx(0.5, abs=0.13)


def test_everything_that_has_a_name_is_imagined() -> None:
    things = [thing for scene in MANY for thing in scene.things]
    assert {thing.noun for thing in things} == set(NOUNS)
    assert {thing.colour for thing in things} >= set(COLOURS)
    for name, known in (("relation", RELATIONS), ("time", TIMES), ("weather", WEATHERS),
                        ("far", FARS), ("near", NEARS), ("manner", MANNERS)):  # fmt: skip
        assert {getattr(scene, name) for scene in MANY} >= set(known)
    counts = Counter(len(scene.things) for scene in MANY if scene.layout == "count")
    assert set(counts) == {1, 2, 3, 4, 5}


def test_training_never_sees_a_held_out_composition_and_the_evaluation_only_those() -> None:
    assert not any(held_out(scene) for scene in MANY)
    asked = [imagined(seed, kind=kind, held_out=True) for seed in range(40) for kind in KINDS]
    assert all(held_out(scene) for scene in asked)
    trained = {name for scene in MANY for name in compositions(scene)}
    for scene in asked:
        assert set(compositions(scene)) - trained


def test_about_a_tenth_of_the_pairs_is_held_out_and_no_word_is() -> None:
    def pair(colour: str, noun: str) -> bool:
        return held_out(Scene("shape", 0, things=(Thing(noun, (0.5, 0.5), 0.2, colour),)))

    table = np.array([[pair(colour, noun) for noun in SHAPES] for colour in COLOURS])
    assert 0.05 < table.mean() < 0.2
    assert table.mean(0).max() < 0.5
    assert table.mean(1).max() < 0.5


def test_nothing_overlaps_on_a_plain_ground_unless_a_relation_says_so() -> None:
    for scene in MANY:
        if scene.kind != "shape" or scene.relation in ("inside", "on top of"):
            continue
        for number, one in enumerate(scene.things):
            for other in scene.things[number + 1 :]:
                distance = np.hypot(*np.subtract(one.centre, other.centre))
                assert distance >= (one.radius + other.radius) * 0.99


@pytest.mark.parametrize("aspect", [1.0, 1.5, 0.6])
def test_things_lie_inside_their_picture(aspect: float) -> None:
    for seed in range(200):
        scene = imagined(seed, aspect, kind="shape")
        for thing in scene.things:
            box = thing.box
            assert min(box.left, box.top) > -0.02
            assert box.right < aspect + 0.02
            assert box.bottom < 1.02


def test_things_are_large_enough_to_be_told_apart() -> None:
    for scene in MANY:
        if scene.kind == "shape" and scene.layout in ("two", "three"):
            assert all(thing.radius > 0.095 for thing in scene.things)
        if scene.layout == "count":
            assert all(0.06 < thing.radius <= 0.145 for thing in scene.things)


def _gap(scene: Scene) -> tuple[float, float]:
    (ax, ay), (bx, by) = scene.things[0].centre, scene.things[1].centre
    return ax - bx, ay - by


def test_relations_are_what_their_names_say() -> None:
    seen = set()
    for seed in range(1200):
        scene = imagined(seed, kind="shape", held_out=bool(seed % 2))
        if scene.relation == "none":
            continue
        seen.add(scene.relation)
        across, down = _gap(scene)
        first, second = scene.things
        if scene.relation in ("left of", "right of"):
            assert (across < 0) == (scene.relation == "left of")
            assert abs(across) > abs(down) * 1.3
        elif scene.relation == "inside":
            assert second.box.holds(first.box)
        else:
            assert (down < 0) == (scene.relation in ("above", "on top of"))
            assert abs(down) > abs(across) * 1.3
    assert seen == set(RELATIONS) - {"none"}


def test_things_of_one_group_are_alike_and_groups_differ_in_colour() -> None:
    for scene in MANY:
        for group in scene.groups:
            assert len({(thing.noun, thing.colour, thing.size) for thing in group}) == 1
        if scene.kind == "shape":
            colours = [g[0].colour for g in scene.groups if g[0].colour != "none"]
            assert len(set(colours)) == len(colours)
            assert scene.ground not in colours


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_can_be_asked_for(kind: Kind) -> None:
    assert imagined(3, kind=kind).kind == kind


def test_boats_and_fish_are_in_the_water_and_bodies_in_the_sky() -> None:
    for seed in range(400):
        scene = imagined(seed, kind="land")
        for thing in scene.things:
            if thing.noun in ("boat", "fish"):
                assert scene.water.top < thing.box.bottom < scene.water.bottom + 0.01
            if thing.noun in ("sun", "full moon", "crescent moon"):
                assert thing.centre[1] < min(scene.horizon, 1)
