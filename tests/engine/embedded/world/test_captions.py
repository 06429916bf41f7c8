from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.embedded.tokenizer import read_vocabulary
from engine.embedded.world import Scene, Thing, caption, imagined, object_caption, plain_caption
from engine.embedded.world.captions import MOST_WORDS
from engine.embedded.world.phrases import (
    COLOURS_SAID,
    HEADS,
    INVERSE,
    INVERSES_SAID,
    NOUNS_SAID,
    NUMBERS,
    RELATIONS_SAID,
    TAILS,
    plural,
    split,
    vocabulary,
)
from engine.embedded.world.scenes import MANNERS

SCENES = [imagined(seed, held_out=bool(seed % 2)) for seed in range(700)]
COLOUR_OF = {word: name for name, said in COLOURS_SAID.items() for word in said}


def told(scene: Scene, seed: int) -> str:
    return caption(scene, np.random.default_rng(seed))


def colour_and_noun(phrase: str) -> tuple[str, str] | None:
    """Return what a phrase such as "3 little crimson discs" is about."""
    for noun, said in NOUNS_SAID.items():
        for word in sorted(said, key=len, reverse=True):
            for form in (plural(word), word):
                found = re.search(rf"(\w+) {form}\b", phrase)
                if found and found[1] in COLOUR_OF:
                    return COLOUR_OF[found[1]], noun
    return None


def test_the_vocabulary_file_is_what_captions_can_say() -> None:
    assert read_vocabulary() == vocabulary()


def test_captions_are_short_and_in_the_vocabulary() -> None:
    words = set(read_vocabulary())
    for seed, scene in enumerate(SCENES):
        rng = np.random.default_rng(seed)
        texts = [told(scene, seed), plain_caption(scene)]
        texts += [object_caption(scene, rng, number) for number in range(len(scene.things))]
        for text in texts:
            assert set(split(text)) <= words
            assert len(split(text)) <= MOST_WORDS


def test_a_colour_stands_with_its_own_noun() -> None:
    pairs = 0
    for seed, scene in enumerate(SCENES):
        if scene.kind != "shape":
            continue
        there = {(thing.colour, thing.noun) for thing in scene.things}
        for phrase in re.split(r", | and | with | on | of | above | over | in ", told(scene, seed)):
            found = colour_and_noun(phrase)
            if found is not None:
                pairs += 1
                assert found in there
    assert pairs > 200


def test_every_thing_of_a_plain_scene_is_named_with_its_colour() -> None:
    for seed, scene in enumerate(SCENES):
        if scene.kind != "shape":
            continue
        text = told(scene, seed)
        for group in scene.groups:
            nouns = [word for noun in NOUNS_SAID[group[0].noun] for word in (noun, plural(noun))]
            assert any(re.search(rf"\b{noun}\b", text) for noun in nouns)
            if group[0].colour != "none":
                assert any(f"{word} " in text for word in COLOURS_SAID[group[0].colour])


def test_counts_are_true() -> None:
    numbers = {word: int(number) for number, words in NUMBERS.items() for word in words}
    counted = 0
    for seed, scene in enumerate(SCENES):
        sizes = {len(group) for group in scene.groups}
        found = [numbers[word] for word in split(told(scene, seed)) if word in numbers]
        assert set(found) <= sizes
        if scene.layout == "count" and len(scene.things) > 1:
            assert found == [len(scene.things)]
            counted += 1
    assert counted > 20


def test_relations_are_told_the_right_way_round() -> None:
    checked = 0
    for seed, scene in enumerate(SCENES):
        if scene.relation == "none":
            continue
        text = told(scene, seed)
        first, second = (f"{t.colour} {t.noun}" for t in scene.things)
        plain = plain_caption(scene)
        assert f" {scene.relation} " in plain
        assert plain.index(first.split(" ")[1]) < plain.index(scene.relation)
        assert plain.rindex(second.split(" ")[1]) > plain.index(scene.relation)
        forward = [f" {said} " for said in RELATIONS_SAID[scene.relation]]
        backward = [f" {said} " for said in INVERSES_SAID[INVERSE[scene.relation]]]
        tints = [COLOURS_SAID.get(thing.colour, ("",)) for thing in scene.things]
        at = [min((text.find(f"{w} ") for w in said if f"{w} " in text), default=-1)
              for said in tints]  # fmt: skip
        if "none" not in (scene.things[0].colour, scene.things[1].colour):
            wanted = forward if at[0] < at[1] else backward
            assert any(said in text for said in wanted)
            checked += 1
    assert checked > 30


def test_what_is_not_there_is_not_named() -> None:
    words = {"sun": ("sun", "sunshine"), "full moon": ("moon",), "crescent moon": ("crescent",),
             "rain": ("rain", "rainy"), "snow": ("snow", "snowy"), "fog": ("fog", "mist"),
             "stars": ("stars", "starry"), "sea": ("sea", "ocean", "waves", "seascape"),
             "mountains": ("mountains",), "hills": ("hills",), "river": ("river", "stream"),
             "lake": ("lake",), "beach": ("beach", "seaside"), "cat": ("cat", "kitty"),
             "boat": ("boat", "ship", "sailboat"), "house": ("house", "cottage")}  # fmt: skip
    for seed, scene in enumerate(SCENES):
        if scene.kind != "land":
            continue
        parts = scene.parts
        here = set(split(told(scene, seed)))
        for part, names in words.items():
            if here & set(names):
                assert part in parts or (part == "full moon" and scene.body == "crescent moon")


@pytest.mark.parametrize("manner", MANNERS)
def test_a_manner_is_told_in_its_own_words_alone(manner: str) -> None:
    scene = replace(imagined(4, kind="land"), manner=manner)
    texts = [told(scene, seed) for seed in range(60)]
    own = (*HEADS[manner], *TAILS[manner])
    assert any(part in text for text in texts for part in own)
    marks = {"watercolour": "watercolo", "oil": " oil", "ink": " ink", "pixel": "pixel"}
    for other, mark in marks.items():
        if other != manner:
            assert not any(mark in text for text in texts)


def test_words_for_a_selection_name_that_thing_alone() -> None:
    things = (
        Thing("full moon", (0.5, 0.2), 0.1),
        Thing("boat", (0.3, 0.7), 0.15, "red", group=1),
        *(Thing("bird", (x, 0.4), 0.08, "blue", group=2) for x in (0.2, 0.5, 0.8)),
    )
    scene = Scene("land", 1, things=things, time="night", near="sea", horizon=0.6)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        moon, boat, birds = (object_caption(scene, rng, number) for number in (0, 1, 2))
        assert "moon" in moon
        assert set(split(boat)) & {"boat", "ship", "sailboat"}
        assert "sea" not in f"{moon} {boat}"
        assert "birds" in birds
        assert set(split(birds)) & {"three", "3"}


def test_the_same_scene_is_told_in_many_ways_and_plainly_in_one() -> None:
    scene = imagined(11, kind="land")
    assert len({told(scene, seed) for seed in range(40)}) > 25
    assert plain_caption(scene) == plain_caption(scene)


def test_a_plain_caption_tells_everything() -> None:
    things = (
        Thing("star", (0.3, 0.5), 0.15, "red"),
        Thing("ring", (0.7, 0.5), 0.15, "blue", group=1),
    )
    scene = Scene("shape", 1, things=things, relation="left of", ground="white", manner="oil")
    assert plain_caption(scene) == "a red star left of a blue ring on a white background in oil"


def test_an_empty_photograph_has_no_caption() -> None:
    empty = Scene("photo", 1, manner="photo")
    assert told(empty, 1) == plain_caption(empty) == ""
