"""What was painted in an image, kept inside it."""

from __future__ import annotations

from plugins.gimp.mahlstick_gimp.chronicle import LONGEST, PARASITE, entries_of, remember
from tests.plugins.gimp.fakes import Image, Parasite

RECIPE = {"job": "j", "mode": "inpaint", "prompt": "a  móon", "seed": 7, "record": {"plan": "p"}}


def test_an_image_remembers_newest_first_and_without_an_undo_step() -> None:
    image = Image(4, 4)
    remember(image, RECIPE)
    remember(image, {**RECIPE, "job": "k", "prompt": "", "mode": "vary"})
    assert [entry.title for entry in entries_of(image)] == ["vary [7]", "a móon [7]"]
    assert image.undo_steps == []
    assert max(image.parasites[PARASITE].data) < 128


def test_another_candidate_of_the_same_job_replaces_the_first() -> None:
    image = Image(4, 4)
    remember(image, RECIPE)
    remember(image, {**RECIPE, "seed": 8})
    assert [(entry.job, entry.recipe.seed) for entry in entries_of(image)] == [("j", 8)]


def test_the_oldest_entries_go_first() -> None:
    image = Image(4, 4)
    for number in range(LONGEST + 5):
        remember(image, {**RECIPE, "job": str(number), "seed": number})
    seeds = [entry.recipe.seed for entry in entries_of(image)]
    assert seeds == list(reversed(range(5, LONGEST + 5)))


def test_what_cannot_be_understood_is_left_out() -> None:
    image = Image(4, 4)
    assert entries_of(image) == []
    for data in (b"no json", b'{"a": 1}', b'[1, {"mode": 3}, {"prompt": "x"}]'):
        image.attach_parasite(Parasite.new(PARASITE, 1, data))
        assert entries_of(image) == []
    remember(image, RECIPE)
    assert [entry.job for entry in entries_of(image)] == ["j"]
