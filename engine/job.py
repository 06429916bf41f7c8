"""What is decided about a job before the first stroke: names, seeds, steps, batches, stages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engine.adapters import wanted
from engine.api import MAX_SIDE, MAX_STEPS, MODES, Control, Mode, PaintRequest, Plan, Size
from engine.device import batch_size, chosen_device, chosen_precision, default_threads
from engine.errors import RequestError, UnknownWordsError
from engine.families import GuideKind
from engine.noise import candidate_seeds, drawn_seed
from engine.painting import Stage
from engine.prompts import Asked, Lora, Prompt, drawn

if TYPE_CHECKING:
    from engine.canvas import CanvasPlan
    from engine.families import Model, ModelCard, Understanding
    from engine.weights import Catalogue

MOST_WORDINGS = 64  # of one candidate
MOST_THREADS = 1024  # of a recorded plan
FEWEST_STEPS = 4  # of a weak strength, where the model's own number of steps is cut down
LONG = 1.5  # sides of a picture that is painted in one piece; longer ones are tiled
OVERLAP = 4  # tiles of a second pass share a quarter of their side
LARGE = 1.5  # a canvas this much wider than the working size gets a second pass
GENTLE = 0.5  # a refinement no stronger holds together without a first pass over the whole
LARGEST_DETAIL = 16  # native areas that are refined; what is larger stays as the first pass made it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request with every open choice made."""

    request: PaintRequest
    card: ModelCard
    sampler: str
    schedule: str
    steps: int
    guidance: float
    strength: float
    seeds: tuple[int, ...]  # of all candidates, painted now or not
    painted: tuple[int, ...]  # the candidates that are painted
    asked: tuple[Asked, ...]  # of all candidates: their own words, wildcards drawn


def decided(request: PaintRequest, catalogue: Catalogue, wildcards: Path | None = None) -> Job:
    """Return a checked request with every open choice made; RequestError for an unknown name.

    `wildcards` is the folder of the files that prompts may draw lines from; PromptError where the
    signs of a prompt do not fit. A LoRA that the model could take has to be known.
    """
    card = catalogue.card(request.model)
    _check_can(request, card, catalogue)
    sampler, schedule = request.sampler or card.sampler, request.schedule or card.schedule
    catalogue.check_names(sampler, schedule)
    strength = _usual_strength(request, card) if request.strength is None else request.strength
    seed = drawn_seed() if request.seed is None else int(request.seed)
    everything = tuple(range(request.candidates))
    steps = request.steps or _own_steps(card.steps, strength)
    guidance = card.guidance if request.guidance is None else request.guidance
    seeds = candidate_seeds(seed, request.candidates)
    job = Job(
        request=replace(
            request,
            model=card.name,
            sampler=sampler,
            schedule=schedule,
            steps=steps,
            guidance=guidance,
            strength=strength,
            seed=seed,
        ),
        card=card,
        sampler=sampler,
        schedule=schedule,
        steps=steps,
        guidance=guidance,
        strength=strength,
        seeds=seeds,
        painted=everything if request.only is None else tuple(sorted(set(request.only))),
        asked=tuple(_asked(request, one, wildcards) for one in seeds),
    )
    if card.takes_loras:  # a wrong name is told before anything is loaded
        wanted(loras(job), catalogue.additions.loras)
    return job


def loras(job: Job) -> tuple[Lora, ...]:
    """Return every LoRA that the painted candidates ask for at some step, each once."""
    return _of_all_steps(job, [job.asked[k].prompt for k in job.painted])


def negative_loras(job: Job) -> tuple[Lora, ...]:
    """Return every LoRA in a negative prompt, where it can do nothing."""
    return _of_all_steps(job, [job.asked[k].negative for k in job.painted])


def _of_all_steps(job: Job, prompts: Sequence[Prompt]) -> tuple[Lora, ...]:
    each = (words for prompt in prompts for words in prompt.wordings(job.steps))
    return tuple(dict.fromkeys(lora for words in each for lora in words.loras))


def _usual_strength(request: PaintRequest, card: ModelCard) -> float:
    return card.vary_strength if request.mode is Mode.VARY else MODES[request.mode].strength


def texts(job: Job) -> tuple[str, ...]:
    """Return every plain text the job paints from, each once.

    RequestError where the words of one candidate change more often than is sensible: each wording
    is checked by every filter, and read by the model.
    """
    lengths = {job.steps, _own_steps(job.steps, job.card.detail_strength)}
    found: dict[str, None] = {}
    for k in job.painted:
        each = {text: None for steps in lengths for text in job.asked[k].texts(steps)}
        if len(each) > MOST_WORDINGS:
            raise RequestError(
                "prompt",
                f"From step to step the prompt has {len(each)} different wordings; "
                f"{MOST_WORDINGS} are accepted. Use fewer [a|b], or sides of equal number.",
            )
        found |= each
    instead_of = job.request.instead_of
    return tuple(found) if instead_of is None else (*found, instead_of)


def _check_can(request: PaintRequest, card: ModelCard, catalogue: Catalogue) -> None:
    """Refuse what a model cannot paint, for want of a part or by its kind."""
    if request.mode in card.lacks:
        raise RequestError("model", card.lacks[request.mode])
    for kind in GuideKind:
        if getattr(request, kind) is not None and kind not in card.guides:
            able = ", ".join(other.name for other in catalogue.models if kind in other.guides)
            raise RequestError(
                kind,
                f"{card.name} paints by no image embedding that could be led: leave `{kind}` out, "
                f"or choose a model that follows it: {able or 'there is none here yet'}.",
            )


def _asked(request: PaintRequest, seed: int, wildcards: Path | None) -> Asked:
    """Return one candidate's own words."""
    prompt, negative = request.prompt, request.negative_prompt
    return Asked(
        Prompt.read(drawn(prompt, seed, wildcards)),
        Prompt.read(drawn(negative, seed, wildcards, "negative_prompt"), "negative_prompt"),
    )


def understood(job: Job, model: Model) -> tuple[str, ...]:
    """Return the words the model does not know; UnknownWordsError where it knows none at all."""
    unknown: dict[str, None] = {}
    if job.request.instead_of is not None:
        said = model.understand(job.request.instead_of)
        if said.nothing_known:
            _refuse_words(said, model)
        unknown.update(dict.fromkeys(said.unknown_words))
    for k in job.painted:
        each = [model.understand(text) for text in job.asked[k].texts(job.steps)]
        if all(one.nothing_known for one in each):
            _refuse_words(each[0], model)
        unknown.update(dict.fromkeys(word for one in each for word in one.unknown_words))
    return tuple(unknown)


def _refuse_words(understanding: Understanding, model: Model) -> NoReturn:
    words = ", ".join(understanding.unknown_words)
    offers = ", ".join(understanding.suggestions)
    raise UnknownWordsError(
        f"The model {model.card.name} knows none of these words: {words}. Try others"
        + (f", such as: {offers}." if offers else "."),
        understanding.suggestions,
    )


def placed(request: PaintRequest, device: str, precision: str) -> Plan:
    """Return where and how exactly a job is computed, without its batches.

    What a recorded plan says comes before what the engine was made with.
    """
    recorded = request.plan
    if recorded is None:
        device = chosen_device(device)
        return Plan((), chosen_precision(precision, device), default_threads(), device)
    _check_plan(recorded)
    device = chosen_device(recorded.device)
    return replace(recorded, device=device, precision=chosen_precision(recorded.precision, device))


def batched(job: Job, plan: Plan, working: Size) -> Plan:
    """Return the plan with its batches; a recorded plan keeps those of its own that are painted."""
    recorded = job.request.plan
    if recorded is None:
        size = batch_size(working, plan.device)
        batches = [alike[i : i + size] for alike in _alike(job) for i in range(0, len(alike), size)]
        return replace(plan, batches=tuple(batches))
    kept = (tuple(k for k in batch if k in job.painted) for batch in recorded.batches)
    batches = tuple(batch for batch in kept if batch)
    if sorted(k for batch in batches for k in batch) != list(job.painted):
        raise RequestError(
            "plan",
            f"The plan paints the candidates {recorded.batches}, the request asks for "
            f"{job.painted}. A plan names each candidate that is painted exactly once.",
        )
    if any(len({job.asked[k] for k in batch}) > 1 for batch in batches):
        raise RequestError(
            "plan",
            "The plan paints candidates together whose wildcards drew different words. "
            "Leave the plan out, or give the prompt it was recorded with.",
        )
    return replace(plan, batches=batches)


def _alike(job: Job) -> list[tuple[int, ...]]:
    """Return the painted candidates, those with the same words together."""
    groups: dict[Asked, list[int]] = {}
    for k in job.painted:
        groups.setdefault(job.asked[k], []).append(k)
    return [tuple(group) for group in groups.values()]


def tile_of(job: Job, canvas: CanvasPlan) -> int | None:
    """Return the side of tiles (working pixels), None where all is painted in one piece.

    Enlarged pictures are tiled as they are; others in a second pass, where the canvas shows many
    more pixels than the model painted, and not more than it can refine in good time.
    """
    recorded, native, working = job.request.plan, job.card.native, canvas.layout.working
    context = canvas.layout.context_box_canvas
    if job.request.mode is Mode.UPSCALE:
        large = wanted = max(working.width, working.height) > min(native)
    else:
        large = max(context.width / working.width, context.height / working.height) > LARGE
        affordable = context.width * context.height <= LARGEST_DETAIL * native[0] * native[1]
        wanted = affordable and job.card.detail_strength > 0.0
    if recorded is not None:
        return recorded.tile if large else None
    return min(native) if large and wanted else None


def first_stage(job: Job, canvas: CanvasPlan, tile: int | None) -> Stage:
    """Return the pass that paints the whole, or the only one, in tiles."""
    working = canvas.spaces.working
    stage = Stage(
        working=working,
        strength=job.strength,
        steps=job.steps,
        known=canvas.known_working if canvas.like_working is None else canvas.like_working,
        hole=None if canvas.known_working is None else canvas.denoise_mask_working,
        regained=_regained(job),
        # Inside a selection something else is wanted; beyond an edge, more of the same.
        joined_until=job.card.joined_until if job.request.mode is Mode.OUTPAINT else 1.0,
    )
    if tile is not None and in_one_pass(job, tile):
        return replace(stage, tile=Size(tile, tile), overlap=tile // OVERLAP)
    overlap = min(working.width, working.height) // 2
    return replace(stage, tile=_long(working, job.card), overlap=overlap)


def second_stage(job: Job, canvas: CanvasPlan, tile: int) -> Stage:
    """Return the pass that refines one candidate at full size; `canvas` is that candidate's own."""
    return Stage(
        working=canvas.spaces.working,
        strength=job.card.detail_strength,
        steps=second_steps(job, tile),
        known=canvas.known_working,
        hole=canvas.denoise_mask_working,
        tile=Size(tile, tile),
        overlap=tile // OVERLAP,
        stream=1,
    )


def second_steps(job: Job, tile: int | None) -> int:
    """Return how many steps follow the first stage's."""
    if tile is None or in_one_pass(job, tile):
        return 0
    return _own_steps(job.steps, job.card.detail_strength)


def in_one_pass(job: Job, tile: int | None) -> bool:
    """Say whether tiles are painted straight away, what is there holding the whole together."""
    gentle = job.request.mode is Mode.REFINE and job.strength <= GENTLE
    return tile is not None and (gentle or job.request.mode is Mode.UPSCALE)


def kept(control: Control, painted: Sequence[int]) -> tuple[int, ...]:
    """Return the candidates the painter keeps; an answer that names none of them keeps all."""
    wanted = tuple(k for k in painted if k in (control.kept or ()))
    return wanted or tuple(painted)


def _regained(job: Job) -> float:
    """Return how much of the picture's finest detail is given back: all at low strength.

    An autoencoder loses detail even where nothing is painted; gentle changes must not cost any.
    """
    if job.request.mode is Mode.VARY:  # a picture to resemble, not to keep
        return 0.0
    return min(1.0, 2.0 * (1.0 - job.strength))


def _long(working: Size, card: ModelCard) -> Size | None:
    """Return the tiles of a first pass over a long picture, None where the model sees all of it."""
    short, long = sorted((working.width, working.height))
    length = int(short * LONG) // card.multiple * card.multiple
    if long <= length:
        return None
    return Size(length, short) if working.width > working.height else Size(short, length)


def _check_plan(plan: Plan) -> None:
    """Refuse a recorded plan that no engine wrote."""
    for name, value, most in (
        ("threads", plan.threads, MOST_THREADS),
        ("tile", plan.tile, MAX_SIDE),
        ("stop_step", plan.stop_step, 2 * MAX_STEPS),
        ("whole_tile", plan.whole_tile, MAX_SIDE),
        ("decode_tile", plan.decode_tile, MAX_SIDE),
    ):
        if value is not None and not 1 <= value <= most:
            raise RequestError(
                "plan",
                f"The plan's {name} is {value}. Accepted are whole numbers from 1 to {most}.",
            )


def _own_steps(steps: int, strength: float) -> int:
    """Return how many of a full painting's steps a strength below 1 takes."""
    return min(steps, max(FEWEST_STEPS, math.ceil(steps * strength)))
