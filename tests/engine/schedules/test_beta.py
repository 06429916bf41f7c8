from __future__ import annotations

import math
from itertools import pairwise

import pytest

from engine.schedules import FlowPath, TablePath
from engine.schedules.beta import beta, quantile

SHARES = [i / 50 for i in range(51)]


def test_of_shape_one_half_the_quantile_is_the_arcsine_laws() -> None:
    expected = [math.sin(math.pi * share / 2) ** 2 for share in SHARES]
    assert [quantile(share, 0.5) for share in SHARES] == pytest.approx(expected, abs=1e-12)


def test_of_shape_one_it_is_uniform() -> None:
    assert [quantile(share, 1.0) for share in SHARES] == pytest.approx(SHARES, abs=1e-12)


def test_of_shape_two_it_solves_the_cubic() -> None:
    for share in SHARES:
        t = quantile(share, 2.0)
        assert 3 * t**2 - 2 * t**3 == pytest.approx(share, abs=1e-11)


def test_of_the_papers_shape_it_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is no dependency of ours")
    expected = [stats.beta.ppf(share, 0.6, 0.6) for share in SHARES]
    assert [quantile(share) for share in SHARES] == pytest.approx(expected, abs=1e-10)


def test_times_are_symmetric_and_denser_at_both_ends() -> None:
    path = FlowPath()
    times = [path.time(level) for level in beta(path, 10)]
    assert times == pytest.approx([1.0 - time for time in reversed(times)])
    gaps = [a - b for a, b in pairwise(times)]
    assert gaps[:5] == sorted(gaps[:5])


def test_on_a_table_it_visits_the_same_times() -> None:
    path = TablePath.named()
    times = [path.time(level) for level in beta(path, 7)]
    assert times == pytest.approx([quantile(1 - i / 7) for i in range(8)], abs=1e-9)
