"""The engine: one request in, events out.

A job is rewriters -> filters -> canvas -> denoise loop -> decode -> filters -> paste -> rank ->
stamp, and all of it happens inside the caller's `next()`: no threads, no callbacks. A caller that
stops asking stops the painting.
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
    HOOK_TIMEOUT_S,
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
from engine.checks import Checks
from engine.contributions import Contributions
from engine.device import memory_guard, use_threads
from engine.errors import ModelError
from engine.families import Conditions, Model, ModelCard
from engine.hookspecs import Options
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
    texts,
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
from engine.tools import chosen_tools
from engine.weights import Catalogue, Fingerprints, check_weights, listed

# What safetensors, diffusers and torch raise on a broken checkpoint.
_LOADING_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)


@dataclass(slots=True)
class _Plugins:
    """What plugins do in one job."""

    checks: Checks
    contributions: Contributions

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.checks.notes, *self.contributions.notes)


@dataclass(slots=True)
class _Session:
    """One painting under way."""

    job: Job
    model: Model
    plan: Plan
    control: Control
    plugins: _Plugins
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

    @property
    def late_notes(self) -> tuple[str, ...]:
        """The sentences that came up after `Started` told its own."""
        return tuple(note for note in self.plugins.notes if note not in self.started.notes)

    def stops_at(self, step: int) -> bool:
        """Say whether the painter, or the plan that is replayed, stops after this step."""
        return self.control.kept is not None or self.plan.stop_step == step


class Engine:
    """Paints one job at a time with the model it loaded last; use it from one thread at a time.

    `hooks` are files and modules with plugins, `options` the plugins' settings by section. A filter
    that takes longer than `hook_timeout_s` blocks.
    """

    def __init__(
        self,
        models: Sequence[Path | str] = (),
        hooks: Sequence[str] = (),
        device: str = "auto",
        precision: str = "auto",
        options: Options | None = None,
        hook_timeout_s: float = HOOK_TIMEOUT_S,
    ) -> None:
        self._extensions = Extensions(hooks, options)
        self._hook_timeout_s = hook_timeout_s
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
        job, plugins = self._decided(checked(request), control)
        plan = placed(job.request, self._device, self._precision)
        control.check()
        if not self._has(job.card, plan):
            yield Loading(job.card.name)
        model = self._model(job.card, plan)
        session = self._session(job, model, plan, plugins, control, began)
        yield session.started
        yield from self._denoised(session)
        yield from self._finished(session)

    def close(self) -> None:
        """Give the loaded model's memory back; the engine may go on painting and loads it again."""
        if self._loaded is not None:
            self._loaded[-1].unload()
            self._loaded = None

    def _decided(self, request: PaintRequest, control: Control) -> tuple[Job, _Plugins]:
        """Settle what is painted, with the words that plugins made of it, and have it checked."""
        contributions = Contributions(self._extensions, request, control)
        if request.plan is None:  # a record holds the rewritten words
            prompt, negative = contributions.rewritten()
            request = replace(request, prompt=prompt, negative_prompt=negative, presets=())
        job = decided(request, self._catalogue, self._extensions.wildcards)
        contributions.request = job.request
        checks = Checks(self._extensions, job.request, control, self._hook_timeout_s)
        checks.prompts(texts(job))
        checks.input()
        return job, _Plugins(checks, contributions)

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
        self,
        job: Job,
        model: Model,
        plan: Plan,
        plugins: _Plugins,
        control: Control,
        began: float,
    ) -> _Session:
        unknown = understood(job, model)
        tools = chosen_tools(self._extensions, job.request, control)
        canvas = canvases.plan_canvas(
            job.request, Size(*job.card.native), job.card.multiple, _factor(model), tools
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
            asked=dict(enumerate(job.asked)),
        )
        notes = (*_notes(job, unknown), *self._notes(job, plan), *plugins.notes)
        started = _started(job, canvas, plan, unknown, notes)
        return _Session(job, model, plan, control, plugins, began, canvas, painting, started)

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
            session.plugins.contributions.observe(step.batch, number, total, step.x0)
            for k, preview in zip(step.batch, previews(session.model, step.x0), strict=True):
                shown = session.plugins.checks.preview(session.seen(k, preview), k, number, total)
                yield Denoised(k, number, total, shown)
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
        seconds = time.monotonic() - session.began
        yield Finished(ranked(scores), seconds, session.stop_step, session.late_notes)

    def _painted(self, session: _Session, k: int, common: Mapping[str, Any]) -> Painted:
        job, plugins, asked = session.job, session.plugins, session.job.asked[k]
        picture = as_pixels(session.painting.picture(k)[0])
        shown, labels = plugins.checks.result(picture, k)
        plan = session.refined.get(k, session.canvas)
        patch, merged, colour = canvases.finish(plan, shown, _edge(job.card))
        own = asked.prompt.source, asked.negative.source
        record = of_candidate(common, k, job.seeds[k], asdict(colour), own)
        record |= {"labels": labels} if labels else {}
        words = asked.prompt.at(job.steps, job.steps).text
        score = plugins.contributions.score(picture, words, k, session.model)
        marked, record = plugins.contributions.stamped(patch, record, k)
        return Painted(
            candidate=k,
            seed=job.seeds[k],
            image=marked,
            merged=merged if marked is patch else canvases.laid_in(plan, marked),
            score=score,
            seconds=time.monotonic() - session.began,
            record=record,
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
    """Return what all batches and stages share; `Painting` fills in the rest, words included."""
    like = canvas.like_working
    return Conditions(
        guidance=job.guidance,
        working=canvas.layout.working,
        seeds=(),
        like=None if like is None else as_tensor(like, plan.device),
        check=control.check,
    )


def _notes(job: Job, unknown: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the painter is told of words the model cannot use."""
    notes = []
    if unknown:
        notes.append(f"{job.card.name} does not know: {', '.join(unknown)}.")
    loras = {lora.name for k in job.painted for lora in job.asked[k].prompt.at(1, job.steps).loras}
    if loras and not job.card.takes_loras:
        notes.append(f"{job.card.name} takes no LoRAs; left out: {', '.join(sorted(loras))}.")
    return tuple(notes)


def _started(
    job: Job,
    canvas: canvases.CanvasPlan,
    plan: Plan,
    unknown: tuple[str, ...],
    notes: tuple[str, ...],
) -> Started:
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
