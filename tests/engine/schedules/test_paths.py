from __future__ import annotations

import math

import pytest

from engine.errors import EngineError, RequestError
from engine.schedules import (
    CLEAN,
    CosinePath,
    FlowPath,
    Level,
    NoisePath,
    PartialPath,
    Schedule,
    TablePath,
    levels_from,
    trained_steps,
)
from engine.schedules.uniform import model

PATHS = {
    "linear": TablePath.named("linear", start=1e-4, end=0.02),
    "scaled linear": TablePath.named("scaled_linear"),
    "squared cosine": TablePath.named("squaredcos_cap_v2"),
    "zero terminal SNR": TablePath.named("scaled_linear", zero_terminal_snr=True),
    "short table": TablePath.from_betas([0.1, 0.3, 0.7]),
    "cosine": CosinePath(),
    "shifted cosine": CosinePath(shift=4.0),
    "flow": FlowPath(),
    "shifted flow": FlowPath(shift=3.0),
    "part of a flow": PartialPath(FlowPath(shift=3.0), 0.6),
}
TIMES = [i / 97 for i in range(98)]


@pytest.fixture(params=PATHS.values(), ids=PATHS.keys())
def path(request: pytest.FixtureRequest) -> NoisePath:
    return request.param


def test_a_time_comes_back_from_its_level(path: NoisePath) -> None:
    for time in TIMES:
        assert path.time(path.level(time)) == pytest.approx(time, abs=1e-9)


def test_the_time_depends_on_the_ratio_alone(path: NoisePath) -> None:
    for time in TIMES[1:-1]:
        level = path.level(time)
        assert path.time(Level(1.0, level.ratio)) == pytest.approx(time, abs=1e-9)


def test_time_0_is_clean_and_noise_rises_with_time(path: NoisePath) -> None:
    assert path.level(0.0) == CLEAN
    snrs = [path.level(time).log_snr for time in TIMES]
    assert snrs == sorted(snrs, reverse=True)
    assert len(set(snrs)) == len(snrs)


def test_a_time_out_of_range_is_taken_to_the_nearest_end(path: NoisePath) -> None:
    assert path.level(-0.1) == path.level(0.0)
    assert path.level(1.1).ratio >= path.level(1.0).ratio


@pytest.mark.parametrize("name", ["zero terminal SNR", "cosine", "shifted cosine", "flow"])
def test_paths_of_zero_terminal_snr_start_at_pure_noise_exactly(name: str) -> None:
    assert PATHS[name].level(1.0) == Level(0.0, 1.0)


@pytest.mark.parametrize("name", [name for name in PATHS if "flow" not in name])
def test_variance_is_preserved(name: str) -> None:
    for time in TIMES:
        level = PATHS[name].level(time)
        assert math.hypot(level.alpha, level.sigma) == pytest.approx(1.0, abs=1e-12)


def test_a_flow_keeps_the_sum() -> None:
    path = PATHS["shifted flow"]
    for time in TIMES:
        assert sum((path.level(time).alpha, path.level(time).sigma)) == pytest.approx(1.0)


@pytest.mark.parametrize("schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"])
@pytest.mark.parametrize("zero_terminal_snr", [False, True])
def test_a_table_equals_diffusers(schedule: Schedule, zero_terminal_snr: bool) -> None:
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(beta_schedule=schedule, rescale_betas_zero_snr=zero_terminal_snr)
    ours = TablePath.named(schedule, start=1e-4, end=0.02, zero_terminal_snr=zero_terminal_snr)
    for step in (0, 1, 2, 499, 500, 998, 999):
        bar = float(theirs.alphas_cumprod[step])
        assert ours.level((step + 1) / 1000).alpha ** 2 == pytest.approx(bar, rel=1e-3, abs=2e-6)


def test_a_table_tells_the_network_its_training_step() -> None:
    path = TablePath.named()
    for step in (0, 1, 250, 999):
        assert path.step(path.level((step + 1) / 1000)) == pytest.approx(step, abs=1e-6)
    assert path.step(path.level(0.5004)) == pytest.approx(499.4, abs=1e-6)
    assert path.step(path.level(0.0001)) == 0.0


def test_a_table_given_as_alphas_cumprod_is_the_table_of_its_betas() -> None:
    betas = [0.1, 0.3, 0.7]
    bars = [0.9, 0.9 * 0.7, 0.9 * 0.7 * 0.3]
    assert TablePath.from_alphas_cumprod(bars).angles == pytest.approx(
        TablePath.from_betas(betas).angles
    )


def test_a_level_noisier_than_the_table_is_at_its_end() -> None:
    assert TablePath.named().time(Level(0.0, 1.0)) == 1.0


@pytest.mark.parametrize("bars", [[], [0.5], [0.5, 0.6], [0.9, 0.9]])
def test_a_table_that_does_not_fall_is_refused(bars: list[float]) -> None:
    with pytest.raises(ValueError, match="each below the last"):
        TablePath.from_alphas_cumprod(bars)


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'sigmoid' is unknown; known are linear, scaled_linear"):
        TablePath.named("sigmoid")


def test_a_shift_multiplies_the_ratio() -> None:
    for time in TIMES[1:-1]:
        plain, shifted = FlowPath().level(time), FlowPath(shift=3.0).level(time)
        assert shifted.ratio == pytest.approx(3.0 * plain.ratio)
        plain, shifted = CosinePath().level(time), CosinePath(shift=3.0).level(time)
        assert shifted.ratio == pytest.approx(3.0 * plain.ratio)


def test_trained_steps_count_the_table_and_the_part_of_it() -> None:
    assert trained_steps(TablePath.from_betas([0.1, 0.3, 0.7])) == 3.0
    assert trained_steps(FlowPath()) == 1000.0
    assert trained_steps(PartialPath(TablePath.named(), 0.25)) == 250.0


def test_a_strength_starts_at_that_time_and_spends_every_step_below_it(path: NoisePath) -> None:
    levels = levels_from(model, path, 10, strength=0.3)
    assert len(levels) == 11
    assert path.time(levels[0]) == pytest.approx(0.3)
    assert path.time(levels[5]) == pytest.approx(0.15)


@pytest.mark.parametrize("strength", [0.0, -0.5, 1.5, math.nan])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(RequestError, match="above 0 and at most 1") as caught:
        levels_from(model, FlowPath(), 4, strength=strength)
    assert caught.value.field == "strength"


def test_no_steps_are_refused() -> None:
    with pytest.raises(RequestError, match="at least 1") as caught:
        levels_from(model, FlowPath(), 0)
    assert caught.value.field == "steps"


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (lambda path, steps: model(path, steps + 1), "it gave 6 levels, not 5"),
        (lambda path, steps: model(path, steps + 1)[:-1], "its last level is"),
        (lambda path, steps: [*[path.level(1.0)] * steps, CLEAN], "its levels do not fall"),
        (lambda path, steps: [*reversed(model(path, steps)[:-1]), CLEAN], "its levels do not fall"),
    ],
)
def test_a_schedule_that_breaks_its_contract_is_named(broken: Schedule, fault: str) -> None:
    with pytest.raises(EngineError, match=f"'<lambda>' broke its contract: {fault}"):
        levels_from(broken, FlowPath(), 4)


def test_the_log_snr_is_infinite_at_both_ends() -> None:
    assert Level(0.0, 1.0).log_snr == -math.inf
    assert CLEAN.log_snr == math.inf
    assert Level(0.6, 0.8).log_snr == pytest.approx(2 * math.log(0.75))
    assert Level(0.0, 1.0).ratio == math.inf


@pytest.mark.parametrize("tokens", [64, 256, 1024, 4096, 9216])
def test_a_shift_for_a_size_equals_diffusers_dynamic_shifting(tokens: int) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    mu = 0.5 + (1.15 - 0.5) * (tokens - 256) / (4096 - 256)
    theirs = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    theirs.set_timesteps(sigmas=[1.0 - i / 8 for i in range(8)], mu=mu)
    ours = [level.sigma for level in model(FlowPath.for_tokens(tokens), 8)]
    assert ours == pytest.approx([float(sigma) for sigma in theirs.sigmas], abs=1e-6)
