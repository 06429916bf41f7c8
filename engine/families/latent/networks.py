"""The networks of a checkpoint, built from configuration and filled with the file's own tensors.

One way for folders (whole, sharded, fp16 and bf16 editions) and for single files: a network is
made without memory, then given its tensors, and nothing is computed that is thrown away. Names
that diffusers and transformers used earlier are brought to today's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers.loaders import single_file_utils
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engine.checkpoints.headers import read_headers
from engine.errors import ModelError
from engine.families.latent.configurations import (
    CLIP,
    GUIDANCE,
    OPEN_CLIP,
    UNET,
    Configurations,
)

State = dict[str, Tensor]
_MISSING_NAMED = 3  # tensors that are named where some are missing
_OLD_ATTENTION = {
    "query": "to_q",
    "key": "to_k",
    "value": "to_v",
    "proj_attn": "to_out.0",
}  # of autoencoders written before 2023
_OLD = re.compile(r"(attentions\.\d+\.)(query|key|value|proj_attn)\.(weight|bias)$")


def unet(config: Mapping[str, Any], state: State) -> UNet2DConditionModel:
    """Return the denoising network."""
    with torch.device("meta"):
        made = UNet2DConditionModel.from_config(dict(config))
    return _filled(made, state, "network")


def autoencoder(config: Mapping[str, Any], state: State) -> AutoencoderKL:
    """Return the autoencoder."""
    with torch.device("meta"):
        made = AutoencoderKL.from_config(dict(config))
    renamed = {
        _OLD.sub(lambda m: f"{m[1]}{_OLD_ATTENTION[m[2]]}.{m[3]}", name): _flat(name, tensor)
        for name, tensor in state.items()
    }
    return _filled(made, renamed, "autoencoder")


def tiny_autoencoder(config: Mapping[str, Any], state: State) -> AutoencoderTiny:
    """Return a tiny autoencoder, for previews."""
    with torch.device("meta"):
        made = AutoencoderTiny.from_config(dict(config))
    return _filled(made, state, "tiny autoencoder")


def text_encoder(
    config: Mapping[str, Any], state: State, *, projects: bool
) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Return a text encoder, with its projection where the pooled text is wanted."""
    kind = CLIPTextModelWithProjection if projects else CLIPTextModel
    with torch.device("meta"):
        made = kind(CLIPTextConfig(**config))
    inner: Any = getattr(made, "text_model", made)  # flattened in transformers 5.6
    # A buffer that no file has to hold, made anew.
    places = torch.arange(int(inner.config.max_position_embeddings)).expand(1, -1)
    inner.embeddings.position_ids = places
    prefix = "text_model."
    wrapped = any(name.startswith(prefix) for name in made.state_dict())
    fitting = {}
    for name, tensor in state.items():
        plain = name.removeprefix(prefix)
        outside = plain.startswith("text_projection.")
        fitting[prefix + plain if wrapped and not outside else plain] = tensor
    return _filled(made, fitting, "text encoder")


def read(path: Path) -> State:
    """Return all tensors of a file, or of the part of a model that a folder holds."""
    state: State = {}
    for file in read_headers(path).files:
        state |= load_file(file)
    return state


def unet_of(state: State, configurations: Configurations) -> UNet2DConditionModel:
    """Return the denoising network of a single file."""
    config = configurations["unet"]
    converted = single_file_utils.convert_ldm_unet_checkpoint(state, config)
    told = state.get(UNET + GUIDANCE)
    if told is not None:
        converted["time_embedding.cond_proj.weight"] = told
    return unet(config, converted)


def autoencoder_of(state: State, configurations: Configurations) -> AutoencoderKL:
    """Return the autoencoder of a single file."""
    config = configurations["vae"]
    return autoencoder(config, single_file_utils.convert_ldm_vae_checkpoint(state, config))


def text_encoder_of(
    state: State, config: Mapping[str, Any], prefix: str, *, projects: bool
) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Return the text encoder of a single file whose tensors begin with a prefix."""
    if f"{prefix}{OPEN_CLIP}positional_embedding" in state:
        converted = _from_open_clip(state, config, prefix + OPEN_CLIP)
    else:
        start = prefix + CLIP
        converted = {n[len(start) :]: t for n, t in state.items() if n.startswith(start)}
    return text_encoder(config, converted, projects=projects)


class _Wide(NamedTuple):
    """All that diffusers' converter of text encoders asks of the network it converts for."""

    config: CLIPTextConfig


def _from_open_clip(state: State, config: Mapping[str, Any], prefix: str) -> State:
    """Return OpenCLIP's tensors under transformers' names, as diffusers converts them."""
    wide = _Wide(CLIPTextConfig(**config))
    return single_file_utils.convert_open_clip_checkpoint(wide, state, prefix=prefix)


def _flat(name: str, tensor: Tensor) -> Tensor:
    """Return an attention matrix that was written as a convolution as a matrix."""
    is_matrix = ".attentions." in name and name.endswith(".weight") and tensor.ndim > 2
    return tensor.flatten(1) if is_matrix else tensor


def _filled(network: Any, state: State, what: str) -> Any:  # noqa: ANN401 - three libraries' classes
    """Return a network with its tensors; ModelError where some are missing or do not fit."""
    try:
        missing, _ = network.load_state_dict(state, strict=False, assign=True)
    except RuntimeError as error:  # shapes; torch lists them all
        raise ModelError(
            f"The {what}'s tensors do not fit its configuration ({_first_line(error)}): files of "
            "different models are mixed. Get the model again."
        ) from error
    if missing:
        named = ", ".join(missing[:_MISSING_NAMED])
        raise ModelError(
            f"The {what} lacks {len(missing)} of its tensors, such as {named}: the model was not "
            "fetched whole. Get it again."
        )
    return network.eval().requires_grad_(False)


def _first_line(error: RuntimeError) -> str:
    lines: Iterable[str] = str(error).strip().splitlines()[1:2] or [str(error)]
    return next(iter(lines)).strip()


def moved(network: nn.Module, device: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - as above
    """Return a network on a device, in a precision, never trained."""
    # diffusers' own `to` warns of layers that other kinds of networks keep in fp32.
    return nn.Module.to(network, device=device, dtype=dtype)
