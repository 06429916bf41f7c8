from __future__ import annotations

from dataclasses import replace

import pytest

from engine.embedded.world import held_out, plain_caption
from engine.embedded.world.shapes import SHAPES
from engine.evaluation.compositions import SORTS, Sort, holds, prompt_of, right, scenes, swapped
from engine.evaluation.seeing import Seen, SeenThing


def perfect(scene, without: int | None = None) -> Seen:  # noqa: ANN001 - a Scene
    things = [thing for n, thing in enumerate(scene.things) if n != without]
    return Seen(
        scene.ground,
        tuple(
            SeenThing(
                t.noun, t.colour, t.centre, (t.box.left, t.box.top, t.box.right, t.box.bottom), 1
            )
            for t in things
        ),
    )


@pytest.mark.parametrize("sort", SORTS)
def test_scenes_are_held_out_plain_and_of_their_sort(sort: Sort) -> None:
    for scene in scenes(sort, 12):
        assert held_out(scene)
        assert all(thing.noun in SHAPES for thing in scene.things)
        assert (scene.relation != "none") == (sort == "relation")
        assert prompt_of(scene) == plain_caption(replace(scene, manner="flat"))


@pytest.mark.parametrize("sort", SORTS)
def test_the_truth_is_right_and_a_missing_thing_wrong(sort: Sort) -> None:
    for scene in scenes(sort, 20):
        assert right(perfect(scene), scene)
        assert not right(perfect(scene, without=0), scene)


@pytest.mark.parametrize("sort", SORTS)
def test_swapped_captions_differ_and_are_rejected(sort: Sort) -> None:
    for scene in scenes(sort, 20):
        other = swapped(scene)
        assert prompt_of(other) != prompt_of(scene)
        assert not right(perfect(scene), other)


def thing(left: float, top: float, right_: float, bottom: float) -> SeenThing:
    centre = (left + right_) / 2, (top + bottom) / 2
    return SeenThing("square", "red", centre, (left, top, right_, bottom), 1)


@pytest.mark.parametrize(
    ("first", "true"),
    [
        (thing(0.1, 0.4, 0.3, 0.6), {"left of"}),
        (thing(0.75, 0.4, 0.95, 0.6), {"right of"}),
        (thing(0.45, 0.0, 0.6, 0.25), {"above"}),
        (thing(0.45, 0.1, 0.6, 0.39), {"above", "on top of"}),
        (thing(0.45, 0.75, 0.6, 0.9), {"below"}),
        (thing(0.45, 0.45, 0.55, 0.55), {"inside"}),
    ],
)
def test_places_decide_which_relations_hold(first: SeenThing, true: set[str]) -> None:
    second = thing(0.4, 0.4, 0.6, 0.6)
    relations = ("left of", "right of", "above", "below", "inside", "on top of")
    assert {r for r in relations if holds(r, first, second)} == true
