"""What `mahlstick bench` measures of LoRAs does what it says."""

from __future__ import annotations

from pathlib import Path

from engine.adapters.switching import Switching


def test_going_back_to_a_set_is_cheaper_than_reading_it(tmp_path: Path) -> None:
    measured = Switching("tiny", tmp_path)
    assert measured.layers == 60
    assert measured.copied_ms() >= 0.0
    measured.switched_ms()  # the first warms the caches
    read = sorted(measured.switched_ms() for _ in range(5))[2]
    returned = sorted(measured.returned_ms() for _ in range(5))[2]
    assert returned < read
