"""How long another set of LoRAs takes, for measuring it beside the bare copying of its bytes.

It is this thread's own time, so that what else the machine does is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn

from engine.adapters.adapters import Adapters
from engine.adapters.wanted import Wanted

RANK = 16
_SIZES: Mapping[str, Mapping[str, Any]] = {
    "tiny": {
        "block_out_channels": (32, 64),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": 8,
        "cross_attention_dim": 32,
        "norm_num_groups": 8,
    },
    "SDXL": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
    },
}


class Switching:
    """A UNet of some size, its weights undefined and never read, and two LoRAs for it."""

    def __init__(self, size: str, folder: Path) -> None:
        """Make the network (`tiny` or `SDXL`) and write the files into the folder."""
        with torch.device("meta"):
            network = UNet2DConditionModel(**_SIZES[size])
        self._network = network.bfloat16().to_empty(device="cpu")
        self._paths = [folder / f"{size} {number}.safetensors" for number in (1, 2)]
        for path in self._paths:
            self.layers = _write(self._network, path)
        self._adapters = Adapters({"unet": self._network})
        self._use(0)  # reads the names of the network's layers, once

    def copied_ms(self) -> float:
        """Return what reading a file's bytes and converting its numbers takes."""

        def copy() -> None:
            halves = torch.empty(self._paths[1].stat().st_size // 2, dtype=torch.float16)
            with self._paths[1].open("rb") as stream:
                stream.readinto(halves.view(torch.uint8).numpy().data)
            halves.to(torch.bfloat16)

        return _timed(copy)

    def switched_ms(self) -> float:
        """Return what another file takes, from its path to the layers computing with it."""
        self._adapters.forget()
        self._use(0)
        return _timed(lambda: self._use(1))

    def returned_ms(self) -> float:
        """Return what going back to a set takes that was used before."""
        self._use(0)
        return _timed(lambda: self._use(1))

    def _use(self, number: int) -> None:
        self._adapters.use([Wanted("ink", self._paths[number], 0.8)])


def _timed(run: Callable[[], object]) -> float:
    began = time.thread_time()
    run()
    return (time.thread_time() - began) * 1e3


def _write(network: nn.Module, path: Path) -> int:
    """Write a LoRA for all layers in attention blocks, in halves; returns their number."""
    tensors: dict[str, torch.Tensor] = {}
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear) and ".attentions." in name:
            first = f"lora_unet_{name.replace('.', '_')}"
            tensors[f"{first}.lora_down.weight"] = torch.ones(RANK, layer.in_features).half()
            tensors[f"{first}.lora_up.weight"] = torch.ones(layer.out_features, RANK).half()
            tensors[f"{first}.alpha"] = torch.tensor(8.0).half()
    save_file(tensors, path)
    return len(tensors) // 3
