from __future__ import annotations

from itertools import pairwise

import pytest

from engine.schedules import FlowPath, TablePath, levels_from
from engine.schedules.align_your_steps import SD15, SDXL, SVD, TableSchedule

PATH = TablePath.named("scaled_linear")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (SD15, "StableDiffusionSigmas"),
        (SDXL, "StableDiffusionXLSigmas"),
        (SVD, "StableDiffusionVideoSigmas"),
    ],
)
def test_the_tables_are_those_diffusers_rounds(table: tuple[float, ...], name: str) -> None:
    from diffusers.schedulers import AysSchedules

    assert table[:-1] == pytest.approx(AysSchedules[name][:-1], rel=0.015)


def test_ten_steps_are_the_published_figures_and_then_clean() -> None:
    ratios = [level.ratio for level in levels_from(TableSchedule(SD15), PATH, 10)]
    assert ratios == pytest.approx([*SD15[:-1], 0.0], rel=1e-4)


def test_twenty_steps_have_the_geometric_means_between() -> None:
    ratios = [level.ratio for level in levels_from(TableSchedule(SDXL), PATH, 20)]
    assert ratios[2::2] == pytest.approx([*SDXL[1:-1], 0.0], rel=1e-4)
    means = [(a * b) ** 0.5 for a, b in pairwise(SDXL[1:])]
    assert ratios[3::2] == pytest.approx(means, rel=1e-4)


def test_from_pure_noise_the_first_figure_is_the_paths_own_start() -> None:
    levels = levels_from(TableSchedule(SD15), FlowPath(), 10)
    assert levels[0] == FlowPath().level(1.0)
    assert [level.ratio for level in levels[1:-1]] == pytest.approx(SD15[1:-1], rel=1e-6)


@pytest.mark.parametrize("strength", [0.9, 0.5, 0.1, 0.03, 0.002])
def test_a_low_strength_takes_what_is_left_of_the_table(strength: float) -> None:
    levels = levels_from(TableSchedule(SD15), PATH, 6, strength)
    assert levels[0] == PATH.level(strength)
    assert 0.0 < levels[-2].ratio < levels[0].ratio
