"""What all tests share: how hard hypothesis tries, and whether an editor's absence is a failure."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile(
    "qualify", max_examples=4000, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("quick")
