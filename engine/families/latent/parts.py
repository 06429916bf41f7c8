"""A checkpoint's parts, loaded: from a folder with a folder a part, or from one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import CLIPTokenizer

from engine.checkpoints.folders import read_config
from engine.checkpoints.headers import read_headers
from engine.families.latent import networks
from engine.families.latent.configurations import TOWERS, Configurations, configured
from engine.families.latent.readers import Reader
from engine.families.latent.tokenizers import borrowed, tokenizer_in

PENULTIMATE = ("sdxl", "sdxl-refiner")  # read the last layer but one, not normalised


@dataclass(frozen=True, slots=True)
class Parts:
    """The networks of a model, and what its files say of them."""

    unet: Any
    vae: Any
    readers: tuple[Reader, ...]
    configurations: Configurations

    @property
    def networks(self) -> Mapping[str, torch.nn.Module]:
        """The networks, named as the parts of a diffusers folder."""
        return {
            "unet": self.unet,
            "vae": self.vae,
            **{reader.part: reader.network for reader in self.readers},
        }


@dataclass(frozen=True, slots=True)
class Where:
    """Where a model computes, in which precision, and where its weights rest until then."""

    device: str
    dtype: torch.dtype
    weights: str

    def moved(self, network: torch.nn.Module) -> Any:  # noqa: ANN401 - three libraries' classes
        """Return a network with its weights where they rest."""
        return networks.moved(network, self.weights, self.dtype)


def from_folder(path: Path, architecture: str, where: Where) -> Parts:
    """Return the parts of a diffusers folder; ModelError says what is missing or broken."""
    index = read_config(path / "model_index.json")
    scheduler = read_config(path / "scheduler" / "scheduler_config.json")
    names = ("unet", "vae", *TOWERS[architecture])
    configs = {name: read_config(path / name / "config.json") for name in names}

    def state(part: str) -> networks.State:
        return networks.read(path / part)

    readers = []
    for part, projects in _towers(architecture):
        network = networks.text_encoder(configs[part], state(part), projects=projects)
        tokenizer = tokenizer_in(path / part.replace("text_encoder", "tokenizer"))
        pad = cast("int", tokenizer.pad_token_id or 0)
        readers.append(_reader(part, tokenizer, network, pad, architecture, where))
    return Parts(
        where.moved(networks.unet(configs["unet"], state("unet"))),
        where.moved(networks.autoencoder(configs["vae"], state("vae"))),
        tuple(readers),
        Configurations(configs, scheduler, index),
    )


def from_file(path: Path, architecture: str, where: Where, own: Path | None = None) -> Parts:
    """Return the parts of a single file with the original key names; ModelError as above.

    `own` is a folder of models that may lend the vocabulary.
    """
    found = configured(read_headers(path).tensors, architecture)
    towers = list(_towers(architecture))
    tokenizer = borrowed(path, int(found[towers[0][0]]["vocab_size"]), own)
    state = networks.read(path)
    readers = []
    for part, projects in towers:
        prefix = TOWERS[architecture][part]
        network = networks.text_encoder_of(state, found[part], prefix, projects=projects)
        pad = int(found[part]["pad_token_id"])
        readers.append(_reader(part, tokenizer, network, pad, architecture, where))
    return Parts(
        where.moved(networks.unet_of(state, found)),
        where.moved(networks.autoencoder_of(state, found)),
        tuple(readers),
        found,
    )


def _reader(
    part: str,
    tokenizer: CLIPTokenizer,
    network: torch.nn.Module,
    pad: int,
    architecture: str,
    where: Where,
) -> Reader:
    penultimate = architecture in PENULTIMATE
    return Reader(part, tokenizer, where.moved(network), pad, penultimate, where.device)


def _towers(architecture: str) -> Iterator[tuple[str, bool]]:
    """Yield the text encoders of an architecture, and whether the pooled text is wanted of them."""
    for part in TOWERS[architecture]:
        yield part, part == "text_encoder_2"
