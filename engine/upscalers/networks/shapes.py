"""What kind of enlarging network a file holds, how large it is, and what its tensors are called.

Three ways of naming are common for RRDBNet (Wang et al. 2018, "ESRGAN"): that of ESRGAN's first
release (`model.1.sub.0.RDB1.conv1.0.weight`), that of its second (`RRDB_trunk.0.RDB1.conv1`), and
that of BasicSR and Real-ESRGAN (`body.0.rdb1.conv1`), which is the one our modules use. SRVGG
(Wang et al. 2021, "Real-ESRGAN", the compact generator) has one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from engine.checkpoints.headers import Header, TensorInfo

PREFIXES = ("params_ema.", "params.", "module.", "state_dict.")  # what trainers wrap around
CHANNELS = (1, 3, 4)  # of a picture
Value = TypeVar("Value")
Activation = Literal["prelu", "relu", "leakyrelu"]
_FIRST_TRUNK = re.compile(r"^model\.1\.sub\.(\d+)\.(weight|bias)$")
_FIRST_TAIL = re.compile(r"^model\.(\d+)\.(weight|bias)$")
_FIRST_DENSE = re.compile(r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d|1x1)(\.0)?\.(weight|bias)$")
_SECOND_DENSE = re.compile(r"^RRDB_trunk\.(\d+)\.RDB(\d)\.(conv(?:\d|1x1))\.(weight|bias)$")
_BODY = re.compile(r"^body\.(\d+)\.")
_SECOND = {"trunk_conv": "conv_body", "HRconv": "conv_hr"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an enlarging network.

    `channels` is that of the pictures it takes and makes; `shuffle` is the side of the blocks of
    pixels that it turns into channels first; a picture comes out `scale` times as wide and high.
    """

    architecture: Literal["rrdb", "srvgg"]
    channels: int
    features: int
    blocks: int
    scale: int
    growth: int = 0  # rrdb: channels that each convolution of a block adds
    upsamplings: int = 0  # rrdb: how often it doubles the sides
    shuffle: int = 1
    plus: bool = False  # rrdb: ESRGAN+, blocks with further residuals
    activation: Activation = "leakyrelu"

    @property
    def reach(self) -> int:
        """How many pixels of the picture away one may still matter (its receptive radius)."""
        if self.architecture == "srvgg":
            return self.blocks + 2
        # Three blocks of five convolutions each, the first, the trunk's, two at full size, and one
        # for every doubling, which reach less far the later they come.
        return self.shuffle * (15 * self.blocks + 2 + 3)


def shape_of(header: Header) -> Shape | None:
    """Return the shape of the network in a file, None where it is neither RRDBNet nor SRVGG."""
    tensors = named(header.tensors)
    shape = _rrdb(tensors) if "conv_first.weight" in tensors else _srvgg(tensors, header.metadata)
    return shape if shape is not None and shape.channels in CHANNELS and shape.scale >= 1 else None


def named(tensors: Mapping[str, Value]) -> dict[str, Value]:
    """Return tensors by the names that our modules use; what they do not know stays as it is."""
    bare = _unwrapped(tensors)
    rename = _renaming(bare)
    return {rename(name): value for name, value in bare.items()}


def _unwrapped(tensors: Mapping[str, Value]) -> dict[str, Value]:
    for prefix in PREFIXES:
        inside = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        if inside:
            return inside
    return dict(tensors)


def _renaming(names: Iterable[str]) -> Callable[[str], str]:
    every = list(names)
    if any(name.startswith("model.1.sub.") for name in every):
        return _first_release(every)
    if any(name.startswith("RRDB_trunk.") for name in every):
        return _second_release
    return lambda name: name


def _first_release(names: Iterable[str]) -> Callable[[str], str]:
    """Return what renames the layers of a flat sequence, whose ends are told by their numbers."""
    numbers = sorted({int(m[1]) for name in names if (m := _FIRST_TAIL.match(name))} - {0})
    tail = {0: "conv_first"}
    tail |= {number: f"conv_up{i}" for i, number in enumerate(numbers[:-2], 1)}
    tail |= dict(zip(numbers[-2:], ("conv_hr", "conv_last"), strict=False))

    def rename(name: str) -> str:
        if dense := _FIRST_DENSE.match(name):
            block, part, conv, _, kind = dense.groups()
            return f"body.{block}.rdb{part}.conv{conv}.{kind}"
        if trunk := _FIRST_TRUNK.match(name):
            return f"conv_body.{trunk[2]}"
        if (end := _FIRST_TAIL.match(name)) and int(end[1]) in tail:
            return f"{tail[int(end[1])]}.{end[2]}"
        return name

    return rename


def _second_release(name: str) -> str:
    if dense := _SECOND_DENSE.match(name):
        block, part, conv, kind = dense.groups()
        return f"body.{block}.rdb{part}.{conv}.{kind}"
    layer, _, kind = name.rpartition(".")
    return f"{_SECOND.get(layer, layer.replace('upconv', 'conv_up'))}.{kind}"


def _rrdb(tensors: Mapping[str, TensorInfo]) -> Shape | None:
    dense, last = tensors.get("body.0.rdb1.conv1.weight"), tensors.get("conv_last.weight")
    if dense is None or last is None or len(dense.shape) != 4 or len(last.shape) != 4:
        return None
    features, taken = tensors["conv_first.weight"].shape[:2]
    channels = last.shape[0]
    shuffle = {channels: 1, 4 * channels: 2, 16 * channels: 4}.get(taken)
    upsamplings = sum(1 for name in tensors if re.match(r"^conv_up\d\.weight$", name))
    if shuffle is None or 2**upsamplings % shuffle:
        return None
    if any(tensors[f"conv_up{i}.weight"].shape[0] != features for i in range(1, upsamplings + 1)):
        return None  # an upsampling of another kind
    return Shape(
        architecture="rrdb",
        channels=channels,
        features=features,
        blocks=_count(tensors),
        scale=2**upsamplings // shuffle,
        growth=dense.shape[0],
        upsamplings=upsamplings,
        shuffle=shuffle,
        plus="body.0.rdb1.conv1x1.weight" in tensors,
    )


def _srvgg(tensors: Mapping[str, TensorInfo], told: Mapping[str, str]) -> Shape | None:
    first = tensors.get("body.0.weight")
    last = _count(tensors) - 1
    made = tensors.get(f"body.{last}.weight")
    if first is None or made is None or len(first.shape) != 4 or len(made.shape) != 4:
        return None
    if last < 2 or last % 2 or any(not name.startswith("body.") for name in tensors):
        return None
    features, channels = first.shape[:2]
    scale = math.isqrt(made.shape[0] // channels)
    if scale * scale * channels != made.shape[0]:
        return None
    return Shape(
        architecture="srvgg",
        channels=channels,
        features=features,
        blocks=last // 2 - 1,
        scale=scale,
        activation=_activation(tensors, told),
    )


def _activation(tensors: Mapping[str, TensorInfo], told: Mapping[str, str]) -> Activation:
    """Return the one with weights where there are some, else what the file says, else ReLU."""
    if "body.1.weight" in tensors:
        return "prelu"
    said = told.get("activation", told.get("act_type", "")).replace("_", "").lower()
    return "leakyrelu" if said == "leakyrelu" else "relu"


def _count(tensors: Iterable[str]) -> int:
    """Return one more than the highest number under `body`."""
    return 1 + max((int(m[1]) for name in tensors if (m := _BODY.match(name))), default=-1)
