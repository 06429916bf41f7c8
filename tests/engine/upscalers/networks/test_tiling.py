"""Networks run over pictures in tiles, and nobody sees it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import CancelledError, Control, OutOfMemoryError, Pixels
from engine.upscalers.networks.reading import Enlarger, read
from engine.upscalers.networks.tiling import FADE, LEAST_TILE, enlarged, spans
from tests.engine.upscalers.networks.files import (
    FIRST,
    THIRD,
    flattened,
    keeping,
    rrdb,
    srvgg,
    written,
)


def grain(height: int, width: int, channels: int = 3) -> Pixels:
    return np.random.default_rng(4).integers(0, 256, (height, width, channels), np.uint8)


def nothing() -> None:
    """Never cancel."""


@pytest.mark.parametrize(
    ("length", "tile", "reach", "scale", "multiple"),
    [(300, 64, 8, 2, 1), (301, 64, 32, 4, 1), (96, 64, 3, 1, 4), (1000, 256, 32, 2, 2)],
)
def test_the_weights_of_tiles_sum_to_one_everywhere(
    length: int, tile: int, reach: int, scale: int, multiple: int
) -> None:
    total = np.zeros(length * scale)
    found = spans(length, tile, reach, scale, multiple)
    for span in found:
        assert span.start % multiple == 0
        assert span.end - span.start == tile
        total[span.start * scale : span.end * scale] += span.weights
    assert np.allclose(total, 1.0, atol=1e-6)
    assert found[0].start == 0
    assert found[-1].end == length


def test_nothing_counts_that_sees_a_tiles_edge() -> None:
    reach = 8
    for before, after in itertools.pairwise(spans(400, 128, reach, 1)):
        assert not before.weights[-reach:].any()
        assert not after.weights[:reach].any()
        shared = before.end - after.start
        assert shared >= 2 * reach + FADE


def test_a_short_side_is_one_tile() -> None:
    (only,) = spans(40, 64, 8, 2)
    assert (only.start, only.end, only.weights.min(), len(only.weights)) == (0, 40, 1.0, 80)


@pytest.mark.parametrize("fold", [1, 2])
def test_tiles_of_an_rrdbnet_show_what_the_whole_shows(tmp_path: Path, fold: int) -> None:
    state = flattened(
        rrdb(nb=1, ups=2 if fold > 1 else 1, fold=fold), FIRST if fold == 1 else THIRD
    )
    net = read(written(tmp_path / "net.safetensors", state), "cpu", "fp32")
    picture = grain(150, 131)
    whole = enlarged(net, picture, 1024, nothing)
    parts = enlarged(net, picture, 96, nothing)
    assert whole.shape == parts.shape == (300, 262, 3)
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_tiles_of_a_compact_network_show_what_the_whole_shows(tmp_path: Path) -> None:
    net = read(written(tmp_path / "net.safetensors", srvgg(scale=3, blocks=6)), "cpu", "fp32")
    picture = grain(200, 90)
    whole, parts = (enlarged(net, picture, tile, nothing) for tile in (1024, 64))
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_a_network_that_adds_nothing_shifts_nothing(tmp_path: Path) -> None:
    net = read(written(tmp_path / "net.safetensors", keeping(4)), "cpu", "fp32")
    picture = grain(130, 70)
    made = enlarged(net, picture, 64, nothing)
    assert np.array_equal(made, picture.repeat(4, 0).repeat(4, 1))


class Short(torch.nn.Module):
    """Doubles pictures of up to so many pixels, and runs out of memory with larger ones."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.seen = most, [0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.shape[-1])
        if x.shape[-1] * x.shape[-2] > self.most:
            raise torch.OutOfMemoryError("too large")
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def doubling(network: torch.nn.Module) -> Enlarger:
    return Enlarger(network, network, 3, 2, "cpu", torch.float32, reach=2)


def test_tiles_become_smaller_until_they_fit() -> None:
    network = Short(100 * 100)
    picture = grain(300, 300)
    made = enlarged(doubling(network), picture, 256, nothing)
    assert np.array_equal(made, picture.repeat(2, 0).repeat(2, 1))
    assert max(network.seen[-1:]) == 64
    assert network.seen[1:3] == [256, 128]


def test_the_least_tile_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(OutOfMemoryError):
        enlarged(doubling(Short(10)), grain(300, 300), 2 * LEAST_TILE, nothing)


def test_a_cancel_is_heard_inside_a_tile(tmp_path: Path) -> None:
    net = read(written(tmp_path / "net.safetensors", flattened(rrdb(), FIRST)), "cpu", "fp32")
    control, asked = Control(), [0]

    def check() -> None:
        asked[0] += 1
        if asked[0] == 5:
            control.cancel()
        control.check()

    with pytest.raises(CancelledError):
        enlarged(net, grain(40, 40), 64, check)
    assert asked[0] == 5, "the second layer did not run"
