"""Contact sheets: nothing is cut off, nothing is stretched."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.cli.sheets import MARGIN, PAPER, Cell, Row, contact_sheet


def _plain(width: int, height: int, colour: tuple[int, ...]) -> np.ndarray:
    return np.full((height, width, len(colour)), colour, np.uint8)


@pytest.mark.parametrize("count", [1, 4, 12])
def test_a_row_never_grows_wider_than_the_sheet(count: int) -> None:
    cells = [Cell(_plain(300, 200, (9, 9, 9)), "x") for _ in range(count)]
    assert contact_sheet([Row(cells, 256)], width=800).width <= 800


def test_a_picture_keeps_its_proportions_and_colour() -> None:
    sheet = np.asarray(contact_sheet([Row([Cell(_plain(60, 30, (200, 0, 0)))], 30)]))
    red = np.all(sheet == (200, 0, 0), axis=-1)
    rows, columns = np.where(red)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (60, 30)
    assert columns.min() == MARGIN


def test_transparent_parts_show_the_paper() -> None:
    sheet = np.asarray(contact_sheet([Row([Cell(_plain(8, 8, (1, 2, 3, 0)))], 8)]))
    assert tuple(sheet[MARGIN + 3, MARGIN + 3]) == PAPER


def test_rows_stand_below_each_other_with_their_titles() -> None:
    one = contact_sheet([Row([Cell(_plain(8, 8, (0, 0, 0)))], 8, "first")])
    two = contact_sheet([Row([Cell(_plain(8, 8, (0, 0, 0)))], 8, "first")] * 2)
    assert two.height == 2 * one.height - MARGIN
