"""The models that are loaded: planned before they are read, kept within a budget, used in turns.

Switching between two models that both fit reads nothing from disk. What is used least recently
makes room: a model on a device of its own goes to main memory first, where there is room, and comes
back from there; what is over the budget is let go.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

from safetensors import SafetensorError

from engine.api import Plan, Size
from engine.device import memory_guard
from engine.errors import ModelError, RequestError
from engine.families import Family, Model, ModelCard
from engine.residency.memory import Memory, free_memory
from engine.residency.needs import Needs, needs_of, with_beside
from engine.residency.planner import (
    RESERVE,
    Offload,
    Placement,
    Wish,
    batch_that_fits,
    planned,
    resident,
    tile_that_fits,
)
from engine.shortage import Limits, give_back
from engine.weights import check_weights

if TYPE_CHECKING:
    from torch import nn

    from engine.hookspecs import Options
    from engine.job import Job
    from engine.residency.compiling import Compiling

SECTION = "memory"  # of the options
SHARE = 0.6  # of main memory that models may take by default, what they take now included
# What safetensors, diffusers and torch raise on a broken checkpoint.
_LOADING_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)
Key = tuple[str, str, str, str]  # name and path, and the device and precision asked for


@dataclass(frozen=True, slots=True)
class Rules:
    """What the painter says of memory, in the options' section `memory`.

    `kept_bytes` bounds what loaded models take together in main memory, None = a share of what is
    there; `offload` is the way models are held, `auto` = as planned. `compile` has the denoiser's
    blocks compiled in the background.
    """

    kept_bytes: int | None = None
    offload: Literal["auto"] | Offload = "auto"
    compile: bool = False

    @classmethod
    def of(cls, options: Options) -> Rules:
        """Return the rules of an engine's options; RequestError for a way that there is not."""
        told = options.get(SECTION, {})
        kept, offload = told.get("kept_bytes"), told.get("offload", "auto")
        ways = ("auto", *get_args(Offload))
        if offload not in ways:
            raise RequestError(
                "offload", f"There is no way {offload!r} to offload. There are: {', '.join(ways)}."
            )
        return cls(None if kept is None else int(kept), offload, bool(told.get("compile")))


@dataclass(slots=True)
class Held:
    """A loaded model, and how it is held; `aside` says that it waits in main memory now."""

    model: Model
    placement: Placement
    needs: Needs
    native: Size
    aside: bool = False
    compiling: Compiling | None = None

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Its networks by name; none of a model that does not tell them."""
        return cast("Mapping[str, nn.Module]", getattr(self.model, "networks", {}))

    @property
    def news(self) -> str:
        """A sentence on what came of compiling it, told once; empty where there is none."""
        return "" if self.compiling is None else self.compiling.news()

    @property
    def moves(self) -> bool:
        """Whether it can go to main memory and come back."""
        return self.placement.offload == "none" and bool(self.networks)

    @property
    def on_device(self) -> int:
        """The bytes it keeps on a device of its own."""
        if self.aside or self.placement.device == "cpu":
            return 0
        return resident(self.placement, self.needs)

    @property
    def in_main(self) -> int:
        """The bytes it keeps in main memory."""
        if self.aside or self.placement.device == "cpu" or self.placement.offload != "none":
            return self.needs.weights
        return 0


DEFAULT = Rules()


class Models:
    """The loaded models of one engine, used from the thread that paints alone.

    `memory` tells what is free.
    """

    def __init__(
        self,
        families: Sequence[Family],
        rules: Rules = DEFAULT,
        memory: Callable[[str], Memory] = free_memory,
    ) -> None:
        self._families = {family.name: family for family in families}
        self._rules, self._memory = rules, memory
        self._held: OrderedDict[Key, Held] = OrderedDict()

    def ready(self, card: ModelCard, plan: Plan) -> Held | None:
        """Return a model that is loaded already, on its device; None where it must be read."""
        key = _key(card, plan)
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        if held.aside:
            self._make_room(key, held)
            _move(held, held.placement.device)
        return held

    def planned(self, job: Job, plan: Plan, *, may_round: bool) -> Placement:
        """Return how a job's model would be held; NothingFitsError where it fits nowhere.

        Nothing is read but headers. Other models count as free memory: they make room.
        """
        free = self._memory(plan.device)
        memory = Memory(
            free.main + sum(held.in_main for held in self._held.values()),
            free.device and free.device + sum(held.on_device for held in self._held.values()),
        )
        card, family = job.card, self._families[job.card.family]
        wish = Wish(
            plan.device,
            plan.precision,
            memory,
            Size(*card.native),
            2 if job.guidance > 1.0 else 1,
            offloads=hasattr(family, "load_aside") and plan.device != "mps",
            may_round=may_round,
            offload=None if self._rules.offload == "auto" else self._rules.offload,
        )
        return planned(_needs_of(card, plan.precision), wish)

    def load(self, card: ModelCard, plan: Plan, placement: Placement) -> Held:
        """Read a model's weights and keep it; ModelError or OutOfMemoryError leave nothing half."""
        key = _key(card, plan)
        needs, native = _needs_of(card, placement.precision), Size(*card.native)
        self._make_room(key, Held(cast("Model", None), placement, needs, native))
        check_weights(card.path)
        try:
            with memory_guard(native, native):
                held = Held(self._read(card, placement, needs), placement, needs, native)
        except _LOADING_ERRORS as error:
            raise ModelError(
                f"The model {card.name} at {card.path} cannot be read: {error}. "
                "Get it again, or choose another."
            ) from error
        self._held[key] = held
        if self._rules.compile and not placement.eight_bits:
            held.compiling = _compiling(held)
        return held

    def fitted(self, plan: Plan, held: Held, working: Size, decoded: Size, *, guided: bool) -> Plan:
        """Return a job's plan with batches and tiles of decoding that fit into what is free now.

        `decoded` is the size of the largest picture that is decoded.
        """
        left = self._left(held)
        batch = batch_that_fits(held.needs, working, left, guided=guided)
        tile = tile_that_fits(held.needs, decoded, left)
        return replace(Limits(batch=batch).split(plan), decode_tile=plan.decode_tile or tile)

    def _left(self, held: Held) -> int:
        """Return the bytes that a loaded model's work may take now."""
        free = self._memory(held.placement.device)
        if not free.has_device:
            return free.main
        if held.placement.offload == "none":
            return free.device
        from engine.residency.offloading import on_device

        return free.device + on_device(held.networks) - held.on_device

    def keep_only(self, model: Model | None) -> None:
        """Let go of every model but one, None = of all."""
        for key, held in list(self._held.items()):
            if held.model is not model:
                self._drop(key)
        give_back()

    def _read(self, card: ModelCard, placement: Placement, needs: Needs) -> Model:
        family = self._families[card.family]
        if placement.is_plain:
            return family.load(card, placement.device, placement.precision)
        from engine.residency.offloading import moved, settled

        load = getattr(family, "load_aside", family.load)
        model = load(card, placement.device, placement.precision)
        networks = Held(model, placement, needs, Size(*card.native)).networks
        settled(networks, placement, needs.denoiser)
        if placement.offload == "none":
            moved(networks, placement.device)
        return model

    def _make_room(self, key: Key, new: Held) -> None:
        """Send models to main memory, and let go of some, until another one fits."""
        work = new.needs.denoising(new.native, 2)
        for other in [one for one in self._held if one != key]:
            if self._is_short_on_device(new, work):
                self._away(other)
        for other in [one for one in self._held if one != key]:
            if self._is_short_in_main(new):
                self._drop(other)

    def _is_short_on_device(self, new: Held, work: int) -> bool:
        if new.placement.device == "cpu":
            return False
        needed = resident(new.placement, new.needs) + work + RESERVE
        return self._memory(new.placement.device).device < needed

    def _is_short_in_main(self, new: Held) -> bool:
        held = sum(one.in_main for one in self._held.values() if one is not new)
        free = self._memory("cpu").main
        kept = self._rules.kept_bytes
        most = int(SHARE * (free + held)) if kept is None else kept
        return bool(held) and (held + new.in_main > most or new.in_main > free)

    def _away(self, key: Key) -> None:
        """Send a model off its device: to main memory, or, where it cannot go, to nowhere."""
        held = self._held[key]
        if not held.on_device:
            return
        if held.moves and held.needs.weights < self._memory("cpu").main:
            _move(held, "cpu")
            give_back()
        else:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        self._held.pop(key).model.unload()
        give_back()


def _move(held: Held, device: str) -> None:
    from engine.residency.offloading import moved

    moved(held.networks, device)
    held.aside = device != held.placement.device


def _compiling(held: Held) -> Compiling | None:
    """Return what compiles a model's denoiser; None where its blocks come and go, or is none."""
    denoiser = held.networks.get(held.needs.denoiser or "")
    if denoiser is None or held.placement.offload in ("group", "layer"):
        return None
    from engine.residency.compiling import Compiling

    return Compiling(denoiser)


def _needs_of(card: ModelCard, precision: str) -> Needs:
    return with_beside(needs_of(card.path, precision), card.beside)


def _key(card: ModelCard, plan: Plan) -> Key:
    return card.name, str(card.path), plan.device, plan.precision
