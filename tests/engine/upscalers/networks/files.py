"""Tiny upscaling networks in the files' own layouts, and what they compute, written out plainly."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

FIRST, SECOND, THIRD = "first release", "second release", "BasicSR"


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def convolution(made: int, taken: int, g: torch.Generator, side: int = 3) -> dict[str, Tensor]:
    scale = (taken * side * side) ** -0.5
    weight = torch.randn(made, taken, side, side, generator=g) * scale
    return {"weight": weight, "bias": torch.randn(made, generator=g) * 0.1}


def rrdb(
    *, seed: int = 0, nf: int = 6, nb: int = 2, gc: int = 4, ups: int = 2, c: int = 3, fold: int = 1
) -> dict[str, dict[str, Tensor]]:
    """Return layers by names of no layout: first, (block, part, number), trunk, up1.., hr, last."""
    g = drawn(seed)
    layers = {"first": convolution(nf, c * fold * fold, g)}
    for block in range(nb):
        for part in (1, 2, 3):
            for number in range(1, 6):
                made = nf if number == 5 else gc
                layers[f"{block} {part} {number}"] = convolution(made, nf + (number - 1) * gc, g)
    layers["trunk"] = convolution(nf, nf, g)
    layers |= {f"up{i + 1}": convolution(nf, nf, g) for i in range(ups)}
    return layers | {"hr": convolution(nf, nf, g), "last": convolution(c, nf, g)}


def flattened(layers: dict[str, dict[str, Tensor]], layout: str) -> dict[str, Tensor]:
    """Return the layers under the names that files of a layout have."""
    blocks = 1 + max(int(name.split()[0]) for name in layers if " " in name)
    ups = sum(name.startswith("up") for name in layers)
    names = {
        FIRST: {"first": "model.0", "trunk": f"model.1.sub.{blocks}"}
        | {f"up{i}": f"model.{3 * i}" for i in range(1, ups + 1)}
        | {"hr": f"model.{3 * ups + 2}", "last": f"model.{3 * ups + 4}"},
        SECOND: {"first": "conv_first", "trunk": "trunk_conv", "hr": "HRconv", "last": "conv_last"}
        | {f"up{i}": f"upconv{i}" for i in range(1, ups + 1)},
        THIRD: {"first": "conv_first", "trunk": "conv_body", "hr": "conv_hr", "last": "conv_last"}
        | {f"up{i}": f"conv_up{i}" for i in range(1, ups + 1)},
    }[layout]
    dense = {
        FIRST: "model.1.sub.{}.RDB{}.conv{}.0",
        SECOND: "RRDB_trunk.{}.RDB{}.conv{}",
        THIRD: "body.{}.rdb{}.conv{}",
    }[layout]
    return {
        f"{dense.format(*name.split()) if ' ' in name else names[name]}.{kind}": tensor
        for name, layer in layers.items()
        for kind, tensor in layer.items()
    }


def rrdb_by_hand(layers: dict[str, dict[str, Tensor]], x: Tensor, fold: int = 1) -> Tensor:
    """Return what the paper's equations make of a picture (1, C, h, w)."""

    def conv(name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, layers[name]["weight"], layers[name]["bias"], padding=1)

    def lrelu(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    blocks = 1 + max(int(name.split()[0]) for name in layers if " " in name)
    if fold > 1:
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // fold, fold, w // fold, fold)
        x = x.permute(0, 1, 3, 5, 2, 4).reshape(n, c * fold * fold, h // fold, w // fold)
    feature = conv("first", x)
    body = feature
    for block in range(blocks):
        inner = body
        for part in (1, 2, 3):
            seen = inner
            for number in range(1, 5):
                seen = torch.cat([seen, lrelu(conv(f"{block} {part} {number}", seen))], 1)
            inner = inner + 0.2 * conv(f"{block} {part} 5", seen)
        body = body + 0.2 * inner
    feature = feature + conv("trunk", body)
    for i in range(1, 1 + sum(name.startswith("up") for name in layers)):
        feature = feature.repeat_interleave(2, 2).repeat_interleave(2, 3)
        feature = lrelu(conv(f"up{i}", feature))
    return conv("last", lrelu(conv("hr", feature)))


def srvgg(
    *, seed: int = 0, nf: int = 6, blocks: int = 3, scale: int = 2, c: int = 3, prelu: bool = True
) -> dict[str, Tensor]:
    g = drawn(seed)
    convs = [convolution(nf, c, g)]
    convs += [convolution(nf, nf, g) for _ in range(blocks)]
    convs += [convolution(c * scale * scale, nf, g)]
    state = {f"body.{2 * i}.{k}": t for i, one in enumerate(convs) for k, t in one.items()}
    if prelu:
        slopes = {
            f"body.{2 * i + 1}.weight": torch.rand(nf, generator=g) for i in range(blocks + 1)
        }
        state |= slopes
    return state


def srvgg_by_hand(state: dict[str, Tensor], x: Tensor, scale: int, slope: float = 0.0) -> Tensor:
    last = max(int(name.split(".")[1]) for name in state)
    feature = x
    for i in range(0, last + 1, 2):
        weight, bias = state[f"body.{i}.weight"], state[f"body.{i}.bias"]
        feature = F.conv2d(feature, weight, bias, padding=1)
        if i < last:
            slopes = state.get(f"body.{i + 1}.weight", torch.full((len(weight),), slope))
            feature = torch.where(feature > 0, feature, slopes[None, :, None, None] * feature)
    n, c, h, w = x.shape
    made = feature.reshape(n, c, scale, scale, h, w).permute(0, 1, 4, 2, 5, 3)
    return made.reshape(n, c, h * scale, w * scale) + x.repeat_interleave(
        scale, 2
    ).repeat_interleave(scale, 3)


def written(path: Path, state: dict[str, Tensor], **metadata: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path, metadata or None)
    return path


def keeping(scale: int = 4) -> dict[str, Tensor]:
    """Return an SRVGG that adds nothing: every pixel becomes a block of its own colour."""
    state = srvgg(scale=scale)
    state["body.8.weight"].zero_()
    state["body.8.bias"].zero_()
    return state
