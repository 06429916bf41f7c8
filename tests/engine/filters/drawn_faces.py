"""Faces that we draw, since no photograph of anybody is in this repository."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
TONES = ((224, 172, 140), (198, 134, 96), (141, 85, 54), (92, 58, 40), (240, 200, 175))
_SIDE = 512


class Canvas:
    """A ground on which soft ellipses are laid."""

    def __init__(self, ground: NDArray[np.float32]) -> None:
        self.pixels = np.tile(ground.astype(np.float32), (_SIDE, _SIDE, 1))

    def ellipse(
        self,
        centre: tuple[int, int],
        axes: tuple[int, int],
        colour: object,
        blur: float = 3.0,
        turn: float = 0.0,
    ) -> None:
        mask = np.zeros((_SIDE, _SIDE), np.float32)
        cv2.ellipse(mask, centre, axes, turn, 0, 360, 1.0, -1)
        share = cv2.GaussianBlur(mask, (0, 0), blur)[..., None]
        self.pixels = self.pixels * (1 - share) + np.array(colour, np.float32) * share


def drawn_face(seed: int, side: int = 256, tilt: float = 0.0) -> Picture:
    """Return a frontal face in soft light, RGB (side, side, 3); tone, hair and ground by seed."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(rng.integers(60, 220, 3).astype(np.float32))
    tone = np.array(TONES[rng.integers(len(TONES))], np.float32)
    hair, light = tone * rng.uniform(0.1, 0.5), np.minimum(tone * 1.12, 255)
    canvas.ellipse((256, 225), (150, 180), hair)
    canvas.ellipse((256, 420), (55, 80), tone * 0.8)  # neck
    canvas.ellipse((256, 265), (118, 158), tone)
    canvas.ellipse((256, 180), (90, 45), light, 18)  # forehead
    for eye in (-1, 1):
        canvas.ellipse((256 + eye * 48, 240), (36, 20), tone * 0.62, 9)
        canvas.ellipse((256 + eye * 62, 300), (30, 26), light, 14)  # cheek
        canvas.ellipse((256 + eye * 48, 244), (21, 10), (235, 235, 235), 1.5)
        canvas.ellipse((256 + eye * 48, 244), (10, 10), (40, 30, 25), 1.5)
        canvas.ellipse((256 + eye * 48, 216), (32, 6), hair * 0.8, 2, eye * 6)  # brow
    canvas.ellipse((256, 278), (12, 46), np.minimum(tone * 1.15, 255), 6)  # nose
    canvas.ellipse((256, 318), (24, 9), tone * 0.7, 5)
    canvas.ellipse((256, 358), (40, 12), np.array((150, 60, 60)) * tone.mean() / 200)  # mouth
    canvas.ellipse((256, 350), (38, 3), tone * 0.45, 2)
    canvas.ellipse((256, 400), (60, 12), tone * 0.8, 12)  # chin
    turn = cv2.getRotationMatrix2D((_SIDE / 2, _SIDE / 2), tilt, 1.0)
    turned = cv2.warpAffine(canvas.pixels, turn, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE)
    whole = np.clip(turned, 0, 255).astype(np.uint8)
    return cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)
