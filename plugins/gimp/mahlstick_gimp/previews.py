"""A small preview becomes pixels for the canvas, by GEGL: GIMP's Python has no image library.

GEGL scales in linear floating point, 75 ms for 1024x1024 pixels; copying is 20 times faster. So
what is large is scaled smoothly to `SMOOTH_PIXELS` only, and from there by whole pixels: sharp
enough for a preview, and within the time between two of them.
"""

from __future__ import annotations

import itertools
import math

from .canvas import gegl_box
from .host import Foreign, Gegl
from .protocol import Picture, Rect

FLAT = "R'G'B' u8"
FORMATS = {"rgb8": FLAT, "rgba8": "R'G'B'A u8"}
SMOOTH_PIXELS = 400 * 400


def spread(picture: Picture, context: Rect, box: Rect) -> bytes:
    """The RGB8 pixels of `box` out of a raw picture that covers `context`; both in image pixels."""
    block = max(1, math.ceil(math.sqrt(context.width * context.height / SMOOTH_PIXELS)))
    scaled = _scaled(picture, context.width / block, context.height / block)
    inside = Rect(box.left - context.left, box.top - context.top, box.width, box.height)
    return scaled.get(gegl_box(inside), float(block), FLAT, Gegl.AbyssPolicy.CLAMP)


def _scaled(picture: Picture, width: float, height: float) -> Foreign:
    target = Gegl.Buffer.new(FLAT, 0, 0, math.ceil(width), math.ceil(height))
    graph = Gegl.Node()
    chain = [
        _node(graph, "gegl:buffer-source", buffer=_buffer_of(picture)),
        _node(
            graph,
            "gegl:scale-ratio",
            x=width / picture.width,
            y=height / picture.height,
            sampler=Gegl.SamplerType.LINEAR,
            abyss_policy=Gegl.AbyssPolicy.CLAMP,
        ),
        _node(graph, "gegl:write-buffer", buffer=target),
    ]
    for upper, lower in itertools.pairwise(chain):
        upper.link(lower)
    chain[-1].process()
    return target


def _buffer_of(picture: Picture) -> Foreign:
    pixel_format = FORMATS[picture.format]
    buffer = Gegl.Buffer.new(pixel_format, 0, 0, picture.width, picture.height)
    box = gegl_box(Rect(0, 0, picture.width, picture.height))
    buffer.set(box, pixel_format, picture.data)
    return buffer


def _node(graph: Foreign, operation: str, **settings: object) -> Foreign:
    node = graph.create_child(operation)
    for name, value in settings.items():
        node.set_property(name.replace("_", "-"), value)
    return node
