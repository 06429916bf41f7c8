from __future__ import annotations

import numpy as np

from engine.embedded.train.holes import hole
from engine.embedded.world import Scene, imagined


def test_holes_are_ones_and_zeros_and_never_empty() -> None:
    rng = np.random.default_rng(0)
    for seed in range(200):
        mask = hole(imagined(seed), 16, 24 if seed % 2 else 16, rng).mask
        assert set(np.unique(mask)) <= {0.0, 1.0}
        assert mask.any()


def test_a_hole_about_an_object_holds_all_of_it() -> None:
    rng = np.random.default_rng(1)
    scene = Scene(kind="sky", seed=1, body="full moon", time="night", radius=0.12)
    found = [
        made for made in (hole(scene, 16, 16, rng) for _ in range(100)) if made.kind == "object"
    ]
    assert found
    for made in found:
        assert made.hides_object
        assert made.mask[7:9, 7:9].all()


def test_all_kinds_of_holes_occur() -> None:
    rng = np.random.default_rng(2)
    scene = imagined(0, kind="shape")
    assert {hole(scene, 16, 16, rng).kind for _ in range(100)} == {
        "whole", "object", "blob", "strip",
    }  # fmt: skip
