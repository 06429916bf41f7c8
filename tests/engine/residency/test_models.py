"""Loaded models: planned before they are read, kept while there is room, switched at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine import (
    Engine,
    Loading,
    Mode,
    ModelError,
    OutOfMemoryError,
    Painted,
    PaintRequest,
    Plan,
    RequestError,
    Size,
    Started,
)
from engine.families import ModelCard
from engine.residency.memory import Memory
from engine.residency.models import Models, Rules
from engine.residency.planner import GIB, NothingFitsError, Placement

MB = 2**20


class Loadable:
    """A model of one layer, which knows whether it was unloaded."""

    def __init__(self, card: ModelCard, device: str) -> None:
        self.card, self.device, self.unloaded = card, device, False
        self.networks = {"weights": nn.Linear(4, 4)}

    def unload(self) -> None:
        self.unloaded = True


class Stored:
    """A family whose models are files of some size."""

    name = "stored"

    def __init__(self) -> None:
        self.loads: list[tuple[str, str, str]] = []

    def recognise(self, _path: Path) -> ModelCard | None:
        return None

    def load(self, card: ModelCard, device: str, precision: str) -> Any:
        self.loads.append((card.name, device, precision))
        return Loadable(card, device)

    def load_aside(self, card: ModelCard, device: str, precision: str) -> Any:
        self.loads.append((card.name, "aside", precision))
        return Loadable(card, device)


class Asked:
    """What of a job the plan depends on."""

    guidance = 3.0

    def __init__(self, card: ModelCard) -> None:
        self.card = card


@pytest.fixture
def card(tmp_path: Path) -> Callable[..., ModelCard]:
    """Return a maker of models by name, each a safetensors file of `size` bytes."""
    from safetensors.torch import save_file

    def made(name: str, size: int = MB) -> ModelCard:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        save_file({"a": torch.zeros(size // 4)}, folder / "model.safetensors")
        return ModelCard(name, "stored", folder)

    return made


class Machine:
    """Memory that is as free as is said, less what the models there take."""

    def __init__(self, main: int, device: int = 0, most: int | None = None) -> None:
        self.family = Stored()
        self.main, self.device = main, device
        self.models = Models([self.family], Rules(most), self.free)  # type: ignore[list-item]

    def free(self, device: str) -> Memory:
        held = list(self.models._held.values())
        main = self.main - sum(one.in_main for one in held)
        if device == "cpu":
            return Memory(main)
        return Memory(main, self.device - sum(one.on_device for one in held))

    def use(self, card: ModelCard, device: str = "cpu", precision: str = "fp32") -> Any:
        plan = Plan((), precision, 1, device)
        held = self.models.ready(card, plan)
        if held is None:
            placement = self.models.planned(Asked(card), plan, may_round=True)  # type: ignore[arg-type]
            held = self.models.load(card, plan, placement)
        return held.model

    @property
    def loads(self) -> list[str]:
        return [name for name, _, _ in self.family.loads]


def test_two_models_that_fit_are_switched_without_reading(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB)
    first, second = machine.use(card("a")), machine.use(card("b"))
    assert machine.use(first.card) is first
    assert machine.use(second.card) is second
    assert machine.loads == ["a", "b"]
    assert not first.unloaded


def test_what_was_used_longest_ago_makes_room(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB, most=2 * MB + 4096)
    a, b = machine.use(card("a")), machine.use(card("b"))
    machine.use(a.card)
    machine.use(card("c"))
    assert (a.unloaded, b.unloaded) == (False, True)
    assert machine.use(a.card) is a


def test_a_model_in_another_precision_is_another(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB)
    one = card("a")
    assert machine.use(one) is not machine.use(one, precision="bf16")
    assert machine.family.loads == [("a", "cpu", "fp32"), ("a", "cpu", "bf16")]


def test_memory_that_models_take_counts_as_free_as_they_make_room(
    card: Callable[..., ModelCard],
) -> None:
    machine = Machine(10 * MB)
    a = machine.use(card("a", 7 * MB))
    machine.use(card("b", 7 * MB))
    assert a.unloaded
    with pytest.raises(NothingFitsError):
        machine.use(card("c", 40 * MB))
    assert len(machine.models._held) == 1, "and nothing was let go for what fits nowhere"


def test_a_model_leaves_the_device_for_main_memory_and_comes_back(
    card: Callable[..., ModelCard],
) -> None:
    machine = Machine(GIB, device=2 * GIB)
    a, b = card("a", 300 * MB), card("b", 300 * MB)
    moves: list[tuple[str, str]] = []

    def watched(networks: Any, device: str) -> None:
        moves.append((str(len(networks)), device))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("engine.residency.offloading.moved", watched)
        first = machine.use(a, "cuda", "bf16")
        machine.use(b, "cuda", "bf16")
        assert moves == [], "both fit"
        machine.device = 1200 * MB  # another program wants some
        machine.use(card("c", 300 * MB), "cuda", "bf16")
        assert moves == [("1", "cpu")]
        assert machine.models._held[next(iter(machine.models._held))].aside
        assert machine.use(a, "cuda", "bf16") is first
        assert moves == [("1", "cpu"), ("1", "cpu"), ("1", "cuda")]
    assert machine.loads == ["a", "b", "c"], "nothing was read twice"


def test_what_cannot_leave_is_let_go(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB, device=2 * GIB)
    first = machine.use(card("a", 300 * MB), "cuda", "bf16")
    first.networks = {}
    machine.device = 1000 * MB
    machine.use(card("b", 300 * MB), "cuda", "bf16")
    assert first.unloaded


def test_what_was_closed_is_read_again(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB)
    a, b = machine.use(card("a")), machine.use(card("b"))
    machine.models.keep_only(b)
    assert (a.unloaded, b.unloaded) == (True, False)
    machine.models.keep_only(None)
    assert b.unloaded
    machine.use(a.card)
    assert machine.loads == ["a", "b", "a"]


def test_a_model_that_breaks_while_it_is_read_is_not_kept(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB)

    def broken(*_: object) -> Any:
        raise ValueError("half a file")

    machine.family.load = broken  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=r"cannot be read: half a file"):
        machine.use(card("a"))
    assert not machine.models._held


def test_offloaded_models_are_read_aside(card: Callable[..., ModelCard]) -> None:
    machine = Machine(GIB, device=GIB)
    plan = Plan((), "bf16", 1, "cpu")
    one = card("a")
    held = machine.models.load(one, plan, Placement("cpu", "bf16", offload="model"))
    assert machine.family.loads == [("a", "aside", "bf16")]
    assert held.in_main > 0
    assert not held.moves


def asked(model: str, **more: Any) -> PaintRequest:
    usual = {"mode": Mode.GENERATE, "prompt": "red", "seed": 1, "candidates": 1}
    return PaintRequest(model=model, **{**usual, **more})


@pytest.fixture
def two(tmp_path: Path, tiny_folder: Path) -> Path:
    for name in ("one", "two"):
        shutil.copytree(tiny_folder, tmp_path / name)
    return tmp_path


def test_an_engine_switches_between_models_without_reading_them_again(
    two: Path, tiny_hook: str
) -> None:
    engine = Engine([two], [tiny_hook], device="cpu")
    for model in ("one", "two"):
        assert loads(engine, model)
    (two / "one" / "tiny.safetensors").unlink()
    events = list(engine.paint(asked("one")))
    assert not any(isinstance(event, Loading) for event in events)
    assert sum(isinstance(event, Painted) for event in events) == 1
    engine.close()
    with pytest.raises(ModelError):
        list(engine.paint(asked("one")))


def test_an_engine_keeps_no_more_than_its_budget(two: Path, tiny_hook: str) -> None:
    engine = Engine([two], [tiny_hook], device="cpu", options={"memory": {"kept_bytes": 0}})
    for model in ("one", "two", "one"):
        assert loads(engine, model)


def test_where_a_model_fits_nowhere_nothing_is_read_and_a_sentence_says_so(
    two: Path, tiny_hook: str
) -> None:
    engine = Engine([two], [tiny_hook], device="cpu", memory=lambda _: Memory(100))
    events = []
    with pytest.raises(OutOfMemoryError, match=r"The model needs .* of main memory are free"):
        events += engine.paint(asked("one"))
    assert events == []


def test_an_engine_tells_how_a_model_is_held_when_it_loads_it(
    two: Path, tiny_hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.residency import needs

    monkeypatch.setattr(
        "engine.residency.models.needs_of",
        lambda _, precision: needs.Needs({"unet": 1}, "sd1", precision),
    )
    room = needs.Needs({}, "sd1", "fp32").decoding(Size(48, 48))
    engine = Engine([two], [tiny_hook], device="cpu", memory=lambda _: Memory(8 * room))
    (started,) = [e for e in engine.paint(asked("one", size=Size(256, 256))) if _is(e, Started)]
    assert started.plan.decode_tile == 256
    assert started.plan.batches == ((0,),)
    again = [e for e in engine.paint(asked("one")) if _is(e, Started)]
    assert again[0].notes == ()


def test_a_way_to_offload_that_there_is_not_is_refused(tiny_hook: str) -> None:
    with pytest.raises(RequestError, match=r"'disk' to offload.*auto, none, model, group, layer"):
        Engine([], [tiny_hook], options={"memory": {"offload": "disk"}})


def loads(engine: Engine, model: str) -> bool:
    """Paint to the end, and tell whether the model was read for it."""
    return any([isinstance(event, Loading) for event in engine.paint(asked(model))])  # noqa: C419


def _is(event: object, kind: type) -> bool:
    return isinstance(event, kind)
