"""What the bridge tells becomes paint on one layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from plugins.krita.wire.messages import Cancelled, Failed

from plugins.krita.canvas import Canvas
from plugins.krita.easel import Easel, Errand
from plugins.krita.layers import PaintLayer
from plugins.krita.protocol import Painting
from plugins.krita.wishes import Wish
from tests.plugins.krita.fakes import FakeDocument, FakeKrita, FakeNode, Pixels
from tests.plugins.krita.jobs import PASTE, TOOLS, Hand, Job, SlowDarkroom


@dataclass
class Scene:
    """An easel in front of a document, with a clock that stands still until it is moved."""

    document: FakeDocument
    job: Job
    easel: Easel
    before: Pixels
    now: float = 0.0

    def hear(self, *events: Any) -> None:
        for event in events:
            self.easel.take(self.easel.painting.after(event), event)
        self.document.turn()
        self.easel.tick()

    def paint_two(self) -> None:
        """Both candidates are painted."""
        self.hear(self.job.started())
        self.hear(self.job.painted(0, (1, 2, 3)), self.job.painted(1, (7, 8, 9)))

    @property
    def layer(self) -> FakeNode:
        return self.document.rootNode().childNodes()[-1]

    @property
    def pixel(self) -> list[int]:
        """BGRA of our layer in the middle of the paste rectangle."""
        return self.layer.pixels[PASTE.top + 2, PASTE.left + 2].tolist()


def scene_with(prompt: str = "a moon", origin: tuple[int, int] = (0, 0)) -> Scene:
    app = FakeKrita()
    document = app.new()
    before = document.merged()
    job = Job("job")
    painting = Painting("job", candidates=2)
    scene: Scene
    canvas = Canvas(app, document)
    layer = PaintLayer(app, canvas, "forming")
    errand = Errand(Wish(prompt), origin=origin)
    easel = Easel(layer, painting, errand, TOOLS, clock=lambda: scene.now)
    scene = Scene(document, job, easel, before)
    return scene


@pytest.fixture
def scene() -> Scene:
    return scene_with()


def test_a_preview_is_cut_to_the_paste_mask(scene: Scene) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    changed = (scene.document.merged() != scene.before).any(-1)
    inside = np.zeros_like(changed)
    inside[PASTE.top + 1 : PASTE.top + PASTE.height, PASTE.left : PASTE.left + PASTE.width] = True
    assert changed[~inside].sum() == 0
    assert (scene.document.merged()[inside][:, :3] == 90).all()


def test_only_the_chosen_candidate_is_on_the_canvas(scene: Scene) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90), scene.job.preview(1, 1, 30))
    assert scene.pixel == [90, 90, 90, 255]
    scene.easel.select(1)
    scene.easel.tick()
    assert scene.pixel == [30, 30, 30, 255]


def test_previews_take_at_most_a_quarter_of_the_time() -> None:
    scene = scene_with()
    times = iter([0.0, 0.0, 1.0])  # of the question, the start and the end of writing
    scene.easel._clock = lambda: next(times, scene.now)
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    scene.now = 3.9
    scene.hear(scene.job.preview(0, 2, 91), scene.job.preview(0, 3, 92))
    assert scene.pixel[0] == 90
    scene.now = 4.0
    scene.easel.tick()
    assert scene.pixel[0] == 92


def test_the_best_candidate_becomes_the_layer(scene: Scene) -> None:
    scene.hear(
        scene.job.started(), scene.job.painted(0, (1, 2, 3)), scene.job.painted(1, (7, 8, 9))
    )
    scene.hear(scene.job.finished(1, 0))
    assert scene.pixel == [9, 8, 7, 255]
    assert (scene.layer.name(), scene.layer.locked) == ("a moon [101]", False)
    assert len(scene.document.entries) == 1
    assert scene.document.activeNode() is scene.document.painting


def test_the_candidate_that_the_painter_chose_wins_over_the_best(scene: Scene) -> None:
    scene.hear(scene.job.started())
    scene.easel.select(0)
    scene.hear(scene.job.painted(0, (1, 2, 3)), scene.job.painted(1, (7, 8, 9)))
    scene.hear(scene.job.finished(1, 0))
    assert scene.layer.name() == "a moon [100]"


def test_other_candidates_can_be_looked_at_without_undo_entries(scene: Scene) -> None:
    scene.hear(
        scene.job.started(), scene.job.painted(0, (1, 2, 3)), scene.job.painted(1, (7, 8, 9))
    )
    scene.hear(scene.job.finished(0, 1))
    scene.easel.select(1)
    scene.easel.tick()
    assert scene.pixel == [9, 8, 7, 255]
    assert scene.layer.name() == "a moon [101]"
    assert len(scene.document.entries) == 1


def test_paint_of_the_painter_on_the_result_stays(scene: Scene) -> None:
    scene.hear(
        scene.job.started(), scene.job.painted(0, (1, 2, 3)), scene.job.painted(1, (7, 8, 9))
    )
    scene.hear(scene.job.finished(0, 1))
    first = scene.layer
    first.setPixelData(bytes([5, 5, 5, 255]), PASTE.left, PASTE.top + 1, 1, 1)
    scene.easel.select(1)
    scene.easel.tick()
    assert first.pixelData(PASTE.left, PASTE.top + 1, 1, 1) == bytes([5, 5, 5, 255])
    assert scene.layer is not first


@pytest.mark.parametrize("end", [Cancelled(9, "job"), Failed(9, "job", "internal", "No paint.")])
def test_after_a_bad_end_the_document_is_as_before(scene: Scene, end: Any) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    scene.hear(end)
    assert (scene.document.merged() == scene.before).all()
    assert scene.document.entries == []
    assert scene.easel.over


def test_a_layer_is_not_taken_away_in_the_middle_of_a_stroke(scene: Scene) -> None:
    hand = Hand()
    scene.easel._tools = replace(TOOLS, hand_rests=hand.rests)
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    hand.down = True
    scene.hear(Failed(9, "job", "internal", "No paint."))
    assert scene.easel.over
    assert not scene.easel.at_rest
    assert len(scene.document.entries) == 1
    scene.document.stroke()
    hand.down = False
    scene.easel.tick()
    assert scene.easel.at_rest
    texts = [entry.text for entry in scene.document.entries]
    assert texts == ["Add Layer", "Freehand Brush Stroke", "Remove Layer"]


def test_a_candidate_that_is_still_being_developed_is_not_at_rest(scene: Scene) -> None:
    scene.paint_two()
    scene.hear(scene.job.finished(0, 1))
    scene.easel.tick()
    assert scene.easel.at_rest
    darkroom = SlowDarkroom()
    scene.easel._tools = replace(TOOLS, ask=darkroom.ask)
    scene.easel.select(1)
    scene.easel.tick()
    assert not scene.easel.at_rest
    darkroom.work()
    scene.easel.tick()
    assert scene.easel.at_rest
    assert scene.pixel == [9, 8, 7, 255]


def test_an_end_without_results_leaves_nothing(scene: Scene) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90), scene.job.finished())
    assert scene.document.entries == []


def test_what_comes_after_dropping_is_not_shown(scene: Scene) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    scene.easel.drop()
    scene.hear(scene.job.preview(0, 2, 91), scene.job.painted(0, (1, 2, 3)), scene.job.finished(0))
    assert (scene.document.merged() == scene.before).all()
    assert scene.document.entries == []


def test_an_undo_while_it_paints_abandons_it_and_writing_goes_on_harmlessly(scene: Scene) -> None:
    scene.hear(scene.job.started(), scene.job.preview(0, 1, 90))
    assert not scene.easel.abandoned
    scene.document.app.action("edit_undo").trigger()
    assert scene.easel.abandoned
    scene.hear(scene.job.preview(0, 2, 91))
    assert (scene.document.merged() == scene.before).all()


def test_paint_lands_where_the_part_that_was_sent_lies() -> None:
    scene = scene_with(origin=(20, 15))
    scene.hear(scene.job.started(), scene.job.painted(0, (1, 2, 3)), scene.job.finished(0))
    assert scene.layer.pixels[PASTE.top + 17, PASTE.left + 22].tolist() == [3, 2, 1, 255]
    assert scene.pixel == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a  moon\nover hills", "a moon over hills [100]"),
        ("", "Filled from its surroundings [100]"),
        ("x" * 99, "x" * 59 + "… [100]"),
    ],
)
def test_the_layer_is_named_after_prompt_and_seed(prompt: str, name: str) -> None:
    scene = scene_with(prompt)
    scene.hear(scene.job.started(), scene.job.painted(0, (1, 2, 3)), scene.job.finished(0))
    assert scene.layer.name() == name
