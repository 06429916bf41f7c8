"""Prompts on their way through a painting: wildcards, alternation, LoRAs, records, replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    Denoised,
    Engine,
    Mode,
    Painted,
    PaintRequest,
    PromptError,
    RequestError,
    Size,
    Started,
    UnknownWordsError,
    replayed,
)


def paint(engine: Engine, prompt: str, **wishes: Any) -> list[Any]:
    asked: dict[str, Any] = {"candidates": 4, "seed": 7, "size": Size(64, 64), "model": "tiny"}
    request = PaintRequest(mode=Mode.GENERATE, prompt=prompt, **{**asked, **wishes})
    return list(engine.paint(request))


def painted(events: list[Any]) -> list[Painted]:
    return [event for event in events if isinstance(event, Painted)]


def test_each_candidate_draws_its_own_words(engine: Engine) -> None:
    events = paint(engine, "{red|green|blue}", candidates=8)
    seen = {}
    for one in painted(events):
        words = one.record["candidate_prompt"]
        assert one.record["prompt"] == "{red|green|blue}"
        seen[words] = ["red", "green", "blue"][int(one.merged[..., :3].mean((0, 1)).argmax())]
    assert len(seen) == 3
    assert all(words == colour for words, colour in seen.items())
    started = next(event for event in events if isinstance(event, Started))
    assert sorted(k for batch in started.plan.batches for k in batch) == list(range(8))
    assert len(started.plan.batches) >= 3, "a batch shares its words"


def test_one_candidate_with_wildcards_is_painted_again_alone(engine: Engine) -> None:
    everything = painted(paint(engine, "{red|green|blue}"))
    (alone,) = painted(paint(engine, "{red|green|blue}", only=(2,)))
    assert alone.record["candidate_prompt"] == everything[2].record["candidate_prompt"]
    assert np.abs(alone.merged.astype(int) - everything[2].merged).max() <= 1


def test_a_record_with_drawn_words_is_replayed_to_the_same_pixels(
    tmp_path: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    (tmp_path / "colours.txt").write_text("red\ngreen\nblue\n")
    options = {"prompts": {"wildcards": str(tmp_path)}}
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu", options=options)
    originals = painted(paint(engine, "__colours__"))
    (tmp_path / "colours.txt").unlink()  # the record holds what was drawn
    for original in originals:
        events = list(engine.paint(replayed(original.record)))
        again = {one.candidate: one for one in painted(events)}[original.candidate]
        assert np.array_equal(again.merged, original.merged)


def test_a_plan_that_mixes_different_words_is_refused(engine: Engine) -> None:
    record = painted(paint(engine, "red"))[0].record
    assert record["plan"]["batches"] == ((0, 1, 2, 3),)
    request = replayed({**record, "prompt": "{red|green|blue}"})
    with pytest.raises(RequestError, match="drew different words"):
        list(engine.paint(request))


def test_alternation_paints_between_and_switching_changes_its_mind(engine: Engine) -> None:
    def colour(prompt: str) -> Any:
        wishes = {"candidates": 1, "steps": 12, "guidance": 1.0, "sampler": "euler"}
        return painted(paint(engine, prompt, **wishes))[0].merged[..., :3].mean((0, 1))

    red, blue = colour("red"), colour("blue")
    both = colour("[red|blue]")
    assert (np.minimum(red, blue) - 1 <= both).all()
    assert 0.15 < (both - red)[2] / (blue - red)[2] < 0.85
    assert colour("[red:blue:0.0]") == pytest.approx(blue)
    assert colour("[red:blue:12]") == pytest.approx(red)
    assert (colour("[red:blue:0.9]") - red)[2] < (colour("[red:blue:0.2]") - red)[2]


def test_previews_follow_the_words_of_their_step(engine: Engine) -> None:
    wishes = {"candidates": 1, "steps": 8, "guidance": 1.0, "sampler": "euler"}
    events = paint(engine, "[red|blue]", **wishes)
    blues = [e.preview[..., 2].mean() for e in events if isinstance(e, Denoised)]
    assert all(odd < even for odd, even in zip(blues[::2], blues[1::2], strict=True))


def test_loras_a_model_cannot_take_are_told(engine: Engine) -> None:
    started = next(e for e in paint(engine, "red <lora:ink:0.8>") if isinstance(e, Started))
    assert "tiny takes no LoRAs; left out: ink." in started.notes


def test_loras_of_later_steps_are_told_too(engine: Engine) -> None:
    events = paint(engine, "red [<lora:ink:0.8>:0.9]")
    started = next(e for e in events if isinstance(e, Started))
    assert "tiny takes no LoRAs; left out: ink." in started.notes


def test_a_lora_in_the_negative_prompt_is_told(engine: Engine) -> None:
    events = paint(engine, "red", negative_prompt="<lora:blur:0.8>")
    started = next(e for e in events if isinstance(e, Started))
    assert any("negative prompt were left out: blur." in note for note in started.notes)


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_signs_that_do_not_fit_end_the_job_with_a_caret(field: str, engine: Engine) -> None:
    words = {"prompt": "red", field: "a (red"}
    with pytest.raises(PromptError, match="never closed") as error:
        paint(engine, **words)
    assert error.value.field == field
    assert str(error.value).endswith("a (red\n  ^")


def test_unknown_words_of_all_choices_are_told_once_and_none_known_refuses(engine: Engine) -> None:
    started = next(
        e for e in paint(engine, "{red|red old} [house|red] house") if isinstance(e, Started)
    )
    assert set(started.unknown_words) == {"old", "house"}
    assert paint(engine, "[house|red]"), "one side is known"
    with pytest.raises(UnknownWordsError, match="house"):
        paint(engine, "(house:1.2)")


def test_words_that_change_at_every_step_without_end_are_refused(engine: Engine) -> None:
    restless = "[red|blue|green] [a|b|c|d] [e|f|g|h|i] [j|k|l|m|n|o|p]"  # anew for 420 steps
    assert paint(engine, restless, steps=20, candidates=1)
    with pytest.raises(RequestError, match="70 different wordings; 64") as error:
        paint(engine, restless, steps=70, candidates=1)
    assert error.value.field == "prompt"
