"""A painter at the windows of the real GIMP and of the plug-in, on a virtual screen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.editors.gimp.conftest import Played
from tests.editors.gimp.pictures import outside_and_inside, raw

pytestmark = pytest.mark.editor

WIDTH, HEIGHT = 960, 640
SEEN = 3  # colours: the photograph, a preview at least (a slow machine skips some), the result


def painted_inside_only(played: Played, name: str) -> None:
    """No pixel outside the selection differs, and most inside do."""
    before, after = (
        raw(played.out / f"{name}-{when}.rgb", WIDTH, HEIGHT, 3) for when in ("before", "after")
    )
    selection = raw(played.out / f"{name}-selection.gray", WIDTH, HEIGHT, 1)
    outside, inside = outside_and_inside(before, after, selection)
    assert outside == 0
    assert inside > 0.9 * (selection > 0).sum()


@pytest.mark.parametrize("scene", ["window", "embedded"])
def test_a_painter_watches_undoes_and_redoes_in_the_window(on_screen: Played, scene: str) -> None:
    facts = on_screen.report.scene(scene)
    assert facts["status"] == "success", facts["message"]
    assert facts["layers"] == ["a full moon", "Background"]
    assert facts["active"] == ["Background"]
    assert facts["undone_equal"]
    assert facts["redone_equal"]
    assert len(facts["colours_seen"]) >= SEEN
    painted_inside_only(on_screen, scene)


def test_cancel_in_the_window_leaves_the_image_as_it_was(on_screen: Played) -> None:
    facts = on_screen.report.scene("window")
    assert facts["layers_after_cancel"] == ["Background"]
    assert facts["cancelled_equal"]


def test_ctrl_z_after_a_cancel_never_brings_the_cancelled_paint_back(on_screen: Played) -> None:
    assert on_screen.report.scene("window")["steps_after_cancel"] > 0


def test_undo_while_it_paints_means_cancel(on_screen: Played) -> None:
    facts = on_screen.report.scene("window")
    assert facts["layers_after_undo"] == ["Background"]
    assert facts["abandoned_equal"]
    assert on_screen.part.cancelled()[:2] == ["a slow moon"] * 2


def test_the_last_painting_is_repeated_without_the_window(on_screen: Played) -> None:
    facts = on_screen.report.scene("window")
    assert facts["layers_after_repeating"] == ["a full moon", "Background"]


def test_a_painter_chooses_among_candidates_and_it_stays_one_undo_step(on_screen: Played) -> None:
    facts = on_screen.report.scene("candidates")
    assert facts["layers"] == ["moons", "Background"]
    assert facts["undone_equal"]
    assert (facts["recipe"]["candidates"], facts["recipe"]["candidate"]) == (3, 0)
    paint = np.frombuffer(bytes.fromhex(facts["paint"]), np.uint8).reshape(-1, 3)
    best = on_screen.part.painted["moons"].reshape(-1, 4)[:, :3].astype(int)
    assert (paint[:, 0] == best[:, 0]).all()
    assert (best[:, 1] - paint[:, 1] == 120).all()  # the green tells candidates apart


def test_there_is_one_panel_however_often_it_is_opened(on_screen: Played) -> None:
    assert on_screen.report.scene("opening")["panels"] == 1


def test_candidates_form_on_the_canvas_while_the_panel_stays_open(on_screen: Played) -> None:
    facts = on_screen.report.scene("painting")
    assert facts["layers"] == ["a full moon", "Background"]
    assert facts["active"] == ["Background"]
    assert len(facts["colours_seen"]) >= SEEN
    assert (facts["recipe"]["candidates"], facts["recipe"]["candidate"]) == (4, 3)
    assert facts["chosen"] == 0
    assert (facts["undone_equal"], facts["redone_equal"]) == (True, True)
    painted_inside_only(on_screen, "panel")


def test_a_context_that_did_not_change_is_not_sent_again(on_screen: Played) -> None:
    on_screen.report.scene("minds changed")
    assert on_screen.part.named >= 3  # between its paintings the picture was as before


def test_keep_this_keeps_what_the_canvas_shows(on_screen: Played) -> None:
    facts = on_screen.report.scene("minds changed")
    assert facts["layers_after_keep"] == ["a slow moon", "Background"]
    assert facts["kept"] == "a slow moon"
    assert facts["after_keep_and_undo"]


@pytest.mark.parametrize("way", ["cancelled", "undone", "bridge gone"])
def test_a_painting_that_is_given_up_leaves_the_image_as_it_was(
    on_screen: Played, way: str
) -> None:
    assert on_screen.report.scene("minds changed")[way] == [["Background"], True]


def test_live_mode_paints_along_and_leaves_undo_to_the_painter(on_screen: Played) -> None:
    facts = on_screen.report.scene("live")
    assert facts["layers_live"] == ["Live", "Background"]
    assert facts["kept_at_last"]
    assert facts["layers_kept"] == ["live moon", "Background"]
    assert facts["undone_equal"]
    submits = [submit for submit in on_screen.part.submitted() if submit.prompt == "live moon"]
    live = [submit for submit in submits if submit.first]
    assert len(live) >= 2  # at first, and with his stroke
    assert len({submit.seed for submit in live}) == 1
    images = [submit.image.data for submit in live if submit.image is not None]
    assert images[0] != images[1]


def test_the_picture_remembers_what_was_painted_in_it(on_screen: Played) -> None:
    prompts = on_screen.report.scene("history")["prompts"]
    assert prompts[:2] == ["live moon", "a slow moon"]
    assert "a full moon" in prompts


def test_closing_the_picture_cancels_and_the_panel_offers_a_new_one(on_screen: Played) -> None:
    facts = on_screen.report.scene("closing")
    assert facts["images_after_closing"] == 0
    assert facts["size"] == [1024, 1024]
    assert facts["mode"] == "generate"
    assert on_screen.part.cancelled()[-1] == "a slow moon"


def test_the_windows_never_complain(on_screen: Played) -> None:
    assert on_screen.report.complaints() == []
