"""What is decided before the first stroke."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Extension, Mode, PaintRequest, Plan, RequestError, Size
from engine.canvas import plan_canvas
from engine.families import GuideKind, ModelCard
from engine.job import (
    Job,
    decided,
    first_stage,
    in_one_pass,
    placed,
    second_steps,
    texts,
    tile_of,
)
from engine.requests import checked
from engine.weights import Catalogue

CARD = ModelCard(name="one", family="tiny", path=Path("one"), native=(256, 256), steps=20)
CATALOGUE = Catalogue(("dpmpp_2m", "euler"), ("model",), (CARD,))


def job(mode: Mode = Mode.GENERATE, card: ModelCard = CARD, **fields: object) -> Job:
    asked = checked(PaintRequest(mode=mode, **fields))  # type: ignore[arg-type]
    return decided(asked, replace(CATALOGUE, models=(card,)))


def picture(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 4), 255, np.uint8)


def tile(asked: Job) -> int | None:
    return tile_of(asked, plan_canvas(asked.request, Size(*asked.card.native), 32, 16))


def test_what_is_not_asked_for_is_the_models_own() -> None:
    made = job()
    assert (made.steps, made.guidance, made.sampler, made.schedule) == (
        20,
        3.0,
        "dpmpp_2m",
        "model",
    )
    assert made.painted == (0, 1, 2, 3)
    assert made.request.seed == made.seeds[0]


def test_what_is_asked_for_is_done() -> None:
    made = job(steps=3, guidance=0.0, sampler="euler", seed=9, candidates=2, only=(1,))
    assert (made.steps, made.guidance, made.sampler) == (3, 0.0, "euler")
    assert made.seeds == (9, 10)
    assert made.painted == (1,)


def test_what_a_picture_shows_is_checked_as_the_prompt_is() -> None:
    follows = replace(CARD, guides=frozenset(GuideKind))
    asked = job(
        Mode.VARY, follows, prompt="a (night)", image=picture(8, 8), instead_of="a bright day"
    )
    assert texts(asked) == ("a night", "a bright day")
    with pytest.raises(RequestError, match="there is none here yet"):
        job(Mode.VARY, prompt="a night", image=picture(8, 8), instead_of="a day")


@pytest.mark.parametrize(("strength", "steps"), [(1.0, 20), (0.5, 10), (0.01, 4)])
def test_a_weak_strength_takes_fewer_of_the_models_steps(strength: float, steps: int) -> None:
    asked = job(Mode.REFINE, image=picture(64, 64), strength=strength)
    assert asked.steps == steps
    assert job(Mode.REFINE, image=picture(64, 64), strength=strength, steps=17).steps == 17


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(256, 256, None), (380, 380, None), (400, 400, 256), (1024, 1024, 256), (2048, 2048, None)],
)
def test_pictures_much_larger_than_native_get_a_second_pass_up_to_a_limit(
    width: int, height: int, expected: int | None
) -> None:
    asked = job(size=Size(width, height))
    assert tile(asked) == expected
    assert second_steps(asked, tile(asked)) == (0 if expected is None else 7)


def test_a_card_may_refuse_the_second_pass() -> None:
    assert tile(job(card=replace(CARD, detail_strength=0.0), size=Size(512, 512))) is None


def test_upscaling_is_tiled_whatever_the_card_says_of_second_passes() -> None:
    card = replace(CARD, detail_strength=0.0)
    asked = job(Mode.UPSCALE, card, image=picture(200, 100))
    assert tile(asked) == 256
    assert in_one_pass(asked, 256)
    assert tile(job(Mode.UPSCALE, card, image=picture(100, 100))) is None


@pytest.mark.parametrize(("strength", "one"), [(0.3, True), (0.5, True), (0.6, False)])
def test_gentle_refinements_need_one_pass_only(strength: float, one: bool) -> None:
    asked = job(Mode.REFINE, image=picture(600, 600), strength=strength)
    assert in_one_pass(asked, tile(asked)) is one


def test_a_recorded_tile_is_kept_where_a_second_pass_is_possible() -> None:
    plan = Plan(((0, 1, 2, 3),), tile=128)
    assert tile(job(size=Size(512, 512), plan=plan)) == 128
    assert tile(job(size=Size(256, 256), plan=plan)) is None
    assert tile(job(size=Size(512, 512), plan=replace(plan, tile=None))) is None


@pytest.mark.parametrize(
    ("field", "value"), [("threads", 0), ("threads", 10**6), ("tile", -1), ("stop_step", 0)]
)
def test_a_plan_no_engine_wrote_is_refused(field: str, value: int) -> None:
    plan = replace(Plan(((0,),)), **{field: value})
    with pytest.raises(RequestError, match=field) as error:
        placed(PaintRequest(mode=Mode.GENERATE, plan=plan), "cpu", "fp32")
    assert error.value.field == "plan"


def test_a_recorded_plan_comes_before_what_the_engine_was_made_with() -> None:
    plan = placed(PaintRequest(mode=Mode.GENERATE, plan=Plan(((0,),), threads=3)), "cpu", "bf16")
    assert (plan.threads, plan.precision) == (3, "fp32")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (Size(300, 300), None),
        (Size(384, 256), None),
        (Size(512, 256), Size(384, 256)),
        (Size(200, 700), Size(256, 384)),
    ],
)
def test_long_pictures_are_painted_in_tiles_the_model_can_see(
    size: Size, expected: Size | None
) -> None:
    asked = job(size=size)
    canvas = plan_canvas(asked.request, Size(256, 256), 32, 16)
    stage = first_stage(asked, canvas, None)
    assert stage.tile == expected
    assert min(stage.working.width, stage.working.height) == 256


@pytest.mark.parametrize(("strength", "share"), [(0.3, 1.0), (0.5, 1.0), (0.75, 0.5), (1.0, 0.0)])
def test_the_gentler_the_change_the_more_detail_is_kept(strength: float, share: float) -> None:
    asked = job(Mode.REFINE, image=picture(256, 256), strength=strength)
    canvas = plan_canvas(asked.request, Size(256, 256), 32, 16)
    assert first_stage(asked, canvas, None).regained == share
    like = job(Mode.VARY, image=picture(256, 256), strength=strength)
    canvas = plan_canvas(like.request, Size(256, 256), 32, 16)
    assert first_stage(like, canvas, None).regained == 0.0


def test_new_borders_go_on_in_the_old_light_and_selections_need_not() -> None:
    card = replace(CARD, joined_until=0.2)
    mask = np.full((100, 100), 255, np.uint8)
    inside = job(Mode.INPAINT, card, image=picture(100, 100), mask=mask)
    beyond = job(Mode.OUTPAINT, card, image=picture(100, 100), extension=Extension(left=50))
    for asked, until in ((inside, 1.0), (beyond, 0.2)):
        canvas = plan_canvas(asked.request, Size(256, 256), 32, 16)
        assert first_stage(asked, canvas, None).joined_until == until
