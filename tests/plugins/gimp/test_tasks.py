"""What the panel's button will do."""

from __future__ import annotations

import pytest

from plugins.gimp.mahlstick_gimp.arguments import TASK, Settings
from plugins.gimp.mahlstick_gimp.tasks import AUTOMATIC, PANEL, glance, settings_for, task_for
from tests.plugins.gimp.fakes import Image


def an_image(*, selected: bool = False, holes: bool = False) -> Image:
    image = Image(40, 30)
    if selected:
        image.selection.buffer.pixels[6:10, 10:18] = 255
    if holes:
        image.visible[3:9, 3:9, 3] = 0
    return image


@pytest.mark.parametrize(
    ("selected", "holes", "strength", "label"),
    [
        (True, False, 1.0, "Fill Selection"),
        (True, True, 1.0, "Fill Selection"),
        (False, True, 1.0, "Fill Transparent"),
        (False, False, 1.0, "Generate Layer"),
        (True, False, 0.5, "Refine Selection"),
        (False, False, 0.5, "Refine"),
    ],
)
def test_by_itself_it_follows_selection_holes_and_strength(
    selected: bool, holes: bool, strength: float, label: str
) -> None:
    image = an_image(selected=selected, holes=holes)
    assert task_for(Settings(strength=strength), image).label == label


@pytest.mark.parametrize("verb", [word for word, _ in TASK.options if word != AUTOMATIC])
def test_the_painter_may_always_say_himself(verb: str) -> None:
    task = task_for(Settings(task=verb), an_image())
    assert task.action.verb == verb
    assert task.label


def test_without_an_image_there_is_something_on_the_button_too() -> None:
    assert task_for(Settings(), None).label == "Generate Layer"


def test_refining_at_full_strength_would_keep_nothing() -> None:
    settings = Settings(task="refine")
    assert settings_for(task_for(settings, an_image()), settings).strength == 0.5
    automatic = Settings(strength=0.8)
    assert settings_for(task_for(automatic, an_image()), automatic).strength == 0.8


def test_the_panel_has_every_argument_once() -> None:
    names = [argument.name for argument in PANEL]
    assert len(names) == len(set(names))
    assert set(Settings.__dataclass_fields__) == {name.replace("-", "_") for name in names}


def test_a_glance_changes_with_the_picture() -> None:
    image = an_image()
    before = glance(image)
    assert glance(image) == before
    image.visible[2, 2, 0] = 9
    assert glance(image) != before
