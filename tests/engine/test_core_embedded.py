"""The promises of one job, kept by the embedded model: one small painting a promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import Engine, Extension, Mode, Painted, PaintRequest, Pixels, replayed
from engine.weights import embedded_folder

pytestmark = pytest.mark.skipif(
    embedded_folder() is None, reason="the embedded model was left out of this package"
)


@pytest.fixture(scope="module")
def painter() -> Engine:
    return Engine(device="cpu")


def asked(photo: Pixels, selection: Pixels) -> PaintRequest:
    return PaintRequest(
        mode=Mode.INPAINT,
        prompt="a full moon",
        image=photo,
        mask=selection,
        candidates=3,
        seed=7,
        steps=4,
    )


def painted(painter: Engine, request: PaintRequest) -> dict[int, Painted]:
    events = painter.paint(request)
    return {event.candidate: event for event in events if isinstance(event, Painted)}


def test_the_same_paint_alone_and_replayed_and_none_outside_the_mask(
    painter: Engine, photo: Pixels, selection: Pixels
) -> None:
    request = asked(photo, selection)
    together = painted(painter, request)
    alone = painted(painter, replace(request, only=(1,)))[1]
    again = painted(painter, replayed(together[0].record, photo, selection))
    apart = abs(together[1].merged.astype(int) - alone.merged.astype(int)).max()
    assert apart <= 2
    for k, result in together.items():
        assert np.array_equal(result.merged, again[k].merged)
        assert np.array_equal(result.merged[selection == 0], photo[selection == 0])
        assert result.score is not None


def test_a_strip_beyond_the_edge_begins_in_the_pictures_colours(
    painter: Engine, photo: Pixels
) -> None:
    request = PaintRequest(
        mode=Mode.OUTPAINT,
        image=photo,
        extension=Extension(right=80),
        candidates=1,
        seed=7,
        steps=6,
    )
    merged = painted(painter, request)[0].merged.astype(float)
    width = photo.shape[1]
    inside = merged[:, width - 4 : width, :3].mean((0, 1))
    beyond = merged[:, width : width + 4, :3].mean((0, 1))
    assert abs(inside - beyond).max() < 12
