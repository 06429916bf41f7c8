"""Live mode: when it paints, when it does not, and that the document never knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plugins.krita.wire.errors import GONE
from plugins.krita.wire.messages import Cancel, Cancelled, Failed, Submit

from plugins.krita.archive import Archive
from plugins.krita.live import LOOK_S, REST_S
from plugins.krita.protocol import Rect
from plugins.krita.studio import Studio
from plugins.krita.wishes import Wish
from tests.plugins.krita.fakes import FakeKrita, FakeSelection
from tests.plugins.krita.jobs import PASTE, TOOLS, Hand, Job, SlowDarkroom, TestSession, at_once

MOON = Wish("a moon", candidates=4, strength=0.6)


class Scene:
    """A studio in live mode, with a clock that is moved by hand."""

    def __init__(self, ask: Any = at_once) -> None:
        self.now = 100.0
        self.app = FakeKrita()
        self.document = self.app.new()
        self.before = self.document.merged()
        self.hand = Hand()
        self.session = TestSession()
        tools = replace(TOOLS, hand_rests=self.hand.rests, ask=ask)
        archive = Archive(self.app, at_once, lambda _picture, _side: b"")
        self.studio = Studio(self.app, self.session, tools, archive, clock=lambda: self.now)
        self.wish = MOON
        self.live = self.studio.live
        self.live.start(lambda: self.wish)

    def wait(self, seconds: float) -> None:
        """Let time pass, with the turns of the event loop that there would be."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.05
            self.document.turn()
            self.studio.tick()

    @property
    def asked(self) -> list[Submit]:
        return [message for message in self.session.sent if isinstance(message, Submit)]

    def paint(self) -> Job:
        """The newest job is painted to its end."""
        job = Job(self.asked[-1].job, candidates=1)
        self.session.happens(job.started(), job.preview(0, 1, 90))
        self.wait(0.1)
        self.session.happens(job.painted(0, (1, 2, 3)), job.finished(0))
        self.wait(0.1)
        return job


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_hand_must_rest_first(scene: Scene) -> None:
    scene.hand.down = True
    scene.wait(2)
    scene.hand.down = False
    scene.wait(REST_S - 0.1)
    assert scene.asked == []
    scene.wait(0.3)
    assert len(scene.asked) == 1


def test_one_refined_picture_is_asked_for_which_ends_with_the_connection(scene: Scene) -> None:
    scene.wait(1)
    (asked,) = scene.asked
    assert (asked.mode, asked.strength, asked.candidates) == ("refine", 0.6, 1)
    assert asked.on_disconnect == "cancel"
    assert asked.mask is None


def test_a_selection_is_painted_with_its_surroundings(scene: Scene) -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[6:10, 10:18] = 255
    scene.document.chosen = FakeSelection(mask)
    scene.wish = replace(MOON, strength=1.0)
    scene.wait(1)
    (asked,) = scene.asked
    assert asked.mode == "inpaint"
    assert asked.mask is not None


def test_the_same_picture_and_prompt_are_not_painted_twice(scene: Scene) -> None:
    scene.wait(1)
    scene.paint()
    scene.wait(5)
    assert len(scene.asked) == 1


def test_a_stroke_or_another_prompt_is_painted_and_the_old_job_cancelled(scene: Scene) -> None:
    scene.wait(1)
    scene.document.painting.pixels[3, 3] = 9
    scene.wait(1)
    assert len(scene.asked) == 2
    assert Cancel(scene.asked[0].job) in scene.session.sent
    scene.wish = replace(MOON, prompt="two moons")
    scene.wait(1)
    assert [asked.prompt for asked in scene.asked] == ["a moon", "a moon", "two moons"]


def test_what_was_read_before_a_stroke_began_is_not_sent() -> None:
    darkroom = SlowDarkroom()
    scene = Scene(darkroom.ask)
    scene.wait(REST_S + 0.1)
    scene.hand.down = True
    scene.wait(0.1)
    darkroom.work()
    scene.wait(1)
    assert scene.asked == []


def test_what_comes_is_shown_and_the_document_is_not_touched(scene: Scene) -> None:
    scene.wait(1)
    scene.paint()
    view = scene.live.view
    assert view is not None
    assert view.place == PASTE
    assert view.region == Rect(0, 0, 48, 32)
    assert scene.document.entries == []
    assert (scene.document.merged() == scene.before).all()


def test_keeping_lays_the_picture_on_a_layer_in_one_step(scene: Scene) -> None:
    scene.wait(1)
    scene.paint()
    scene.studio.keep()
    scene.wait(0.3)
    assert [entry.text for entry in scene.document.entries] == ["Add Layer"]
    layer = scene.document.rootNode().childNodes()[-1]
    assert layer.name() == "a moon [100]"
    assert layer.pixels[PASTE.top + 2, PASTE.left + 2].tolist() == [3, 2, 1, 255]
    assert [entry.label for entry in scene.studio.archive.entries()] == ["Live"]


def test_while_something_else_is_painted_it_waits(scene: Scene) -> None:
    scene.studio.paint(replace(MOON, strength=1.0))
    scene.wait(2)
    assert [asked.mode for asked in scene.asked] == ["generate"]
    scene.studio.cancel()
    scene.wait(1)
    assert [asked.mode for asked in scene.asked] == ["generate", "refine"]


def test_a_failure_is_told_and_not_repeated_for_the_same_picture(scene: Scene) -> None:
    scene.wait(1)
    scene.session.happens(Failed(1, scene.asked[0].job, "internal", "No paint."))
    scene.wait(3 * LOOK_S)
    assert scene.live.message == "No paint."
    assert len(scene.asked) == 1


def test_what_a_lost_bridge_gave_up_is_painted_again(scene: Scene) -> None:
    scene.wait(1)
    scene.session.happens(Cancelled(1, scene.asked[0].job))
    scene.wait(3 * LOOK_S)
    assert len(scene.asked) == 2
    scene.session.happens(Failed(2, scene.asked[1].job, GONE, "It knows no such job."))
    scene.wait(3 * LOOK_S)
    assert len(scene.asked) == 3
    assert scene.live.message == ""
    scene.paint()
    scene.wait(2)
    assert len(scene.asked) == 3
    assert scene.live.view is not None


def test_without_a_bridge_or_a_picture_nothing_is_asked(scene: Scene) -> None:
    scene.session.lost()
    scene.wait(1)
    assert scene.asked == []
    scene.document.close()
    scene.wait(1)
    assert scene.asked == []


def test_stopping_cancels_and_shows_nothing_more(scene: Scene) -> None:
    scene.wait(1)
    scene.live.stop()
    scene.wait(1)
    assert scene.session.sent[-1] == Cancel(scene.asked[0].job)
    assert scene.live.view is None
    assert len(scene.asked) == 1
