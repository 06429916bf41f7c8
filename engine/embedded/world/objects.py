"""How made things look: houses, towers, bridges, boats, balloons, kites, signs; sun, moon, clouds.

Every function takes the thing's colour (3,) and returns its pieces, in units of its radius.
"""

from __future__ import annotations

import numpy as np

from engine.embedded.world import shapes
from engine.embedded.world.figures import (
    Floats,
    Piece,
    ellipse,
    line,
    piece,
    polygon,
    rectangle,
    smooth,
    stroke,
    strokes,
)
from engine.embedded.world.palette import darker, lighter, rgb

WINDOW, LIT_WINDOW = "#bfe0f0", "#ffdf7a"


def plain_shape(noun: str, colour: Floats) -> list[Piece]:
    """Return one of the eight plain shapes."""
    outer = shapes.outline(noun)
    if noun == "ring":
        return [Piece((outer, shapes.outline("circle") * shapes.RING_HOLE), colour)]
    return [piece(outer, colour)]


def house(colour: Floats, window: str = WINDOW) -> list[Piece]:
    """Return a house with a gable, a door, a chimney and two windows of that colour."""
    reddish = colour[0] > colour[1] * 1.35
    roof = rgb("#4d4f5c") if reddish else rgb("#a0482f")
    made = [
        piece(rectangle(0.36, -0.88, 0.58, -0.3), darker(roof, 0.8)),
        piece(rectangle(-0.78, -0.2, 0.78, 0.9), colour),
        piece(rectangle(0.34, -0.2, 0.78, 0.9), darker(colour, 0.86)),
        piece(rectangle(-0.78, -0.2, 0.78, -0.1), darker(colour, 0.7)),
        piece(polygon((-1.0, -0.14), (-0.6, -0.78), (0.6, -0.78), (1.0, -0.14)), roof),
        piece(polygon((-1.0, -0.14), (-0.93, -0.25), (0.93, -0.25), (1.0, -0.14)),
              darker(roof, 0.78)),
        piece(rectangle(-0.17, 0.26, 0.17, 0.9), rgb("#5d3a22")),
        piece(ellipse(0.1, 0.6, 0.03, 0.03), rgb("#f0d080")),
    ]  # fmt: skip
    for x in (-0.5, 0.5):
        frame = lighter(colour, 0.75) if colour.mean() < 0.85 else rgb("#8c8c8c")
        made.append(piece(rectangle(x - 0.2, 0.1, x + 0.2, 0.52), frame))
        made.append(piece(rectangle(x - 0.155, 0.145, x + 0.155, 0.475), rgb(window)))
        made.append(piece(rectangle(x - 0.02, 0.145, x + 0.02, 0.475), frame))
    return made


def tower(colour: Floats) -> list[Piece]:
    """Return a tower with battlements, windows and a gate."""
    dark, light = darker(colour, 0.78), lighter(colour, 0.12)
    made = [
        piece(polygon((-0.3, -0.6), (0.3, -0.6), (0.38, 1.0), (-0.38, 1.0)), colour),
        piece(polygon((0.06, -0.6), (0.3, -0.6), (0.38, 1.0), (0.1, 1.0)), dark),
        piece(rectangle(-0.42, -0.78, 0.42, -0.54), light),
        piece(rectangle(0.08, -0.78, 0.42, -0.54), darker(colour, 0.86)),
    ]
    for x in (-0.42, -0.12, 0.18):
        tint = light if x < 0 else darker(colour, 0.86)
        made.append(piece(rectangle(x, -1.0, x + 0.24, -0.76), tint))
    hollow = rgb("#2b2a33") if colour.max() > 0.3 else rgb("#8a8a90")
    for y in (-0.3, 0.14):
        made.append(piece(rectangle(-0.07, y, 0.07, y + 0.24), hollow))
        made.append(piece(ellipse(0, y, 0.07, 0.07), hollow))
    made.append(piece(rectangle(-0.14, 0.7, 0.14, 1.0), rgb("#4a3220")))
    made.append(piece(ellipse(0, 0.7, 0.14, 0.14), rgb("#4a3220")))
    for x, y in ((-0.24, 0.42), (-0.2, -0.1), (-0.26, 0.8), (0.16, 0.48), (0.2, 0.02)):
        made.append(piece(rectangle(x, y, x + 0.12, y + 0.035), darker(colour, 0.66)))
    return made


def bridge(colour: Floats) -> list[Piece]:
    """Return a humped bridge with one arch and railings."""
    deck = line((-1.0, 0.06), (-0.5, -0.16), (0, -0.24), (0.5, -0.16), (1.0, 0.06))
    arch = line((0.7, 0.42), (0.5, 0.12), (0, 0.0), (-0.5, 0.12), (-0.7, 0.42))
    feet = np.array([(1.0, 0.42)], np.float32), np.array([(-1.0, 0.42)], np.float32)
    made = [piece(np.concatenate([deck, feet[0], arch, feet[1]]), colour)]
    made.append(piece(stroke(deck, 0.09), darker(colour, 0.7)))
    rail = deck - np.array((0, 0.16), np.float32)
    for number in range(0, len(deck), 4):
        x, y = (float(v) for v in deck[number])
        made.append(piece(rectangle(x - 0.022, y - 0.17, x + 0.022, y), darker(colour, 0.7)))
    made.append(piece(stroke(rail, 0.045), darker(colour, 0.82)))
    return [*made, piece(stroke(arch, 0.055), darker(colour, 0.78))]


def boat(colour: Floats) -> list[Piece]:
    """Return a sailing boat: hull and main sail in its colour, a pale jib."""
    hull = smooth((-0.84, 0.52), (0, 0.57), (0.86, 0.5), (0.62, 0.86), (0.3, 0.97),
                  (-0.4, 0.97), (-0.68, 0.84))  # fmt: skip
    main = np.concatenate([line((0.06, -0.98), (0.42, -0.4), (0.74, 0.36)), polygon((0.06, 0.4))])
    jib = np.concatenate([line((-0.06, -0.8), (-0.3, -0.2), (-0.62, 0.36)), polygon((-0.06, 0.4))])
    dark = darker(colour, 0.8) if colour.max() > 0.25 else lighter(colour, 0.12)
    pale = rgb("#f7f1e3") if colour.min() < 0.85 else rgb("#e3e3e0")
    return [
        piece(strokes(((0, -1.0), (0, 0.6)), 0.07), rgb("#5d3f26")),
        piece(jib, pale),
        piece(main, colour),
        piece(stroke(line((0.06, -0.2), (0.3, -0.16), (0.52, -0.18)), 0.03), dark),
        piece(hull, dark),
        piece(stroke(line((-0.8, 0.6), (0, 0.65), (0.82, 0.58)), 0.07), pale),
    ]


def balloon(colour: Floats) -> list[Piece]:
    """Return a hot-air balloon in stripes of its colour, with a basket."""

    def gore(half: float) -> Floats:
        right = line((0, -1.0), (half * 0.72, -0.86), (half, -0.36), (half * 0.7, 0.2),
                     (half * 0.24, 0.56))  # fmt: skip
        left = right[::-1] * np.array((-1, 1), np.float32)
        return np.concatenate([right, left])

    pale = lighter(colour, 0.5) if colour.min() < 0.85 else rgb("#d9d9d6")
    if colour.max() < 0.25:
        pale = lighter(colour, 0.22)
    ropes = [strokes(((s * 0.15, 0.54), (s * 0.12, 0.8)), 0.025) for s in (-1.0, 1.0)]
    return [
        *(piece(rope, rgb("#4a3826")) for rope in ropes),
        piece(gore(0.76), colour),
        piece(gore(0.56), pale),
        piece(gore(0.42), colour),
        piece(gore(0.15), pale),
        piece(rectangle(-0.17, 0.5, 0.17, 0.56), darker(colour, 0.7)),
        piece(polygon((-0.17, 0.76), (0.17, 0.76), (0.14, 1.0), (-0.14, 1.0)), rgb("#8a5a30")),
        piece(rectangle(-0.18, 0.75, 0.18, 0.81), rgb("#5d3a1e")),
    ]


def kite(colour: Floats) -> list[Piece]:
    """Return a kite with a tail of bows."""
    top, right, low, left = (0.0, -1.0), (0.62, -0.42), (0.0, 0.34), (-0.62, -0.42)
    middle = (0.0, -0.42)
    tail = line(low, (0.16, 0.52), (-0.06, 0.7), (0.14, 0.86), (0.06, 1.0))
    pale = lighter(colour, 0.24)
    made = [piece(stroke(tail, 0.035), darker(colour, 0.6))]
    for x, y in ((0.14, 0.54), (-0.02, 0.7), (0.1, 0.87)):
        bow = polygon((x, y), (x - 0.15, y - 0.08), (x - 0.15, y + 0.07), (x, y),
                      (x + 0.15, y - 0.07), (x + 0.15, y + 0.08))  # fmt: skip
        made.append(piece(bow, colour))
    return [
        *made,
        piece(polygon(top, middle, left), pale),
        piece(polygon(top, right, middle), colour),
        piece(polygon(middle, right, low), darker(colour, 0.8)),
        piece(polygon(left, middle, low), colour),
        piece(strokes((top, low), 0.03), darker(colour, 0.55)),
        piece(strokes((left, right), 0.03), darker(colour, 0.55)),
    ]


def sun(colour: Floats) -> list[Piece]:
    """Return a sun with rays, as it is drawn on a plain ground."""
    rays = []
    for number in range(12):
        a = np.deg2rad(30 * number)
        tip = np.array((np.cos(a), np.sin(a)))
        side = np.array((-np.sin(a), np.cos(a))) * 0.13
        rays.append(piece(np.array([tip * 0.68 + side, tip, tip * 0.68 - side]), colour))
    return [*rays, piece(ellipse(0, 0, 0.62, 0.62), lighter(colour, 0.12))]


def full_moon(colour: Floats) -> list[Piece]:
    """Return a full moon with its seas."""
    seas = [(-0.3, -0.3, 0.26), (0.32, -0.12, 0.2), (-0.12, 0.36, 0.22), (0.4, 0.42, 0.14),
            (0.08, -0.6, 0.13), (-0.56, 0.16, 0.13)]  # fmt: skip
    disc = [piece(ellipse(0, 0, 1, 1), colour)]
    return disc + [piece(ellipse(x, y, r, r * 0.86), darker(colour, 0.87)) for x, y, r in seas]


def crescent_moon(colour: Floats) -> list[Piece]:
    """Return a crescent, open to the right."""
    away, bite = 0.36, 0.82  # the disc that is taken away: its centre and its radius
    x = (1 + away**2 - bite**2) / (2 * away)
    first, second = np.arccos(x), np.arccos((x - away) / bite)
    a = np.linspace(first, 2 * np.pi - first, 40)
    b = np.linspace(2 * np.pi - second, second, 32)
    outer = np.stack([np.cos(a), np.sin(a)], -1)
    inner = np.stack([np.cos(b) * bite + away, np.sin(b) * bite], -1)
    middle = np.array((0.14, 0.0), np.float32)
    return [piece(np.concatenate([outer, inner]).astype(np.float32) + middle, colour)]


def cloud(colour: Floats) -> list[Piece]:
    """Return a heaped cloud with a shaded base."""
    puffs = [(-0.58, 0.16, 0.38), (-0.22, -0.1, 0.44), (0.24, -0.04, 0.4), (0.62, 0.2, 0.34),
             (0.0, 0.24, 0.32)]  # fmt: skip
    shade = darker(colour, 0.84)
    base = smooth((-0.94, 0.36), (-0.5, 0.22), (0.5, 0.22), (0.94, 0.36), (0.6, 0.53), (-0.6, 0.53))
    made = [piece(base, shade)]
    made += [piece(ellipse(x, y + 0.05, r, r * 0.92), shade) for x, y, r in puffs]
    return made + [piece(ellipse(x, y - 0.04, r * 0.95, r * 0.84), colour) for x, y, r in puffs]


def sign(colour: Floats) -> list[Piece]:
    """Return an empty sign on a post; the word is written on it by the one who draws it."""
    post = rectangle(-0.075, 0.2, 0.075, 0.78)
    border = rgb("#f6f4ee") if colour.mean() < 0.62 else rgb("#22201e")
    return [
        piece(post, rgb("#6b4a2f")),
        piece(_rounded(1.0, 0.56, 0.14), darker(colour, 0.75)),
        piece(_rounded(0.97, 0.53, 0.13), border),
        piece(_rounded(0.91, 0.47, 0.1), colour),
    ]


def _rounded(across: float, down: float, corner: float) -> Floats:
    """Return a board with round corners, about (0, -0.22)."""
    arc = np.linspace(0, np.pi / 2, 8)
    quarter = np.stack([np.cos(arc), np.sin(arc)], -1) * corner
    inner = np.array((across - corner, down - corner))
    first = quarter + inner
    second = (quarter * (-1, 1) + inner * (-1, 1))[::-1]
    third, fourth = -first, -second
    board = np.concatenate([first, second, third, fourth])
    return board.astype(np.float32) + np.array((0, -0.22), np.float32)
