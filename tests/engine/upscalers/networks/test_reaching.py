"""Any size is reached, with networks that know one factor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Pixels, Size
from engine.upscalers.networks.reaching import MOST_TILE, reached, tile_for
from engine.upscalers.networks.reading import Enlarger, read
from engine.upscalers.networks.tiling import LEAST_TILE
from tests.engine.upscalers.networks.files import flattened, keeping, rrdb, srvgg, written


@pytest.fixture
def net(tmp_path: Path) -> Enlarger:
    """A network of factor 4 that makes every pixel a block."""
    return read(written(tmp_path / "net.safetensors", keeping(4)), "cpu", "fp32")


def gradient(width: int = 48, height: int = 36) -> Pixels:
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)[None]
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    return picture


@pytest.mark.parametrize(
    "size", [Size(48, 36), Size(96, 72), Size(101, 77), Size(192, 144), Size(480, 360)]
)
def test_every_size_is_reached_exactly_and_nothing_moves(net: Enlarger, size: Size) -> None:
    made = reached(net, gradient(), size)
    assert made.shape == (size.height, size.width, 4)
    assert (made[..., 3] == 255).all()
    places = (np.arange(size.width) + 0.5) / size.width * 48 - 0.5
    expected = np.interp(places, np.arange(48), gradient()[0, :, 0].astype(float))
    assert np.abs(made[size.height // 2, :, 0] - expected).max() < 4.5, "a block's half step"


def test_a_network_that_keeps_the_size_runs_once_and_the_rest_is_resampled(
    tmp_path: Path,
) -> None:
    net = read(written(tmp_path / "one.safetensors", keeping(1)), "cpu", "fp32")
    assert np.array_equal(reached(net, gradient(), Size(48, 36)), gradient())
    assert reached(net, gradient(), Size(90, 70)).shape == (70, 90, 4)


def test_it_runs_no_more_often_and_on_no_more_pixels_than_it_must(net: Enlarger) -> None:
    seen: list[tuple[int, ...]] = []
    run = net.run

    def watched(x: object) -> object:
        seen.append(tuple(x.shape[-2:]))  # type: ignore[attr-defined]
        return run(x)  # type: ignore[arg-type]

    spying = Enlarger(watched, net.network, 3, 4, "cpu", net.dtype, reach=net.reach)  # type: ignore[arg-type]
    reached(spying, gradient(), Size(48 * 8, 36 * 8))
    assert seen == [(36, 48), (72, 96)], "eight times = four times, halved, four times"


def test_soft_edges_stay_soft_and_keep_their_colour(net: Enlarger) -> None:
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[5:15, 5:15] = (220, 30, 90, 255)
    made = reached(net, picture, Size(50, 50))
    visible = made[..., 3] > 8
    assert np.abs(made[visible][:, :3].astype(int) - (220, 30, 90)).max() <= 2
    assert abs(float(made[..., 3].mean()) / 255 - 0.25) < 0.01


def test_tiles_are_as_large_as_memory_allows(tmp_path: Path, net: Enlarger) -> None:
    large = flattened(rrdb(nf=64, nb=1, gc=32), "BasicSR")
    heavy = read(written(tmp_path / "heavy.safetensors", large), "cpu", "fp32")
    assert heavy.cost > net.cost > 0
    assert tile_for(heavy, 64 * 2**30) == MOST_TILE["cpu"]
    assert tile_for(heavy, 2**28) < tile_for(net, 2**28) <= MOST_TILE["cpu"]
    assert tile_for(heavy, 0) == LEAST_TILE


def test_a_grey_network_enlarges_each_colour(tmp_path: Path) -> None:
    state = srvgg(c=1, scale=2)
    state["body.8.weight"].zero_()
    state["body.8.bias"].zero_()
    grey = read(written(tmp_path / "grey.safetensors", state), "cpu", "fp32")
    made = reached(grey, gradient(), Size(96, 72))
    assert np.array_equal(made, gradient().repeat(2, 0).repeat(2, 1))
