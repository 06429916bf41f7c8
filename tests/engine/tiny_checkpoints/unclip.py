"""Tiny Kandinsky 2.2, StableUnCLIP and Karlo checkpoints of the real classes, in diffusers' form.

Every function writes one folder and returns it; weights are drawn from the seed alone. Pictures
are 32 pixels wide, embeddings have 32 numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.vq_model import VQModel
from diffusers.models.transformers.prior_transformer import PriorTransformer
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
    StableUnCLIPImageNormalizer,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_unclip import UnCLIPScheduler
from torch import nn
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from tests.engine.tiny_checkpoints.latent import vocabulary, write_tokenizer

WIDTH = 32  # of embeddings
SIDE = 32  # of pictures
SEEN = 32  # side of what the image encoder looks at
Part = Any
KANDINSKY_SCHEDULER: Mapping[str, Any] = {
    "beta_schedule": "linear",
    "beta_start": 0.00085,
    "beta_end": 0.004,  # of random networks that predict noise the pictures burst with more
    "clip_sample": False,
    "timestep_spacing": "trailing",
}


def write_kandinsky(
    folder: Path,
    *,
    inpaint: bool = False,
    width: int = WIDTH,
    seed: int = 0,
    scheduler: Mapping[str, Any] = KANDINSKY_SCHEDULER,
    dtype: torch.dtype = torch.float32,
    variant: str | None = None,
) -> Path:
    """Write a Kandinsky 2.2 decoder; the inpainting one has nine channels."""
    with _drawn(seed):
        parts = {"unet": _kandinsky_unet(9 if inpaint else 4, width), "movq": _movq()}
    parts["scheduler"] = DDIMScheduler(**dict(scheduler))
    kind = "KandinskyV22InpaintPipeline" if inpaint else "KandinskyV22Pipeline"
    return _written(folder, kind, parts, dtype, variant)


def write_kandinsky_prior(folder: Path, *, width: int = WIDTH, seed: int = 1) -> Path:
    """Write a Kandinsky 2.2 prior."""
    with _drawn(seed):
        parts = {
            "prior": _prior(width),
            "text_encoder": _projecting(width),
            "image_encoder": _eye(width),
        }
    parts["scheduler"] = _sampling(5.0)
    parts["image_processor"] = _processor()
    return _written(folder, "KandinskyV22PriorPipeline", parts)


def write_stable_unclip(
    folder: Path, *, sees: bool = True, width: int = WIDTH, seed: int = 2
) -> Path:
    """Write a StableUnCLIP: with an image encoder, or (`sees` False) with a prior of its own."""
    with _drawn(seed):
        parts: dict[str, Part] = {
            "unet": _stable_unet(width),
            "vae": _vae(),
            "text_encoder": CLIPTextModel(_text_config(width)),
            "image_normalizer": _normaliser(width),
        }
        if sees:
            parts["image_encoder"] = _eye(width)
            parts["feature_extractor"] = _processor()
        else:
            parts["prior"] = _prior(width)
            parts["prior_text_encoder"] = _projecting(width)
            # diffusers' pipeline never tells Karlo's scheduler how far it steps; its docs say this.
            parts["prior_scheduler"] = DDPMScheduler.from_config(_sampling(5.0).config)
    parts["scheduler"] = DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        clip_sample=False,
        timestep_spacing="trailing",
    )
    parts["image_noising_scheduler"] = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    kind = "StableUnCLIPImg2ImgPipeline" if sees else "StableUnCLIPPipeline"
    return _written(folder, kind, parts)


def write_karlo(folder: Path, *, sees: bool = False, width: int = WIDTH, seed: int = 3) -> Path:
    """Write a Karlo: with a prior, or (`sees`) the edition that varies pictures instead."""
    with _drawn(seed):
        parts: dict[str, Part] = {
            "decoder": _karlo_decoder(),
            "text_proj": UnCLIPTextProjModel(
                clip_embeddings_dim=width, time_embed_dim=128, cross_attention_dim=32
            ),
            "text_encoder": _projecting(width),
            "super_res_first": _sharpener(),
            "super_res_last": _sharpener(),
        }
        nn.init.normal_(parts["text_proj"].learned_classifier_free_guidance_embeddings)
        if sees:
            parts["image_encoder"] = _eye(width)
            parts["feature_extractor"] = _processor()
        else:
            parts["prior"] = _prior(width)
            parts["prior_scheduler"] = _sampling(5.0)
    parts["decoder_scheduler"] = UnCLIPScheduler(
        prediction_type="epsilon", variance_type="learned_range"
    )
    parts["super_res_scheduler"] = UnCLIPScheduler(prediction_type="epsilon")
    kind = "UnCLIPImageVariationPipeline" if sees else "UnCLIPPipeline"
    return _written(folder, kind, parts)


def pipeline(kind: Any, folder: Path, *more: Path) -> Any:
    """Return diffusers' own pipeline of the parts in some folders; the first that has one gives it.

    Tokenizers and image processors are read, networks are loaded by diffusers and transformers.
    Karlo's scheduler gets its table in double precision: in single precision its last step makes
    1.0008 of what it should leave as it is.
    """
    index: dict[str, tuple[Path, str]] = {}
    for home in (folder, *more):
        told = json.loads((home / "model_index.json").read_text("utf-8"))
        named = {name: entry[1] for name, entry in told.items() if isinstance(entry, list)}
        index = {name: (home, named[name]) for name in named} | index
    parts = {name: _read(home / name, of) for name, (home, of) in index.items()}
    wanted = kind.__init__.__annotations__
    made = kind(**{name: part for name, part in parts.items() if name in wanted})
    made.set_progress_bar_config(disable=True)
    return made


def _read(folder: Path, kind: str) -> Part:
    import diffusers
    import transformers

    if kind == "CLIPImageProcessor":
        return CLIPImageProcessorPil.from_pretrained(folder)
    local = {"StableUnCLIPImageNormalizer": StableUnCLIPImageNormalizer}
    local["UnCLIPTextProjModel"] = UnCLIPTextProjModel
    found = local.get(kind) or getattr(diffusers, kind, None) or getattr(transformers, kind)
    part = found.from_pretrained(folder)
    if isinstance(part, UnCLIPScheduler):
        bars = [math.cos((i / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(1001)]
        betas = [min(1 - after / before, 0.999) for before, after in pairwise(bars)]
        part.betas = torch.tensor(betas, dtype=torch.float64)
        part.alphas = 1.0 - part.betas
        part.alphas_cumprod = torch.cumprod(part.alphas, dim=0)
    return part.eval().requires_grad_(False) if isinstance(part, nn.Module) else part


def _written(
    folder: Path,
    kind: str,
    parts: Mapping[str, Part],
    dtype: torch.dtype = torch.float32,
    variant: str | None = None,
) -> Path:
    index: dict[str, Any] = {"_class_name": kind, "_diffusers_version": "0.35.0"}
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            saved = nn.Module.to(part, dtype=dtype)
            saved.save_pretrained(folder / name, variant=variant)
        else:
            part.save_pretrained(folder / name)
        of = type(part).__name__.removesuffix("Pil")
        library = "transformers" if of.startswith("CLIP") else "diffusers"
        index[name] = [library, of]
        if name.endswith("text_encoder"):
            tokenizer = name.replace("text_encoder", "tokenizer")
            write_tokenizer(folder / tokenizer)
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@contextmanager
def _drawn(seed: int) -> Iterator[None]:
    """Draw weights from a seed and leave torch's own state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(seed)
        yield


def _kandinsky_unet(channels: int, width: int) -> Part:
    return UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=channels,
        out_channels=8,
        addition_embed_type="image",
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(32, 64),
        layers_per_block=1,
        encoder_hid_dim=width,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=32,
        attention_head_dim=8,
        resnet_time_scale_shift="scale_shift",
        class_embed_type=None,
    )


def _movq() -> Part:
    return VQModel(
        block_out_channels=[32, 64],
        down_block_types=["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        norm_type="spatial",
        num_vq_embeddings=12,
        vq_embed_dim=4,
    )


def _vae() -> Part:
    return AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        sample_size=SIDE,
    )


def _stable_unet(width: int) -> Part:
    return UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(32, 64),
        attention_head_dim=(2, 4),
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * width,
        cross_attention_dim=width,
        layers_per_block=1,
        upcast_attention=True,
        use_linear_projection=True,
    )


def _karlo_decoder() -> Part:
    made = UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=3,
        out_channels=6,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=8,
        resnet_time_scale_shift="scale_shift",
        class_embed_type="identity",
    )
    # It guesses the least variance there is, which is that of our ancestral sampler.
    with torch.no_grad():
        made.conv_out.weight[3:] = 0.0
        made.conv_out.bias[3:] = -1.0
    return made


def _sharpener() -> Part:
    return UNet2DModel(
        sample_size=SIDE,
        in_channels=6,
        out_channels=3,
        down_block_types=("ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D"),
        up_block_types=("ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(32, 64),
        layers_per_block=1,
    )


def _prior(width: int) -> Part:
    made = PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, embedding_dim=width, num_layers=1
    )
    nn.init.normal_(made.positional_embedding, std=0.1)
    nn.init.normal_(made.prd_embedding)
    nn.init.normal_(made.clip_mean)
    nn.init.uniform_(made.clip_std, 0.5, 1.5)
    return made


def _normaliser(width: int) -> Part:
    made = StableUnCLIPImageNormalizer(embedding_dim=width)
    nn.init.normal_(made.mean)
    nn.init.uniform_(made.std, 0.5, 1.5)
    return made


def _sampling(clip: float) -> Part:
    return UnCLIPScheduler(
        prediction_type="sample", clip_sample_range=clip, variance_type="fixed_small_log"
    )


def _text_config(width: int) -> CLIPTextConfig:
    words = vocabulary()
    return CLIPTextConfig(
        hidden_size=width,
        projection_dim=width,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        vocab_size=len(words),
        bos_token_id=words["<|startoftext|>"],
        eos_token_id=words["<|endoftext|>"],
        pad_token_id=words["<|endoftext|>"],
    )


def _projecting(width: int) -> Part:
    return CLIPTextModelWithProjection(_text_config(width))


def _eye(width: int) -> Part:
    config = CLIPVisionConfig(
        hidden_size=32,
        projection_dim=width,
        image_size=SEEN,
        patch_size=8,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
    )
    return CLIPVisionModelWithProjection(config)


def _processor() -> Part:
    return CLIPImageProcessorPil(
        size={"shortest_edge": SEEN}, crop_size={"height": SEEN, "width": SEEN}
    )
