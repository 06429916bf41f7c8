"""The canvas: its spaces, its masks, what the model sees of it, how paint reaches it exactly.

`plan_canvas(request, native, multiple, latent_factor)` before the model runs, `finish(plan,
picture)` after; between them `second_pass` and `tiles` refine what is larger than the model's
native size. numpy and OpenCV only, no torch; importing it loads OpenCV, so `engine.core` imports it
in the worker.
"""

from engine.canvas.colour import ColourReport
from engine.canvas.plan import CanvasPlan, Finish, finish, laid_in, plan_canvas, second_pass
from engine.canvas.seam import Edge
from engine.canvas.spaces import Spaces
from engine.canvas.tiles import Tile, assembled, tiles

__all__ = [
    "CanvasPlan",
    "ColourReport",
    "Edge",
    "Finish",
    "Spaces",
    "Tile",
    "assembled",
    "finish",
    "laid_in",
    "plan_canvas",
    "second_pass",
    "tiles",
]
