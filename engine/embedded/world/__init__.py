"""The painter's world: code that draws captioned pictures, so that nobody's work is in the model.

A `Scene` says what is to be seen; `drawn` paints it; `caption` says it in words. Everything
follows from a seed through `numpy.random.Generator`, so that the same seed gives the same
picture on every machine.
"""

from engine.embedded.world.captions import caption, object_caption, plain_caption
from engine.embedded.world.drawing import Drawing, drawn
from engine.embedded.world.imagining import held_out, imagined
from engine.embedded.world.scenes import Scene, Thing

__all__ = [
    "Drawing",
    "Scene",
    "Thing",
    "caption",
    "drawn",
    "held_out",
    "imagined",
    "object_caption",
    "plain_caption",
]
