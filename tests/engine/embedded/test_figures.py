from __future__ import annotations

import numpy as np

from engine.embedded.train.figures import judged, seen
from engine.embedded.world import drawn
from engine.embedded.world.scenes import Scene


def test_the_judge_sees_what_was_drawn() -> None:
    assert judged(60)["all three"] > 0.9


def test_the_judge_tells_the_colours_of_shape_and_ground_apart() -> None:
    scene = Scene(kind="shape", seed=3, shape="star", colour="red", ground="teal", radius=0.3)
    assert seen(drawn(scene, 256).pixels) == ("star", "red", "teal")


def test_an_empty_picture_shows_no_shape() -> None:
    assert seen(np.full((64, 64, 3), 255, np.uint8)) == ("none", "none", "white")
