"""What a window shows and asks for: a session, and one painting at a time."""

from __future__ import annotations

from typing import Any

import pytest
from plugins.gimp.mahlstick_gimp.wire.messages import Cancel, Failed, Keep, Queued

from plugins.gimp.mahlstick_gimp.actions import ACTIONS
from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.protocol import Submit
from plugins.gimp.mahlstick_gimp.studio import Studio
from tests.plugins.gimp.fakes import Image
from tests.plugins.gimp.jobs import TestSession, finished, painted, preview, started

FILL = ACTIONS[0]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A studio, an image with a selection, and what was told to the window."""

    def __init__(self) -> None:
        self.image = Image(40, 30)
        self.image.selection.buffer.pixels[6:10, 10:18] = 255
        self.session = TestSession()
        self.clock = Clock()
        self.told = 0
        self.studio = Studio(self.session, self._changed, self.clock)  # pyright: ignore[reportArgumentType]
        self.studio.turn()

    def _changed(self) -> None:
        self.told += 1

    def paint(self, **settings: Any) -> str:
        """The job's name."""
        wish = Settings(prompt="a moon", **settings)
        assert self.studio.paint(FILL, self.image, self.image.get_selected_layers(), wish)
        return self.session.said(Submit)[-1].job

    def hear(self, *happenings: Any) -> None:
        self.session.happens(*happenings)
        self.studio.turn()

    @property
    def layers(self) -> list[str]:
        return [layer.name for layer in self.image.layers]


def test_a_painting_goes_from_the_click_to_the_layer() -> None:
    scene = Scene()
    assert scene.studio.message == "Connected to a test."
    job = scene.paint(candidates=2)
    assert scene.studio.busy
    assert not scene.studio.can_keep
    scene.hear(started(job, 2), preview(job, 1, (1, 2, 3)))
    assert scene.studio.can_keep
    assert scene.studio.progress == 1 / 8
    told = scene.told
    scene.hear(painted(job), painted(job, 1), finished(job, [1, 0]))
    assert scene.told > told
    assert not scene.studio.busy
    assert scene.studio.message == "Done. Seed 77."
    assert scene.layers == ["a moon", "Background"]
    assert scene.studio.last.seed == 77


def test_the_painter_is_told_how_long_it_will_take() -> None:
    scene = Scene()
    job = scene.paint()
    scene.hear(Queued(1, job, 2))
    assert scene.studio.message == "Waiting: 2 before this one."
    scene.hear(started(job), preview(job, 1, (1, 2, 3)))
    assert scene.studio.message == "Painting: step 1 of 4."
    scene.clock.now += 3
    scene.hear(preview(job, 2, (1, 2, 3)))
    assert scene.studio.message == "Painting: step 2 of 4, 6 s left."


def test_one_painting_at_a_time() -> None:
    scene = Scene()
    scene.paint()
    assert not scene.studio.paint(FILL, scene.image, [], Settings())
    assert len(scene.session.said(Submit)) == 1


def test_what_is_missing_is_said_and_nothing_is_sent() -> None:
    scene = Scene()
    scene.image.selection.buffer.pixels[...] = 0
    assert not scene.studio.paint(FILL, scene.image, [], Settings())
    assert scene.studio.message.startswith("Nothing is selected")
    scene.image.open = False
    assert not scene.studio.paint(FILL, scene.image, [], Settings())
    assert scene.studio.message.startswith("The picture was closed.")
    assert scene.session.said(Submit) == []


def test_without_a_bridge_its_sentence_is_shown() -> None:
    scene = Scene()
    scene.session.lost()
    scene.studio.turn()
    assert scene.studio.message == scene.studio.offline == "The bridge closed the connection."
    assert not scene.studio.paint(FILL, scene.image, [], Settings())
    assert scene.studio.message == "The bridge closed the connection."


def test_cancel_and_keep_go_to_the_bridge() -> None:
    scene = Scene()
    first = scene.paint()
    scene.hear(started(first), preview(first, 1, (1, 2, 3)))
    scene.studio.keep()
    assert scene.session.said(Keep) == [Keep(first, [0])]
    scene.studio.cancel()
    assert scene.session.said(Cancel) == [Cancel(first)]
    assert scene.layers == ["Background"]
    assert scene.studio.message == "Cancelled; the picture is as it was."
    assert not scene.studio.busy


@pytest.mark.parametrize("way", ["undo", "close"])
def test_undo_and_close_are_noticed_while_the_bridge_says_nothing(way: str) -> None:
    scene = Scene()
    job = scene.paint()
    scene.hear(started(job))
    if way == "undo":
        scene.image.undo()
    else:
        scene.image.open = False
    scene.studio.look()
    assert not scene.studio.busy
    assert scene.session.said(Cancel) == [Cancel(job)]


def test_another_candidate_is_chosen_after_the_end() -> None:
    scene = Scene()
    job = scene.paint(candidates=2)
    scene.hear(started(job, 2), painted(job, 0, red=50), painted(job, 1, red=60))
    scene.hear(finished(job, [1, 0]))
    scene.studio.choose(0)
    assert scene.image.layers[0].buffer.pixels[0, 0, 0] == 50
    assert scene.studio.shown is not None
    assert scene.studio.shown.chosen == 0


def test_a_failure_says_why_and_the_next_painting_can_begin() -> None:
    scene = Scene()
    job = scene.paint()
    scene.hear(Failed(3, job, "out_of_memory", "Too large. Select less."))
    assert scene.studio.message == "Too large. Select less."
    scene.paint()
    assert scene.studio.busy


def test_closing_gives_up_what_is_under_way() -> None:
    scene = Scene()
    job = scene.paint()
    scene.studio.close()
    assert scene.session.said(Cancel) == [Cancel(job)]
    assert scene.session.closed
