"""Engines that cost nothing, so that what is measured is the bridge; made in its worker process."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from engine import (
    Box,
    Control,
    Denoised,
    Event,
    Finished,
    Layout,
    Painted,
    PaintRequest,
    Pixels,
    Plan,
    Size,
    Started,
    Watch,
)

SIDE = 8  # pixels of a picture that nobody looks at
CELL = 8  # canvas pixels in one of the latents, hence of a preview
WAIT = "wait"  # the prompt of a painting that goes on until it is kept or cancelled


class NullPainter:
    """Every step is done at once, and every candidate is what was sent, or gray.

    Steps, candidates and sizes are honoured, and so is every wish to stop; `step_s` is how long a
    step takes.
    """

    def __init__(self, step_s: float = 0.0) -> None:
        self._step_s = step_s
        self._painted = 0  # pictures so far; a result's record tells its number

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        """Yield what the real engine would, without its work."""
        layout = _layout(request)
        seeds = tuple(range(request.candidates))
        steps = 1 if request.steps is None else request.steps
        plan = Plan(batches=(seeds,))
        yield Started(0, seeds, "none", "none", "none", steps, 1.0, layout, plan)
        previews = _previews(layout.canvas)
        for step in range(1, steps + 1):
            self._stepped(request, control)
            if control.kept is not None:
                break
            for candidate in seeds:
                yield Denoised(candidate, step, steps, previews[step % len(previews)])
        kept = seeds if control.kept is None else tuple(sorted(control.kept))
        for candidate in kept:
            picture = _picture(request, layout)
            self._painted += 1
            record = {"number": self._painted}
            yield Painted(candidate, candidate, picture, picture, None, 0.0, record)
        yield Finished(kept, 0.0, None)

    def _stepped(self, request: PaintRequest, control: Control) -> None:
        control.check()
        if self._step_s:
            time.sleep(self._step_s)
        while request.prompt == WAIT and control.kept is None:
            threading.Event().wait(0.002)
            control.check()


def null(options: Mapping[str, Any]) -> NullPainter:
    """Return the painter of an `EngineChoice`; `options` are its arguments."""
    return NullPainter(**options)


def _layout(request: PaintRequest) -> Layout:
    size = request.size or Size(SIDE, SIDE)
    if request.image is not None:
        size = Size(request.image.shape[1], request.image.shape[0])
    box = Box(0, 0, size.width, size.height)
    mask = np.full((1, 1), 255, np.uint8)
    if request.image is not None or request.size is None:
        mask = np.full((size.height, size.width), 255, np.uint8)
    else:  # a large canvas of which a corner is painted: previews without a large result
        box = Box(0, 0, 1, 1)
    return Layout(size, (0, 0), Box(0, 0, size.width, size.height), size, box, mask)


def _picture(request: PaintRequest, layout: Layout) -> Pixels:
    if request.image is not None:
        return request.image
    box = layout.paste_box_canvas
    return np.full((box.height, box.width, 4), 128, np.uint8)


@functools.lru_cache(maxsize=4)  # making them would be the larger part of a painting
def _previews(canvas: Size) -> list[Pixels]:
    """Return a few pictures of the latents' size, as smooth and as noisy as denoised ones are."""
    width, height = max(1, canvas.width // CELL), max(1, canvas.height // CELL)
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(0)
    pictures = []
    for phase in range(4):
        waves = np.sin(columns / 9 + phase) + np.cos(rows / 7 - phase)
        flat = np.stack([waves, np.roll(waves, 5, 0), np.roll(waves, 9, 1)], -1) * 50 + 128
        grainy = flat + noise.normal(0, 6, flat.shape)
        pictures.append(grainy.clip(0, 255).astype(np.uint8))
    return pictures


class LayersPainter:
    """Paints with the layers of a real latent diffusion network, which nobody trained.

    It has the shape of SDXL's, smaller: a step takes a second or two on two cores; what it makes is
    thrown away. It asks in its midst whether to go on, as those of the real families do. (Where a
    network attends at full resolution, as SD 1.5's does, one operation is a twelfth of a step, and
    nothing stops an operation.)
    """

    def __init__(self) -> None:
        import torch
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

        shape: dict[str, Any] = {
            "sample_size": 64,
            "block_out_channels": (64, 128, 256),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 6),
            "cross_attention_dim": 256,
            "attention_head_dim": 8,
        }
        self._network: Any = UNet2DConditionModel(**shape).eval()
        self._watch = Watch(self._network)
        self._inputs = torch.zeros(2, 4, 64, 64), torch.zeros(2, 77, 256)  # with guidance

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        """Yield a start and a step after each pass through the network."""
        import torch

        layout, steps = _layout(request), request.steps or 1
        yield Started(0, (0,), "layers", "none", "none", steps, 1.0, layout, Plan(batches=((0,),)))
        latents, words = self._inputs
        for step in range(1, steps + 1):
            with torch.inference_mode(), self._watch.asking(control.check):
                self._network(latents, 1, words)
            yield Denoised(0, step, steps, _previews(layout.canvas)[0])
        picture = _picture(request, layout)
        yield Painted(0, 0, picture, picture, None, 0.0)
        yield Finished((0,), 0.0, None)


def layers(_options: Mapping[str, Any]) -> LayersPainter:
    """Return the painter of an `EngineChoice`."""
    return LayersPainter()
