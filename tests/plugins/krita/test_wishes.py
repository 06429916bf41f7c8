"""The label tells the truth, and the message asks for what the label says."""

from __future__ import annotations

import pytest
from plugins.krita.wire.codec import encode

from plugins.krita.measures import Edge, Measure
from plugins.krita.protocol import Extension, MaskOptions, Rect
from plugins.krita.reading import Scene
from plugins.krita.wishes import CHOICES, Seen, Wish, intent_of, submit_of
from tests.plugins.krita.jobs import swapped

IMAGE = bytes(range(24)) * 4
MASK = bytes(24)
REGION = Rect(5, 7, 6, 4)


@pytest.mark.parametrize(
    ("selected", "strength", "mode", "label"),
    [
        (True, 1.0, "inpaint", "Fill selection"),
        (True, 0.6, "refine", "Refine selection"),
        (False, 1.0, "generate", "Generate"),
        (False, 0.01, "refine", "Refine"),
    ],
)
def test_the_button_says_what_will_be_asked(
    selected: bool, strength: float, mode: str, label: str
) -> None:
    wish = Wish("a moon", strength=strength, candidates=3, seed=9)
    intent = intent_of(wish, Seen(selected))
    asked = submit_of(wish, intent, Scene(REGION, IMAGE, MASK if selected else None), swapped)
    assert intent.label == label
    assert (asked.mode, asked.prompt, asked.candidates, asked.seed) == (mode, "a moon", 3, 9)
    assert asked.strength == (strength if mode == "refine" else None)
    assert (asked.image is None) == (mode == "generate")
    assert (asked.mask is not None) == selected
    assert asked.origin == (5, 7)
    if asked.image is not None:
        assert asked.image.data[:4] == bytes([2, 1, 0, 3])
    assert encode(asked)


def test_sides_to_expand_by_win_over_a_selection_which_is_not_sent() -> None:
    wish = Wish("sea", extension=Extension(left=64))
    intent = intent_of(wish, Seen(selected=True))
    asked = submit_of(wish, intent, Scene(REGION, IMAGE, MASK), swapped)
    assert (intent.label, asked.mode) == ("Expand canvas", "outpaint")
    assert (asked.extension, asked.mask) == (Extension(left=64), None)


def test_the_rarer_settings_are_sent_only_when_chosen() -> None:
    scene = Scene(REGION, IMAGE, None)
    chosen = {"steps": 9, "guidance": 2.5, "sampler": "euler", "model": "m", "negative_prompt": "n"}
    usual = submit_of(Wish(), intent_of(Wish(), Seen()), scene, swapped)
    asked = submit_of(Wish(**chosen), intent_of(Wish(), Seen()), scene, swapped)
    for name, value in chosen.items():
        assert not getattr(usual, name)
        assert getattr(asked, name) == value


def test_a_generated_picture_has_the_canvas_size() -> None:
    asked = submit_of(Wish("sea"), intent_of(Wish(), Seen()), Scene(REGION, IMAGE, None), swapped)
    assert (asked.width, asked.height) == (6, 4)


def test_every_job_has_a_name_of_its_own() -> None:
    scene = Scene(REGION, IMAGE, None)
    names = {submit_of(Wish(), intent_of(Wish(), Seen()), scene, swapped).job for _ in range(3)}
    assert len(names) == 3


def test_a_hole_is_filled_when_nothing_is_selected() -> None:
    assert intent_of(Wish(), Seen(holes=True)).label == "Fill transparent"
    assert intent_of(Wish(), Seen(selected=True, holes=True)).label == "Fill selection"


@pytest.mark.parametrize("choice", list(CHOICES))
def test_the_painters_own_choice_comes_first(choice: str) -> None:
    wish = Wish(action=choice, strength=0.5, extension=Extension(left=64))
    for seen in (Seen(), Seen(selected=True), Seen(holes=True)):
        assert intent_of(wish, seen) is CHOICES[choice]


def test_the_edges_are_sent_in_pixels_and_percent_is_of_the_selection() -> None:
    edge = Edge(Measure(12), Measure(50, "%"), Measure(200, "%"), Measure(3))
    wish = Wish("a moon", edge=edge)
    intent = intent_of(wish, Seen(selected=True))
    asked = submit_of(wish, intent, Scene(REGION, IMAGE, MASK), swapped, Rect(6, 8, 3, 1))
    assert asked.masks == MaskOptions(grow=12, feather=1, context=4, soft_edge=3)


def test_a_canvas_that_is_to_grow_to_no_side_grows_to_all() -> None:
    wish = Wish("sea", action="expand")
    asked = submit_of(wish, CHOICES["expand"], Scene(REGION, IMAGE, None), swapped)
    assert asked.extension == Extension(256, 256, 256, 256)


def test_upscaling_says_by_how_much() -> None:
    wish = Wish("sea", action="upscale", factor=3)
    asked = submit_of(wish, CHOICES["upscale"], Scene(REGION, IMAGE, None), swapped)
    assert (asked.mode, asked.factor, asked.width) == ("upscale", 3, None)
    assert encode(asked)
