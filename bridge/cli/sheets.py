"""Contact sheets: pictures in a grid, each with a line of text under it, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine import Pixels

PAPER = (250, 248, 244)
INK = (40, 38, 36)
MARGIN = 16
LINE = 20


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet, RGBA or RGB uint8, and the line under it."""

    pixels: Pixels
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Pictures side by side, all scaled to one height in pixels, under an optional title."""

    cells: Sequence[Cell]
    height: int = 256
    title: str = ""


def contact_sheet(rows: Sequence[Row], width: int = 1600) -> Image.Image:
    """Return the sheet as RGB, at most `width` pixels wide; rows too long are scaled down."""
    strips = [_strip(row, width) for row in rows]
    sheet_width = max(strip.width for strip in strips)
    sheet = Image.new("RGB", (sheet_width, sum(strip.height for strip in strips) + MARGIN), PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet


def _strip(row: Row, limit: int) -> Image.Image:
    height = _fitting_height(row, limit)
    pictures = [_scaled(cell.pixels, height) for cell in row.cells]
    head = MARGIN + (LINE + 4 if row.title else 0)
    width = sum(picture.width for picture in pictures) + MARGIN * (len(pictures) + 1)
    strip = Image.new("RGB", (width, head + height + LINE + 4), PAPER)
    draw = ImageDraw.Draw(strip)
    if row.title:
        draw.text((MARGIN, MARGIN - 4), row.title, INK, _font(17))
    left = MARGIN
    for cell, picture in zip(row.cells, pictures, strict=True):
        strip.paste(picture, (left, head))
        draw.text((left, head + height + 3), cell.caption, INK, _font(13))
        left += picture.width + MARGIN
    return strip


def _fitting_height(row: Row, limit: int) -> int:
    ratios = sum(cell.pixels.shape[1] / cell.pixels.shape[0] for cell in row.cells)
    room = limit - MARGIN * (len(row.cells) + 1)
    return max(16, min(row.height, int(room / ratios)))


def _scaled(pixels: Pixels, height: int) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    size = (max(1, round(image.width * height / image.height)), height)
    larger = image.height < height
    return _on_paper(image).resize(
        size, Image.Resampling.BICUBIC if larger else Image.Resampling.LANCZOS
    )


def _on_paper(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, (*PAPER, 255))
    return Image.alpha_composite(paper, image).convert("RGB")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
