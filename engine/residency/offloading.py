"""Weights that rest in main memory and come to the device when they are needed.

Parts taking turns are moved by hooks of accelerate's kind, which diffusers' autoencoders call from
`encode` and `decode` too; groups of blocks and single layers by diffusers' group offloading, and
weights stored as fp8 by its layerwise casting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from accelerate.hooks import ModelHook, add_hook_to_module
from accelerate.utils import send_to_device
from diffusers.hooks.group_offloading import apply_group_offloading
from diffusers.hooks.layerwise_casting import apply_layerwise_casting
from torch import nn

from engine.device import DTYPES
from engine.residency.planner import Placement

MAIN = "cpu"


def settled(networks: Mapping[str, nn.Module], placement: Placement, denoiser: str | None) -> None:
    """Put hooks on networks, all in main memory, that hold them as the placement says.

    With no offloading they are where they belong already. `denoiser` is the name of the one that
    works at every step.
    """
    working = networks.get(denoiser or "")
    if placement.eight_bits and working is not None:
        apply_layerwise_casting(
            working,
            storage_dtype=torch.float8_e4m3fn,
            compute_dtype=DTYPES[placement.precision],
        )
    if placement.chunked_attention:
        _chunk(networks.values())
    match placement.offload:
        case "model":
            take_turns(list(networks.values()), placement.device)
        case "group":
            if working is not None:
                _grouped(working, placement.device, "block_level")
            take_turns(list(networks.values()), placement.device, staying=working)
        case "layer":
            for network in networks.values():
                _grouped(network, placement.device, "leaf_level")


def take_turns(
    networks: Sequence[nn.Module], device: str, staying: nn.Module | None = None
) -> None:
    """Have each network brought to the device when it runs, and all others sent away.

    The `staying` one places itself; the others go when it runs.
    """
    for network in networks:
        add_hook_to_module(network, _Turn(network, networks, device, moves=network is not staying))


def on_device(networks: Mapping[str, nn.Module]) -> int:
    """Return the bytes of weights that are not in main memory now."""
    return sum(
        tensor.nbytes
        for network in networks.values()
        for tensor in (*network.parameters(), *network.buffers())
        if tensor.device.type != MAIN
    )


def moved(networks: Mapping[str, nn.Module], device: str) -> None:
    """Move whole networks to a device, their precision as it is."""
    for network in networks.values():
        network.to(device)


class _Turn(ModelHook):
    """Brings one network to the device before it runs."""

    no_grad = False

    def __init__(
        self, own: nn.Module, all_of_them: Sequence[nn.Module], device: str, *, moves: bool
    ) -> None:
        self._others = [one for one in all_of_them if one is not own]
        self._device, self._moves = torch.device(device), moves

    def init_hook(self, module: nn.Module) -> nn.Module:
        """Leave the network where it is until it runs."""
        return module

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:  # noqa: ANN401 - of any network
        """Send the others away, bring this one, and its inputs."""
        for other in self._others:
            if _is_at(other, self._device) and not _places_itself(other):
                other.to(MAIN)
        if self._moves and not _is_at(module, self._device):
            module.to(self._device)
        return send_to_device(args, self._device), send_to_device(kwargs, self._device)


def _is_at(network: nn.Module, device: torch.device) -> bool:
    first = next(network.parameters(), None)
    return first is not None and first.device.type == device.type


def _places_itself(network: nn.Module) -> bool:
    hook = getattr(network, "_hf_hook", None)
    return isinstance(hook, _Turn) and not hook._moves


def _grouped(network: nn.Module, device: str, kind: str) -> None:
    apply_group_offloading(
        network,
        onload_device=torch.device(device),
        offload_device=torch.device(MAIN),
        offload_type=kind,
        num_blocks_per_group=1 if kind == "block_level" else None,
        use_stream=device.startswith("cuda"),  # the next group comes while this one works
    )


def _chunk(networks: Any) -> None:  # noqa: ANN401 - an iterable of networks
    """Have attention computed in slices, where a network can."""
    for network in networks:
        slices: Callable[[str], None] | None = getattr(network, "set_attention_slice", None)
        if slices is not None:
            slices("auto")
