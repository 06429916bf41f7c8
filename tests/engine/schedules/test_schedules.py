"""What every schedule keeps: read from the hook, so that a new module is tested unasked."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

from engine import schedules
from engine.schedules import (
    CLEAN,
    CosinePath,
    FlowPath,
    NoisePath,
    Schedule,
    TablePath,
    levels_from,
)

PATHS = {
    "variance preserving": TablePath.named("scaled_linear"),
    "zero terminal SNR": TablePath.named("scaled_linear", zero_terminal_snr=True),
    "short table": TablePath.from_betas([0.1, 0.3, 0.7]),
    "cosine": CosinePath(),
    "flow": FlowPath(),
    "shifted flow": FlowPath(shift=3.0),
}


def registered() -> dict[str, Schedule]:
    found = {}
    for module in pkgutil.iter_modules(schedules.__path__):
        loaded = importlib.import_module(f"{schedules.__name__}.{module.name}")
        if hasattr(loaded, "mahlstick_schedules"):
            found |= loaded.mahlstick_schedules()
    return found


EVERY = registered()


@pytest.fixture(params=EVERY.values(), ids=EVERY.keys())
def schedule(request: pytest.FixtureRequest) -> Schedule:
    return request.param


@pytest.fixture(params=PATHS.values(), ids=PATHS.keys())
def path(request: pytest.FixtureRequest) -> NoisePath:
    return request.param


def test_the_ones_painters_know_are_there() -> None:
    assert {"model", "karras", "exponential", "sgm_uniform", "simple", "beta"} <= EVERY.keys()


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.001])
@pytest.mark.parametrize("steps", [1, 2, 8, 100])
def test_it_gives_falling_levels_of_the_path_that_end_clean(
    schedule: Schedule, path: NoisePath, steps: int, strength: float
) -> None:
    levels = levels_from(schedule, path, steps, strength)  # which checks what it is given
    assert len(levels) == steps + 1
    assert levels[-1] == CLEAN
    for level in levels[:-1]:
        on_path = path.level(path.time(level))
        assert (on_path.alpha, on_path.sigma) == pytest.approx((level.alpha, level.sigma), abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_it_starts_where_the_path_starts(schedule: Schedule, path: NoisePath, steps: int) -> None:
    assert levels_from(schedule, path, steps)[0] == path.level(1.0)


@pytest.mark.parametrize("strength", [0.7, 0.1])
def test_a_strength_is_the_same_noise_under_every_schedule(
    schedule: Schedule, path: NoisePath, strength: float
) -> None:
    start = levels_from(schedule, path, 6, strength)[0]
    assert path.time(start) == pytest.approx(strength, abs=1e-3)


def test_no_schedule_needs_torch_to_be_imported() -> None:
    names = [f"{schedules.__name__}.{m.name}" for m in pkgutil.iter_modules(schedules.__path__)]
    code = f"import sys, {', '.join(names)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
