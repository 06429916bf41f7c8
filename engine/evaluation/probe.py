"""The probe: a small network that says what a picture of the world shows, and in which manner.

It judges what no image analysis here can: mountains, a boat, the hour, watercolour. It is trained
on drawn pictures alone, by the stage `probe` of the embedded model's training, and is no part of
any model that it judges. Its weights lie beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.world import Scene
from engine.embedded.world.scenes import MANNERS, TIMES

WEIGHTS = Path(__file__).with_name("probe.safetensors")
SIDE = 128  # pixels of what the network sees
PARTS: Mapping[str, tuple[str, ...]] = {  # what is told of a picture, and the world's names for it
    "sun": ("sun",),
    "moon": ("full moon", "crescent moon"),
    "stars": ("stars",),
    "clouds": ("clouds", "cloud"),
    "rain": ("rain",),
    "snow": ("snow",),
    "fog": ("fog",),
    "hills": ("hills",),
    "mountains": ("mountains",),
    "field": ("field",),
    "path": ("path",),
    "river": ("river",),
    "lake": ("lake",),
    "sea": ("sea",),
    "beach": ("beach",),
    "tree": ("tree", "pine", "palm"),
    "flower": ("flower",),
    "house": ("house",),
    "tower": ("tower",),
    "bridge": ("bridge",),
    "boat": ("boat",),
    "balloon": ("balloon",),
    "kite": ("kite",),
    "bird": ("bird",),
    "fish": ("fish",),
    "cat": ("cat",),
}
HOURS = ("none", *TIMES)
_STEPS = ".steps"


def parts_of(scene: Scene) -> frozenset[str]:
    """Return the probe's names of what a scene shows."""
    there = scene.parts
    return frozenset(name for name, ways in PARTS.items() if there.intersection(ways))


class Probe(nn.Module):
    """Pictures (N, 3, 128, 128) in [-1, 1] to logits: parts, hour and manner."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _layer(3, 24, 2), _layer(24, 40, 2), _Block(40), _layer(40, 72, 2), _Block(72),
            _Block(72), _layer(72, 120, 2), _Block(120),
        )  # fmt: skip
        self.heads = nn.ModuleDict(
            {
                "parts": nn.Linear(240, len(PARTS)),
                "hour": nn.Linear(240, len(HOURS)),
                "manner": nn.Linear(240, len(MANNERS)),
            }
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return logits (N, classes) by head."""
        seen = self.trunk(pictures)  # (N, 120, 8, 8)
        told = torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1)
        return {name: head(told) for name, head in self.heads.items()}

    def loss(self, pictures: Tensor, truth: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what training lowers, and what it is made of."""
        told = self(pictures)
        parts = functional.binary_cross_entropy_with_logits(told["parts"], truth["parts"])
        hour = functional.cross_entropy(told["hour"], truth["hour"])
        manner = functional.cross_entropy(told["manner"], truth["manner"])
        return {
            "loss": 6 * parts + 0.5 * hour + 0.5 * manner,
            "parts": parts,
            "hour": hour,
            "manner": manner,
        }


def labels(scenes: Sequence[Scene]) -> dict[str, Tensor]:
    """Return the truth about scenes: parts (N, P) in 0..1, classes (N,) of hour and manner."""
    there = [[float(name in parts_of(scene)) for name in PARTS] for scene in scenes]
    return {
        "parts": torch.tensor(there),
        "hour": torch.tensor([HOURS.index(scene.time) for scene in scenes]),
        "manner": torch.tensor([MANNERS.index(scene.manner) for scene in scenes]),
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What the probe says of one picture."""

    parts: frozenset[str]  # of `PARTS`
    hour: str  # of `HOURS`
    manner: str  # of the world's manners


def told(pictures: Sequence[NDArray[np.uint8]]) -> list[Told]:
    """Return what the probe says of RGB pictures uint8 (H, W, 3), each of a square's shape."""
    with torch.inference_mode():
        small = torch.stack([_small(picture) for picture in pictures])
        logits = _learned()(small)
    there = logits["parts"] > 0
    names = np.array(tuple(PARTS))
    return [
        Told(frozenset(names[row.numpy()].tolist()), HOURS[int(hour)], MANNERS[int(manner)])
        for row, hour, manner in zip(
            there, logits["hour"].argmax(1), logits["manner"].argmax(1), strict=True
        )
    ]


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights as they are kept: eight bits each, and a step for every output of a layer."""
    kept: dict[str, Tensor] = {}
    for name, weight in state.items():
        if weight.dim() < 2:
            kept[name] = weight.half().contiguous()
            continue
        flat = weight.float().flatten(1)
        steps = (flat.abs().amax(1) / 127).clamp(min=1e-8)
        kept[name] = (flat / steps[:, None]).round().to(torch.int8).view_as(weight).contiguous()
        kept[name + _STEPS] = steps
    return kept


def unpacked(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights that were packed, in float32."""
    state: dict[str, Tensor] = {}
    for name, weight in kept.items():
        if name.endswith(_STEPS):
            continue
        steps = kept.get(name + _STEPS)
        shape = (-1, *(1,) * (weight.dim() - 1))
        state[name] = weight.float() if steps is None else weight.float() * steps.view(shape)
    return state


@cache
def _learned() -> Probe:
    from safetensors.torch import load_file

    probe = Probe()
    probe.load_state_dict(unpacked(load_file(WEIGHTS)))
    return probe.eval().requires_grad_(False)


def _small(picture: NDArray[np.uint8]) -> Tensor:
    whole = torch.from_numpy(np.array(picture[..., :3])).permute(2, 0, 1)[None].float() / 127.5 - 1
    return functional.interpolate(whole, (SIDE, SIDE), mode="area")[0]


def _layer(come: int, go: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(come, go, 3, stride, 1, bias=False), nn.GroupNorm(4, go), nn.SiLU()
    )


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _layer(width, width),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.GroupNorm(4, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(x + self.inner(x))
