"""A family small enough for every test: a Gaussian in closed form on a latent grid with factor 8.

Each cell is distributed as N(mean, SPREAD^2), its mean being the prompt's colour, or what is known
there; E[x0 | x] is exact, so samplers converge and masks, guidance and variations show. It is a
plugin like any other: an engine gets it by `hooks=[this file]`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.families import (
    Conditions,
    GuideKind,
    Model,
    ModelCard,
    TowardsPicture,
    Understanding,
)
from engine.hookspecs import hookimpl
from engine.schedules import CosinePath, Denoise, Level

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import Size

FACTOR = 8
SPREAD = 0.3
COLOURS = {
    "red": (0.8, -0.8, -0.8),
    "green": (-0.8, 0.6, -0.8),
    "blue": (-0.8, -0.6, 0.8),
    "grey": (0.0, 0.0, 0.0),
}


class TinyModel:
    """A loaded model of colours."""

    def __init__(self, card: ModelCard, colours: dict[str, Tensor], device: str) -> None:
        self.card, self.path = card, CosinePath()
        self._colours, self._device = colours, device

    def understand(self, prompt: str) -> Understanding:
        words = prompt.lower().split()
        unknown = tuple(dict.fromkeys(word for word in words if word not in self._colours))
        nothing = bool(words) and len(unknown) == len(set(words))
        return Understanding(unknown, tuple(sorted(self._colours)), nothing)

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        return 3, working.height // FACTOR, working.width // FACTOR

    def encode(self, pictures: Tensor) -> Tensor:
        from torch.nn.functional import avg_pool2d

        return avg_pool2d(pictures, FACTOR)

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        from torch.nn.functional import interpolate

        check()
        return interpolate(x0, (working.height, working.width), mode="bilinear")

    def preview(self, x0: Tensor) -> Tensor:
        import torch

        return ((x0.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)

    def denoiser(self, conditions: Conditions) -> Denoise:
        from engine.guidance import with_guidance

        def towards(prompt: str) -> Denoise:
            mean = self._mean(prompt, conditions)

            def denoise(x: Tensor, level: Level) -> Tensor:
                conditions.check()
                gain = SPREAD**2 * level.alpha
                gain /= level.alpha**2 * SPREAD**2 + level.sigma**2
                return mean + gain * (x - level.alpha * mean)

            return denoise

        return with_guidance(
            towards(conditions.prompt), towards(conditions.negative_prompt), conditions.guidance
        )

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:
        wanted = self._colour(prompt)
        return [-float((picture.mean((1, 2)) - wanted).abs().mean()) for picture in pictures]

    def unload(self) -> None:
        self._colours = {}

    def _colour(self, prompt: str) -> Tensor:
        import torch

        known = [self._colours[w] for w in prompt.lower().split() if w in self._colours]
        return torch.stack(known or [self._colours["grey"]]).mean(0)

    def _mean(self, prompt: str, conditions: Conditions) -> Tensor:
        from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

        if conditions.like is not None:
            _, *grid = self.latent_shape(conditions.working)
            mean = adaptive_avg_pool2d(conditions.like, grid)
            for guide in conditions.guides:
                assert isinstance(guide, TowardsPicture)
                mean = mean.lerp(adaptive_avg_pool2d(guide.picture, grid), guide.share)
            return mean
        mean = self._colour(prompt)[None, :, None, None]
        if conditions.known is None or conditions.hole is None:
            return mean
        hole = avg_pool2d(conditions.hole, FACTOR)
        return hole * mean + (1 - hole) * self.encode(conditions.known)


class TinyFamily:
    """Recognises folders with a tiny.json."""

    name = "tiny"

    def recognise(self, path: Path) -> ModelCard | None:
        settings = path / "tiny.json"
        if not settings.is_file():
            return None
        return ModelCard(
            name=path.name,
            family=self.name,
            path=path,
            native=(64, 64),
            multiple=16,
            steps=6,
            guidance=1.5,
            vocabulary_closed=True,
            guides=frozenset({GuideKind.SECOND_PICTURE}),
            **json.loads(settings.read_text()),
        )

    def load(self, card: ModelCard, device: str, precision: str) -> Model:
        from safetensors.torch import load_file

        colours = load_file(card.path / "tiny.safetensors", device=device)
        if set(colours) != set(COLOURS):
            raise ModelError(f"The model {card.name} lacks colours. Make it again.")
        assert precision == "fp32"
        return TinyModel(card, colours, device)


def write_model(folder: Path, **settings: object) -> Path:
    """Write a model of the family and return its folder."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    save_file({k: torch.tensor(v) for k, v in COLOURS.items()}, folder / "tiny.safetensors")
    (folder / "tiny.json").write_text(json.dumps(settings))
    return folder


@hookimpl
def mahlstick_families() -> Sequence[TinyFamily]:
    return [TinyFamily()]
