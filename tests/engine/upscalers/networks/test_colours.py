"""Transparency survives networks that know of none."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Pixels
from engine.upscalers.networks.colours import continued, with_alpha


def doubled(picture: Pixels) -> Pixels:
    return picture.repeat(2, 0).repeat(2, 1)


def disc() -> Pixels:
    """A red disc with a soft edge on black transparency, 40x30."""
    y, x = np.mgrid[:30, :40]
    opacity = np.clip(10.5 - np.hypot(x - 20, y - 15), 0, 1) * 255
    picture = np.zeros((30, 40, 4), np.uint8)
    picture[..., 3] = np.rint(opacity)
    picture[picture[..., 3] > 0, :3] = (200, 40, 10)
    return picture


def test_colour_goes_on_under_transparency() -> None:
    picture = disc()
    filled = continued(picture[..., :3], picture[..., 3])
    assert np.abs(filled.astype(int) - (200, 40, 10)).max() <= 1
    seen = picture[..., 3] > 0
    assert np.array_equal(filled[seen], picture[..., :3][seen])


def test_two_colours_go_on_each_on_its_side() -> None:
    picture = np.zeros((8, 32, 4), np.uint8)
    picture[:, :4] = (250, 0, 0, 255)
    picture[:, -4:] = (0, 0, 250, 255)
    filled = continued(picture[..., :3], picture[..., 3])
    assert (filled[:, :8, 0] > filled[:, :8, 2]).all()
    assert (filled[:, -8:, 2] > filled[:, -8:, 0]).all()


def test_a_picture_without_any_paint_stays_clear() -> None:
    made = with_alpha(np.zeros((5, 7, 4), np.uint8), 3, doubled)
    assert made.shape == (10, 14, 4)
    assert not made[..., 3].any()


def test_an_opaque_picture_is_enlarged_once_and_stays_opaque() -> None:
    picture = np.dstack((disc()[..., :3], np.full((30, 40), 255, np.uint8)))
    calls = []

    def enlarge(one: Pixels) -> Pixels:
        calls.append(one.shape)
        return doubled(one)

    made = with_alpha(picture, 3, enlarge)
    assert calls == [(30, 40, 3)]
    assert np.array_equal(made, doubled(picture))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_networks_of_all_channels_give_colour_and_opacity(channels: int) -> None:
    seen = []

    def enlarge(one: Pixels) -> Pixels:
        seen.append(one.shape[2])
        return doubled(one)

    picture = disc()
    made = with_alpha(picture, channels, enlarge)
    assert set(seen) == {channels}
    assert np.array_equal(made[..., 3], doubled(picture)[..., 3])
    opaque = made[..., 3] > 0
    assert np.abs(made[opaque][:, :3].astype(int) - (200, 40, 10)).max() <= 1


def test_what_is_wholly_opaque_or_clear_stays_so_whatever_the_network_makes() -> None:
    def inexact(one: Pixels) -> Pixels:
        return np.clip(doubled(one).astype(int), 3, 250).astype(np.uint8)

    made = with_alpha(disc(), 3, inexact)
    assert made[30, 40, 3] == 255
    assert made[0, 0, 3] == 0
    assert made[..., 3].max() == 255
