"""Where results go and what they are made from, with the whole studio around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plugins.krita.wire.messages import Cancel, Submit

from plugins.krita.protocol import Extension, Rect
from plugins.krita.wishes import Wish
from tests.plugins.krita.fakes import FakeDocument, FakeNode
from tests.plugins.krita.jobs import PASTE, TOOLS, Job, SlowDarkroom
from tests.plugins.krita.test_studio import Scene

MOON = Wish("a moon", candidates=2)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def finish(scene: Scene, wish: Wish) -> Job:
    """Paint to the end, and give Krita the turns it needs."""
    job = scene.begin(wish)
    scene.session.happens(job.painted(0, (1, 2, 3)), job.painted(1, (7, 8, 9)), job.finished(1, 0))
    for _ in range(12):
        scene.turn()
    return job


def asked(scene: Scene) -> Submit:
    """The newest job."""
    return [message for message in scene.session.sent if isinstance(message, Submit)][-1]


def texts(document: FakeDocument) -> list[str]:
    return [entry.text for entry in document.entries]


def pixel(node: FakeNode) -> list[int]:
    """BGRA in the middle of the paste rectangle."""
    return node.pixels[PASTE.top + 2, PASTE.left + 2].tolist()


def test_all_candidates_go_into_a_group_the_best_on_top_and_in_sight(scene: Scene) -> None:
    finish(scene, replace(MOON, target="group"))
    group = scene.document.rootNode().childNodes()[-1]
    layers = group.childNodes()
    assert (group.type(), group.name()) == ("grouplayer", "a moon [101]")
    assert [layer.name() for layer in layers] == ["a moon [100]", "a moon [101]"]
    assert [layer.visible for layer in layers] == [False, True]
    assert [layer.locked for layer in layers] == [False, False]
    assert [pixel(layer) for layer in layers] == [[3, 2, 1, 255], [9, 8, 7, 255]]
    assert texts(scene.document) == ["Add Layer"] * 3
    assert scene.document.activeNode() is scene.document.painting


def test_looking_at_another_of_a_group_shows_its_layer(scene: Scene) -> None:
    finish(scene, replace(MOON, target="group"))
    scene.studio.select(0)
    scene.turn()
    layers = scene.document.rootNode().childNodes()[-1].childNodes()
    assert [layer.visible for layer in layers] == [True, False]
    assert len(scene.document.entries) == 3


def test_a_group_is_taken_back_as_a_whole(scene: Scene) -> None:
    finish(scene, replace(MOON, target="group"))
    scene.studio.take_back()
    assert scene.untouched()
    assert scene.studio.archive.entries() == []


def test_a_replaced_layer_is_in_the_new_one_under_the_paint(scene: Scene) -> None:
    old = scene.document.painting
    before = old.pixels.copy()
    finish(scene, replace(MOON, target="replace"))
    (layer,) = scene.document.rootNode().childNodes()
    assert layer.name() == "a moon [101]"
    painted = np.zeros(before.shape[:2], bool)
    painted[PASTE.top + 1 : PASTE.top + PASTE.height, PASTE.left : PASTE.left + PASTE.width] = True
    assert (layer.pixels[~painted] == before[~painted]).all()
    assert pixel(layer) == [9, 8, 7, 255]
    assert (old.pixels == before).all()
    assert texts(scene.document) == ["Add Layer", "Remove Layer"]
    scene.studio.take_back()
    assert scene.untouched()
    assert scene.document.rootNode().childNodes() == [old]


def test_a_layer_that_is_not_plain_is_not_replaced(scene: Scene) -> None:
    scene.document.painting.opacity = lambda: 128
    assert not scene.studio.paint(replace(MOON, target="replace"))
    assert "Only an ordinary paint layer" in scene.studio.message
    assert scene.untouched()


def test_a_layer_that_is_there_no_more_is_neither_read_nor_replaced(scene: Scene) -> None:
    group = scene.document.createNode("Group", "grouplayer")
    layer = scene.document.createNode("Layer", "paintlayer")
    group._add(layer, 0)
    scene.document.later.clear()
    scene.document.setActiveNode(layer)  # as Krita has it for some turns after an undo
    for wish in (replace(MOON, target="replace"), replace(MOON, source="layer")):
        assert not scene.studio.paint(wish)
        assert "No layer is active" in scene.studio.message
    assert scene.untouched()


def test_a_result_in_a_new_document_leaves_the_old_one_alone(scene: Scene) -> None:
    finish(scene, replace(MOON, target="document"))
    assert scene.untouched()
    made = scene.app.open[-1]
    assert made is not scene.document
    assert (made.width(), made.height()) == (PASTE.width, PASTE.height)
    assert made.rootNode().childNodes()[-1].pixels[2, 2].tolist() == [9, 8, 7, 255]


def test_the_active_layer_alone_is_sent_when_that_is_wanted(scene: Scene) -> None:
    own = scene.document.createNode("Mine", "paintlayer")
    scene.document.rootNode().addChildNode(own, None)
    own.pixels[:] = 40
    scene.document.setActiveNode(own)
    scene.begin(replace(MOON, source="layer"))
    image = asked(scene).image
    assert image is not None
    assert set(image.data) == {40}


def test_a_varied_selection_is_cut_to_its_shape(scene: Scene) -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[6:10, 10:18] = 255
    mask[6, 10] = 60
    assert scene.document.chosen is not None
    scene.document.chosen.mask[:] = mask
    scene.studio.paint(replace(MOON, action="vary"))
    scene.turn()
    submit = asked(scene)
    assert submit.image is not None
    assert (submit.mode, submit.mask, submit.origin) == ("vary", None, (10, 6))
    assert (submit.image.width, submit.image.height) == (8, 4)
    assert scene.studio.current is not None
    assert scene.studio.current.errand.shape() == mask[6:10, 10:18].tobytes()


def test_a_candidate_is_varied_in_its_own_place_and_shape(scene: Scene) -> None:
    finish(scene, MOON)
    assert scene.studio.vary_candidate(MOON)
    scene.turn()
    submit = asked(scene)
    assert submit.image is not None
    assert (submit.mode, submit.origin) == ("vary", (PASTE.left, PASTE.top))
    assert submit.image.data[:4] == bytes([7, 8, 9, 0])


def test_without_a_candidate_there_is_nothing_to_vary(scene: Scene) -> None:
    assert not scene.studio.vary_candidate(MOON)
    assert "no candidate" in scene.studio.message


def test_an_upscaled_picture_enlarges_the_document_at_the_end(scene: Scene) -> None:
    scene.document.chosen = None
    job = scene.begin(replace(MOON, action="upscale"))
    assert scene.untouched()
    painted = job.painted(0, (1, 2, 3))
    whole = Rect(0, 0, PASTE.width, PASTE.height)
    scene.session.happens(replace(painted, paste=whole), job.finished(0))
    for _ in range(5):
        scene.turn()
    assert texts(scene.document) == ["Scale Image", "Add Layer"]
    assert (scene.document.width(), scene.document.height()) == (PASTE.width, PASTE.height)
    scene.studio.take_back()
    assert scene.untouched()


def test_what_is_transparent_is_what_is_painted(scene: Scene) -> None:
    scene.document.chosen = None
    scene.document.painting.pixels[4:8, 6:9, 3] = 0
    scene.document.merged = lambda: scene.document.painting.pixels
    scene.studio.paint(replace(MOON, action="fill_transparent"))
    scene.turn()
    submit = asked(scene)
    assert submit.mask is not None
    mask = np.frombuffer(submit.mask.data, np.uint8).reshape(32, 48)
    assert (mask[4:8, 6:9] == 255).all()
    assert mask.sum() == 255 * 12


@pytest.mark.parametrize("action", ["fill", "refine_selection"])
def test_what_needs_a_selection_says_so(scene: Scene, action: str) -> None:
    scene.document.chosen = None
    assert not scene.studio.paint(replace(MOON, action=action))
    assert "Select a part of the picture first" in scene.studio.message
    assert scene.untouched()


def test_a_cancel_before_the_picture_was_sent_asks_the_bridge_for_nothing() -> None:
    scene, darkroom = Scene(), SlowDarkroom()
    scene.studio._tools = replace(TOOLS, ask=darkroom.ask)
    scene.studio.paint(MOON)
    scene.turn()
    scene.studio.cancel()
    darkroom.work()
    scene.turn()
    assert scene.session.sent == []
    assert scene.untouched()


def test_an_expansion_is_sent_as_it_was_before_the_canvas_grew(scene: Scene) -> None:
    scene.begin(replace(MOON, extension=Extension(left=8, bottom=4)))
    submit = asked(scene)
    assert submit.image is not None
    assert (submit.image.width, submit.image.height) == (48, 32)
    assert submit.image.data[2::4] == scene.before[..., 0].tobytes()
    assert (scene.document.width(), scene.document.height()) == (56, 36)


def test_what_was_painted_is_remembered_in_the_document(scene: Scene) -> None:
    finish(scene, replace(MOON, seed=100))
    (entry,) = scene.studio.archive.entries()
    assert (entry.seed, entry.candidate, entry.label) == (101, 1, "Fill selection")
    assert entry.wish.prompt == "a moon"
    assert entry.layer == scene.document.rootNode().childNodes()[-1].uniqueId().toString()
    assert entry.selection()[PASTE.width] == 255
    scene.studio.select(0)
    scene.turn()
    assert [known.seed for known in scene.studio.archive.entries()] == [100]


def test_candidates_are_stepped_through_by_rank(scene: Scene) -> None:
    finish(scene, MOON)
    assert scene.studio.current is not None
    seen: list[Any] = []
    for by in (1, 1, -1):
        scene.studio.step_candidate(by)
        seen.append(scene.studio.current.shown)
    assert seen == [0, 1, 0]


def test_a_job_that_was_never_accepted_can_be_cancelled(scene: Scene) -> None:
    scene.studio.paint(MOON)
    scene.turn()
    job = asked(scene).job
    scene.studio.cancel()
    assert Cancel(job) in scene.session.sent
