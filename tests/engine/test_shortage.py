"""When memory runs out: what is tried, in which order, and what is said at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    Control,
    Engine,
    Finished,
    Loading,
    Mode,
    OutOfMemoryError,
    Painted,
    PaintRequest,
    Pixels,
    Plan,
    Size,
    Started,
)
from engine.provenance import replayed
from engine.residency.memory import Memory
from engine.shortage import Limits, elsewhere, tightened, tighter

HUNGRY = """
import json
from pathlib import Path

import torch

from engine.hookspecs import hookimpl
from tests.engine.tiny import TinyFamily, TinyModel

LOG = Path({log!r})
MOST = json.loads({most!r})


def need(what, pixels):
    with LOG.open("a") as file:
        file.write(f"{{what}} {{pixels}}\\n")
    if pixels > MOST.get(what, 10**9):
        raise torch.OutOfMemoryError(f"{{what}} of {{pixels}} pixels")


class HungryModel(TinyModel):
    def decode(self, x0, working, check):
        need("decode", working.width * working.height)
        return super().decode(x0, working, check)

    def denoiser(self, conditions):
        inner, working, begun = super().denoiser(conditions), conditions.working, []

        def denoise(x, level):
            pixels = len(x) * working.width * working.height
            need("denoise", pixels)
            begun.append(level.alpha)
            if begun[0] > 0.5:  # a pass that begins with what was painted before
                need("refine", pixels)
            if len(conditions.seeds) != 1 or conditions.seeds[0] != 0:  # not a trial
                need("whole", pixels)
            return inner(x, level)

        return denoise


class HungryFamily(TinyFamily):
    name = "hungry"

    def load(self, card, device, precision):
        need(f"load on {{device}}", 1)
        tiny = super().load(card, "cpu", "fp32")
        return HungryModel(card, tiny._colours, "cpu")


@hookimpl
def mahlstick_families():
    return (HungryFamily(),)
"""


def plenty(device: str) -> Memory:
    """Say that memory is no concern, so that nothing is planned around a lack of it."""
    return Memory(2**40, 0 if device == "cpu" else 2**40)


class Machine:
    """An engine with so much memory, and what was tried on it."""

    def __init__(self, folder: Path, tiny_folder: Path, most: dict[str, int]) -> None:
        import json

        self._log = folder / "log"
        hook = folder / "hungry.py"
        hook.write_text(HUNGRY.format(log=str(self._log), most=json.dumps(most)))
        self.engine = Engine([tiny_folder], [str(hook)], device="cpu", memory=plenty)

    def paint(self, **asked: Any) -> list[Any]:
        usual = {"mode": Mode.GENERATE, "prompt": "red", "seed": 3, "model": "tiny"}
        return list(self.engine.paint(PaintRequest(**{**usual, **asked}), Control()))

    def tried(self, what: str) -> list[int]:
        """Return the pixels of every try, the same in a row once."""
        lines = [line.rsplit(" ", 1) for line in self._log.read_text().splitlines()]
        found = [int(pixels) for name, pixels in lines if name == what]
        return [p for place, p in enumerate(found) if place == 0 or found[place - 1] != p]


def of(events: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture
def machine(tmp_path: Path, tiny_folder: Path) -> Any:
    return lambda **most: Machine(
        tmp_path, tiny_folder, {name.replace("_", " "): n for name, n in most.items()}
    )


NATIVE = 64 * 64  # pixels of the tiny family's native size


def test_fewer_candidates_are_painted_together_and_the_same_ones(
    machine: Any, engine: Engine
) -> None:
    short = machine(denoise=NATIVE)
    events = short.paint()
    starts, results = of(events, Started), of(events, Painted)
    assert short.tried("denoise")[:3] == [4 * NATIVE, 2 * NATIVE, NATIVE]
    assert [start.plan.batches for start in starts] == [
        ((0, 1, 2, 3),),
        ((0, 1), (2, 3)),
        ((0,), (1,), (2,), (3,)),
    ]
    assert starts[0].notes == ()
    assert starts[-1].notes == ("Memory was short, so this is painted 1 candidates at a time.",)
    assert {start.seed for start in starts} == {3}
    request = PaintRequest(mode=Mode.GENERATE, prompt="red", seed=3, model="tiny")
    enough = of(list(engine.paint(request, Control())), Painted)
    for here, there in zip(results, enough, strict=True):
        assert (here.image == there.image).all()
    assert len(of(events, Finished)) == 1


def test_what_was_painted_in_parts_is_painted_so_again(machine: Any) -> None:
    short = machine(denoise=NATIVE)
    first = of(short.paint(candidates=2), Painted)
    again = replayed(first[0].record)
    events = list(short.engine.paint(again, Control()))
    assert len(of(events, Started)) == 1, "the plan says what fits"
    assert (of(events, Painted)[0].image == first[0].image).all()


def test_a_single_picture_that_does_not_fit_is_painted_in_tiles(machine: Any) -> None:
    short = machine(denoise=NATIVE // 2)
    events = short.paint(candidates=1)
    assert of(events, Started)[-1].plan.whole_tile == 32
    assert "in tiles of 32 pixels" in of(events, Started)[-1].notes[-1]
    assert len(of(events, Painted)) == 1
    assert short.tried("denoise")[-1] == 32 * 32


def large() -> tuple[Pixels, Pixels]:
    """Return a canvas that gets a second pass, and a selection of nearly all of it."""
    image = np.full((256, 256, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(2).integers(90, 160, (256, 256, 3))
    mask = np.zeros((256, 256), np.uint8)
    mask[20:236, 20:236] = 255
    return image, mask


def test_a_refining_pass_takes_smaller_tiles(machine: Any) -> None:
    image, mask = large()
    given = {"mode": Mode.INPAINT, "image": image, "mask": mask, "candidates": 1}
    plenty = of(machine().paint(**given), Started)[-1]
    assert plenty.plan.tile == 64
    short = machine(refine=32 * 32)
    events = short.paint(**given)
    assert short.tried("refine")[:2] == [64 * 64, 32 * 32]
    assert [start.plan.tile for start in of(events, Started)] == [64, 32]
    assert len(of(events, Painted)) == 1


def test_a_picture_is_decoded_in_ever_smaller_tiles(machine: Any, engine: Engine) -> None:
    short = machine(decode=40 * 40)
    (painted,) = of(short.paint(candidates=1), Painted)
    assert short.tried("decode")[:2] == [NATIVE, 32 * 32]
    assert painted.record["plan"]["decode_tile"] == 32
    request = PaintRequest(mode=Mode.GENERATE, prompt="red", seed=3, candidates=1, model="tiny")
    (whole,) = of(list(engine.paint(request, Control())), Painted)
    assert whole.record["plan"]["decode_tile"] is None
    difference = np.abs(painted.image.astype(int) - whole.image.astype(int))
    assert difference.mean() < 4, "no seam, no shift"


def test_a_refining_pass_that_does_not_fit_names_the_size_that_was_painted(machine: Any) -> None:
    image, mask = large()
    given = {"mode": Mode.INPAINT, "image": image, "mask": mask, "candidates": 1}
    short = machine(refine=0)
    with pytest.raises(OutOfMemoryError, match="A picture or selection of 64x64 would"):
        short.paint(**given)
    assert short.tried("refine") == [64 * 64, 32 * 32]


def test_a_long_picture_that_does_not_fit_names_the_size_that_was_seen_to_fit(
    machine: Any,
) -> None:
    short = machine(whole=0)
    with pytest.raises(OutOfMemoryError, match="A picture or selection of 64x64 would"):
        short.paint(candidates=1, size=Size(64, 256))


def test_a_model_that_fits_nowhere_says_so(machine: Any) -> None:
    short = machine(denoise=10)
    with pytest.raises(OutOfMemoryError, match=r"tiny does not fit.*64x64.*smaller model"):
        short.paint()
    assert min(short.tried("denoise")) == 32 * 32
    with pytest.raises(OutOfMemoryError, match="smaller model"):
        machine(load_on_cpu=0).paint()


def test_weights_too_large_for_the_device_are_painted_with_in_main_memory(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a machine with a GPU: where its memory runs out, nothing is computed on it.
    monkeypatch.setattr("engine.job.chosen_device", lambda _: "cuda")
    monkeypatch.setattr("engine.job.chosen_precision", lambda *_: "fp32")
    short = machine(load_on_cuda=0)
    events = short.paint()
    assert [loading.model for loading in of(events, Loading)] == ["tiny", "tiny"]
    (started,) = of(events, Started)
    assert started.plan.device == "cpu"
    assert "in main memory" in started.notes[-1]
    assert started.plan.batches == ((0, 1, 2, 3),)
    assert len(of(events, Painted)) == 4


def test_a_job_that_fits_afterwards_is_painted_as_usual(machine: Any) -> None:
    short = machine(denoise=2 * NATIVE)
    short.paint()
    (started,) = of(short.paint(candidates=2), Started)
    assert started.notes == ()


def test_the_device_s_memory_is_left_for_the_main_one_last(engine: Engine) -> None:
    card = engine.catalogue.card("tiny")
    plan = Plan(((0, 1, 2),), precision="bf16", device="cuda")
    limits: Limits | None = Limits()
    seen = []
    while limits is not None:
        now = limits.split(limits.placed(plan))
        seen.append((max(map(len, now.batches)), now.whole_tile, now.device))
        limits = tighter(limits, now, card, Size(64, 64), refining=False)
    assert seen == [
        (3, None, "cuda"),
        (2, None, "cuda"),
        (1, None, "cuda"),
        (1, 32, "cuda"),
        (3, None, "cpu"),
        (2, None, "cpu"),
        (1, None, "cpu"),
        (1, 32, "cpu"),
    ]
    assert elsewhere(Plan((), device="cpu")) is None


def test_tiles_are_never_larger_than_they_were() -> None:
    from engine.painting import Stage

    stage = Stage(working=Size(64, 48), strength=1.0, steps=2)
    assert tightened(stage, None) is stage
    assert tightened(stage, 64) is stage
    assert tightened(stage, 32).tile == Size(32, 32)
