"""Many clients at once: every result comes once, and nobody waits for another's tenth job."""

from __future__ import annotations

import os

from bridge.cli.bench.clients import crowded

CLIENTS, EACH = (200, 10) if os.environ.get("MAHLSTICK_QUALIFY") else (12, 5)


def test_a_crowd_gets_all_its_results_once_and_evenly() -> None:
    _, unfairness = crowded(CLIENTS, EACH)
    assert unfairness <= 1 / EACH
