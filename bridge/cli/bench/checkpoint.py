"""A tiny latent diffusion checkpoint of the real classes, for measuring what is around a network.

Random weights of a few megabytes, in diffusers' own folders: it paints noise, as fast as the loop
around it lets it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIDE = 32  # pixels of its native picture
_LEVELS = (32, 64)
_WIDTH = 32  # of its text tower
_MARKS = ("<|startoftext|>", "<|endoftext|>")


def write_checkpoint(folder: Path) -> Path:
    """Write a diffusers folder of the shape of SD 1.x and return it."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        parts = {"unet": _unet(), "vae": _vae(), "text_encoder": _tower()}
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.36.0",
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        library = "transformers" if name == "text_encoder" else "diffusers"
        index[name] = [library, type(part).__name__]
    _scheduler().save_pretrained(folder / "scheduler")
    index["scheduler"] = ["diffusers", "EulerDiscreteScheduler"]
    _tokenizer(folder / "tokenizer")
    index["tokenizer"] = ["transformers", "CLIPTokenizer"]
    index |= {"safety_checker": [None, None], "feature_extractor": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _unet() -> Any:  # noqa: ANN401 - diffusers' classes, imported late
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE // 2,
        block_out_channels=_LEVELS,
        layers_per_block=1,
        cross_attention_dim=_WIDTH,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],  # type: ignore[arg-type]
        up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],  # type: ignore[arg-type]
        attention_head_dim=8,
    )


def _vae() -> Any:  # noqa: ANN401 - as above
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=_LEVELS,  # type: ignore[arg-type]
        down_block_types=["DownEncoderBlock2D"] * 2,  # type: ignore[arg-type]
        up_block_types=["UpDecoderBlock2D"] * 2,  # type: ignore[arg-type]
        layers_per_block=1,
        latent_channels=4,
        sample_size=SIDE,
    )


def _tower() -> Any:  # noqa: ANN401 - as above
    from transformers import CLIPTextConfig, CLIPTextModel

    words = _vocabulary()
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=_WIDTH,
            intermediate_size=2 * _WIDTH,
            num_hidden_layers=2,
            num_attention_heads=1,
            bos_token_id=words[_MARKS[0]],
            eos_token_id=words[_MARKS[1]],
            pad_token_id=words[_MARKS[1]],
        )
    )


def _scheduler() -> Any:  # noqa: ANN401 - as above
    from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1
    )


def _tokenizer(folder: Path) -> None:
    """Write a tokenizer that knows letters alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(_vocabulary()))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    told = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": _MARKS[0],
        "eos_token": _MARKS[1],
        "unk_token": _MARKS[1],
        "pad_token": _MARKS[1],
        "model_max_length": 77,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told))


def _vocabulary() -> dict[str, int]:
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *_MARKS]
    return {word: number for number, word in enumerate(words)}
