"""Between the wire's messages and the engine's: the one place where an engine error becomes a code.

Needs numpy but neither torch nor Pillow: pictures come as arrays and go through a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import engine
from bridge.wire import errors as codes
from bridge.wire import messages as wire

Preview = Callable[[engine.Pixels], wire.Picture]


def request_of(
    submit: wire.Submit,
    image: engine.Pixels | None,
    mask: engine.Pixels | None,
    second_image: engine.Pixels | None = None,
) -> engine.PaintRequest:
    """Return what the engine is asked for, the submit's pictures being decoded.

    Raises engine.RequestError where the submit cannot be a request.
    """
    if (submit.width is None) != (submit.height is None):
        missing = "width" if submit.width is None else "height"
        raise engine.RequestError(
            missing, f"The {missing} is missing; give width and height, or neither."
        )
    size = None
    if submit.width is not None and submit.height is not None:
        size = engine.Size(submit.width, submit.height)
    return engine.PaintRequest(
        mode=engine.Mode(submit.mode),
        prompt=submit.prompt,
        negative_prompt=submit.negative_prompt,
        image=image,
        mask=mask,
        size=size,
        extension=_extension_of(submit.extension),
        factor=submit.factor,
        strength=submit.strength,
        candidates=submit.candidates,
        only=None if submit.only is None else tuple(submit.only),
        seed=submit.seed,
        steps=submit.steps,
        guidance=submit.guidance,
        sampler=submit.sampler,
        schedule=submit.schedule,
        model=submit.model,
        presets=tuple(submit.presets),
        prefill=submit.prefill,
        upscaler=submit.upscaler,
        second_image=second_image,
        instead_of=submit.instead_of,
        mix=submit.mix,
        mask_shape=engine.MaskShape(
            grow=submit.masks.grow,
            feather=submit.masks.feather,
            context=submit.masks.context,
            soft_edge=submit.masks.soft_edge,
        ),
        plan=None if submit.plan is None else plan_of(submit.plan),
    )


def plan_of(record: Mapping[str, Any]) -> engine.Plan:
    """Return a recorded plan; raises engine.RequestError when it is not one."""
    try:
        return engine.Plan(
            batches=tuple(tuple(int(index) for index in batch) for batch in record["batches"]),
            precision=str(record.get("precision", "fp32")),
            threads=int(record.get("threads", 1)),
            device=str(record.get("device", "cpu")),
            tile=_whole(record.get("tile")),
            stop_step=_whole(record.get("stop_step")),
            whole_tile=_whole(record.get("whole_tile")),
            decode_tile=_whole(record.get("decode_tile")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise engine.RequestError(
            "plan",
            "The plan is not a recorded one; send back the `plan` of a result's record, or none.",
        ) from error


def told(
    job: str, events: Iterable[engine.Event], preview: Preview, previews: bool
) -> Iterator[wire.JobEvent]:
    """Yield the messages of one painting; `seq` is 0 until the session's history numbers them."""
    paste = wire.Rect(0, 0, 1, 1)
    for event in events:
        match event:
            case engine.Loading(model=model):
                yield wire.Loading(0, job, model)
            case engine.Started():
                paste = _rect_of(event.layout.paste_box_canvas)
                yield _started(job, event)
            case engine.Denoised(candidate=candidate, step=step, steps=steps):
                if previews:
                    picture = preview(event.preview)
                    yield wire.Preview(0, job, candidate, step, steps, picture)
            case engine.Painted():
                yield _painted(job, event, paste)
            case engine.Finished():
                yield _finished(job, event)


def model_of(card: engine.ModelCard) -> wire.ModelInfo:
    """Return what a client is told of a model; its path is nobody's business."""
    width, height = card.native
    return wire.ModelInfo(
        card.name,
        card.family,
        width,
        height,
        card.steps,
        card.guidance,
        card.sampler,
        card.notes,
        sorted(card.guides),
    )


def preset_of(preset: engine.Preset) -> wire.PresetInfo:
    """Return what a client is told of a preset: enough to show it, and to name it in a submit."""
    return wire.PresetInfo(preset.name, preset.group, preset.title, preset.note)


def obtainable_of(entry: engine.Offered) -> wire.Obtainable:
    """Return what a client is told of a model that could be got."""
    return wire.Obtainable(
        entry.name, entry.title, entry.use, entry.size_gb, entry.licence.name, entry.good_at
    )


def ended_by(job: str, error: engine.EngineError) -> wire.Cancelled | wire.Failed:
    """Return the terminal message for an error of the engine."""
    message = str(error)
    match error:
        case engine.CancelledError():
            return wire.Cancelled(0, job)
        case engine.UnknownWordsError(suggestions=suggestions):
            return wire.Failed(0, job, codes.UNKNOWN_WORDS, message, "prompt", list(suggestions))
        case engine.RequestError(field=field):
            code = codes.UNKNOWN_MODEL if field == "model" else codes.BAD_REQUEST
            return wire.Failed(0, job, code, message, field)
        case engine.ModelError():
            return wire.Failed(0, job, codes.UNKNOWN_MODEL, message, "model")
        case engine.RefusedError(category=category):
            return wire.Failed(0, job, codes.REFUSED_BY_FILTER, message, category)
        case engine.OutOfMemoryError():
            return wire.Failed(0, job, codes.OUT_OF_MEMORY, message)
    return wire.Failed(0, job, codes.INTERNAL, message)


def broken(job: str) -> wire.Failed:
    """Return the terminal message for a fault of our own; the log has the details."""
    sentence = "The painting failed because of a fault in the engine; its log says more."
    return wire.Failed(0, job, codes.INTERNAL, sentence)


def _started(job: str, event: engine.Started) -> wire.Started:
    layout = event.layout
    return wire.Started(
        seq=0,
        job=job,
        seed=event.seed,
        seeds=list(event.seeds),
        model=event.model,
        sampler=event.sampler,
        steps=event.steps,
        guidance=event.guidance,
        canvas_width=layout.canvas.width,
        canvas_height=layout.canvas.height,
        origin=layout.origin_canvas,
        context=_rect_of(layout.context_box_canvas),
        paste=_rect_of(layout.paste_box_canvas),
        mask=_gray(layout.paste_mask),
        unknown_words=list(event.unknown_words),
        notes=list(event.notes),
        denoise=None if layout.denoise_mask is None else _gray(layout.denoise_mask),
    )


def _gray(mask: engine.Pixels) -> wire.Picture:
    height, width = mask.shape
    return wire.Picture(width, height, "gray8", mask.tobytes())


def _painted(job: str, event: engine.Painted, paste: wire.Rect) -> wire.Painted:
    height, width = event.image.shape[:2]
    return wire.Painted(
        seq=0,
        job=job,
        candidate=event.candidate,
        seed=event.seed,
        paste=paste,
        picture=wire.Picture(width, height, "rgba8", event.image.tobytes()),
        score=event.score,
        seconds=event.seconds,
        record=dict(event.record),
    )


def _finished(job: str, event: engine.Finished) -> wire.Finished:
    order, notes = list(event.order), list(event.notes)
    return wire.Finished(0, job, order, event.seconds, event.stopped_at, notes)


def _rect_of(box: engine.Box) -> wire.Rect:
    return wire.Rect(box.left, box.top, box.width, box.height)


def _extension_of(extension: wire.Extension | None) -> engine.Extension | None:
    if extension is None:
        return None
    return engine.Extension(extension.left, extension.top, extension.right, extension.bottom)


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
