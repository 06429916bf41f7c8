"""The masks: asked of the bridge, shown, and nothing painted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plugins.krita.wire.messages import Cancel, Failed, Submit

from plugins.krita.archive import Archive
from plugins.krita.protocol import Picture, Rect
from plugins.krita.studio import Studio
from plugins.krita.wishes import FILL, Wish
from tests.plugins.krita.fakes import FakeKrita, FakeSelection
from tests.plugins.krita.jobs import CONTEXT, PASTE, TOOLS, Job, TestSession, at_once

MOON = Wish("a moon", candidates=4)


class Scene:
    """A studio with a selection in its document, whose masks are asked for."""

    def __init__(self) -> None:
        self.app = FakeKrita()
        self.document = self.app.new()
        mask = np.zeros((32, 48), np.uint8)
        mask[6:10, 10:18] = 255
        self.document.chosen = FakeSelection(mask)
        self.session = TestSession()
        archive = Archive(self.app, at_once, lambda _picture, _side: b"")
        self.studio = Studio(self.app, self.session, TOOLS, archive)
        self.outliner = self.studio.outliner
        self.outliner.show(MOON, FILL)
        self.studio.tick()

    @property
    def asked(self) -> Submit:
        (submit,) = (m for m in self.session.sent if isinstance(m, Submit))
        return submit


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_job_is_small_first_in_the_queue_and_cancelled_when_it_told(scene: Scene) -> None:
    asked = scene.asked
    assert (asked.mode, asked.candidates, asked.steps) == ("inpaint", 1, 1)
    assert asked.first
    assert not asked.previews
    scene.session.happens(Job(asked.job).started())
    scene.studio.tick()
    assert scene.session.sent[-1] == Cancel(asked.job)


def test_both_masks_are_shown_where_the_bridge_says(scene: Scene) -> None:
    denoise = Picture(2, 2, "gray8", bytes([0, 50, 100, 255]))
    started = replace(Job(scene.asked.job).started(), denoise=denoise)
    scene.session.happens(started)
    scene.studio.tick()
    view = scene.outliner.view
    assert view is not None
    assert view.film == ("masks", started.mask.data, PASTE, denoise)
    assert view.place == view.frame == CONTEXT
    assert view.region == Rect(0, 0, 48, 32)
    assert scene.document.entries == []
    assert not scene.outliner.busy


def test_a_failure_is_told(scene: Scene) -> None:
    scene.session.happens(Failed(1, scene.asked.job, "bad_request", "Select something."))
    scene.studio.tick()
    assert scene.outliner.message == "Select something."
    assert not scene.outliner.busy


def test_hiding_cancels_what_was_asked(scene: Scene) -> None:
    scene.outliner.hide()
    assert scene.session.sent[-1] == Cancel(scene.asked.job)
    scene.session.happens(Job(scene.asked.job).started())
    scene.studio.tick()
    assert scene.outliner.view is None


def test_without_a_bridge_a_sentence_is_said(scene: Scene) -> None:
    scene.session.lost()
    scene.outliner.show(MOON, FILL)
    assert "the bridge is there" in scene.outliner.message


def test_what_needs_a_selection_says_so() -> None:
    scene = Scene()
    scene.document.chosen = None
    scene.outliner.show(MOON, FILL)
    assert "Select a part" in scene.outliner.message
