"""One painting under way: what is known of it, and how its parts are made from the job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine import canvas as canvases
from engine.adapters import Additions
from engine.api import (
    Control,
    Pixels,
    Plan,
    Size,
    Started,
)
from engine.checks import Checks
from engine.contributions import Contributions
from engine.families import (
    Conditions,
    Guide,
    Model,
    ModelCard,
    TowardsPicture,
    TowardsWords,
)
from engine.job import (
    Job,
    in_one_pass,
    loras,
    negative_loras,
    second_steps,
)
from engine.painting import Painting
from engine.pictures import as_tensor
from engine.preview import part
from engine.shortage import Limits


@dataclass(slots=True)
class Plugins:
    """What plugins do in one job."""

    checks: Checks
    contributions: Contributions

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences they have for the painter."""
        return (*self.checks.notes, *self.contributions.notes)


@dataclass(slots=True)
class Session:
    """One painting under way."""

    job: Job
    model: Model
    plan: Plan
    control: Control
    plugins: Plugins
    began: float  # time.monotonic()
    canvas: canvases.CanvasPlan
    painting: Painting
    started: Started
    told: Sequence[str] = ()  # what the model had to say to the painter so far
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
    def refines(self) -> bool:
        """Whether what is being painted is tiled by the plan's `tile`."""
        return bool(self.refined) or in_one_pass(self.job, self.plan.tile)

    @property
    def late_notes(self) -> tuple[str, ...]:
        """The sentences that came up after `Started` told its own."""
        late = dict.fromkeys((*self.told, *self.plugins.notes))
        return tuple(note for note in late if note not in self.started.notes)

    def stops_at(self, step: int) -> bool:
        """Say whether the painter, or the plan that is replayed, stops after this step."""
        return self.control.kept is not None or self.plan.stop_step == step


@dataclass(slots=True)
class Attempt:
    """One try at a job, and how far it came."""

    job: Job
    plugins: Plugins
    control: Control
    began: float  # time.monotonic()
    limits: Limits
    plan: Plan | None = None  # where and how, before it is known in what parts
    placed: str = ""  # a sentence on how the model is held, where it was loaded for this try
    session: Session | None = None


def edge_of(card: ModelCard) -> canvases.Edge:
    """Return how far the model's paint is bent to meet the canvas."""
    return canvases.Edge(card.largest_step, card.edge_fade)


def full_size(canvas: canvases.CanvasPlan) -> canvases.CanvasPlan:
    """Return the plan that paints on the canvas's own pixels from the start."""
    larger = canvases.second_pass(canvas, None)
    if larger is None:
        return canvas
    spaces = larger.spaces
    layout = replace(
        larger.layout, context_box_canvas=spaces.context_canvas, working=spaces.working
    )
    return replace(larger, layout=layout)


def conditions_of(
    job: Job,
    canvas: canvases.CanvasPlan,
    plan: Plan,
    control: Control,
    additions: Additions,
    tell: Callable[[str], None],
) -> Conditions:
    """Return what all batches and stages share; `Painting` fills in the rest, words included."""
    like = canvas.like_working
    return Conditions(
        guidance=job.guidance,
        working=canvas.layout.working,
        seeds=(),
        like=None if like is None else as_tensor(like, plan.device),
        guides=_guides(job, canvas, plan),
        additions=additions,
        tell=tell,
        check=control.check,
    )


def _guides(job: Job, canvas: canvases.CanvasPlan, plan: Plan) -> tuple[Guide, ...]:
    """Return what leads a variation away from its picture."""
    mix, instead_of, second = job.request.mix, job.request.instead_of, canvas.second_working
    if mix is None:
        return ()
    if second is not None:
        return (TowardsPicture(as_tensor(second, plan.device), mix),)
    return () if instead_of is None else (TowardsWords(instead_of, mix),)


def notes_on(job: Job, unknown: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the painter is told of words the model cannot use."""
    notes = []
    if unknown:
        notes.append(f"{job.card.name} does not know: {', '.join(unknown)}.")
    names = {lora.name for lora in loras(job)}
    if names and not job.card.takes_loras:
        notes.append(f"{job.card.name} takes no LoRAs; left out: {', '.join(sorted(names))}.")
    names = {lora.name for lora in negative_loras(job)}
    if names:
        notes.append(
            "A LoRA changes all that is painted, so that those in the negative prompt were left "
            f"out: {', '.join(sorted(names))}. For the opposite of one write it in the prompt, "
            "with a weight below 0."
        )
    return tuple(notes)


def started_of(
    job: Job,
    canvas: canvases.CanvasPlan,
    plan: Plan,
    unknown: tuple[str, ...],
    notes: tuple[str, ...],
) -> Started:
    """Return what is told before the first step."""
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


def factor_of(model: Model) -> int:
    """Return how many working pixels one cell of x covers."""
    width, height = model.card.native
    _, _, columns = model.latent_shape(Size(width, height))
    return width // columns
