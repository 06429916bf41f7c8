"""Whether the editor is there: where it must be (CI), its absence is a failure and not a skip."""

from __future__ import annotations

import os

import pytest

VARIABLE = "MAHLSTICK_REQUIRE_EDITORS"


def need(missing: list[str], how: str) -> None:
    """Skip the test when programs are missing, or fail it where the environment says so."""
    if not missing:
        return
    sentence = f"Not installed: {', '.join(missing)}. Run {how} to get them."
    if os.environ.get(VARIABLE):
        pytest.fail(sentence)
    pytest.skip(sentence)
