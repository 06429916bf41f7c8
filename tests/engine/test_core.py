"""One job, end to end, with the tiny family."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    CancelledError,
    Control,
    Denoised,
    Engine,
    Event,
    Extension,
    Finished,
    Loading,
    Mode,
    ModelError,
    Painted,
    PaintRequest,
    Pixels,
    PluginError,
    RequestError,
    Size,
    Started,
    UnknownWordsError,
    replayed,
)


def request(
    mode: Mode, photo: Pixels | None, selection: Pixels | None, **more: Any
) -> PaintRequest:
    """Return a sensible request of a mode."""
    own: dict[Mode, dict[str, Any]] = {
        Mode.GENERATE: {"size": Size(80, 64)},
        Mode.INPAINT: {"image": photo, "mask": selection},
        Mode.OUTPAINT: {"image": photo, "extension": Extension(left=40, right=24)},
        Mode.REFINE: {"image": photo, "mask": selection},
        Mode.VARY: {"image": photo},
        Mode.UPSCALE: {"image": photo, "factor": 1.5},
    }
    defaults = {"prompt": "red", "candidates": 3, "seed": 11, "model": "tiny", **own[mode]}
    return PaintRequest(mode=mode, **{**defaults, **more})


def painted(events: list[Event]) -> dict[int, Painted]:
    return {event.candidate: event for event in events if isinstance(event, Painted)}


def one(events: list[Event], kind: type[Any]) -> Any:
    (event,) = [event for event in events if isinstance(event, kind)]
    return event


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_tells_its_events_in_order(
    mode: Mode, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    events = list(engine.paint(request(mode, photo, selection)))
    kinds = [type(e).__name__ for e in events if not isinstance(e, Loading)]
    assert [kind for kind, _ in itertools.groupby(kinds)] == [
        "Started",
        "Denoised",
        "Painted",
        "Finished",
    ]
    started = one(events, Started)
    seen = [(e.step, e.candidate) for e in events if isinstance(e, Denoised)]
    assert sorted(seen) == list(itertools.product(range(1, started.steps + 1), range(3)))
    assert [step for step, _ in seen] == sorted(step for step, _ in seen)
    assert sorted(one(events, Finished).order) == sorted(painted(events)) == [0, 1, 2]


@pytest.mark.parametrize("mode", Mode)
def test_every_result_has_the_size_its_layout_tells(
    mode: Mode, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    events = list(engine.paint(request(mode, photo, selection)))
    layout = one(events, Started).layout
    for result in painted(events).values():
        box = layout.paste_box_canvas
        assert result.image.shape == (box.height, box.width, 4)
        assert result.merged.shape == (layout.canvas.height, layout.canvas.width, 4)
        assert np.array_equal(result.image[..., 3], layout.paste_mask)


@pytest.mark.parametrize("mode", [Mode.INPAINT, Mode.OUTPAINT, Mode.REFINE])
def test_outside_the_paste_mask_no_byte_changes(
    mode: Mode, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    events = list(engine.paint(request(mode, photo, selection)))
    layout = one(events, Started).layout
    left, top = layout.origin_canvas
    box = layout.paste_box_canvas
    free = np.zeros((layout.canvas.height, layout.canvas.width), np.uint8)
    free[box.top : box.bottom, box.left : box.right] = layout.paste_mask
    kept = free[top : top + 110, left : left + 150] == 0
    for result in painted(events).values():
        merged = result.merged[top : top + 110, left : left + 150]
        assert np.array_equal(merged[kept], photo[kept])
        assert result.merged[free == 255][:, 0].mean() > 130  # it was painted red


def test_inside_the_selection_the_prompt_is_painted(
    engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    events = list(engine.paint(request(Mode.INPAINT, photo, selection, prompt="green")))
    for result in painted(events).values():
        red, green, blue = result.merged[selection == 255][:, :3].mean(0)
        assert green > red
        assert green > blue


def test_previews_are_small_rgb_pictures_that_come_to_look_like_the_result(engine: Engine) -> None:
    events = list(engine.paint(request(Mode.GENERATE, None, None, size=Size(64, 64))))
    last = [e for e in events if isinstance(e, Denoised)][-1]
    assert last.preview.dtype == np.uint8
    assert last.preview.shape == (8, 8, 3)
    merged = painted(events)[last.candidate].merged[..., :3]
    assert abs(last.preview.mean((0, 1)) - merged.mean((0, 1))).max() < 6


def test_the_same_seed_paints_the_same_pixels(engine: Engine) -> None:
    asked = request(Mode.GENERATE, None, None, sampler="euler_ancestral")
    first, second = painted(list(engine.paint(asked))), painted(list(engine.paint(asked)))
    for k in range(3):
        assert np.array_equal(first[k].merged, second[k].merged)


def test_without_a_seed_one_is_drawn_and_told(engine: Engine) -> None:
    asked = request(Mode.GENERATE, None, None, seed=None)
    first, second = list(engine.paint(asked)), list(engine.paint(asked))
    assert one(first, Started).seed != one(second, Started).seed
    assert not np.array_equal(painted(first)[0].merged, painted(second)[0].merged)
    again = list(engine.paint(replace(asked, seed=one(first, Started).seed)))
    assert np.array_equal(painted(first)[0].merged, painted(again)[0].merged)


def test_candidates_differ_and_candidate_k_has_seed_plus_k(engine: Engine) -> None:
    results = painted(list(engine.paint(request(Mode.GENERATE, None, None))))
    assert [results[k].seed for k in range(3)] == [11, 12, 13]
    assert not np.array_equal(results[0].merged, results[1].merged)
    alone = painted(list(engine.paint(request(Mode.GENERATE, None, None, seed=12, candidates=1))))
    assert difference(results[1].merged, alone[0].merged) <= 2


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral"])
def test_a_candidate_painted_alone_equals_itself_in_the_batch(
    mode: Mode, sampler: str, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    asked = request(mode, photo, selection, sampler=sampler)
    together = painted(list(engine.paint(asked)))
    alone = painted(list(engine.paint(replace(asked, only=(2,)))))
    assert set(alone) == {2}
    assert alone[2].seed == 13
    assert difference(together[2].merged, alone[2].merged) <= 2


@pytest.mark.parametrize("mode", Mode)
def test_a_record_replays_to_the_same_pixels(
    mode: Mode, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    asked = request(mode, photo, selection, seed=None, sampler="euler_ancestral")
    first = painted(list(engine.paint(asked)))
    record = json.loads(json.dumps(first[1].record))
    assert record["candidate"] == 1
    again = painted(list(engine.paint(replayed(record, asked.image, asked.mask))))
    for k in range(3):
        assert np.array_equal(first[k].merged, again[k].merged)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_keeping_early_makes_results_of_the_current_x0_and_replays(
    factor: float, engine: Engine
) -> None:
    size = Size(round(80 * factor), round(64 * factor))
    asked = request(Mode.GENERATE, None, None, steps=8, size=size, prompt="blue")
    for stop in (3, 9):
        control = Control()
        events = []
        for event in engine.paint(asked, control):
            events.append(event)
            if isinstance(event, Denoised) and event.step == stop:
                control.keep(frozenset({0, 2}))
        finished = one(events, Finished)
        if factor == 1.0 and stop == 9:
            assert finished.stopped_at is None
            continue
        assert finished.stopped_at == stop
        assert set(painted(events)) == set(finished.order) == {0, 2}
        record = painted(events)[2].record
        assert record["plan"]["stop_step"] == stop
        again = painted(list(engine.paint(replayed(record))))
        assert np.array_equal(painted(events)[2].merged, again[2].merged)


def test_keeping_none_that_is_painted_keeps_all(engine: Engine) -> None:
    control = Control()
    control.keep(frozenset({9}))
    events = list(engine.paint(request(Mode.GENERATE, None, None), control))
    assert set(painted(events)) == {0, 1, 2}
    assert one(events, Finished).stopped_at == 1


def test_a_job_cancelled_before_it_starts_loads_nothing(engine: Engine) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(CancelledError):
        next(engine.paint(request(Mode.GENERATE, None, None), control))


def test_cancel_between_steps_ends_the_painting(engine: Engine) -> None:
    control = Control()
    seen: list[Event] = []

    def paint() -> None:
        for event in engine.paint(request(Mode.GENERATE, None, None), control):
            seen.append(event)
            if isinstance(event, Denoised) and event.step == 2:
                control.cancel()

    with pytest.raises(CancelledError):
        paint()
    assert not painted(seen)
    assert max(e.step for e in seen if isinstance(e, Denoised)) == 2


class CancelsAtCheck(Control):
    """A control that is cancelled at its n-th check, as by another thread in mid-step."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.cancel()
        super().check()


def test_cancel_is_seen_within_a_step_and_while_decoding(engine: Engine) -> None:
    counter = CancelsAtCheck(10**9)
    list(engine.paint(request(Mode.GENERATE, None, None), counter))
    checks = 10**9 - counter.left
    assert checks > 6 * 2  # more than once a step
    for at in range(1, checks + 1):
        with pytest.raises(CancelledError):
            list(engine.paint(request(Mode.GENERATE, None, None), CancelsAtCheck(at)))


def test_a_picture_much_larger_than_the_model_is_refined_in_tiles(engine: Engine) -> None:
    asked = request(Mode.GENERATE, None, None, size=Size(256, 160))
    events = list(engine.paint(asked))
    started = one(events, Started)
    assert started.plan.tile == 64
    assert started.steps == 6 + 4
    assert painted(events)[0].merged.shape == (160, 256, 4)
    replay = replace(asked, plan=replace(started.plan, tile=None))
    assert one(list(engine.paint(replay)), Started).steps == 6


def test_the_surroundings_of_a_large_selection_stay_as_sharp_as_they_were(
    engine: Engine,
) -> None:
    rng = np.random.default_rng(3)
    picture = np.full((180, 240, 4), 255, np.uint8)
    picture[..., :3] = rng.integers(0, 255, (180, 240, 3))
    mask = np.zeros((180, 240), np.uint8)
    mask[40:140, 40:200] = 255
    asked = request(Mode.INPAINT, picture, mask)
    events = list(engine.paint(asked))
    assert one(events, Started).plan.tile == 64
    for result in painted(events).values():
        assert np.array_equal(result.merged[mask == 0], picture[mask == 0])
        assert (result.merged[mask == 255] != picture[mask == 255]).any(axis=1).mean() > 0.99


def test_batches_are_small_enough_for_the_working_size(engine: Engine) -> None:
    plan = one(list(engine.paint(request(Mode.GENERATE, None, None, candidates=5))), Started).plan
    assert sorted(k for batch in plan.batches for k in batch) == [0, 1, 2, 3, 4]


def test_a_recorded_batch_split_is_kept(engine: Engine) -> None:
    asked = request(Mode.GENERATE, None, None)
    plan = one(list(engine.paint(asked)), Started).plan
    split = replace(plan, batches=((2,), (0, 1)))
    started = one(list(engine.paint(replace(asked, plan=split))), Started)
    assert started.plan.batches == ((2,), (0, 1))


def test_a_plan_that_misses_a_candidate_is_refused(engine: Engine) -> None:
    asked = request(Mode.GENERATE, None, None)
    plan = one(list(engine.paint(asked)), Started).plan
    with pytest.raises(RequestError) as error:
        list(engine.paint(replace(asked, plan=replace(plan, batches=((0, 1),)))))
    assert error.value.field == "plan"


@pytest.mark.parametrize(
    ("field", "exists"), [("sampler", "dpmpp_2m"), ("schedule", "karras"), ("model", "tiny")]
)
def test_an_unknown_name_is_refused_with_what_there_is(
    field: str, exists: str, engine: Engine
) -> None:
    with pytest.raises(RequestError, match="There are: ") as error:
        list(engine.paint(request(Mode.GENERATE, None, None, **{field: "nonesuch"})))
    assert error.value.field == field
    assert exists in str(error.value)


def test_unknown_words_are_told_and_the_rest_is_painted(engine: Engine) -> None:
    started = one(
        list(engine.paint(request(Mode.GENERATE, None, None, prompt="a red dragon"))), Started
    )
    assert started.unknown_words == ("a", "dragon")
    assert any("dragon" in note for note in started.notes)


@pytest.mark.parametrize("prompt", ["dragon", "🐉🐉", "дракон над морем"])
def test_a_prompt_of_which_nothing_is_known_asks_for_others(prompt: str, engine: Engine) -> None:
    with pytest.raises(UnknownWordsError, match="blue") as error:
        list(engine.paint(request(Mode.GENERATE, None, None, prompt=prompt)))
    assert "red" in error.value.suggestions


@pytest.mark.parametrize("mode", Mode)
def test_an_empty_prompt_paints(
    mode: Mode, engine: Engine, photo: Pixels, selection: Pixels
) -> None:
    events = list(engine.paint(request(mode, photo, selection, prompt="")))
    assert len(painted(events)) == 3
    assert all(result.score is None for result in painted(events).values())
    assert one(events, Finished).order == (0, 1, 2)


def test_a_very_long_prompt_paints(engine: Engine) -> None:
    events = list(engine.paint(request(Mode.GENERATE, None, None, prompt="red 🐉 " * 2000)))
    assert one(events, Started).unknown_words == ("🐉",)


def test_the_best_score_comes_first(engine: Engine) -> None:
    events = list(engine.paint(request(Mode.GENERATE, None, None, candidates=4)))
    scores = [painted(events)[k].score for k in one(events, Finished).order]
    assert scores == sorted(scores, reverse=True)


def test_a_weak_strength_stays_nearer_to_the_picture(engine: Engine, photo: Pixels) -> None:
    def change(strength: float) -> float:
        asked = request(Mode.REFINE, photo, None, prompt="blue", strength=strength, candidates=1)
        asked = replace(asked, guidance=1.0)
        return difference_mean(painted(list(engine.paint(asked)))[0].merged, photo)

    assert change(0.1) < change(0.5) < change(1.0)


def test_variations_look_like_the_picture_and_not_like_each_other(
    engine: Engine, photo: Pixels
) -> None:
    results = painted(list(engine.paint(request(Mode.VARY, photo, None, prompt=""))))
    for result in results.values():
        assert abs(result.merged.mean((0, 1)) - photo.mean((0, 1))).max() < 25
    assert not np.array_equal(results[0].merged, results[1].merged)


def flat(colour: tuple[int, int, int]) -> Pixels:
    picture = np.full((64, 64, 4), 255, np.uint8)
    picture[..., :3] = colour
    return picture


def test_a_mix_lies_between_its_two_pictures(engine: Engine) -> None:
    first, second = flat((230, 40, 40)), flat((40, 40, 230))

    def mixed(mix: float) -> Painted:
        asked = request(Mode.VARY, first, None, prompt="", second_image=second, mix=mix)
        return painted(list(engine.paint(replace(asked, candidates=1))))[0]

    reds = [mixed(mix).merged[..., 0].mean() for mix in (0.0, 0.5, 1.0)]
    assert reds[0] > reds[1] + 30 > reds[2] + 60


def test_a_mix_is_painted_again_from_its_record_and_both_pictures(
    engine: Engine, photo: Pixels
) -> None:
    second = flat((40, 40, 230))
    asked = request(Mode.VARY, photo, None, prompt="", second_image=second, mix=0.3)
    before = painted(list(engine.paint(asked)))
    record = json.loads(json.dumps(before[1].record))
    assert record["mix"] == 0.3
    again = painted(list(engine.paint(replayed(record, photo, None, second))))
    assert all(np.array_equal(again[k].merged, before[k].merged) for k in before)


def test_what_leads_is_refused_by_a_model_that_does_not_follow_it(
    engine: Engine, photo: Pixels
) -> None:
    asked = request(Mode.VARY, photo, None, instead_of="blue")
    with pytest.raises(RequestError, match="choose a model that follows it: embedded") as caught:
        list(engine.paint(asked))
    assert caught.value.field == "instead_of"


def test_a_model_that_lacks_a_part_says_so_for_the_modes_that_need_it(
    tmp_path: Path, tiny_hook: str
) -> None:
    (tmp_path / "tiny.json").write_text(
        json.dumps({"lacks": {"generate": "It has no prior. Put one beside it."}})
    )
    engine = Engine(models=[tmp_path], hooks=[tiny_hook])
    with pytest.raises(RequestError, match="has no prior") as caught:
        list(engine.paint(request(Mode.GENERATE, None, None, model=tmp_path.name)))
    assert caught.value.field == "model"


def test_a_model_is_loaded_once_and_again_after_close(tiny_folder: Path, tiny_hook: str) -> None:
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu")

    def began_loading() -> bool:
        first, *_ = engine.paint(request(Mode.GENERATE, None, None))
        return isinstance(first, Loading)

    loads = [began_loading() for _ in range(2)]
    engine.close()
    loads.append(began_loading())
    assert loads == [True, False, True]


def test_a_model_whose_weights_are_broken_is_a_model_error(tmp_path: Path, tiny_hook: str) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "tiny.json").write_text("{}")
    (folder / "tiny.safetensors").write_bytes((8).to_bytes(8, "little") + b'{"a":[]}')
    engine = Engine(models=[folder], hooks=[tiny_hook])
    with pytest.raises(ModelError, match="broken"):
        list(engine.paint(request(Mode.GENERATE, None, None, model="broken")))


def test_a_caller_that_stops_asking_stops_the_painting(engine: Engine) -> None:
    events: Iterator[Event] = engine.paint(request(Mode.GENERATE, None, None))
    for event in events:
        if isinstance(event, Denoised):
            break
    close: Callable[[], None] = events.close  # type: ignore[attr-defined]
    close()
    assert list(events) == []
    assert len(painted(list(engine.paint(request(Mode.GENERATE, None, None))))) == 3


def difference(one_picture: Pixels, other: Pixels) -> int:
    return int(abs(one_picture.astype(int) - other.astype(int)).max())


def difference_mean(one_picture: Pixels, other: Pixels) -> float:
    return float(abs(one_picture.astype(int) - other.astype(int)).mean())


def test_a_large_picture_refined_gently_keeps_its_details(engine: Engine) -> None:
    stripes = np.full((160, 240, 4), 255, np.uint8)
    stripes[:, ::2, :3] = 0
    asked = request(Mode.REFINE, stripes, None, prompt="", strength=0.3, candidates=1)
    events = list(engine.paint(asked))
    started = one(events, Started)
    assert started.plan.tile == 64
    assert started.layout.working == Size(240, 160)
    assert started.steps == 4


def test_a_sampler_that_ends_too_soon_is_a_plugin_error(
    tmp_path: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    hook = tmp_path / "short.py"
    hook.write_text(
        "from engine import hookimpl\n"
        "def short(denoise, x, levels, noise):\n    yield denoise(x, levels[0])\n"
        "@hookimpl\ndef mahlstick_samplers():\n    return {'short': short}\n"
    )
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook, str(hook)], device="cpu")
    with pytest.raises(PluginError, match="after 1 of 6 steps"):
        list(engine.paint(request(Mode.GENERATE, None, None, sampler="short")))
