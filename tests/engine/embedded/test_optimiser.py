"""Muon for the matrices within, AdamW for the rest."""

from __future__ import annotations

import torch
from torch import nn

from engine.embedded.train.loop import seeded
from engine.embedded.train.optimiser import Optimiser

RATE = 0.01


def network() -> nn.Sequential:
    """A network with a convolution, a matrix, and vectors beside them."""
    made = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 4, 6))
    generator = seeded("network")
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(0.1 * torch.randn(weight.shape, generator=generator))
    return made


def taught(made: nn.Sequential, optimiser: Optimiser, steps: range) -> list[torch.Tensor]:
    """The weights after some steps of learning, each from pictures of its own."""
    for step in steps:
        optimiser.forget_gradients()
        picture = torch.randn((64, 3, 4, 4), generator=seeded("picture", step))
        made(picture).square().mean().backward()
        optimiser.step(RATE)
    return [weight.detach().clone() for weight in made.parameters()]


def test_muon_moves_a_matrix_as_far_in_every_direction() -> None:
    made = network()
    before = made[2].weight.detach().clone()
    taught(made, Optimiser(made, RATE, muon=True), range(1))
    moved = torch.linalg.svdvals(made[2].weight.detach() - before * (1 - RATE * 0.01))
    assert moved.max() / moved.min() < 2.5  # its gradient's own differ by far more
    made.zero_grad()
    made(torch.randn((64, 3, 4, 4), generator=seeded("picture", 0))).square().mean().backward()
    assert made[2].weight.grad is not None
    gradient = torch.linalg.svdvals(made[2].weight.grad)
    assert gradient.max() > 3 * gradient.min()


def test_a_convolution_is_moved_as_a_matrix_with_a_row_an_output() -> None:
    made = network()
    before = made[0].weight.detach().clone()
    taught(made, Optimiser(made, RATE, muon=True), range(1))
    moved = (made[0].weight.detach() - before * (1 - RATE * 0.01)).view(8, -1)
    values = torch.linalg.svdvals(moved)
    assert values.max() / values.min() < 2.5


def test_learning_goes_on_as_if_it_had_never_been_ended() -> None:
    for muon in (False, True):
        whole = network()
        straight = taught(whole, Optimiser(whole, RATE, muon=muon), range(4))
        half = network()
        first = Optimiser(half, RATE, muon=muon)
        taught(half, first, range(2))
        rest = network()
        rest.load_state_dict(half.state_dict())
        second = Optimiser(rest, RATE, muon=muon)
        second.load_state_dict(first.state_dict())
        resumed = taught(rest, second, range(2, 4))
        assert all(torch.equal(a, b) for a, b in zip(straight, resumed, strict=True))
