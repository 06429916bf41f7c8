"""Writes what was learned into one folder, in the layout diffusers and transformers load from."""

from __future__ import annotations

import json
from pathlib import Path

from torch import nn

from engine.embedded.tokenizer import new_tokenizer, read_vocabulary
from engine.embedded.train.clip import learned_towers
from engine.embedded.train.decoder import learned_decoder
from engine.embedded.train.latents import numbers, trained
from engine.embedded.train.painter import new_autoencoder
from engine.embedded.train.prior import new_prior
from engine.embedded.train.recipe import BASE, Recipe

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
INDEX = {
    "_class_name": "UnCLIPInMiniature",
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "clip": ["transformers", "CLIPModel"],
    "prior": ["diffusers", "PriorTransformer"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["engine.embedded.patches", "PatchAutoencoder"],
}


def _parts(recipe: Recipe) -> dict[str, nn.Module]:
    decoder = learned_decoder(recipe)
    return {
        "clip": learned_towers(recipe).clip,
        "prior": trained(new_prior(recipe.prior, recipe.seed), "prior", recipe),
        "text_encoder": decoder.reader,
        "unet": decoder.unet,
        "vae": trained(new_autoencoder(recipe), "painter", recipe),
    }


def export(recipe: Recipe, folder: Path = WEIGHTS) -> None:
    """Write all parts as fp16 safetensors, with the index and the numbers of the family."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in _parts(recipe).items():
        for weight in part.parameters():
            weight.data = weight.data.half()
        part.save_pretrained(folder / name)  # type: ignore[operator]
    new_tokenizer(read_vocabulary()).save_pretrained(folder / "tokenizer")
    told = {
        "name": "embedded",
        "native": 2 * BASE,
        "path": "cosine",
        "prediction": "v_prediction",
        **numbers(recipe),
    }
    (folder / "unclip.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n", "utf-8")
