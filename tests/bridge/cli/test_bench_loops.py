"""The tiny checkpoint that loops are measured on is a real one, and the row says what it should."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from bridge.cli.bench import loops
from bridge.cli.bench.checkpoint import SIDE, write_checkpoint
from engine import Loop, Mode, ModelError, Painted, PaintRequest, Size, catalogue
from engine.core import Engine


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("bench") / "tiny")


def test_the_checkpoint_is_recognised_and_paints(tiny: Path) -> None:
    card = catalogue([tiny]).card("tiny")
    assert (card.family, card.native) == ("latent", (SIDE, SIDE))
    request = PaintRequest(mode=Mode.GENERATE, prompt="a", model="tiny", steps=2, candidates=1)
    (painted,) = [e for e in Engine([tiny]).paint(request) if isinstance(e, Painted)]
    assert painted.merged.shape == (SIDE, SIDE, 4)


def test_the_loop_alone_takes_as_many_steps_as_asked(tiny: Path) -> None:
    loop = Loop(tiny, "a moon", Size(SIDE, SIDE), 3, "euler")
    assert list(loop.steps()) == [1, 2, 3]
    assert list(loop.steps()) == [1, 2, 3], "and again from the start"


def test_a_folder_without_a_model_has_no_loop(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        Loop(tmp_path, "a moon", Size(SIDE, SIDE), 3, "euler")


def test_one_round_measures_all_that_is_compared(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "STEPS", 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers' and transformers' own
        measured = loops.Contest(tiny).round()
    assert all(value > 0.0 for value in measured.values())
    assert measured["ours alone"] < measured["ours"]
    assert measured["pipeline alone"] < measured["pipeline"]
