"""The studio between the panels and the bridge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plugins.krita.wire.messages import (
    Cancel,
    Fetch,
    History,
    JobSummary,
    Keep,
    Refused,
    Submit,
)

from plugins.krita.archive import Archive
from plugins.krita.protocol import Extension, Online
from plugins.krita.studio import Studio
from plugins.krita.wishes import Wish
from tests.plugins.krita.fakes import FakeKrita, FakeSelection
from tests.plugins.krita.jobs import PASTE, TOOLS, WELCOME, Job, TestSession, at_once

MOON = Wish("a moon", candidates=2)


class Scene:
    """A studio with a document and a selection in it."""

    def __init__(self, online: bool = True) -> None:
        self.app = FakeKrita()
        self.document = self.app.new()
        mask = np.zeros((32, 48), np.uint8)
        mask[6:10, 10:18] = 255
        self.document.chosen = FakeSelection(mask)
        self.before = self.document.merged()
        self.session = TestSession(online)
        self.archive = Archive(self.app, at_once, lambda _picture, _side: b"small")
        self.studio = Studio(self.app, self.session, TOOLS, self.archive)

    def begin(self, wish: Wish = MOON) -> Job:
        """Paint until the first preview is there."""
        self.studio.paint(wish)
        self.turn()
        self.turn()
        assert self.studio.current is not None
        job = Job(self.studio.current.painting.job)
        self.session.happens(job.started(), job.preview(0, 1, 90))
        self.turn()
        return job

    def turn(self) -> None:
        self.document.turn()
        self.studio.tick()

    def untouched(self) -> bool:
        return not self.document.entries and bool((self.document.merged() == self.before).all())


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_click_sends_picture_selection_and_prompt(scene: Scene) -> None:
    scene.studio.paint(MOON)
    assert scene.session.sent == []  # the picture is read first
    scene.turn()
    (asked,) = scene.session.sent
    assert isinstance(asked, Submit)
    assert (asked.mode, asked.prompt, asked.candidates) == ("inpaint", "a moon", 2)
    assert scene.studio.busy


def test_without_a_document_nothing_is_sent_and_a_sentence_is_said(scene: Scene) -> None:
    scene.document.close()
    scene.studio.paint(MOON)
    assert "no picture to paint on" in scene.studio.message
    assert scene.session.sent == []


def test_without_a_bridge_the_document_is_not_touched() -> None:
    scene = Scene(online=False)
    scene.studio.paint(MOON)
    assert scene.studio.message
    assert not scene.studio.busy
    assert scene.untouched()


def test_one_painting_at_a_time(scene: Scene) -> None:
    scene.begin()
    assert not scene.studio.paint(MOON)
    assert "under way" in scene.studio.message
    assert len(scene.document.entries) == 1


def test_in_the_middle_of_a_stroke_no_layer_is_added(scene: Scene) -> None:
    scene.studio._tools = replace(TOOLS, hand_rests=lambda: False)
    assert not scene.studio.paint(MOON)
    assert "Lift the pen" in scene.studio.message
    assert scene.untouched()


def test_the_reason_why_there_is_no_bridge_is_told(scene: Scene) -> None:
    scene.session.lost()
    scene.studio.tick()
    assert scene.studio.message == "The bridge closed the connection."
    scene.studio.paint(MOON)
    assert scene.studio.message == "The bridge closed the connection."


def test_cancel_is_sent_and_shown_at_once(scene: Scene) -> None:
    job = scene.begin()
    scene.studio.cancel()
    assert scene.session.sent[-1] == Cancel(job.name)
    assert not scene.studio.busy
    assert scene.untouched()


def test_cancel_works_without_the_bridge_and_reaches_it_later(scene: Scene) -> None:
    job = scene.begin()
    scene.session.lost()
    scene.turn()
    scene.studio.cancel()
    assert scene.untouched()
    scene.session.happens(Online(WELCOME, 2))
    assert Cancel(job.name) in scene.session.sent


def test_a_painting_that_is_begun_anew_after_a_loss_lands_in_its_layer(scene: Scene) -> None:
    job = scene.begin()
    scene.session.lost()
    scene.turn()
    assert scene.studio.busy
    history = History([JobSummary(job.name, "queued", "a moon", 0.0, [])])
    scene.session.happens(Online(WELCOME, 2), history)
    scene.session.happens(job.started(), job.preview(0, 1, 90), job.painted(0, (1, 2, 3)))
    scene.session.happens(job.finished(0))
    for _ in range(4):
        scene.turn()
    assert not scene.studio.busy
    assert [entry.text for entry in scene.document.entries] == ["Add Layer"]
    layer = scene.document.rootNode().childNodes()[-1]
    assert layer.pixels[PASTE.top + 2, PASTE.left + 2].tolist() == [3, 2, 1, 255]


def test_what_a_new_bridge_does_not_know_leaves_no_layer(scene: Scene) -> None:
    scene.begin()
    scene.session.lost()
    scene.session.happens(Online(WELCOME, 2))
    assert Fetch() in scene.session.sent
    scene.session.happens(History([]))
    scene.turn()
    assert scene.untouched()
    assert scene.studio.current is not None
    assert "no longer knows this job" in scene.studio.current.painting.message


def test_an_undo_while_it_paints_is_a_cancel(scene: Scene) -> None:
    job = scene.begin()
    scene.app.action("edit_undo").trigger()
    scene.turn()
    assert scene.session.sent[-1] == Cancel(job.name)
    assert not scene.studio.busy


def test_closing_the_document_is_a_cancel(scene: Scene) -> None:
    job = scene.begin()
    scene.document.close()
    scene.turn()
    assert scene.session.sent[-1] == Cancel(job.name)


def test_keep_asks_for_the_candidate_on_the_canvas(scene: Scene) -> None:
    job = scene.begin()
    scene.studio.select(1)
    scene.studio.keep()
    assert scene.session.sent[-1] == Keep(job.name, [1])
    assert scene.studio.busy


def test_a_refusal_becomes_a_sentence_and_leaves_no_layer(scene: Scene) -> None:
    scene.studio.paint(MOON)
    assert scene.studio.current is not None
    name = scene.studio.current.painting.job
    scene.turn()
    scene.turn()
    scene.session.happens(Refused("queue_full", "Too many jobs are waiting.", job=name))
    scene.turn()
    assert scene.studio.current.painting.message == "Too many jobs are waiting."
    assert scene.untouched()


def test_a_finished_painting_is_taken_back_as_a_whole_and_can_be_redone() -> None:
    scene = Scene()
    job = scene.begin(replace(MOON, extension=Extension(right=8)))
    scene.session.happens(job.painted(0, (1, 2, 3)), job.finished(0))
    scene.turn()
    after = scene.document.merged()
    scene.studio.take_back()
    assert scene.untouched()
    scene.app.action("edit_redo").trigger()
    scene.app.action("edit_redo").trigger()
    assert (scene.document.merged() == after).all()


def test_taking_back_what_is_being_painted_cancels_it(scene: Scene) -> None:
    job = scene.begin()
    scene.studio.take_back()
    assert scene.session.sent[-1] == Cancel(job.name)
    assert scene.untouched()


def test_a_second_painting_forgets_the_first_ones_pixels(scene: Scene) -> None:
    job = scene.begin()
    scene.session.happens(job.painted(0, (1, 2, 3)), job.finished(0))
    scene.turn()
    first = scene.studio.current
    scene.studio.paint(MOON)
    assert scene.studio.current is not first
    assert len(scene.document.entries) == 2


def test_the_panels_hear_of_changes_and_of_a_new_selection(scene: Scene) -> None:
    heard: list[str] = []
    scene.studio.changed.append(lambda: heard.append(scene.studio.intent(MOON).label))
    scene.turn()
    scene.turn()
    assert heard == ["Fill selection"]
    scene.document.chosen = None
    scene.turn()
    assert heard == ["Fill selection", "Generate"]


def test_a_picture_that_was_in_front_for_no_tick_leaves_no_wrong_label(scene: Scene) -> None:
    scene.turn()
    labels: list[str] = []
    scene.studio.changed.append(lambda: labels.append(scene.studio.intent(MOON).label))
    selected = scene.document.chosen
    scene.document.close()
    other = scene.app.new()
    scene.studio.look()  # Krita says that another picture is in front, as yet without a selection
    other.chosen = selected
    scene.turn()
    assert labels == ["Generate", "Fill selection"]


def test_closing_gives_up_what_is_being_painted(scene: Scene) -> None:
    job = scene.begin()
    scene.studio.close()
    assert Cancel(job.name) in scene.session.sent
    assert scene.session.closed
