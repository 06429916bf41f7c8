"""Previews."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.api import Box
from engine.preview import Previewer, part, previews


class Shows:
    """A model that shows its x0 as it is."""

    def preview(self, x0: torch.Tensor) -> torch.Tensor:
        return x0.permute(0, 2, 3, 1).to(torch.uint8)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (32, 24, (24, 32, 3)),
        (256, 256, (256, 256, 3)),
        (1000, 20, (5, 256, 3)),
        (1, 900, (256, 1, 3)),
    ],
)
def test_previews_are_at_most_256_pixels_long(
    width: int, height: int, shape: tuple[int, int, int]
) -> None:
    model: Any = Shows()
    shown = previews(model, torch.full((2, 3, height, width), 77.0))
    assert [picture.shape for picture in shown] == [shape, shape]
    assert all((picture == 77).all() for picture in shown)
    assert all(picture.dtype == np.uint8 and picture.flags.c_contiguous for picture in shown)


@pytest.mark.parametrize(
    ("seen", "wanted", "rows", "columns"),
    [
        (Box(0, 0, 80, 40), Box(0, 0, 80, 40), (0, 20), (0, 40)),
        (Box(-8, -4, 80, 40), Box(0, 0, 64, 32), (2, 18), (4, 36)),
        (Box(10, 10, 80, 40), Box(0, 0, 200, 200), (0, 20), (0, 40)),
        (Box(0, 0, 80, 40), Box(79, 39, 1, 1), (19, 20), (39, 40)),
    ],
)
def test_a_preview_is_cut_to_the_box_that_was_told(
    seen: Box, wanted: Box, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    picture = np.arange(20 * 40 * 3, dtype=np.int64).reshape(20, 40, 3).astype(np.uint8)
    cut = part(picture, seen, wanted)
    assert np.array_equal(cut, picture[slice(*rows), slice(*columns)])


class Clock:
    """Seconds that pass only when a decoder is at work."""

    def __init__(self, *takes: float) -> None:
        self.now, self.takes, self.calls = 0.0, list(takes), 0

    def __call__(self) -> float:
        return self.now

    def decoder(self, x0: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.now += self.takes.pop(0) if self.takes else 0.0
        return torch.full((len(x0), 2, 2, 3), 2, dtype=torch.uint8)


def linear(x0: torch.Tensor) -> torch.Tensor:
    return torch.full((len(x0), 2, 2, 3), 1, dtype=torch.uint8)


def shown(previewer: Previewer, steps: int, candidates: int = 1) -> list[int]:
    x0 = torch.zeros(candidates, 4, 2, 2)
    return [int(previewer(x0)[0, 0, 0, 0]) for _ in range(steps)]


def test_the_first_preview_is_linear_and_a_quick_decoder_makes_the_others() -> None:
    clock = Clock(0.4, 0.004)  # its first run has more to do
    previewer = Previewer(linear, clock.decoder, clock)
    assert previewer.choice is None
    assert shown(previewer, 5) == [1, 2, 2, 2, 2]
    assert (previewer.choice, previewer.seconds) == ("decoder", pytest.approx(0.004))


def test_a_slow_decoder_is_given_up() -> None:
    clock = Clock(0.4, 0.2, 0.2)
    previewer = Previewer(linear, clock.decoder, clock)
    assert shown(previewer, 6) == [1, 2, 2, 2, 1, 1]
    assert (previewer.choice, clock.calls) == ("linear", 3)


def test_a_decoder_is_judged_by_a_picture_and_not_by_the_batch() -> None:
    clock = Clock(0.04)
    previewer = Previewer(linear, clock.decoder, clock)
    shown(previewer, 2, candidates=4)
    assert previewer.choice == "decoder"


def test_without_a_decoder_previews_are_linear() -> None:
    previewer = Previewer(linear)
    assert previewer.choice == "linear"
    assert shown(previewer, 3) == [1, 1, 1]
