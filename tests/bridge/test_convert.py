"""Wire to engine and back: every field arrives, every error has its code."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import engine
from bridge.convert import broken, ended_by, model_of, plan_of, preset_of, request_of, told
from bridge.wire import errors as codes
from bridge.wire import messages as wire

JOB = "0a6a2c9e-51f3-4a53-8f0b-1f0a9b1d2c33"
IMAGE = np.zeros((4, 6, 4), np.uint8)
MASK = np.full((4, 6), 255, np.uint8)


def test_every_field_of_a_submit_arrives() -> None:
    submit = wire.Submit(
        JOB,
        "inpaint",
        prompt="a moon",
        negative_prompt="clouds",
        strength=0.5,
        candidates=2,
        only=[1],
        seed=9,
        steps=3,
        guidance=2.5,
        sampler="heun",
        schedule="karras",
        model="small",
        presets=["pencil", "window"],
        prefill="blur",
        upscaler="nearest",
        masks=wire.MaskOptions(1, 2, 3, 4),
    )
    assert request_of(submit, IMAGE, MASK) == engine.PaintRequest(
        mode=engine.Mode.INPAINT,
        prompt="a moon",
        negative_prompt="clouds",
        image=IMAGE,
        mask=MASK,
        strength=0.5,
        candidates=2,
        only=(1,),
        seed=9,
        steps=3,
        guidance=2.5,
        sampler="heun",
        schedule="karras",
        model="small",
        presets=("pencil", "window"),
        prefill="blur",
        upscaler="nearest",
        mask_shape=engine.MaskShape(1, 2, 3, 4),
    )


def test_what_leads_a_variation_arrives() -> None:
    second = wire.Picture(6, 4, "rgba8", IMAGE.tobytes())
    submit = wire.Submit(JOB, "vary", second_image=second, instead_of="a day", mix=0.25)
    request = request_of(submit, IMAGE, None, IMAGE)
    assert request.second_image is IMAGE
    assert (request.instead_of, request.mix) == ("a day", 0.25)


def test_sizes_extensions_and_factors_arrive() -> None:
    submit = wire.Submit(
        JOB, "outpaint", width=64, height=32, extension=wire.Extension(1, 2, 3, 4), factor=2.0
    )
    request = request_of(submit, None, None)
    assert request.size == engine.Size(64, 32)
    assert request.extension == engine.Extension(1, 2, 3, 4)
    assert request.factor == 2.0


def test_every_mode_of_the_wire_is_one_of_the_engine() -> None:
    for mode in engine.Mode:
        assert request_of(wire.Submit(JOB, mode.value), None, None).mode is mode


@pytest.mark.parametrize(("given", "missing"), [("width", "height"), ("height", "width")])
def test_half_a_size_is_refused(given: str, missing: str) -> None:
    with pytest.raises(engine.RequestError) as wrong:
        request_of(wire.Submit(JOB, "generate", **{given: 8}), None, None)
    assert wrong.value.field == missing


def test_a_recorded_plan_is_replayed() -> None:
    plan = engine.Plan(((0, 1), (2,)), "bf16", 2, "cpu", 64, 3)
    record = {
        "batches": [[0, 1], [2]],
        "precision": "bf16",
        "threads": 2,
        "device": "cpu",
        "tile": 64,
        "stop_step": 3,
    }
    assert plan_of(record) == plan
    assert plan_of({"batches": []}) == engine.Plan(())


@pytest.mark.parametrize(
    "record", [{}, {"batches": 3}, {"batches": [["x"]]}, {"batches": [], "tile": "big"}]
)
def test_what_is_no_plan_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(engine.RequestError) as wrong:
        plan_of(record)
    assert wrong.value.field == "plan"


LAYOUT = engine.Layout(
    engine.Size(6, 4),
    (1, 2),
    engine.Box(0, 1, 5, 3),
    engine.Size(64, 64),
    engine.Box(2, 1, 3, 2),
    np.array([[0, 255, 0], [255, 0, 255]], np.uint8),
)
STARTED = engine.Started(
    5,
    (5, 6),
    "small",
    "heun",
    "karras",
    3,
    2.5,
    LAYOUT,
    engine.Plan(((0, 1),)),
    ("moo",),
    ("A note.",),
)
PREVIEW = wire.Picture(1, 1, "rgb8", b"abc")


def messages(*events: engine.Event, previews: bool = True) -> list[wire.JobEvent]:
    return list(told(JOB, events, lambda _: PREVIEW, previews))


def test_the_start_says_where_paint_will_land() -> None:
    (started,) = messages(STARTED)
    assert started == wire.Started(
        seq=0,
        job=JOB,
        seed=5,
        seeds=[5, 6],
        model="small",
        sampler="heun",
        steps=3,
        guidance=2.5,
        canvas_width=6,
        canvas_height=4,
        origin=(1, 2),
        context=wire.Rect(0, 1, 5, 3),
        paste=wire.Rect(2, 1, 3, 2),
        mask=wire.Picture(3, 2, "gray8", b"\x00\xff\x00\xff\x00\xff"),
        unknown_words=["moo"],
        notes=["A note."],
    )


def test_a_painting_is_told_from_loading_to_the_end() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    heard = messages(
        engine.Loading("small"),
        STARTED,
        engine.Denoised(1, 2, 3, np.zeros((4, 4, 3), np.uint8)),
        engine.Painted(1, 6, image, image, 0.25, 1.5, {"seed": 6}),
        engine.Finished((1, 0), 2.5, 2),
    )
    assert heard[0] == wire.Loading(0, JOB, "small")
    assert heard[2] == wire.Preview(0, JOB, 1, 2, 3, PREVIEW)
    picture = wire.Picture(3, 2, "rgba8", bytes(range(24)))
    paste = wire.Rect(2, 1, 3, 2)
    assert heard[3] == wire.Painted(0, JOB, 1, 6, paste, picture, 0.25, 1.5, {"seed": 6})
    assert heard[4] == wire.Finished(0, JOB, [1, 0], 2.5, 2)


def test_previews_are_only_made_when_they_are_wanted() -> None:
    denoised = engine.Denoised(0, 1, 3, np.zeros((4, 4, 3), np.uint8))
    assert messages(denoised, previews=False) == []


@pytest.mark.parametrize(
    ("error", "code", "param"),
    [
        (engine.RequestError("steps", "No."), codes.BAD_REQUEST, "steps"),
        (engine.RequestError("model", "No."), codes.UNKNOWN_MODEL, "model"),
        (engine.UnknownWordsError("No.", ("moon",)), codes.UNKNOWN_WORDS, "prompt"),
        (engine.ModelError("No."), codes.UNKNOWN_MODEL, "model"),
        (engine.RefusedError("faces", "No."), codes.REFUSED_BY_FILTER, "faces"),
        (engine.OutOfMemoryError("No."), codes.OUT_OF_MEMORY, ""),
        (engine.EngineError("No."), codes.INTERNAL, ""),
    ],
)
def test_every_error_of_the_engine_has_a_code(
    error: engine.EngineError, code: str, param: str
) -> None:
    failed = ended_by(JOB, error)
    assert isinstance(failed, wire.Failed)
    assert (failed.code, failed.param, failed.message) == (code, param, "No.")
    suggested = error.suggestions if isinstance(error, engine.UnknownWordsError) else ()
    assert tuple(failed.suggestions) == suggested


def test_a_cancelled_painting_is_no_failure() -> None:
    assert ended_by(JOB, engine.CancelledError("Stopped.")) == wire.Cancelled(0, JOB)
    assert broken(JOB).code == codes.INTERNAL


def test_a_client_is_not_told_where_a_model_lies() -> None:
    card = engine.ModelCard("small", "unclip", Path("/secret"), native=(64, 32), notes="A note.")
    info = model_of(card)
    assert (info.name, info.width, info.height, info.notes) == ("small", 64, 32, "A note.")
    assert "secret" not in repr(info)


def test_where_the_model_may_act_is_told_with_the_layout() -> None:
    acts = np.array([[0, 128], [255, 7]], np.uint8)
    layout = dataclasses.replace(LAYOUT, denoise_mask=acts)
    (said,) = messages(dataclasses.replace(STARTED, layout=layout))
    assert isinstance(said, wire.Started)
    assert said.denoise == wire.Picture(2, 2, "gray8", acts.tobytes())


def test_what_came_up_on_the_way_is_told_at_the_end() -> None:
    events = [engine.Finished((1, 0), 2.0, None, ("A picture was blurred.",))]
    (end,) = told(JOB, events, lambda _: wire.Picture(1, 1, "rgb8"), True)
    assert end == wire.Finished(0, JOB, [1, 0], 2.0, None, ["A picture was blurred."])


def test_a_preset_is_told_by_its_name_group_and_title() -> None:
    preset = engine.Preset("rain", "light", "Rain", "% in the rain", "sun", "wet")
    assert preset_of(preset) == wire.PresetInfo("rain", "light", "Rain", "wet")
