"""Networks of other architectures, read by spandrel where the painter has installed it.

It is an optional extra (`pip install mahlstick[upscalers]`), as it brings torchvision along. Only
safetensors are handed to it, as tensors: it never sees a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from engine.errors import ModelError

PACKAGE = "spandrel"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A network that another package built, and what it says of it."""

    run: Callable[[Tensor], Tensor]
    network: nn.Module
    channels: int
    scale: int
    multiple: int
    precisions: tuple[str, ...]


def read(path: Path, device: str) -> Foreign:
    """Return the network of a file; ModelError where nothing here knows it."""
    if find_spec(PACKAGE) is None:
        raise ModelError(
            f"The upscaler {path} is neither RRDBNet (ESRGAN) nor SRVGG. Install spandrel for "
            "other kinds: pip install 'mahlstick[upscalers]'; or choose another upscaler."
        )
    told = _described(path, device)
    channels, made = int(told.input_channels), int(told.output_channels)
    if channels != made or channels not in (1, 3, 4):
        raise ModelError(
            f"The upscaler {path} turns {channels} channels into {made}. Networks that take and "
            "give the same one, three or four can be used: choose another."
        )
    need = told.size_requirements
    if need.square:
        raise ModelError(f"The upscaler {path} takes square pictures alone: choose another.")
    precisions = ("fp32",)
    precisions += ("fp16",) if told.supports_half else ()
    precisions += ("bf16",) if told.supports_bfloat16 else ()
    return Foreign(
        run=told,
        network=told.model,
        channels=channels,
        scale=int(told.scale),
        multiple=max(1, int(need.multiple_of), int(need.minimum)),
        precisions=precisions,
    )


def _described(path: Path, device: str) -> Any:  # noqa: ANN401 - the package's own descriptor
    from safetensors.torch import load_file

    try:
        spandrel = import_module(PACKAGE)
    except ImportError as error:  # its torchvision is missing or of another torch
        raise ModelError(
            f"{PACKAGE} is needed for the upscaler {path} and cannot be used here ({error}). "
            "Install it again, or choose another upscaler."
        ) from error
    refusals = (spandrel.UnsupportedModelError, RuntimeError, ValueError, KeyError, OSError)
    try:
        told = spandrel.ModelLoader(device=device).load_from_state_dict(load_file(path))
    except refusals as error:
        raise ModelError(
            f"The upscaler {path} is of no kind that is known here ({error}). Choose another."
        ) from error
    if not isinstance(told, spandrel.ImageModelDescriptor):
        raise ModelError(f"{path} does not turn one picture into one: choose another upscaler.")
    return told.eval()
