"""What GIMP finds in the plug-in, and what a call of it returns."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.gimp.mahlstick_gimp import batch, procedures
from plugins.gimp.mahlstick_gimp.actions import ACTIONS, Action
from plugins.gimp.mahlstick_gimp.job import Outcome
from plugins.gimp.mahlstick_gimp.procedures import Mahlstick
from plugins.gimp.mahlstick_gimp.protocol import Submit
from tests.plugins.gimp.fakes import Image, Layer, PDBStatusType, RunMode, Values
from tests.plugins.gimp.jobs import TestSession, finished, painted, started
from tests.plugins.gimp.test_arguments import Config


class Bridge(TestSession):
    """Answers every job at once; or, `offline`, none."""

    offline = False

    def submit(self, request: Any) -> Any:
        result = super().submit(request)
        if self.offline:
            self.lost()
        else:
            self.happens(started(request.job), painted(request.job), finished(request.job, [0]))
        return result


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Bridge:
    bridge = Bridge()
    monkeypatch.setattr(batch, "open_session", lambda _wake: bridge)
    return bridge


FILL = ACTIONS[0]


def call(image: Image | None, action: Action = FILL, **settings: Any) -> Values:
    procedure: Any = Mahlstick().do_create_procedure(action.procedure)
    drawables = image.get_selected_layers() if image else []
    config = Config(action, **settings)
    return procedure.run(procedure, RunMode.NONINTERACTIVE, image, drawables, config, action)


def an_image() -> Image:
    image = Image(40, 30)
    image.selection.buffer.pixels[6:10, 10:18] = 255
    return image


def test_every_action_is_a_procedure_with_its_arguments_typed() -> None:
    plugin = Mahlstick()
    names = [action.procedure for action in ACTIONS]
    assert plugin.do_query_procedures() == [*names, "plug-in-mahlstick-panel"]
    for action in ACTIONS:
        assert plugin.do_set_i18n(action.procedure) is False
        procedure: Any = plugin.do_create_procedure(action.procedure)
        assert list(procedure.arguments) == [argument.name for argument in action.arguments]
        assert procedure.menu == "<Image>/Filters/Mahlstick"
        assert procedure.data is action


@pytest.mark.parametrize("action", ACTIONS[:-1], ids=lambda action: action.verb)
def test_every_action_paints_without_a_window(action: Action, bridge: Bridge) -> None:
    image = an_image()
    grown = {"left": 4} if action.verb == "outpaint" else {}
    assert call(image, action, prompt="a moon", **grown).status is PDBStatusType.SUCCESS
    assert [layer.name for layer in image.layers] == ["a moon", "Background"]
    assert len(image.undo_steps) == 1
    assert bridge.closed


def test_a_layer_is_painted_once_more_without_a_prompt(bridge: Bridge) -> None:
    image = an_image()
    call(image, prompt="a moon")
    image.selected = image.layers[:1]
    assert call(image, ACTIONS[-1]).status is PDBStatusType.SUCCESS
    assert [(layer.name, layer.visible) for layer in image.layers] == [
        ("a moon", True),
        ("a moon", False),
        ("Background", True),
    ]
    assert len(image.undo_steps) == 2
    assert [submit.prompt for submit in bridge.said(Submit)] == ["a moon"] * 2


def test_a_call_returns_layer_seed_and_notes(bridge: Bridge) -> None:
    image = an_image()
    answer = call(image, prompt="a moon")
    assert answer.status is PDBStatusType.SUCCESS
    layer, seed, notes = (value.value for value in answer.results[1:4])
    assert (layer, seed, notes) == (image.layers[0], "77", "")
    assert bridge.closed


def test_without_an_image_a_sentence_comes_back() -> None:
    answer = call(None)
    assert answer.status is PDBStatusType.EXECUTION_ERROR
    assert str(answer.error).startswith("No picture is open.")


def test_without_a_selection_a_sentence_comes_back_and_nothing_is_sent(bridge: Bridge) -> None:
    answer = call(Image(40, 30))
    assert answer.status is PDBStatusType.EXECUTION_ERROR
    assert str(answer.error).startswith("Nothing is selected")
    assert bridge.sent == []


def test_without_a_bridge_its_sentence_comes_back(bridge: Bridge) -> None:
    bridge.offline = True
    image = an_image()
    answer = call(image)
    assert answer.status is PDBStatusType.EXECUTION_ERROR
    assert str(answer.error) == "The bridge closed the connection."
    assert len(image.layers) == 1
    assert image.undo_steps == []


def test_a_fault_of_ours_is_a_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_wake: object) -> TestSession:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(batch, "open_session", broken)
    answer = call(an_image())
    assert "fault of its own" in str(answer.error)
    assert "of ours" in caplog.text


def test_a_layer_that_was_undone_before_the_window_closed_is_not_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = an_image()
    undone = Layer(image, "undone", 2, 2, None)
    painted = Outcome("finished", "", undone, 77)
    monkeypatch.setattr(procedures, "paint", lambda _canvas, _request: painted)
    answer = call(image)
    assert answer.status is PDBStatusType.SUCCESS
    assert [value.value for value in answer.results[1:4]] == [None, "77", ""]
