from __future__ import annotations

import numpy as np

from engine.embedded.train.holes import hole
from engine.embedded.world import Scene, Thing, imagined


def test_holes_are_ones_and_zeros_and_never_empty() -> None:
    rng = np.random.default_rng(0)
    for seed in range(200):
        mask = hole(imagined(seed), 16, 24 if seed % 2 else 16, rng).mask
        assert set(np.unique(mask)) <= {0.0, 1.0}
        assert mask.any()


def test_a_hole_about_an_object_holds_all_of_it() -> None:
    rng = np.random.default_rng(1)
    moon = Thing("full moon", (0.5, 0.5), 0.12)
    scene = Scene(kind="land", seed=1, things=(moon,), time="night")
    found = [
        made for made in (hole(scene, 16, 16, rng) for _ in range(100)) if made.kind == "object"
    ]
    assert found
    for made in found:
        assert made.hidden == (moon,)
        assert made.mask[7:9, 7:9].all()


def test_things_that_are_told_together_are_hidden_together() -> None:
    rng = np.random.default_rng(4)
    birds = (Thing("bird", (0.3, 0.3), 0.1, group=1), Thing("bird", (0.7, 0.3), 0.1, group=1))
    scene = Scene(kind="land", seed=1, things=(*birds, Thing("boat", (0.5, 0.8), 0.1)), time="day")
    hidden = {made.hidden for made in (hole(scene, 16, 16, rng) for _ in range(100))}
    assert birds in hidden
    assert scene.things[2:] in hidden
    assert birds[:1] not in hidden


def test_all_kinds_of_holes_occur() -> None:
    rng = np.random.default_rng(2)
    scene = imagined(0, kind="shape")
    assert {hole(scene, 16, 16, rng).kind for _ in range(100)} == {
        "whole", "object", "blob", "strip",
    }  # fmt: skip
