"""The engine: one request in, events out.

A job is filters -> canvas -> denoise loop -> decode -> paste -> filters -> rank -> stamp, and all
of it happens inside the caller's `next()`: no threads, no callbacks. A caller that stops asking
stops the painting.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from engine import canvas as canvases
from engine.api import (
    Control,
    Denoised,
    Event,
    Finished,
    Loading,
    Painted,
    PaintRequest,
    Pixels,
    Plan,
    Size,
    Started,
)
from engine.device import memory_guard, use_threads
from engine.errors import ModelError
from engine.families import Conditions, Model, ModelCard, Understanding
from engine.job import (
    Job,
    batched,
    decided,
    first_stage,
    in_one_pass,
    kept,
    placed,
    second_stage,
    second_steps,
    tile_of,
    understood,
)
from engine.painting import Painting, Stage
from engine.pictures import as_pixels, as_tensor
from engine.plugins import Extensions
from engine.preview import part, previews
from engine.provenance import described, of_candidate
from engine.rank import ranked
from engine.requests import checked
from engine.weights import Catalogue, Fingerprints, check_weights, listed

# What safetensors, diffusers and torch raise on a broken checkpoint.
_LOADING_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)


@dataclass(slots=True)
class _Session:
    """One painting under way."""

    job: Job
    model: Model
    plan: Plan
    control: Control
    began: float  # time.monotonic()
    canvas: canvases.CanvasPlan
    painting: Painting
    started: Started
    refined: dict[int, canvases.CanvasPlan] = field(default_factory=dict)  # the second pass's
    stop_step: int | None = None

    def seen(self, k: int, preview: Pixels) -> Pixels:
        """Return a candidate's preview cut to the context box that was told."""
        larger = self.refined.get(k)
        if larger is None:
            return preview
        told = self.started.layout.context_box_canvas
        return part(preview, larger.spaces.context_canvas, told)

    def stops_at(self, step: int) -> bool:
        """Say whether the painter, or the plan that is replayed, stops after this step."""
        return self.control.kept is not None or self.plan.stop_step == step


class Engine:
    """Paints one job at a time with the model it loaded last; use it from one thread at a time."""

    def __init__(
        self,
        models: Sequence[Path | str] = (),
        hooks: Sequence[str] = (),
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        self._extensions = Extensions(hooks)
        self._catalogue = listed(self._extensions, models)
        self._device, self._precision = device, precision
        self._fingerprints = Fingerprints()
        self._loaded: tuple[ModelCard, str, str, Model] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """Return samplers, schedules and models of this engine."""
        return self._catalogue

    def paint(self, request: PaintRequest, control: Control | None = None) -> Iterator[Event]:
        """Yield the events of one job: Loading?, Started, Denoised..., Painted..., Finished.

        Raises an EngineError and nothing else. Without a seed one is drawn and told in `Started`.
        Candidate k is painted from seed + k, whatever else is in its batch.
        """
        control = control or Control()
        began = time.monotonic()
        job = self._decided(request)
        plan = placed(job.request, self._device, self._precision)
        control.check()
        if not self._has(job.card, plan):
            yield Loading(job.card.name)
        model = self._model(job.card, plan)
        session = self._session(job, model, plan, control, began)
        yield session.started
        yield from self._denoised(session)
        yield from self._finished(session)

    def close(self) -> None:
        """Give the loaded model's memory back; the engine may go on painting and loads it again."""
        if self._loaded is not None:
            self._loaded[-1].unload()
            self._loaded = None

    def _decided(self, request: PaintRequest) -> Job:
        request = checked(request)
        request = replace(request, prompt=self._extensions.rewrite(request.prompt))
        self._extensions.check_request(request)
        return decided(request, self._catalogue)

    def _has(self, card: ModelCard, plan: Plan) -> bool:
        return self._loaded is not None and self._loaded[:3] == (card, plan.device, plan.precision)

    def _model(self, card: ModelCard, plan: Plan) -> Model:
        if self._loaded is not None and self._has(card, plan):
            return self._loaded[-1]
        self.close()
        family = next(f for f in self._extensions.families if f.name == card.family)
        check_weights(card.path)
        try:
            with memory_guard(Size(*card.native), Size(*card.native)):
                model = family.load(card, plan.device, plan.precision)
        except _LOADING_ERRORS as error:
            raise ModelError(
                f"The model {card.name} at {card.path} cannot be read: {error}. "
                "Get it again, or choose another."
            ) from error
        self._loaded = (card, plan.device, plan.precision, model)
        return model

    def _session(
        self, job: Job, model: Model, plan: Plan, control: Control, began: float
    ) -> _Session:
        understanding = understood(job.request.prompt, model)
        canvas = canvases.plan_canvas(
            job.request, Size(*job.card.native), job.card.multiple, _factor(model)
        )
        plan = replace(batched(job, plan, canvas.layout.working), tile=tile_of(job, canvas))
        canvas = _full_size(canvas) if in_one_pass(job, plan.tile) else canvas
        use_threads(plan.threads)
        painting = Painting(
            model,
            self._extensions.samplers[job.sampler],
            self._extensions.schedules[job.schedule],
            conditions=_conditions(job, canvas, plan, control),
            seeds={k: job.seeds[k] for k in job.painted},
            device=plan.device,
        )
        started = _started(job, canvas, plan, understanding, self._notes(job, plan))
        return _Session(job, model, plan, control, began, canvas, painting, started)

    def _notes(self, job: Job, plan: Plan) -> tuple[str, ...]:
        wanted = self._precision if job.request.plan is None else job.request.plan.precision
        if wanted in ("auto", plan.precision):
            return ()
        return (f"This machine is no faster in {wanted}; painted in {plan.precision}.",)

    def _denoised(self, session: _Session) -> Iterator[Event]:
        """Paint the whole, then refine it where it is large, until the end or the painter keeps."""
        job, canvas, tile = session.job, session.canvas, session.plan.tile
        whole = first_stage(job, canvas, tile)
        yield from self._stepped(session, [(batch, whole) for batch in session.plan.batches], 0)
        if tile is None or session.stop_step is not None or in_one_pass(job, tile):
            return
        refinements = []
        for k in job.painted:
            small = as_pixels(session.painting.picture(k)[0])
            larger = canvases.second_pass(canvas, small, _edge(job.card))
            if larger is None:
                return
            session.refined[k] = larger
            refinements.append(((k,), second_stage(job, larger, tile)))
        yield from self._stepped(session, refinements, whole.steps)

    def _stepped(
        self, session: _Session, batches: list[tuple[tuple[int, ...], Stage]], before: int
    ) -> Iterator[Event]:
        """Drive one stage; `before` steps were taken in the stages before it."""
        total = session.started.steps
        for step in session.painting.run(batches):
            number = before + step.number
            self._extensions.observe(step.batch, number, total, step.x0)
            for k, preview in zip(step.batch, previews(session.model, step.x0), strict=True):
                yield Denoised(k, number, total, session.seen(k, preview))
            session.control.check()
            if step.batch == batches[-1][0] and session.stops_at(number):
                session.stop_step = number if number < total else None
                return

    def _finished(self, session: _Session) -> Iterator[Event]:
        """Decode, check, paste and rank what was painted."""
        scores: dict[int, float | None] = {}
        plan = replace(session.plan, stop_step=session.stop_step)
        sha256 = self._fingerprints.of(session.job.card.path)
        common = described(session.job.request, session.canvas.layout, plan, sha256)
        for k in kept(session.control, session.job.painted):
            painted = self._painted(session, k, common)
            scores[k] = painted.score
            session.control.check()
            yield painted
        yield Finished(ranked(scores), time.monotonic() - session.began, session.stop_step)

    def _painted(self, session: _Session, k: int, common: Mapping[str, Any]) -> Painted:
        job, picture = session.job, session.painting.picture(k)
        pixels = as_pixels(picture[0])
        self._extensions.check_result(pixels, job.request)
        patch, merged, colour = canvases.finish(
            session.refined.get(k, session.canvas), pixels, _edge(job.card)
        )
        scored = session.model.score(picture, job.request.prompt) if job.request.prompt else None
        return Painted(
            candidate=k,
            seed=job.seeds[k],
            image=patch,
            merged=merged,
            score=None if scored is None else scored[0],
            seconds=time.monotonic() - session.began,
            record=of_candidate(common, k, job.seeds[k], asdict(colour)),
        )


def _edge(card: ModelCard) -> canvases.Edge:
    """Return how far the model's paint is bent to meet the canvas."""
    return canvases.Edge(card.largest_step, card.edge_fade)


def _full_size(canvas: canvases.CanvasPlan) -> canvases.CanvasPlan:
    """Return the plan that paints on the canvas's own pixels from the start."""
    larger = canvases.second_pass(canvas, None)
    if larger is None:
        return canvas
    spaces = larger.spaces
    layout = replace(
        larger.layout, context_box_canvas=spaces.context_canvas, working=spaces.working
    )
    return replace(larger, layout=layout)


def _conditions(job: Job, canvas: canvases.CanvasPlan, plan: Plan, control: Control) -> Conditions:
    """Return what all batches and stages share; `Painting` fills in the rest."""
    like = canvas.like_working
    return Conditions(
        prompt=job.request.prompt,
        negative_prompt=job.request.negative_prompt,
        guidance=job.guidance,
        working=canvas.layout.working,
        seeds=(),
        like=None if like is None else as_tensor(like, plan.device),
        check=control.check,
    )


def _started(
    job: Job,
    canvas: canvases.CanvasPlan,
    plan: Plan,
    understanding: Understanding,
    notes: tuple[str, ...],
) -> Started:
    unknown = understanding.unknown_words
    if unknown:
        notes = (f"{job.card.name} does not know: {', '.join(unknown)}.", *notes)
    return Started(
        seed=job.seeds[0],
        seeds=job.seeds,
        model=job.card.name,
        sampler=job.sampler,
        schedule=job.schedule,
        steps=job.steps + second_steps(job, plan.tile),
        guidance=job.guidance,
        layout=canvas.layout,
        plan=plan,
        unknown_words=unknown,
        notes=notes,
    )


def _factor(model: Model) -> int:
    """Return how many working pixels one cell of x covers."""
    width, height = model.card.native
    _, _, columns = model.latent_shape(Size(width, height))
    return width // columns
