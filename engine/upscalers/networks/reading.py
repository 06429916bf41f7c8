"""A network read from its file, ready to enlarge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.checkpoints.headers import read_header
from engine.errors import ModelError
from engine.upscalers.networks import foreign
from engine.upscalers.networks.rrdb import RRDBNet
from engine.upscalers.networks.shapes import Shape, named, shape_of
from engine.upscalers.networks.srvgg import SRVGGNet
from engine.watching import Watch

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Enlarger:
    """A loaded network. `run` takes and gives pictures (1, channels, h, w) in [0, 1].

    `reach` is how far around a pixel the network looks, in pixels of what it is given, None where
    that is unknown; sides given are multiples of `multiple`. `cost` is about the bytes that one
    pixel given takes while it runs.
    """

    run: Callable[[Tensor], Tensor]
    network: nn.Module
    channels: int
    scale: int
    device: str
    dtype: torch.dtype
    multiple: int = 1
    reach: int | None = None
    cost: int = 0
    watch: Watch = field(default_factory=Watch)


def read(path: Path, device: str, precision: str) -> Enlarger:
    """Return the network of a file; ModelError says why there is none."""
    header = read_header(path)
    shape = shape_of(header)
    if shape is None:
        return _foreign(path, device, precision)
    network = _network(shape)
    dtype = DTYPES[precision]
    try:
        network.load_state_dict(named(load_file(path)), strict=True, assign=True)
    except (RuntimeError, OSError, SafetensorError) as error:
        told = " ".join(str(error).split())  # torch's has lines
        raise ModelError(
            f"The upscaler {path} does not hold what its header promises ({told}). Get it again."
        ) from error
    network = network.to(device, dtype).eval().requires_grad_(False)
    return Enlarger(
        run=network,
        network=network,
        channels=shape.channels,
        scale=shape.scale,
        device=device,
        dtype=dtype,
        multiple=shape.shuffle,
        reach=shape.reach,
        cost=_cost(shape, dtype),
        watch=Watch(network),
    )


def _network(shape: Shape) -> nn.Module:
    with torch.device("meta"):  # nothing is drawn that the file replaces
        return RRDBNet(shape) if shape.architecture == "rrdb" else SRVGGNet(shape)


def _foreign(path: Path, device: str, precision: str) -> Enlarger:
    found = foreign.read(path, device)
    dtype = DTYPES[precision] if precision in found.precisions else torch.float32
    network = found.network.to(device, dtype)
    return Enlarger(
        run=found.run,
        network=network,
        channels=found.channels,
        scale=found.scale,
        device=device,
        dtype=dtype,
        multiple=found.multiple,
        watch=Watch(network),
    )


def _cost(shape: Shape, dtype: torch.dtype) -> int:
    """Return about how many bytes a pixel takes: the widest place of the network, thrice."""
    if shape.architecture == "srvgg":
        channels = max(3 * shape.features, 3 * shape.channels * shape.scale**2)
    else:
        dense = 2 * (shape.features + 4 * shape.growth) // shape.shuffle**2
        channels = max(dense, 3 * shape.features * shape.scale**2)
    return channels * dtype.itemsize
