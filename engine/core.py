"""The engine: one request in, events out.

A job is rewriters -> filters -> canvas -> denoise loop -> decode -> filters -> paste -> rank ->
stamp, and all of it happens inside the caller's `next()`: no threads, no callbacks. A caller that
stops asking stops the painting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

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
    Plan,
    Size,
)
from engine.checks import Checks
from engine.contributions import Contributions
from engine.device import use_threads
from engine.errors import OutOfMemoryError
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
    texts,
    tile_of,
    understood,
)
from engine.painting import Painting, Stage
from engine.pictures import as_pixels
from engine.plugins import Extensions
from engine.preview import previews
from engine.provenance import described, of_candidate
from engine.rank import ranked
from engine.requests import checked
from engine.residency.memory import Memory, free_memory
from engine.residency.models import Held, Models, Rules
from engine.residency.planner import NothingFitsError
from engine.session import (
    Attempt,
    Plugins,
    Session,
    conditions_of,
    edge_of,
    factor_of,
    full_size,
    notes_on,
    started_of,
)
from engine.shortage import Limits, elsewhere, give_back, sentence, tightened, tighter
from engine.tools import chosen_tools
from engine.weights import Catalogue, Fingerprints, listed


class Engine:
    """Paints one job at a time; use it from one thread at a time.

    `hooks` are files and modules with plugins, `options` the plugins' settings by section. A filter
    that takes longer than `hook_timeout_s` blocks. `memory` tells what is free; how it is used is
    in the options' section `memory`, see `engine.residency.models.Rules`.
    """

    def __init__(
        self,
        models: Sequence[Path | str] = (),
        hooks: Sequence[str] = (),
        device: str = "auto",
        precision: str = "auto",
        options: Options | None = None,
        hook_timeout_s: float = HOOK_TIMEOUT_S,
        memory: Callable[[str], Memory] = free_memory,
    ) -> None:
        self._extensions = Extensions(hooks, options)
        self._hook_timeout_s = hook_timeout_s
        self._models = tuple(models)
        self._catalogue = listed(self._extensions, models)
        self._device, self._precision = device, precision
        self._fingerprints = Fingerprints()
        self._loaded = Models(self._extensions.families, Rules.of(options or {}), memory)

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
        limits = Limits()
        while True:
            attempt = Attempt(job, plugins, control, began, limits)
            try:
                yield from self._attempted(attempt)
            except NothingFitsError:
                raise
            except OutOfMemoryError:
                self._loaded.keep_only(attempt.session and attempt.session.model)
                limits = self._tighter(attempt)
            else:
                return
            del attempt  # with all that it holds
            give_back()

    def _attempted(self, attempt: Attempt) -> Iterator[Event]:
        """Paint within the attempt's limits; raises OutOfMemoryError where that does not fit."""
        job = attempt.job
        plan = attempt.limits.placed(placed(job.request, self._device, self._precision))
        attempt.plan = plan
        attempt.control.check()
        held = self._loaded.ready(job.card, plan)
        if held is None:
            placement = self._loaded.planned(job, plan, may_round=self._may_round(job))
            yield Loading(job.card.name)
            held = self._loaded.load(job.card, plan, placement)
            attempt.placed = placement.note
        session = attempt.session = self._session(attempt, held)
        yield session.started
        yield from self._denoised(session)
        yield from self._finished(session)

    def _tighter(self, attempt: Attempt) -> Limits:
        """Return what to try after an attempt that did not fit; OutOfMemoryError: nothing is left.

        Called where the error was caught, which stays its cause.
        """
        job, session = attempt.job, attempt.session
        native = Size(*job.card.native)
        if session is None:  # the weights alone
            working, found = native, attempt.plan and elsewhere(attempt.plan)
        else:
            working, refining = session.canvas.layout.working, session.refines
            found = tighter(attempt.limits, session.plan, job.card, working, refining=refining)
        if found is not None:
            return found
        # What is refined was painted as a whole before: that much fits.
        fits = session is not None and (session.refined or session.painting.fits(native))
        raise OutOfMemoryError(sentence(job.card, working, native if fits else None))

    def close(self) -> None:
        """Give the memory of all models back; the engine may go on painting and loads them anew."""
        self._loaded.keep_only(None)

    def _decided(self, request: PaintRequest, control: Control) -> tuple[Job, Plugins]:
        """Settle what is painted, with the words that plugins made of it, and have it checked."""
        contributions = Contributions(self._extensions, request, control)
        if request.plan is None:  # a record holds the rewritten words
            prompt, negative = contributions.rewritten()
            request = replace(request, prompt=prompt, negative_prompt=negative, presets=())
        job = decided(request, self._current(request.model), self._extensions.wildcards)
        contributions.request = job.request
        checks = Checks(self._extensions, job.request, control, self._hook_timeout_s)
        checks.prompts(texts(job))
        checks.input()
        return job, Plugins(checks, contributions)

    def _current(self, model: str | None) -> Catalogue:
        """Return the catalogue, read anew where it lacks a model: one may have come meanwhile."""
        if model is not None and all(card.name != model for card in self._catalogue.models):
            self._catalogue = listed(self._extensions, self._models)
        return self._catalogue

    def _may_round(self, job: Job) -> bool:
        """Tell whether the precision was left to us."""
        wanted = self._precision if job.request.plan is None else job.request.plan.precision
        return wanted == "auto"

    def _session(self, attempt: Attempt, held: Held) -> Session:
        job, plugins, control, began = attempt.job, attempt.plugins, attempt.control, attempt.began
        model, placement = held.model, held.placement
        assert attempt.plan is not None  # noqa: S101 - the attempt placed it
        asked = attempt.plan
        plan = replace(asked, device=placement.device, precision=placement.precision)
        unknown = understood(job, model)
        tools = chosen_tools(self._extensions, job.request, control)
        canvas = canvases.plan_canvas(
            job.request, Size(*job.card.native), job.card.multiple, factor_of(model), tools
        )
        plan = replace(batched(job, plan, canvas.layout.working), tile=tile_of(job, canvas))
        if job.request.plan is None:
            layout, guided = canvas.layout, job.guidance > 1.0
            decoded = layout.context_box_canvas.size if plan.tile else layout.working
            plan = self._loaded.fitted(plan, held, layout.working, decoded, guided=guided)
        plan = attempt.limits.split(plan)
        canvas = full_size(canvas) if in_one_pass(job, plan.tile) else canvas
        use_threads(plan.threads)
        told: list[str] = []
        painting = Painting(
            model,
            self._extensions.samplers[job.sampler],
            self._extensions.schedules[job.schedule],
            conditions=conditions_of(
                job, canvas, plan, control, self._catalogue.additions, told.append
            ),
            seeds={k: job.seeds[k] for k in job.painted},
            device=plan.device,
            asked=dict(enumerate(job.asked)),
            decode_tile=plan.decode_tile,
        )
        short = filter(None, (attempt.placed, held.news, attempt.limits.note))
        notes = (*notes_on(job, unknown), *self._notes(job, asked), *plugins.notes, *short)
        started = started_of(job, canvas, plan, unknown, notes)
        return Session(job, model, plan, control, plugins, began, canvas, painting, started, told)

    def _notes(self, job: Job, plan: Plan) -> tuple[str, ...]:
        wanted = self._precision if job.request.plan is None else job.request.plan.precision
        if wanted in ("auto", plan.precision):
            return ()
        return (f"This machine is no faster in {wanted}; painted in {plan.precision}.",)

    def _denoised(self, session: Session) -> Iterator[Event]:
        """Paint the whole, then refine it where it is large, until the end or the painter keeps."""
        job, canvas, tile = session.job, session.canvas, session.plan.tile
        whole = tightened(first_stage(job, canvas, tile), session.plan.whole_tile)
        yield from self._stepped(session, [(batch, whole) for batch in session.plan.batches], 0)
        if tile is None or session.stop_step is not None or in_one_pass(job, tile):
            return
        refinements = []
        for k in job.painted:
            small = as_pixels(session.painting.picture(k)[0])
            larger = canvases.second_pass(canvas, small, edge_of(job.card))
            if larger is None:
                return
            session.refined[k] = larger
            refinements.append(((k,), second_stage(job, larger, tile)))
        yield from self._stepped(session, refinements, whole.steps)

    def _stepped(
        self, session: Session, batches: list[tuple[tuple[int, ...], Stage]], before: int
    ) -> Iterator[Event]:
        """Drive one stage; `before` steps were taken in the stages before it."""
        total = session.started.steps
        for step in session.painting.run(batches):
            number = before + step.number
            session.plugins.contributions.observe(step.batch, number, total, step.x0)
            for k, preview in zip(step.batch, previews(session.model, step.x0), strict=True):
                seen = session.seen(k, preview)
                shown = session.plugins.checks.preview(seen, k, number, total, session.model)
                yield Denoised(k, number, total, shown)
            session.control.check()
            if step.batch == batches[-1][0] and session.stops_at(number):
                session.stop_step = number if number < total else None
                return

    def _finished(self, session: Session) -> Iterator[Event]:
        """Decode, check, paste and rank what was painted."""
        scores: dict[int, float | None] = {}
        card = session.job.card
        sha256 = self._fingerprints.of(card.path, card.beside)
        for k in kept(session.control, session.job.painted):
            painted = self._painted(session, k, sha256)
            scores[k] = painted.score
            session.control.check()
            yield painted
        seconds = time.monotonic() - session.began
        yield Finished(ranked(scores), seconds, session.stop_step, session.late_notes)

    def _painted(self, session: Session, k: int, sha256: str) -> Painted:
        job, plugins, asked = session.job, session.plugins, session.job.asked[k]
        picture = as_pixels(session.painting.picture(k)[0])
        tile = session.painting.decode_tile  # known now, after decoding
        played = replace(session.plan, stop_step=session.stop_step, decode_tile=tile)
        common = described(job.request, session.canvas.layout, played, sha256)
        shown, labels = plugins.checks.result(picture, k, session.model)
        plan = session.refined.get(k, session.canvas)
        patch, merged, colour = canvases.finish(plan, shown, edge_of(job.card))
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
