"""Live mode: what the picture would become, repainted whenever the hand rests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from plugins.gimp.mahlstick_gimp.wire.messages import Cancel, Failed

from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.live import REST_S, Live, Wanted
from plugins.gimp.mahlstick_gimp.protocol import Offline, Submit
from plugins.gimp.mahlstick_gimp.tasks import task_for
from tests.plugins.gimp.fakes import Image
from tests.plugins.gimp.jobs import PASTE, TestSession, finished, painted, preview, started


class Scene:
    """A live mode that is on, over an image with a selection."""

    def __init__(self) -> None:
        self.image = Image(40, 30)
        self.image.selection.buffer.pixels[6:10, 10:18] = 255
        self.settings = Settings(prompt="a moon", candidates=4)
        self.now = 10.0
        self.session = TestSession()
        self.session.poll()
        self.live = Live(self.session, lambda: self.now)  # pyright: ignore[reportArgumentType]
        self.live.start(self._wanted)

    def _wanted(self) -> Wanted:
        return Wanted(self.image, task_for(self.settings, self.image), self.settings)

    def rest(self) -> None:
        """Look, and look again after the hand rested."""
        self.live.look()
        self.now += REST_S
        self.live.look()

    @property
    def jobs(self) -> list[Submit]:
        return self.session.said(Submit)

    def hear(self, *happenings: Any) -> None:
        self.session.happens(*happenings)
        for change in self.session.poll():
            self.live.take(change)

    def paint(self) -> None:
        """The newest job, from its start to its end."""
        job = self.jobs[-1].job
        self.hear(started(job), preview(job, 1, (1, 2, 3)), painted(job), finished(job, [0]))

    @property
    def layers(self) -> list[str]:
        return [layer.name for layer in self.image.layers]


def test_it_paints_once_the_hand_rests_and_not_before() -> None:
    scene = Scene()
    scene.live.look()
    assert scene.jobs == []
    scene.now += REST_S / 2
    scene.image.visible[1, 1, 0] = 9
    scene.live.look()
    scene.now += REST_S / 2
    scene.live.look()
    assert scene.jobs == []
    scene.now += REST_S / 2
    scene.live.look()
    (job,) = scene.jobs
    assert (job.prompt, job.candidates, job.first) == ("a moon", 1, True)


def test_what_it_shows_is_in_no_undo_history() -> None:
    scene = Scene()
    scene.rest()
    scene.paint()
    assert scene.layers == ["Live", "Background"]
    assert scene.image.layers[0].buffer.pixels[0, 0].tolist() == [9, 8, 7, 255]
    assert scene.image.undo_steps == []
    scene.live.stop()
    assert scene.layers == ["Background"]
    assert scene.image.undo_steps == []
    assert not scene.live.on


def test_its_own_paint_is_no_news_but_a_stroke_is() -> None:
    scene = Scene()
    scene.rest()
    scene.paint()
    scene.rest()
    scene.rest()
    assert len(scene.jobs) == 1
    scene.image.visible[1, 1, 0] = 9
    scene.rest()
    assert len(scene.jobs) == 2
    assert scene.layers == ["Live", "Background"]


def test_what_changed_where_nobody_looks_is_not_painted_anew() -> None:
    scene = Scene()
    wide = Image(900, 600)
    wide.selection.buffer.pixels[6:10, 10:18] = 255
    scene.image = wide
    scene.rest()
    scene.paint()
    wide.visible[-1, -1, 0] = 9
    scene.settings = replace(scene.settings, candidates=3)  # of no matter here
    scene.rest()
    assert len(scene.jobs) == 1
    scene.settings = replace(scene.settings, prompt="a sun")
    scene.rest()
    assert len(scene.jobs) == 2


def test_a_stroke_while_it_forms_is_painted_anew_with_the_same_seed() -> None:
    scene = Scene()
    scene.rest()
    job = scene.jobs[0].job
    scene.hear(started(job), preview(job, 1, (1, 2, 3)))
    scene.image.visible[1, 1, 0] = 9
    scene.hear(preview(job, 2, (4, 5, 6)))  # this write must not hide the stroke
    scene.now += REST_S
    scene.live.look()
    assert len(scene.jobs) == 2
    assert scene.session.said(Cancel) == [Cancel(job)]
    assert scene.jobs[0].seed == scene.jobs[1].seed


def test_it_never_looks_at_its_own_paint() -> None:
    scene = Scene()
    scene.rest()
    scene.paint()
    shown: list[bool] = []
    paint, ask = scene.image.layers[0], type(scene.image.selection).get_buffer

    def noted(drawable: Any) -> Any:
        if drawable is scene.image.selection:
            shown.append(paint.visible)
        return ask(drawable)

    type(scene.image.selection).get_buffer = noted  # type: ignore[method-assign]
    try:
        scene.settings = replace(scene.settings, prompt="a sun")
        scene.rest()
    finally:
        type(scene.image.selection).get_buffer = ask  # type: ignore[method-assign]
    assert shown == [False]
    assert paint.visible


def test_what_is_kept_is_one_undo_step_like_any_painting() -> None:
    scene = Scene()
    assert scene.live.keep() is None
    scene.rest()
    scene.paint()
    assert scene.live.can_keep
    assert scene.live.keep() is scene.image.layers[0]
    assert scene.layers == ["a moon", "Background"]
    assert scene.image.layers[0].offsets == (PASTE.left, PASTE.top)
    assert len(scene.image.undo_steps) == 1
    assert scene.image.layers[0].parasites


def test_a_changed_selection_moves_the_paint() -> None:
    scene = Scene()
    scene.rest()
    scene.paint()
    first = scene.image.layers[0]
    scene.image.selection.buffer.pixels[6:20, 10:18] = 255
    scene.rest()
    job = scene.jobs[-1].job
    moved = replace(PASTE, top=8)
    scene.hear(started(job, paste=moved), preview(job, 1, (1, 2, 3)))
    assert scene.layers == ["Live", "Background"]
    assert scene.image.layers[0] is not first
    assert scene.image.layers[0].offsets == (moved.left, moved.top)


def test_a_layer_that_the_painter_deletes_comes_back_with_the_next_paint() -> None:
    scene = Scene()
    scene.rest()
    job = scene.jobs[0].job
    scene.hear(started(job), preview(job, 1, (1, 2, 3)))
    scene.image.layers.pop(0)
    scene.hear(preview(job, 2, (4, 5, 6)))
    assert scene.layers == ["Live", "Background"]


def test_where_there_is_nothing_to_paint_over_it_says_what_it_needs() -> None:
    scene = Scene()
    scene.image.selection.buffer.pixels[...] = 0
    scene.rest()
    assert scene.jobs == []
    assert "a selection, or a strength below 1" in scene.live.message


@pytest.mark.parametrize("trouble", ["failed", "offline"])
def test_trouble_is_a_sentence(trouble: str) -> None:
    scene = Scene()
    scene.rest()
    if trouble == "failed":
        scene.hear(Failed(3, scene.jobs[0].job, "internal", "Out of paint."))
    else:
        scene.hear(Offline("closed", "Out of paint."))
    assert scene.live.message == "Out of paint."


def test_a_closed_image_is_left_alone() -> None:
    scene = Scene()
    scene.rest()
    job = scene.jobs[0].job
    scene.image.open = False
    scene.hear(started(job), preview(job, 1, (1, 2, 3)))
    scene.rest()
    scene.live.stop()
    assert scene.layers == ["Background"]
