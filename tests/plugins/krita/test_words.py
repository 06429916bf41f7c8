"""The sentences below the button."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.krita.canvas import Canvas
from plugins.krita.easel import Easel, Errand
from plugins.krita.layers import PaintLayer
from plugins.krita.protocol import Painting
from plugins.krita.wishes import Wish
from plugins.krita.words import sentence
from tests.plugins.krita.fakes import FakeKrita
from tests.plugins.krita.jobs import TOOLS, Job


def easel_with(**fields: Any) -> Easel:
    app = FakeKrita()
    canvas = Canvas(app, app.new())
    painting = replace(Painting("job"), **fields)
    return Easel(PaintLayer(app, canvas, "x"), painting, Errand(Wish("a moon")), TOOLS)


def test_without_a_painting_nothing_is_said() -> None:
    assert sentence(None) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "sending"}, "Sending the picture."),
        ({"state": "queued", "position": 2}, "Waiting; 2 before this."),
        ({"state": "queued", "position": 0}, "Next."),
        ({"state": "loading", "model": "dawn"}, "Reading the model dawn."),
        ({"state": "failed", "message": "No paint."}, "No paint."),
        (
            {"state": "failed", "message": "No word.", "suggestions": ("moon", "sea")},
            "No word. Try: moon, sea.",
        ),
        ({"state": "cancelled"}, "Cancelled; the picture is as it was."),
    ],
)
def test_every_state_has_its_sentence(fields: dict[str, Any], said: str) -> None:
    assert sentence(easel_with(**fields)) == said


def test_what_the_model_remarks_is_told() -> None:
    layout = replace(Job("job").started(), unknown_words=["gnu", "emu"], notes=["It is dark."])
    said = sentence(easel_with(state="painting", layout=layout))
    assert said == "Painting.\nIt is dark.\nThe model does not know: gnu, emu."


def test_what_a_note_says_already_is_not_said_twice() -> None:
    notes = ["The small model does not know: gnu, emu."]
    layout = replace(Job("job").started(), unknown_words=["gnu", "emu"], notes=notes)
    said = sentence(easel_with(state="painting", layout=layout), seconds_left=75.0)
    assert said == f"Painting; about 1 min left.\n{notes[0]}"


def test_a_dropped_painting_is_cancelled_whatever_the_bridge_says() -> None:
    easel = easel_with(state="painting")
    easel.drop()
    assert sentence(easel) == "Cancelled; the picture is as it was."
