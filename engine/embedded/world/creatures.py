"""How living things look: trees, flowers, birds, fish and cats, piece by piece from back to front.

Every function takes the thing's colour (3,) and returns its pieces, in units of its radius.
"""

from __future__ import annotations

import numpy as np

from engine.embedded.world.figures import (
    Floats,
    Piece,
    ellipse,
    line,
    piece,
    polygon,
    smooth,
    stroke,
)
from engine.embedded.world.palette import darker, lighter, rgb

WOOD = "#6b4a2f"


def tree(colour: Floats) -> list[Piece]:
    """Return a round tree: a trunk and a crown lit from the upper left."""
    trunk = polygon((-0.1, 0.1), (0.1, 0.1), (0.14, 1.0), (-0.14, 1.0))
    dark, light = darker(colour, 0.74), lighter(colour, 0.2)
    crown = [(-0.36, -0.02, 0.38), (0.36, 0.0, 0.38), (0.0, 0.1, 0.4), (-0.28, -0.42, 0.4),
             (0.27, -0.42, 0.42), (0.0, -0.6, 0.4)]  # fmt: skip
    lit = [(-0.4, -0.08, 0.27), (0.24, -0.1, 0.26), (-0.3, -0.5, 0.28), (0.16, -0.56, 0.32)]
    shine = [(-0.36, -0.6, 0.13), (0.06, -0.72, 0.15), (-0.46, -0.16, 0.11)]
    made = [piece(trunk, rgb(WOOD)), piece(trunk * (0.5, 1) + (0.05, 0), darker(rgb(WOOD), 0.75))]
    made += [piece(ellipse(x, y, r, r * 0.96), dark) for x, y, r in crown]
    made += [piece(ellipse(x, y, r, r), colour) for x, y, r in lit]
    return made + [piece(ellipse(x, y, r, r * 0.8), light) for x, y, r in shine]


def pine(colour: Floats) -> list[Piece]:
    """Return a pine: four skirts of needles, lighter on the left."""
    made = [piece(polygon((-0.09, 0.7), (0.09, 0.7), (0.1, 1), (-0.1, 1)), rgb(WOOD))]
    skirts = [(0.84, 0.10, 0.62), (0.5, -0.26, 0.5), (0.12, -0.58, 0.38), (-0.3, -1.0, 0.26)]
    for bottom, top, half in skirts:
        left = polygon((0, top), (-half, bottom), (-half * 0.5, bottom - 0.05), (0, bottom + 0.03))
        right = left * np.array((-1, 1), np.float32)
        made += [piece(right, darker(colour, 0.68)), piece(left, colour)]
        edge = polygon((0, top), (-half, bottom), (-half * 0.72, bottom - 0.04))
        made.append(piece(edge, lighter(colour, 0.16)))
    return made


def palm(colour: Floats) -> list[Piece]:
    """Return a palm: a bent trunk with rings and a crown of hanging fronds."""
    bend = line((-0.22, 1.0), (-0.16, 0.5), (0.0, 0.0), (0.12, -0.42))
    made = [piece(stroke(bend, 0.2, 0.11), rgb("#8a6238"))]
    for t in (6, 10, 14, 17):
        x, y = bend[t]
        made.append(piece(ellipse(float(x), float(y), 0.09, 0.022), rgb("#5d4127")))
    head = (0.12, -0.44)
    fronds = [(-0.72, 0.14), (0.72, 0.2), (-0.86, -0.32), (0.74, -0.3), (-0.5, -0.8),
              (0.56, -0.78), (0.08, -0.96)]  # fmt: skip
    for number, (x, y) in enumerate(fronds):
        made.append(piece(_frond(head, (x, y)), _leaf(colour, number)))
    nuts = [(0.04, -0.36), (0.2, -0.36), (0.12, -0.3)]
    return made + [piece(ellipse(x, y, 0.075, 0.075), rgb("#4d3018")) for x, y in nuts]


def _leaf(colour: Floats, number: int) -> Floats:
    return (darker(colour, 0.72), darker(colour, 0.86), colour, lighter(colour, 0.12))[number % 4]


def _frond(root: tuple[float, float], tip: tuple[float, float]) -> Floats:
    """Return a leaf that rises from its root and hangs at its tip."""
    (a, b), (x, y) = root, tip
    rise = 0.3 if abs(x - a) > 0.3 else 0.1
    upper = line((a, b), ((a + x) / 2 * 1.02, (b + y) / 2 - rise), (x, y))
    lower = line((x, y), ((a + x) / 2, (b + y) / 2 - rise * 0.15), (a, b + 0.05))
    return np.concatenate([upper, lower])


def flower(colour: Floats) -> list[Piece]:
    """Return a flower: a stem with two leaves, six petals and a heart."""
    green = rgb("#3f8f3a")
    made = [
        piece(stroke(line((0, -0.3), (0.04, 0.3), (0.0, 1.0)), 0.1), green),
        piece(smooth((0.03, 0.66), (0.2, 0.34), (0.56, 0.26), (0.36, 0.6)), green),
        piece(smooth((0.0, 0.82), (-0.2, 0.5), (-0.54, 0.46), (-0.34, 0.78)), darker(green, 0.82)),
    ]
    yellowish = colour[0] > 0.9 and colour[1] > 0.55 and colour[2] < 0.5
    for number in range(6):
        a = np.deg2rad(60 * number + 30)
        petal = ellipse(0.34 * np.cos(a), -0.42 + 0.34 * np.sin(a), 0.29, 0.19, 60 * number + 30)
        made.append(piece(petal, darker(colour, 0.88) if number % 2 else colour))
    heart = rgb("#7a4a1e") if yellowish else rgb("#f7c52e")
    return [*made, piece(ellipse(0, -0.42, 0.2, 0.2), heart)]


def bird(colour: Floats) -> list[Piece]:
    """Return a bird in flight to the right."""
    dark = darker(colour, 0.62) if colour.max() > 0.25 else lighter(colour, 0.22)
    body = smooth((0.78, -0.08), (0.5, -0.16), (0.1, -0.04), (-0.5, 0.1), (-0.72, 0.2),
                  (-0.1, 0.34), (0.4, 0.24), (0.68, 0.08))  # fmt: skip
    tail = polygon((-0.42, 0.08), (-1.0, 0.12), (-0.9, 0.26), (-1.0, 0.42), (-0.4, 0.24))
    far = smooth((0.36, 0.0), (0.5, -0.4), (0.42, -0.6), (0.16, -0.34), (0.08, 0.04))
    near = smooth((0.28, 0.06), (0.0, -0.38), (-0.36, -0.62), (-0.5, -0.58), (-0.36, -0.2),
                  (-0.16, 0.16))  # fmt: skip
    beak = polygon((0.72, -0.1), (1.0, 0.02), (0.72, 0.08))
    eye = rgb("#f8f8f4") if colour.max() < 0.25 else rgb("#151515")
    return [
        piece(far, dark),
        piece(tail, dark),
        piece(body, colour),
        piece(near, darker(colour, 0.84) if colour.max() > 0.25 else lighter(colour, 0.1)),
        piece(beak, rgb("#f2a02c")),
        piece(ellipse(0.6, -0.05, 0.055, 0.055), eye),
    ]


def fish(colour: Floats) -> list[Piece]:
    """Return a fish that swims to the right."""
    dark = darker(colour, 0.72) if colour.max() > 0.25 else lighter(colour, 0.25)
    tail = smooth((-0.46, 0.0), (-0.94, -0.46), (-0.84, 0.0), (-0.94, 0.46))
    fin = smooth((0.3, -0.34), (0.0, -0.6), (-0.36, -0.5), (-0.3, -0.24))
    belly = smooth((0.1, 0.32), (-0.1, 0.58), (-0.3, 0.52), (-0.24, 0.26))
    body = smooth((0.98, 0.02), (0.62, -0.32), (0.1, -0.44), (-0.34, -0.24), (-0.6, 0.0),
                  (-0.34, 0.24), (0.1, 0.42), (0.62, 0.32))  # fmt: skip
    gill = stroke(line((0.42, -0.28), (0.32, 0.0), (0.42, 0.28)), 0.06)
    side = smooth((0.2, 0.06), (0.02, -0.1), (-0.2, 0.06), (0.02, 0.22))
    return [
        piece(tail, dark),
        piece(fin, dark),
        piece(belly, dark),
        piece(body, colour),
        piece(gill, dark),
        piece(side, dark),
        piece(ellipse(0.66, -0.1, 0.11, 0.11), rgb("#ffffff")),
        piece(ellipse(0.68, -0.1, 0.06, 0.06), rgb("#101010")),
    ]


def cat(colour: Floats) -> list[Piece]:
    """Return a sitting cat that looks at the painter."""
    bright = colour.max() > 0.25
    dark = darker(colour, 0.78) if bright else lighter(colour, 0.14)
    ink = rgb("#1b1715") if bright else lighter(colour, 0.3)
    ear = polygon((-0.42, -0.98), (-0.47, -0.46), (-0.06, -0.7))
    inner = polygon((-0.37, -0.86), (-0.4, -0.56), (-0.16, -0.7))
    flip = np.array((-1, 1), np.float32)
    body = smooth((0, -0.34), (-0.26, -0.2), (-0.4, 0.3), (-0.46, 0.78), (-0.34, 0.98),
                  (0.34, 0.98), (0.46, 0.78), (0.4, 0.3), (0.26, -0.2))  # fmt: skip
    tail = stroke(line((0.3, 0.92), (0.6, 0.86), (0.66, 0.5), (0.56, 0.24), (0.62, 0.1)), 0.15, 0.1)
    made = [piece(tail, dark), piece(body, colour)]
    paws = [ellipse(x, 0.92, 0.14, 0.08) for x in (-0.15, 0.15)]
    made += [piece(paw, lighter(colour, 0.16)) for paw in paws]
    made.append(piece(stroke(line((0, 0.42), (0.01, 0.7), (0, 0.94)), 0.035), dark))
    for sign in (1.0, -1.0):
        turn = np.array((sign, 1), np.float32)
        made += [piece(ear * turn, colour), piece(inner * turn, rgb("#e7a0a0"))]
    head = smooth((0, -0.78), (-0.34, -0.72), (-0.47, -0.46), (-0.36, -0.22), (0, -0.12),
                  (0.36, -0.22), (0.47, -0.46), (0.34, -0.72))  # fmt: skip
    made.append(piece(head, colour))
    eyes = rgb("#f2d94a") if not bright else rgb("#7fbf3f")
    for x in (-0.19, 0.19):
        made.append(piece(ellipse(x, -0.47, 0.105, 0.1), eyes))
        made.append(piece(ellipse(x, -0.47, 0.04, 0.09), rgb("#0c0c0c")))
    made.append(piece(polygon((-0.055, -0.335), (0.055, -0.335), (0, -0.27)), rgb("#d9737b")))
    whiskers = stroke(line((0.1, -0.3), (0.3, -0.31), (0.56, -0.36)), 0.022)
    lower = stroke(line((0.1, -0.26), (0.3, -0.24), (0.54, -0.22)), 0.022)
    return made + [piece(w * s, ink) for w in (whiskers, lower) for s in (1, flip)]
