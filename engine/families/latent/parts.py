"""A checkpoint's parts, loaded: from a folder with a folder a part, or from one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

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


def from_folder(path: Path, architecture: str, device: str, dtype: torch.dtype) -> Parts:
    """Return the parts of a diffusers folder; ModelError says what is missing or broken."""
    index = read_config(path / "model_index.json")
    configs = {
        name: read_config(path / name / "config.json")
        for name in ("unet", "vae", *TOWERS[architecture])
    }
    found = Configurations(
        configs, read_config(path / "scheduler" / "scheduler_config.json"), index
    )

    def state(part: str) -> networks.State:
        return networks.read(path / part)

    readers = []
    for part, projects in _towers(architecture):
        network = networks.text_encoder(configs[part], state(part), projects=projects)
        tokenizer = tokenizer_in(path / part.replace("text_encoder", "tokenizer"))
        readers.append(
            Reader(
                part,
                tokenizer,
                networks.moved(network, device, dtype),
                pad=int(tokenizer.pad_token_id or 0),
                penultimate=architecture in PENULTIMATE,
            )
        )
    unet = networks.unet(configs["unet"], state("unet"))
    vae = networks.autoencoder(configs["vae"], state("vae"))
    return Parts(
        networks.moved(unet, device, dtype),
        networks.moved(vae, device, dtype),
        tuple(readers),
        found,
    )


def from_file(path: Path, architecture: str, device: str, dtype: torch.dtype) -> Parts:
    """Return the parts of a single file with the original key names; ModelError as above."""
    found = configured(read_headers(path).tensors, architecture)
    towers = list(_towers(architecture))
    tokenizer = borrowed(path, int(found[towers[0][0]]["vocab_size"]))
    state = networks.read(path)
    readers = []
    for part, projects in towers:
        prefix = TOWERS[architecture][part]
        network = networks.text_encoder_of(state, found[part], prefix, projects=projects)
        readers.append(
            Reader(
                part,
                tokenizer,
                networks.moved(network, device, dtype),
                pad=int(found[part]["pad_token_id"]),
                penultimate=architecture in PENULTIMATE,
            )
        )
    return Parts(
        networks.moved(networks.unet_of(state, found), device, dtype),
        networks.moved(networks.autoencoder_of(state, found), device, dtype),
        tuple(readers),
        found,
    )


def _towers(architecture: str) -> Iterator[tuple[str, bool]]:
    """Yield the text encoders of an architecture, and whether the pooled text is wanted of them."""
    for part in TOWERS[architecture]:
        yield part, part == "text_encoder_2"
