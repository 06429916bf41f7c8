"""The limit of pictures a minute."""

from __future__ import annotations

import pytest

from bridge.transports.openai.failures import ApiError
from bridge.transports.openai.pace import Pace


def test_pictures_are_counted_in_a_sliding_minute() -> None:
    now = [0.0]
    pace = Pace(5, lambda: now[0])
    pace.admit(3)
    now[0] = 20.0
    pace.admit(2)
    now[0] = 30.0
    with pytest.raises(ApiError) as raised:
        pace.admit(1)
    assert raised.value.headers == {"retry-after": "30"}
    with pytest.raises(ApiError) as raised:
        pace.admit(4)  # the second request must be forgotten, too
    assert raised.value.headers == {"retry-after": "50"}
    now[0] = 60.0
    pace.admit(3)
    with pytest.raises(ApiError):
        pace.admit(1)


def test_without_a_setting_nothing_is_limited() -> None:
    pace = Pace(None)
    for _ in range(1000):
        pace.admit(10)
