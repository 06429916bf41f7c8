"""Cancel inside a network: how often it asks, and what is left behind."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine import Control, Engine, Mode, PaintRequest
from engine.errors import CancelledError
from engine.watching import LARGE, Watch


def test_every_layer_that_computes_much_asks_and_only_while_it_is_watched() -> None:
    large, small = nn.Linear(4, LARGE // 4), nn.Linear(LARGE // 4, 1)
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), large, small)
    watch, asked = Watch(network, None), []
    picture = torch.zeros(1, 1, 2, 2)
    network(picture)
    with watch.asking(lambda: asked.append(1)):
        network(picture)
    network(picture)
    assert len(asked) == 2


def test_what_is_raised_ends_the_pass_and_the_network_works_again() -> None:
    network = nn.Linear(1, 1)
    watch, control = Watch(network), Control()
    control.cancel()
    with pytest.raises(CancelledError), watch.asking(control.check):
        network(torch.zeros(1))
    network(torch.zeros(1))


def test_one_watch_inside_another_gives_way_again() -> None:
    network, asked = nn.Linear(1, 1), []
    watch = Watch(network)
    with watch.asking(lambda: asked.append("outer")):
        with watch.asking(lambda: asked.append("inner")):
            network(torch.zeros(1))
        network(torch.zeros(1))
    assert asked == ["inner", "outer"]


def test_no_stretch_of_a_painting_goes_long_without_asking() -> None:
    counter, marks = FlopCounterMode(display=False), []

    class Counting(Control):
        def check(self) -> None:
            marks.append(counter.get_total_flops())
            super().check()

    request = PaintRequest(mode=Mode.GENERATE, prompt="a moon", candidates=1, steps=1)
    with counter:
        list(Engine(models=[], hooks=[]).paint(request, Counting()))
    longest = max(after - before for before, after in pairwise([0, *marks]))
    assert longest < counter.get_total_flops() / 12  # the largest layer is a twentieth
