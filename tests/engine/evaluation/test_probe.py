from __future__ import annotations

import numpy as np
import torch

from engine.embedded.world import drawn, imagined
from engine.embedded.world.scenes import MANNERS
from engine.evaluation.probe import (
    HOURS,
    PARTS,
    WEIGHTS,
    Probe,
    labels,
    packed,
    parts_of,
    told,
    unpacked,
)


def test_labels_say_what_a_scene_shows() -> None:
    scenes = [imagined(seed, kind="land") for seed in range(40)]
    truth = labels(scenes)
    names = tuple(PARTS)
    for row, scene in enumerate(scenes):
        there = {names[n] for n in truth["parts"][row].nonzero().flatten().tolist()}
        assert there == parts_of(scene)
        assert HOURS[int(truth["hour"][row])] == scene.time
        assert MANNERS[int(truth["manner"][row])] == scene.manner
        assert ("moon" in there) == (scene.body in ("full moon", "crescent moon"))


def test_packed_weights_say_nearly_the_same_and_are_small() -> None:
    probe = Probe().eval()
    other = Probe().eval()
    other.load_state_dict(unpacked(packed(probe.state_dict())))
    pictures = torch.rand(2, 3, 128, 128) * 2 - 1
    with torch.inference_mode():
        for name, logits in probe(pictures).items():
            assert torch.allclose(other(pictures)[name], logits, atol=0.05)
    assert WEIGHTS.stat().st_size <= 2**20


def test_the_kept_probe_tells_a_night_from_a_day_in_any_size() -> None:
    scenes = [imagined(seed, kind="land", held_out=True) for seed in range(60_000_000, 60_000_040)]
    hours = [s for s in scenes if s.time in ("day", "night")][:16]
    answers = told([drawn(scene, 128).pixels for scene in hours])
    assert np.mean([a.hour == s.time for a, s in zip(answers, hours, strict=True)]) > 0.8
    large = told([drawn(hours[0], 256).pixels])[0]
    assert large.hour == answers[0].hour
