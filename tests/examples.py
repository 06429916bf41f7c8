"""How hard hypothesis tries: a share of what the profile says, so a long run is long for all."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def share(of_profile: float) -> settings:
    """Return settings with so many times the profile's examples; call it where a test is made."""
    examples = max(5, round(settings().max_examples * of_profile))
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
