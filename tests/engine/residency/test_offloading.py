"""Weights that come when they are needed: the same numbers, with hooks in place.

There is one device here, so that what is brought stays where it is; that it is asked for, and that
nothing is computed differently, is what can be seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine import Control, Engine, Mode, Painted, PaintRequest, Plan
from engine.families.latent import LatentFamily
from engine.residency import offloading
from engine.residency.memory import Memory
from engine.residency.models import Models
from engine.residency.offloading import on_device, settled, take_turns
from engine.residency.planner import Offload, Placement
from tests.engine.tiny_checkpoints import latent


class Named(nn.Module):
    """A network that tells when it runs, and where it is said to lie."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__()
        self.layer, self.name, self.log = nn.Linear(2, 2), name, log

    def to(self, *args: Any) -> Any:
        self.log.append(f"{self.name} to {args[0]}")
        return super().to("cpu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.log.append(f"{self.name} runs")
        return self.layer(x)


def test_networks_take_turns_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    text, unet, vae = networks = [Named(name, log) for name in ("text", "unet", "vae")]
    there: set[str] = set()

    def is_at(network: Any, _device: Any) -> bool:
        for line in log:
            name, _, place = line.partition(" to ")
            if place:
                (there.add if place == "cpu:0" else there.discard)(name)
        return network.name in there

    monkeypatch.setattr(offloading, "_is_at", is_at)
    take_turns(networks, "cpu:0")
    for network in (text, unet, unet, vae):
        network(torch.zeros(1, 2))
    assert log == [
        "text to cpu:0",
        "text runs",
        "text to cpu",
        "unet to cpu:0",
        "unet runs",
        "unet runs",
        "unet to cpu",
        "vae to cpu:0",
        "vae runs",
    ]


def test_a_network_that_places_itself_is_not_moved_and_sends_the_others_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[str] = []
    text, unet = networks = [Named(name, log) for name in ("text", "unet")]
    monkeypatch.setattr(offloading, "_is_at", lambda network, _: network is text and bool(log))
    take_turns(networks, "cpu:0", staying=unet)
    text(torch.zeros(1, 2))
    unet(torch.zeros(1, 2))
    text(torch.zeros(1, 2))
    assert log == ["text to cpu:0", "text runs", "text to cpu", "unet runs", "text runs"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return latent.write_folder(tmp_path_factory.mktemp("models") / "sd", "sd1")


def painted(checkpoint: Path, placement: Placement, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Models, "planned", lambda *_, **__: placement)
    engine = Engine([checkpoint], device="cpu", memory=lambda _: Memory(2**40))
    request = PaintRequest(
        mode=Mode.GENERATE, prompt="a", seed=5, steps=2, candidates=1, model=checkpoint.name
    )
    (result,) = [e for e in engine.paint(request, Control()) if isinstance(e, Painted)]
    return result.merged


@pytest.mark.parametrize("offload", ["model", "group", "layer"])
def test_a_picture_is_the_same_however_its_model_is_held(
    checkpoint: Path, offload: Offload, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = painted(checkpoint, Placement("cpu", "fp32"), monkeypatch)
    held = painted(checkpoint, Placement("cpu", "fp32", offload=offload), monkeypatch)
    assert (plain == held).all()


def test_a_picture_with_weights_in_eight_bits_is_nearly_the_same(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = painted(checkpoint, Placement("cpu", "fp32"), monkeypatch).astype(int)
    short = painted(checkpoint, Placement("cpu", "fp32", eight_bits=True), monkeypatch)
    difference = abs(plain - short).mean()
    assert 0 < difference < 24


def loaded(checkpoint: Path) -> Any:
    family = LatentFamily()
    card = family.recognise(checkpoint)
    assert card is not None
    return family.load_aside(card, "cpu", "fp32")


def test_eight_bits_halve_what_the_denoiser_takes(checkpoint: Path) -> None:
    networks = loaded(checkpoint).networks
    before = sum(weight.nbytes for weight in networks["unet"].parameters())
    settled(networks, Placement("cpu", "fp32", eight_bits=True), "unet")
    after = sum(weight.nbytes for weight in networks["unet"].parameters())
    assert after < 0.5 * before
    assert networks["vae"].dtype == torch.float32


def test_attention_is_computed_in_slices_where_it_can_be(checkpoint: Path) -> None:
    networks = loaded(checkpoint).networks
    settled(networks, Placement("cpu", "fp32", chunked_attention=True), "unet")
    kinds = {type(one).__name__ for one in networks["unet"].attn_processors.values()}
    assert kinds == {"SlicedAttnProcessor"}


def test_what_lies_on_a_device_is_weighed(checkpoint: Path) -> None:
    networks = loaded(checkpoint).networks
    assert on_device(networks) == 0
    assert on_device({"a": nn.Linear(4, 4, bias=False, device="meta")}) == 64


def test_a_latent_model_is_planned_and_loaded_by_what_its_header_says(checkpoint: Path) -> None:
    family = LatentFamily()
    card = family.recognise(checkpoint)
    assert card is not None
    models = Models([family])  # type: ignore[list-item]
    plan = Plan((), "fp32", 1, "cpu")

    class Job:
        guidance = 5.0

    job: Any = Job()
    job.card = card
    placement = models.planned(job, plan, may_round=True)
    held = models.load(card, plan, placement)
    weights = sum(
        tensor.nbytes for network in held.networks.values() for tensor in network.parameters()
    )
    assert held.needs.architecture == "sd1"
    assert held.needs.weights == pytest.approx(weights, rel=0.05)
