"""Networks of diffusers folders, built from their configuration and filled with their tensors.

A network is made without memory and then given its tensors, so that nothing is computed that is
thrown away. Names that diffusers and transformers used earlier are brought to today's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.checkpoints.folders import read_config
from engine.checkpoints.headers import read_headers, weights_in
from engine.errors import ModelError

_NAMED = 3  # missing tensors that are named
_TOWERS = ("text_model.", "vision_model.")
_OLD = re.compile(r"(attentions\.\d+\.)(query|key|value|proj_attn)\.(weight|bias)$")
_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


@dataclass(frozen=True, slots=True)
class Where:
    """The device that computes, the one that holds the weights, and their precision."""

    device: str
    weights: str
    dtype: torch.dtype

    def network(self, kind: Any, folder: Path) -> Any:  # noqa: ANN401 - as below
        """Return the network of a part's folder; raises ModelError."""
        return network(kind, folder, self.weights, self.dtype)


def network(kind: Any, folder: Path, device: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - libraries' classes share no base
    """Return the network of a part's folder, ready to be asked; raises ModelError.

    `kind` is its class in diffusers or transformers.
    """
    config = read_config(folder / "config.json")
    with torch.device("meta"):
        if hasattr(kind, "from_config"):  # diffusers
            made = kind.from_config(config)
        else:
            made = kind(kind.config_class(**config))
    _fill(made, _state(folder), folder)
    for module in made.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.is_meta:
                module.register_buffer(name, _BUFFERS[name](buffer), persistent=False)
    moved = nn.Module.to(made, device=device, dtype=dtype)  # image normalisers have a `to` apart
    return moved.eval().requires_grad_(False)


def _state(folder: Path) -> dict[str, Tensor]:
    found = weights_in(folder)
    if found is None:
        raise ModelError(
            f"{folder} has no .safetensors file: the model was not fetched whole. Get it again."
        )
    state: dict[str, Tensor] = {}
    for file in read_headers(found).files:
        state |= load_file(file)
    return state


def _fill(made: nn.Module, state: Mapping[str, Tensor], folder: Path) -> None:
    own = made.state_dict()
    fitting = {_todays(name, own): tensor for name, tensor in state.items()}
    fitting = {name: _shaped(tensor, own.get(name)) for name, tensor in fitting.items()}
    try:
        missing, _ = made.load_state_dict(fitting, strict=False, assign=True)
    except RuntimeError as error:  # shapes; torch lists them all
        line = next(iter(str(error).strip().splitlines()[1:2]), str(error)).strip()
        raise ModelError(
            f"The tensors in {folder} do not fit its configuration ({line}): files of different "
            "models are mixed. Get the model again."
        ) from error
    lost = [name for name in missing if name.rpartition(".")[2] not in _BUFFERS]
    if lost:
        raise ModelError(
            f"{folder} lacks {len(lost)} of its tensors, such as {', '.join(lost[:_NAMED])}: the "
            "model was not fetched whole. Get it again."
        )


def _todays(name: str, own: Mapping[str, Tensor]) -> str:
    """Return the name that a tensor has in today's libraries."""
    name = _OLD.sub(lambda m: f"{m[1]}{_OLD_ATTENTION[m[2]]}.{m[3]}", name)
    if name in own:
        return name
    for tower in _TOWERS:
        for other in (name.removeprefix(tower), tower + name):
            if other in own:
                return other
    return name


def _shaped(tensor: Tensor, own: Tensor | None) -> Tensor:
    """Return a matrix that was written as a convolution as a matrix."""
    if own is None or tensor.shape == own.shape or tensor.numel() != own.numel():
        return tensor
    return tensor.reshape(own.shape)


def _places(buffer: Tensor) -> Tensor:
    return torch.arange(buffer.shape[-1]).expand(buffer.shape)


def _causal(buffer: Tensor) -> Tensor:
    return torch.full(buffer.shape[-2:], -10000.0).triu_(1)[None]


# What no file has to hold: where each token stands, and that none looks ahead.
_BUFFERS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "position_ids": _places,
    "causal_attention_mask": _causal,
}
