"""What the bridge tells becomes paint on one layer, or leaves the image as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plugins.gimp.mahlstick_gimp.wire.messages import Cancel, Cancelled, Failed, Keep

from plugins.gimp.mahlstick_gimp.arguments import Settings
from plugins.gimp.mahlstick_gimp.canvas import Canvas
from plugins.gimp.mahlstick_gimp.job import Job, Show
from plugins.gimp.mahlstick_gimp.repainting import PARASITE
from plugins.gimp.mahlstick_gimp.requests import fill, outpaint
from tests.plugins.gimp.fakes import Image
from tests.plugins.gimp.jobs import MASK, PASTE, TestSession, finished, painted, preview, started


class Scene:
    """A job on an image of 40x30 pixels."""

    def __init__(self, show: Show, **settings: Any) -> None:
        self.image = Image(40, 30)
        self.image.selection.buffer.pixels[6:10, 10:18] = 255
        canvas = Canvas(self.image, [], "visible")
        self.session = TestSession()
        self.shares: list[float] = []
        request = fill(canvas, Settings(prompt="a  full moon", **settings))
        self.id = request.submit.job
        self.job = Job(
            self.session,  # pyright: ignore[reportArgumentType]
            canvas,
            request,
            show,
            lambda painting: self.shares.append(painting.progress),
        )

    def hear(self, *happenings: Any) -> None:
        self.session.happens(*happenings)
        for change in self.session.poll():
            self.job.take(change)

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.image.layers]

    @property
    def pixel(self) -> list[int]:
        return self.image.layers[0].buffer.pixels[1, 1].tolist()


def test_previews_form_in_the_layer_and_the_result_replaces_them() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id))
    assert scene.names == ["a full moon", "Background"]
    assert scene.image.layers[0].offsets == (PASTE.left, PASTE.top)
    scene.hear(preview(scene.id, 1, (1, 2, 3)))
    assert scene.pixel == [1, 2, 3, 255]
    scene.hear(preview(scene.id, 2, (4, 5, 6)))
    assert scene.pixel == [4, 5, 6, 255]
    scene.hear(painted(scene.id), finished(scene.id, [0]))
    assert scene.pixel == [9, 8, 7, 255]
    assert scene.job.outcome is not None
    assert (scene.job.outcome.ending, scene.job.outcome.seed) == ("finished", 77)
    assert len(scene.image.undo_steps) == 1
    assert scene.shares == sorted(scene.shares)


def test_a_batch_touches_the_image_once_at_the_end() -> None:
    scene = Scene("result")
    scene.hear(started(scene.id), preview(scene.id, 1, (1, 2, 3)))
    assert scene.names == ["Background"]
    scene.hear(painted(scene.id), finished(scene.id, [0]))
    assert scene.names == ["a full moon", "Background"]
    mask = scene.image.layers[0].mask
    assert mask is not None
    assert mask.buffer.pixels.tobytes() == MASK


def test_the_best_candidate_stays_and_its_recipe_with_it() -> None:
    scene = Scene("stream", candidates=2)
    scene.hear(started(scene.id, 2), preview(scene.id, 1, (1, 2, 3), candidate=1))
    assert scene.pixel == [0, 0, 0, 0]  # the canvas shows the first candidate until the end
    scene.hear(painted(scene.id, 0, red=50), painted(scene.id, 1, red=60))
    scene.hear(finished(scene.id, [1, 0]))
    assert scene.pixel[0] == 60
    recipe = json.loads(scene.image.layers[0].parasites[PARASITE].data)
    assert (recipe["prompt"], recipe["seed"], recipe["candidate"]) == ("a  full moon", 77, 1)
    assert recipe["record"] == {"plan": "p"}


def test_cancel_tells_the_bridge_and_takes_the_layer_away() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id), preview(scene.id, 1, (1, 2, 3)))
    scene.job.cancel()
    assert scene.names == ["Background"]
    assert scene.session.said(Cancel) == [Cancel(scene.id)]
    scene.hear(painted(scene.id), finished(scene.id, [0]))
    assert scene.names == ["Background"]


@pytest.mark.parametrize("way", ["undo", "close"])
def test_undoing_or_closing_the_image_means_cancel_without_a_word(way: str) -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id))
    if way == "undo":
        scene.image.undo()
    else:
        scene.image.open = False
    scene.hear(preview(scene.id, 1, (1, 2, 3)))
    assert scene.job.outcome is not None
    assert (scene.job.outcome.ending, scene.job.outcome.message) == ("cancelled", "")
    assert scene.session.said(Cancel) == [Cancel(scene.id)]


def test_keep_names_the_candidate_that_is_seen() -> None:
    scene = Scene("stream", candidates=2)
    scene.hear(started(scene.id, 2))
    scene.job.keep()
    assert scene.session.said(Keep) == [Keep(scene.id, [0])]


def test_a_failed_job_says_why_and_leaves_no_layer() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id), Failed(5, scene.id, "out_of_memory", "Too large. Select less."))
    assert scene.names == ["Background"]
    assert scene.job.outcome is not None
    assert scene.job.outcome.message == "Too large. Select less."


def test_a_bridge_that_goes_away_ends_the_job_with_its_sentence() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id))
    scene.session.lost()
    scene.hear()
    assert scene.names == ["Background"]
    assert scene.job.outcome is not None
    assert scene.job.outcome.message == "The bridge closed the connection."


def test_a_job_cancelled_by_the_bridge_leaves_no_layer() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id), Cancelled(5, scene.id))
    assert scene.names == ["Background"]
    assert scene.job.outcome is not None
    assert scene.job.outcome.ending == "cancelled"


def test_a_job_that_ends_without_a_picture_is_a_failure() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id), finished(scene.id, []))
    assert scene.names == ["Background"]
    assert scene.job.outcome is not None
    assert scene.job.outcome.ending == "failed"


def test_what_the_model_did_not_understand_is_told() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id, unknown_words=["zwölf"], notes=["It is a small model."]))
    scene.hear(painted(scene.id), finished(scene.id, [0]))
    assert scene.job.outcome is not None
    assert scene.job.outcome.message == (
        "It is a small model. The model did not understand: zwölf."
    )


def test_a_job_that_began_anew_keeps_its_one_layer() -> None:
    scene = Scene("stream")
    scene.hear(started(scene.id), preview(scene.id, 2, (1, 2, 3)))
    scene.hear(started(scene.id, seq=6), painted(scene.id), finished(scene.id, [0]))
    assert scene.names == ["a full moon", "Background"]


def test_without_a_prompt_the_layer_has_a_name_all_the_same() -> None:
    image = Image(40, 30)
    image.selection.buffer.pixels[6:10, 10:18] = 255
    canvas = Canvas(image, [], "visible")
    session = TestSession()
    request = fill(canvas, Settings())
    job = Job(session, canvas, request, "stream", lambda _: None)  # pyright: ignore[reportArgumentType]
    session.happens(started(request.submit.job))
    for change in session.poll():
        job.take(change)
    assert image.layers[0].name == "Mahlstick"


@pytest.mark.parametrize("show", ["stream", "result"])
def test_outpainting_grows_the_image_in_the_same_undo_step(show: Show) -> None:
    image = Image(40, 30)
    canvas = Canvas(image, [], "visible")
    session = TestSession()
    request = outpaint(canvas, Settings(left=20, right=10))
    job = Job(session, canvas, request, show, lambda _: None)  # pyright: ignore[reportArgumentType]
    name = request.submit.job
    session.happens(started(name, canvas_width=70, origin=(20, 0)))
    session.happens(painted(name), finished(name, [0]))
    for change in session.poll():
        job.take(change)
    assert (image.get_width(), image.get_height()) == (70, 30)
    assert [layer.offsets for layer in image.layers] == [(PASTE.left, PASTE.top), (20, 0)]
    assert image.undo_steps == [["resize", "add layer", "move", "add mask", "metadata"]]


def test_a_cancelled_outpainting_gives_the_image_its_size_back() -> None:
    image = Image(40, 30)
    canvas = Canvas(image, [], "visible")
    session = TestSession()
    request = outpaint(canvas, Settings(left=20, top=5))
    job = Job(session, canvas, request, "stream", lambda _: None)  # pyright: ignore[reportArgumentType]
    session.happens(started(request.submit.job, canvas_width=60, canvas_height=35, origin=(20, 5)))
    for change in session.poll():
        job.take(change)
    job.cancel()
    assert (image.get_width(), image.get_height()) == (40, 30)
    assert [layer.offsets for layer in image.layers] == [(0, 0)]


def test_the_painter_chooses_which_candidate_forms_on_the_canvas() -> None:
    scene = Scene("stream", candidates=3)
    scene.hear(started(scene.id, 3))
    for candidate in range(3):
        scene.hear(preview(scene.id, 1, (candidate, 5, 5), candidate))
    scene.job.choose(2)
    assert scene.pixel[0] == 2
    scene.hear(preview(scene.id, 2, (7, 5, 5), 0), preview(scene.id, 2, (9, 5, 5), 2))
    assert scene.pixel[0] == 9
    scene.job.keep()
    assert scene.session.said(Keep) == [Keep(scene.id, [2])]


def test_after_the_end_another_candidate_takes_the_best_ones_place_without_an_undo_step() -> None:
    scene = Scene("stream", candidates=2)
    scene.hear(started(scene.id, 2), painted(scene.id, 0, red=50), painted(scene.id, 1, red=60))
    scene.hear(finished(scene.id, [1, 0]))
    assert (scene.job.chosen, scene.pixel[0]) == (1, 60)
    scene.job.choose(0)
    assert scene.pixel[0] == 50
    assert json.loads(scene.image.layers[0].parasites[PARASITE].data)["candidate"] == 0
    assert len(scene.image.undo_steps) == 1


def test_choosing_after_an_undo_or_of_what_is_not_there_does_nothing() -> None:
    scene = Scene("stream", candidates=2)
    scene.job.choose(1)
    scene.hear(started(scene.id, 2), painted(scene.id, 0), finished(scene.id, [0]))
    scene.job.choose(1)
    assert scene.pixel == [9, 8, 7, 255]
    scene.image.undo()
    scene.job.choose(0)
    assert scene.names == ["Background"]
