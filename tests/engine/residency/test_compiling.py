"""Blocks are compiled beside the painting, and nothing is painted differently."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine import CancelledError
from engine.residency.compiling import Compiling
from engine.watching import Watch

LONG_S = 120.0  # a machine that stalls is no failure


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return x + scale * self.two(torch.relu(self.one(x)))


class Network(nn.Module):
    _repeated_blocks = ("Block",)

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(4), Block(4), Block(4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x, scale=0.5)
        return x


def network() -> Network:
    with torch.random.fork_rng():
        torch.random.manual_seed(1)
        return Network().eval().requires_grad_(False)


def run(made: nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return made(torch.ones(2, 4))


def test_blocks_change_over_when_they_are_compiled_and_compute_the_same() -> None:
    made = network()
    plain = run(made)
    compiling = Compiling(made, backend="eager")
    assert compiling.news() == ""
    assert torch.equal(run(made), plain), "the first run is as it was, and shows the shapes"
    assert compiling.wait(LONG_S)
    assert "compiled" in compiling.news()
    assert compiling.news() == "", "told once"
    assert all("forward" in vars(block) for block in made.blocks)
    assert torch.allclose(run(made), plain)


def test_a_cancel_is_heard_before_each_compiled_block() -> None:
    made = network()
    watch, asked = Watch(made), [0]
    compiling = Compiling(made, backend="eager")
    run(made)
    assert compiling.wait(LONG_S)

    def check() -> None:
        asked[0] += 1
        if asked[0] == 2:
            raise CancelledError("Enough.")

    with pytest.raises(CancelledError), watch.asking(check):
        run(made)
    assert asked[0] == 2, "once a block"


def test_what_cannot_be_compiled_paints_as_before_and_says_so() -> None:
    made = network()
    plain = run(made)
    compiling = Compiling(made, backend="no such compiler")
    run(made)
    assert compiling.wait(LONG_S)
    assert "cannot be compiled here" in compiling.news()
    assert not any("forward" in vars(block) for block in made.blocks)
    assert torch.equal(run(made), plain)


def test_a_network_without_repeated_blocks_is_left_alone() -> None:
    compiling = Compiling(nn.Linear(2, 2))
    assert compiling.wait(0.0)
    assert "no blocks that repeat" in compiling.news()
