"""What the networks of a single file look like: a published skeleton, the file's own sizes in it.

A file with the original key names carries no configuration. What shapes cannot tell (activations,
how channels are cut into heads, the scale of the latents) comes from the skeleton of its
architecture; everything that shapes do tell is read off the header, so that pruned, widened and
tiny relatives of the published networks load as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from engine.checkpoints.tensors import Tensors, within
from engine.errors import ModelError

Config = dict[str, Any]
UNET = "model.diffusion_model."
VAE = "first_stage_model."
HEAD = 64  # channels of a head, in every network here but SD 1.x's
TIMES = {"sdxl": 6, "sdxl-refiner": 5}  # numbers of micro-conditioning
GUIDANCE = "time_embed.cond_proj.weight"  # of networks that are told their guidance
CLIP = "transformer.text_model."
OPEN_CLIP = "model."
TOWERS: Mapping[str, Mapping[str, str]] = {  # part -> what its tensors begin with
    "sd1": {"text_encoder": "cond_stage_model."},
    "sd2": {"text_encoder": "cond_stage_model."},
    "sdxl": {
        "text_encoder": "conditioner.embedders.0.",
        "text_encoder_2": "conditioner.embedders.1.",
    },
    "sdxl-refiner": {"text_encoder_2": "conditioner.embedders.0."},
}


@dataclass(frozen=True, slots=True)
class Configurations:
    """The configurations of a model's parts, as a diffusers folder would hold them."""

    parts: Mapping[str, Config]  # unet, vae, text_encoder, text_encoder_2
    scheduler: Config
    index: Config = field(default_factory=dict)  # what model_index.json says beside the parts

    def __getitem__(self, part: str) -> Config:
        return self.parts[part]


def skeleton(architecture: str) -> Config:
    """Return the published configurations of an architecture: sd1, sd2, sdxl, sdxl-refiner."""
    path = files("engine.families") / "skeletons" / f"{architecture}.json"
    return json.loads(path.read_text("utf-8"))


def configured(tensors: Tensors, architecture: str) -> Configurations:
    """Return the configurations of a single file's parts; ModelError where a part is missing."""
    known = skeleton(architecture)
    try:
        towers = {
            part: known[part] | _tower(tensors, prefix, architecture)
            for part, prefix in TOWERS[architecture].items()
        }
        unet = known["unet"] | _unet(within(tensors, UNET), architecture, towers)
        vae = known["vae"] | _vae(within(tensors, VAE))
    except (KeyError, IndexError, StopIteration, ValueError) as error:
        raise ModelError(
            f"A tensor {error} that every {architecture} checkpoint has is missing: the file is "
            "only a part of a model, or damaged. Get the whole checkpoint."
        ) from error
    index = {name: told for name, told in known.items() if not isinstance(told, dict)}
    return Configurations({"unet": unet, "vae": vae, **towers}, known["scheduler"], index)


def is_open_clip(tensors: Tensors, prefix: str) -> bool:
    """Say whether a text encoder has OpenCLIP's names, as all but CLIP-L have."""
    return f"{prefix}{OPEN_CLIP}positional_embedding" in tensors


def _unet(tensors: Tensors, architecture: str, towers: Mapping[str, Config]) -> Config:
    blocks = 1 + max(int(n.split(".")[1]) for n in tensors if n.startswith("input_blocks."))
    ends = [i for i in range(blocks) if f"input_blocks.{i}.0.op.weight" in tensors]
    layers = (ends[0] if ends else blocks) - 1
    firsts = range(1, blocks, layers + 1)  # the first residual block of every level
    depths = [_depth(tensors, f"input_blocks.{first}.1") for first in firsts]
    middle = _depth(tensors, "middle_block.1")
    last = middle if depths[-1] == 0 else depths[-1]
    channels = [tensors[f"input_blocks.{first}.0.out_layers.3.weight"].shape[0] for first in firsts]
    attention = next(n for n in tensors if n.endswith("attn2.to_k.weight"))
    projection = tensors[next(n for n in tensors if n.endswith(".1.proj_in.weight"))].shape
    found: Config = {
        "in_channels": tensors["input_blocks.0.0.weight"].shape[1],
        "out_channels": tensors["out.2.weight"].shape[0],
        "block_out_channels": channels,
        "layers_per_block": layers,
        "down_block_types": [_named("Down", depth) for depth in depths],
        "up_block_types": [_named("Up", depth) for depth in reversed(depths)],
        "transformer_layers_per_block": [*(max(depth, 1) for depth in depths[:-1]), last],
        "cross_attention_dim": tensors[attention].shape[1],
        "use_linear_projection": len(projection) == 2,
    }
    if GUIDANCE in tensors:
        found["time_cond_proj_dim"] = tensors[GUIDANCE].shape[1]
    if architecture != "sd1":
        found["attention_head_dim"] = [max(1, count // HEAD) for count in channels]
    return found | _conditioned(tensors, architecture, towers)


def _conditioned(tensors: Tensors, architecture: str, towers: Mapping[str, Config]) -> Config:
    """Return what an SDXL network takes beside the words: a pooled text and some numbers."""
    if architecture not in TIMES:
        return {}
    width = tensors["label_emb.0.0.weight"].shape[1]
    numbers = width - towers["text_encoder_2"]["projection_dim"]
    return {
        "projection_class_embeddings_input_dim": width,
        "addition_time_embed_dim": numbers // TIMES[architecture],
    }


def _depth(tensors: Tensors, place: str) -> int:
    """Return how many transformer layers lie at a place, 0 where nothing attends."""
    name = re.compile(re.escape(place) + r"\.transformer_blocks\.(\d+)\.")
    return 1 + max((int(match[1]) for n in tensors if (match := name.match(n))), default=-1)


def _named(way: str, depth: int) -> str:
    return f"CrossAttn{way}Block2D" if depth else f"{way}Block2D"


def _vae(tensors: Tensors) -> Config:
    name = re.compile(r"encoder\.down\.(\d+)\.block\.(\d+)\.conv1\.weight")
    found = {
        (int(match[1]), int(match[2])): info.shape[0]
        for n, info in tensors.items()
        if (match := name.match(n))
    }
    levels = 1 + max(level for level, _ in found)
    return {
        "block_out_channels": [found[level, 0] for level in range(levels)],
        "layers_per_block": 1 + max(block for _, block in found),
        "latent_channels": tensors["decoder.conv_in.weight"].shape[1],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
    }


def _tower(tensors: Tensors, prefix: str, architecture: str) -> Config:
    if is_open_clip(tensors, prefix):
        return _open_clip(within(tensors, prefix + OPEN_CLIP), architecture)
    own = within(tensors, prefix + CLIP)
    vocabulary, hidden = own["embeddings.token_embedding.weight"].shape
    return {
        **_ids(vocabulary),
        "pad_token_id": vocabulary - 1,
        "hidden_size": hidden,
        "projection_dim": hidden,
        "num_attention_heads": max(1, hidden // HEAD),
        "num_hidden_layers": _layers(own, r"encoder\.layers\.(\d+)\."),
        "intermediate_size": own["encoder.layers.0.mlp.fc1.weight"].shape[0],
        "max_position_embeddings": own["embeddings.position_embedding.weight"].shape[0],
    }


def _open_clip(tensors: Tensors, architecture: str) -> Config:
    vocabulary, hidden = tensors["token_embedding.weight"].shape
    layers = _layers(tensors, r"transformer\.resblocks\.(\d+)\.")
    found: Config = {
        **_ids(vocabulary),
        "hidden_size": hidden,
        "num_attention_heads": max(1, hidden // HEAD),
        # SD 2.x reads the last layer but one, and its folders leave the last out.
        "num_hidden_layers": layers - 1 if architecture == "sd2" else layers,
        "intermediate_size": tensors["transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
        "max_position_embeddings": tensors["positional_embedding"].shape[0],
    }
    projection = tensors.get("text_projection")
    if projection is not None and architecture != "sd2":
        found["projection_dim"] = projection.shape[1]
    return found


def _ids(vocabulary: int) -> Config:
    """Return where CLIP's vocabulary has its marks: the last two words."""
    begin, end = vocabulary - 2, vocabulary - 1
    return {"vocab_size": vocabulary, "bos_token_id": begin, "eos_token_id": end}


def _layers(tensors: Tensors, pattern: str) -> int:
    name = re.compile(pattern)
    return 1 + max(int(match[1]) for n in tensors if (match := name.match(n)))
