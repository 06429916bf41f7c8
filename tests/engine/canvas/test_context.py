"""How much the model sees: the figures of the design, and never past the canvas without need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Box, MaskShape, Size
from engine.canvas.context import (
    TOLERATED_STRETCH,
    around,
    fitted,
    padded_to_multiple,
    reach,
    working_size,
)


def test_padding_follows_the_design_below_full_strength() -> None:
    box = Box(0, 0, 300, 400)  # its diagonal is 500
    found = reach(box, Size(1000, 1000), 0.8, MaskShape())
    assert found.feather == 40
    assert found.context == 40 + 4 + 30


def test_a_small_selection_has_at_least_the_least_padding() -> None:
    assert reach(Box(0, 0, 3, 4), Size(100, 100), 0.5, MaskShape()).context == 20


@pytest.mark.parametrize(("canvas", "more"), [(Size(4800, 100), 300), (Size(600, 600), 175)])
def test_at_full_strength_the_context_grows(canvas: Size, more: int) -> None:
    found = reach(Box(0, 0, 300, 400), canvas, 1.0, MaskShape())
    assert found.context == 50 + 4 + 30 + more


def test_figures_the_painter_gave_replace_ours() -> None:
    found = reach(
        Box(0, 0, 300, 400), Size(900, 900), 1.0, MaskShape(grow=7, feather=0, context=12)
    )
    assert (found.grow, found.feather, found.context) == (7, 0, 12)


@pytest.mark.parametrize(
    ("box", "padding", "expected"),
    [
        (Box(40, 40, 10, 10), 5, Box(35, 35, 20, 20)),
        (Box(0, 0, 10, 10), 5, Box(0, 0, 20, 20)),
        (Box(90, 90, 10, 10), 5, Box(80, 80, 20, 20)),
        (Box(40, 40, 10, 10), 90, Box(0, 0, 100, 100)),
    ],
)
def test_the_context_is_shifted_into_the_canvas(box: Box, padding: int, expected: Box) -> None:
    assert around(box, padding, Size(100, 100)) == expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (Size(100, 100), Size(256, 256)),
        (Size(4000, 4000), Size(256, 256)),
        (Size(300, 200), Size(384, 256)),
        (Size(1, 4096), Size(256, 1024)),
        (Size(4096, 1), Size(1024, 256)),
    ],
)
def test_the_shorter_working_side_is_the_native_one(context: Size, expected: Size) -> None:
    assert working_size(context, Size(256, 256), 8) == expected


sizes = st.builds(Size, st.integers(1, 3000), st.integers(1, 3000))


@given(sizes, st.sampled_from([8, 16, 64]), st.data())
def test_every_context_covers_its_selection_and_is_hardly_stretched(
    canvas: Size, multiple: int, data: st.DataObject
) -> None:
    left = data.draw(st.integers(0, canvas.width - 1))
    top = data.draw(st.integers(0, canvas.height - 1))
    width = data.draw(st.integers(1, canvas.width - left))
    height = data.draw(st.integers(1, canvas.height - top))
    seen = around(Box(left, top, width, height), 40, canvas)
    working = working_size(seen.size, Size(512, 512), multiple)
    box = fitted(seen, working, canvas)
    assert working.width % multiple == working.height % multiple == 0
    assert box.left <= left
    assert box.right >= left + width
    assert box.top <= top
    assert box.bottom >= top + height
    stretch = (working.width / box.width) / (working.height / box.height)
    pixel = 1 + 1 / min(box.width, box.height)
    assert 1 / (TOLERATED_STRETCH * pixel) <= stretch <= TOLERATED_STRETCH * pixel


@pytest.mark.parametrize("canvas", [Size(960, 640), Size(500, 500), Size(3000, 1000)])
def test_a_whole_canvas_of_common_proportions_is_seen_without_mirroring(canvas: Size) -> None:
    whole = Box(0, 0, canvas.width, canvas.height)
    assert fitted(whole, working_size(canvas, Size(256, 256), 8), canvas) == whole


def test_a_canvas_too_thin_for_any_model_is_seen_mirrored_on_both_sides() -> None:
    box = fitted(Box(0, 0, 1000, 10), Size(512, 128), Size(1000, 10))
    assert (box.left, box.width, box.height) == (0, 1000, 250)
    assert (box.top, box.bottom) == (-120, 130)


def test_a_context_rounded_up_stays_inside_where_it_fits() -> None:
    assert padded_to_multiple(Box(90, 0, 10, 16), 8, Size(100, 100)) == Box(84, 0, 16, 16)
    assert padded_to_multiple(Box(0, 0, 10, 9), 8, Size(10, 9)) == Box(-3, -4, 16, 16)
