"""Tensor names and shapes of the real classes, made without their weights (on torch's meta device).

Widths are as published where they tell models apart, and small where they do not matter.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from torch import device, nn

Shapes = dict[str, tuple[int, ...]]
WIDE = {"sd1": 768, "sd2": 1024, "sdxl": 2048}


def shapes_of(make: Callable[[], nn.Module], prefix: str = "") -> Shapes:
    """Return the names (behind a prefix) and shapes of a module's tensors."""
    with device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # diffusers' own, of its own old names
        module = make()
    return {prefix + name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def unet(kind: str, **changes: Any) -> nn.Module:
    """Make a small U-Net of sd1, sd2, sdxl, sdxl-refiner, stable-unclip, kandinsky22 or karlo."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(**{**_UNETS[kind], **changes})


_FOUR: dict[str, Any] = {"block_out_channels": (32, 32, 32, 32), "layers_per_block": 1}
_SIMPLE: dict[str, Any] = {
    "block_out_channels": (32, 32),
    "layers_per_block": 1,
    "down_block_types": ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
    "up_block_types": ("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "cross_attention_dim": 32,
    "attention_head_dim": 16,
    "resnet_time_scale_shift": "scale_shift",
}
_XL: dict[str, Any] = {
    "layers_per_block": 1,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "attention_head_dim": 8,
}
_UNETS: dict[str, dict[str, Any]] = {
    "sd1": {**_FOUR, "cross_attention_dim": 768},
    "sd2": {**_FOUR, "cross_attention_dim": 1024, "use_linear_projection": True},
    "sdxl": {
        **_XL,
        "block_out_channels": (32, 32, 64),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 3),
        "cross_attention_dim": 2048,
        "projection_class_embeddings_input_dim": 2816,
    },
    "sdxl-refiner": {
        **_XL,
        "block_out_channels": (32, 32, 64, 64),
        "down_block_types": (
            "DownBlock2D",
            "CrossAttnDownBlock2D",
            "CrossAttnDownBlock2D",
            "DownBlock2D",
        ),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": 4,
        "cross_attention_dim": 1280,
        "projection_class_embeddings_input_dim": 2560,
    },
    "stable-unclip": {
        **_FOUR,
        "cross_attention_dim": 1024,
        "use_linear_projection": True,
        "class_embed_type": "projection",
        "projection_class_embeddings_input_dim": 2048,
    },
    "kandinsky22": {
        **_SIMPLE,
        "in_channels": 4,
        "out_channels": 8,
        "addition_embed_type": "image",
        "encoder_hid_dim": 1280,
        "encoder_hid_dim_type": "image_proj",
    },
    "karlo": {**_SIMPLE, "in_channels": 3, "out_channels": 6, "class_embed_type": "identity"},
}


def transformer(kind: str, **changes: Any) -> nn.Module:
    """Make a transformer of one block of each kind, as published but for its depth."""
    import diffusers

    name, settings = _TRANSFORMERS[kind]
    return getattr(diffusers, name)(**{**settings, **changes})


_SMALL = {"num_layers": 1, "num_single_layers": 1}
_TRANSFORMERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sd3": ("SD3Transformer2DModel", {"num_layers": 2}),
    "flux1": ("FluxTransformer2DModel", {**_SMALL, "guidance_embeds": True}),
    "flux2": ("Flux2Transformer2DModel", _SMALL),
    "chroma": ("ChromaTransformer2DModel", _SMALL),
    "z-image": ("ZImageTransformer2DModel", {"n_layers": 1, "n_refiner_layers": 1}),
    "qwen-image": ("QwenImageTransformer2DModel", {"num_layers": 1}),
    "prior": ("PriorTransformer", {"num_layers": 1}),
}
